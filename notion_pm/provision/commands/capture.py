"""`notion-pm capture`: turn a live page with databases into a template."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, echo_lines, json_option, note, progress
from notion_pm.errors import UsageError
from notion_pm.model.ids import parse_notion_id
from notion_pm.provision.capture.capture import capture, file_contents, to_yaml, write
from notion_pm.provision.capture.live import CapturedTemplate

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def _check_name(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    if name is not None and not _NAME.fullmatch(name):
        raise click.BadParameter("use lower case letters, digits, - and _", context, parameter)
    return name


@click.command()
@click.argument("page", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the template to this file, and page bodies and rows to a folder of its name. "
    "Default: print the template.",
)
@click.option(
    "--name",
    callback=_check_name,
    help="The name of the template. Default: made from the page's title.",
)
@click.option(
    "--rows",
    "with_rows",
    is_flag=True,
    help="Also capture the rows, as CSV files next to the template.",
)
@click.option("--force", is_flag=True, help="Replace existing files.")
@json_option
@pass_context
def command(
    context: Context,
    *,
    page: str | None,
    output: Path | None,
    name: str | None,
    with_rows: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Turn a live page with databases into a template. Only reads.

    PAGE is the link or id of a page, or of one database. Default: the parent page. Captured are
    properties, options, relations, rollups, formulas, views and the default page template. Keys are
    made from titles, or taken from the record of a template that was applied there. Related
    databases elsewhere become `bind:`. What a template cannot express is listed, and added as a
    comment where it belongs.
    """
    if with_rows and output is None:
        raise UsageError(
            "Rows are written to files next to the template.",
            "Give the template's file with -o, or leave out --rows.",
        )
    page_id = parse_notion_id(page) if page else context.parent_page
    with progress(context) as shown:
        captured = capture(
            context.notion,
            page_id,
            name=name,
            file=output,
            with_rows=with_rows,
            jobs=context.jobs,
            progress=shown,
        )
    contents = file_contents(captured, output) if output else {}
    write(contents, replace=force)
    files = list(contents)
    if as_json:
        echo_json(_as_data(captured, files, context.notion.requests.logical))
    elif output is not None:
        written = [f"Wrote {path}" for path in files]
        next_step = f"Next:  notion-pm templates validate {output}"
        echo_lines([*written, *_remark_lines(captured), next_step])
    else:
        # The template is the result; the remarks go to stderr.
        echo(to_yaml(captured).rstrip())
        for line in _remark_lines(captured):
            note(line)


def _as_data(captured: CapturedTemplate, files: list[Path], requests: int) -> dict[str, Any]:
    return {
        "template": captured.template.template,
        "files": [str(path) for path in files],
        "databases": list(captured.template.databases),
        "rows": {key: len(rows) for key, rows in captured.rows.items()},
        "not_kept": [asdict(loss) for loss in captured.losses],
        "guessed": [asdict(guess) for guess in captured.guesses],
        "requests": requests,
    }


def _remark_lines(captured: CapturedTemplate) -> list[str]:
    """Return what a person should check."""
    lines = []
    for title, remarks in (("Guessed", captured.guesses), ("Not kept", captured.losses)):
        if remarks:
            lines.append(f"{title}:")
            lines += [f"  {remark}" for remark in remarks]
    return lines
