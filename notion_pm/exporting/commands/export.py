"""`notion-pm export`: write databases and pages to files."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import asdict
from io import BytesIO
from typing import Any, BinaryIO

import click
import httpx

from notion_pm.conditions.text_form import (
    ColumnCondition,
    Order,
    parse_condition,
    parse_order,
    parse_since,
)
from notion_pm.config import Local
from notion_pm.console.catalogue import catalogue_of
from notion_pm.console.completion_values import complete_exported, complete_template
from notion_pm.console.context import LOCAL_URL, Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.signals import raise_if_stopping, sleep, treat_sigterm_as_ctrl_c
from notion_pm.console.sizes import size
from notion_pm.errors import FilesNotDownloaded, UsageError
from notion_pm.exporting.export import ExportReport, ExportRequest, export
from notion_pm.exporting.export_formats import FORMATS
from notion_pm.exporting.selection import Selection
from notion_pm.exporting.table import ExportContext
from notion_pm.files.writing import STDOUT
from notion_pm.notion.files import FileFetcher
from notion_pm.text import quantity

_EXAMPLES = """\b
  notion-pm export features -o features.csv   one database; see --format
  notion-pm export -o product.xlsx            all databases, a sheet each
  notion-pm export features --format markdown -o specs/
                                              a file per page, links work
  notion-pm export https://app.notion.com/p/... -o spec.md
                                              one page, by its link
  notion-pm export roadmap                    a named export of the template
  notion-pm export features --where status=shipped --since "30 days ago"
                                              only these rows
  notion-pm export features -o - | head       to a pipe
