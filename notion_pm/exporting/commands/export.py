"""`notion-pm export`: the data out, in the format that the file's ending names."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import asdict
from io import BytesIO
from typing import Any, BinaryIO

import click

from notion_pm.conditions.text_form import (
    Condition,
    Order,
    parse_condition,
    parse_order,
    parse_since,
)
from notion_pm.console.catalogue import catalogue_of
from notion_pm.console.completion_values import complete_exported, complete_template
from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.signals import treat_sigterm_as_ctrl_c
from notion_pm.console.sizes import size
from notion_pm.errors import FilesNotDownloaded, UsageError
from notion_pm.exporting.destination import FORMATS
from notion_pm.exporting.export import Report, Request, export
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.selection import Selection
from notion_pm.files.writing import STDOUT
from notion_pm.text import quantity

_EXAMPLES = """\b
  notion-pm export features -o features.csv   one database; see --format
  notion-pm export -o product.xlsx            all databases, a sheet each
  notion-pm export features --format markdown -o specs/
                                              a file per page, links work
  notion-pm export https://app.notion.com/p/... -o spec.md
                                              one page, by its link
  notion-pm export roadmap                    an export that the template names
  notion-pm export features --where status=shipped --since "30 days ago"
                                              only these rows
  notion-pm export features -o - | head       to a pipe
"""


_MOST_SHOWN = 20
"""Files that were not downloaded, named one by one; where a network is closed all of them fail."""


def _split(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


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
    type=click.Choice(FORMATS),
    help="Default: by the ending of the file, else csv.",
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
    callback=lambda _context, _parameter, values: tuple(map(parse_condition, values)),
    help="Only rows like this: status=shipped, reach>3, target<2026-12-01, name~sign-on, owner= (empty); repeat it.",
)
@click.option(
    "--sort",
    metavar="NAME",
    multiple=True,
    callback=lambda context, parameter, values: tuple(
        map(parse_order, _split(context, parameter, values))
    ),
    help="Order by these properties; a dash in front descends: -priority,target.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="Only what was edited since: 2026-11-01, a time, today, 7 days ago.",
)
@click.option(
    "--with-files",
    is_flag=True,
    help="Download the files that Notion stores, and let links lead to them.",
)
@click.option(
    "--max-file-size",
    type=size,
    metavar="SIZE",
    default="200MB",
    show_default=True,
    help="Leave a link to files that are larger; with --with-files.",
)
@click.option(
    "--ids-only",
    is_flag=True,
    help="Read no other databases: pages in them that are related stay ids.",
)
@click.option(
    "--no-bodies",
    is_flag=True,
    help="Markdown of properties alone: a request fewer for every page.",
)
@click.option(
    "--headers",
    type=click.Choice(["titles", "keys"]),
    default="titles",
    help="Name columns as people or templates do.",
)
@click.option(
    "--template",
    metavar="NAME|FILE",
    shell_complete=complete_template,
    help="The template whose named exports count, if not the applied one.",
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
    where: tuple[Condition, ...],
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

    NAME is a database (its key in the template, or its title), a named export of the template, or the link or id of a
    database or page; none: all databases. Relations come with titles and ids.
    """
    if as_json and output == STDOUT:
        raise UsageError(
            "--json and the data cannot both go to stdout.", "Give the data a file: -o features.csv"
        )
    if with_files and output == STDOUT:
        raise UsageError(
            "--with-files needs a place beside the data.", "Give the data a file: -o features.csv"
        )
    now = context.now()
    assert now.tzinfo
    selection = Selection(columns, where, sort, parse_since(since, now) if since else None)
    closing = click.get_current_context().call_on_close
    treat_sigterm_as_ctrl_c(closing)
    fetcher = None
    if with_files:
        from notion_pm.exporting.commands.downloading import (
            file_fetcher,  # only where files are asked for
        )

        fetcher = file_fetcher(context, closing, max_file_size)
    request = Request(
        names,
        output,
        format_,
        selection,
        keys_as_headers=headers == "keys",
        with_titles=not ids_only,
        with_bodies=not no_bodies,
        fetcher=fetcher,
    )
    surroundings = Surroundings(now, now.tzinfo, _stdout(output))
    catalogue = catalogue_of(context, template)
    with progress(context) as drawn:
        report = export(
            context.gateway, catalogue, request, surroundings, jobs=context.jobs, progress=drawn
        )
    _show(report, context.gateway.requests.logical, as_json=as_json)
    if report.missing_files:
        raise FilesNotDownloaded(len(report.missing_files))


def _stdout(output: str | None) -> BinaryIO:
    """Where `-` goes. A program may be started without one (`>&-`)."""
    if output == STDOUT and not sys.stdout:
        raise UsageError("There is no stdout to write to.", "Give the data a file: -o features.csv")
    return sys.stdout.buffer if sys.stdout else BytesIO()


def _show(report: Report, requests: int, *, as_json: bool) -> None:
    if as_json:
        files: list[dict[str, Any]] = [asdict(each) for each in report.files]
        missing = (
            {"missing_files": [asdict(each) for each in report.missing_files]}
            if report.missing_files
            else {}
        )
        echo_json({"files": files, "requests": requests, "notes": list(report.notes), **missing})
        return
    by_path: dict[str, list[str]] = defaultdict(list)
    for each in report.files:
        by_path[each.path].append(f"{each.database} ({quantity(each.rows, 'row')})")
    for path, contents in by_path.items():
        if path != STDOUT:
            echo(f"{path}: {', '.join(contents)}")
    for text in report.notes:
        note(f"Note: {text}")
    for file in report.missing_files[:_MOST_SHOWN]:
        note(f"Not downloaded: {file.name!r} of {file.page!r}: {file.reason}.")
    if len(report.missing_files) > _MOST_SHOWN:
        note(f"... and {len(report.missing_files) - _MOST_SHOWN:,} more; --json lists all of them.")