"""


_MOST_SHOWN = 20
"""Files that were not downloaded to print; where a network is closed, all of them fail."""


def _split(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    names = [name.strip() for name in ",".join(values).split(",")]
    return tuple(name for name in names if name)


def _parse_conditions(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[ColumnCondition, ...]:
    return tuple(parse_condition(value) for value in values)


def _parse_orders(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[Order, ...]:
    return tuple(parse_order(name) for name in _split(context, parameter, values))


@click.command(epilog=_EXAMPLES)
@click.argument("names", metavar="[NAME|URL]...", nargs=-1, shell_complete=complete_exported)
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR|-",
    help="Where to write; - is stdout. Default: a file named after the export.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    help="Default: by the extension of the file, else csv.",
)
@click.option(
    "--columns",
    metavar="NAMES",
    multiple=True,
    callback=_split,
    help="Only these properties, in this order: keys or titles, separated by commas.",
)
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    callback=_parse_conditions,
    help="Only rows like this: status=shipped, reach>3, target<2026-12-01, name~sign-on, "
    "owner= (empty). Can be repeated; all must hold.",
)
@click.option(
    "--sort",
    metavar="NAME",
    multiple=True,
    callback=_parse_orders,
    help="Sort by these properties; a dash in front sorts descending: -priority,target.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="Only rows edited since: 2026-11-01, a time, today, 7 days ago.",
)
@click.option(
    "--with-files",
    is_flag=True,
    help="Download the files that Notion stores, and link to the copies.",
)
@click.option(
    "--max-file-size",
    type=size,
    metavar="SIZE",
    default="200MB",
    show_default=True,
    help="With --with-files: keep a link to larger files instead.",
)
@click.option(
    "--ids-only",
    is_flag=True,
    help="Do not read other databases: show related pages in them as ids.",
)
@click.option(
    "--no-bodies",
    is_flag=True,
    help="Markdown of the properties only; saves one request per page.",
)
@click.option(
    "--headers",
    type=click.Choice(["titles", "keys"]),
    default="titles",
    help="Name columns by titles in Notion or keys in the template.",
)
@click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="Template with the named exports. Default: the applied one.",
)
@json_option
@pass_context
def command(
    context: Context,
    *,
    names: tuple[str, ...],
    output: str | None,
    format_: str | None,
    columns: tuple[str, ...],
    where: tuple[ColumnCondition, ...],
    sort: tuple[Order, ...],
    since: str | None,
    with_files: bool,
    max_file_size: int,
    ids_only: bool,
    no_bodies: bool,
    headers: str,
    template: str | None,
    as_json: bool,
) -> None:
    """Write databases or a page to files.

    NAME is a database (its key in the template, or its title), a named export of the template, or
    the link or id of a database or page. Default: all databases. Related pages are written with
    titles and ids.
    """
    if output == STDOUT and as_json:
        raise UsageError(
            "--json and the data cannot both go to stdout.", "Write the data to a file: -o data.csv"
        )
    if output == STDOUT and with_files:
        raise UsageError(
            "--with-files needs a folder beside the data.", "Write the data to a file: -o data.csv"
        )
    now = context.now()
    assert now.tzinfo
    call_on_close = click.get_current_context().call_on_close
    # So that a job that is stopped removes its temporary files and half-written ones.
    treat_sigterm_as_ctrl_c(call_on_close)
    fetcher = None
    if with_files:
        fetcher = _file_fetcher(context, max_file_size)
        call_on_close(fetcher.close)
    request = ExportRequest(
        names,
        output,
        format_,
        Selection(columns, where, sort, parse_since(since, now) if since else None),
        keys_as_headers=headers == "keys",
        with_titles=not ids_only,
        with_bodies=not no_bodies,
        fetcher=fetcher,
    )
    export_context = ExportContext(now, now.tzinfo, _stdout(output))
    catalogue = catalogue_of(context, template)
    with progress(context) as bars:
        report = export(
            context.notion, catalogue, request, export_context, jobs=context.jobs, progress=bars
        )
    requests = context.notion.requests.logical
    if as_json:
        _print_json(report, requests)
    else:
        _print_report(report)
    # Last: the data is written and reported, and the exit code still shows that something is
    # missing.
    if report.missing_files:
        raise FilesNotDownloaded(len(report.missing_files))


def _file_fetcher(context: Context, largest: int) -> FileFetcher:
    """Return what downloads the files of a workspace, each up to `largest` bytes."""
    target = context.target
    is_local = isinstance(target, Local)
    # A local workspace runs inside this process: its files come without a network.
    transport = httpx.WSGITransport(app=context.local_workspace.app) if is_local else None
    return FileFetcher(
        LOCAL_URL if isinstance(target, Local) else target.base_url,
        largest=largest,
        sleep=sleep,
        raise_if_stopping=raise_if_stopping,
        transport=transport,
    )


def _stdout(output: str | None) -> BinaryIO:
    """Return the stream for `-o -`. A program may be started without stdout (`>&-`)."""
    if sys.stdout:
        return sys.stdout.buffer
    if output == STDOUT:
        raise UsageError("There is no stdout to write to.", "Write the data to a file: -o data.csv")
    return BytesIO()


def _print_json(report: ExportReport, requests: int) -> None:
    data: dict[str, Any] = {
        "files": [asdict(written) for written in report.files],
        "requests": requests,
        "notes": list(report.notes),
    }
    if report.missing_files:
        data["missing_files"] = [asdict(file) for file in report.missing_files]
    echo_json(data)


def _print_report(report: ExportReport) -> None:
    databases_by_path: dict[str, list[str]] = defaultdict(list)
    for written in report.files:
        description = f"{written.database} ({quantity(written.rows, 'row')})"
        databases_by_path[written.path].append(description)
    for path, databases in databases_by_path.items():
        if path != STDOUT:
            echo(f"{path}: {', '.join(databases)}")
    for text in report.notes:
        note(f"Note: {text}")
    for file in report.missing_files[:_MOST_SHOWN]:
        note(f"Not downloaded: {file.name!r} of {file.page!r}: {file.reason}.")
    hidden = len(report.missing_files) - _MOST_SHOWN
    if hidden > 0:
        note(f"... and {hidden:,} more; --json lists all of them.")
