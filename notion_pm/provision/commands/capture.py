"""`notion-pm capture`: turn a live page with databases into a template."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.errors import UsageError
from notion_pm.model.ids import parse_notion_id
from notion_pm.provision.capture.capture import as_yaml, capture, texts, write
from notion_pm.provision.capture.live import Captured

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def _name(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    if given is not None and not _NAME.fullmatch(given):
        raise click.BadParameter("use lower case letters, digits, - and _", context, parameter)
    return given


@click.command()
@click.argument("page", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the template to this file, and page bodies and rows to a folder of its name. Default: print it.",
)
@click.option(
    "--name",
    callback=_name,
    help="What the template is to be called. Default: from the page's title.",
)
@click.option(
    "--rows", "with_rows", is_flag=True, help="Take the rows too, as CSV files beside the template."
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
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
    """Turn a live page with databases into a template. Reads only.

    PAGE is the link or id of a page, or of one database. Default: the parent page. Properties, options, relations,
    rollups, formulas, views and the default page template are restated; keys come from titles, or from the record of a
    template that was applied there. Databases elsewhere that these are related to become `bind:`. What a template
    cannot say is listed, and stands as a comment where it belongs.
    """
    if with_rows and output is None:
        raise UsageError(
            "Rows go to files beside the template.", "Name its file with -o, or leave out --rows."
        )
    page_id = parse_notion_id(page) if page else context.parent_page
    with progress(context) as shown:
        captured = capture(
            context.gateway,
            page_id,
            name=name,
            file=output,
            with_rows=with_rows,
            jobs=context.jobs,
            progress=shown,
        )
    files = texts(captured, output) if output else {}
    write(files, replace=force)
    if as_json:
        echo_json(_data(captured, list(files), context.gateway.requests.logical))
        return
    if output is None:
        echo(as_yaml(captured).rstrip())
    _tell(captured, list(files))


def _data(captured: Captured, files: list[Path], requests: int) -> dict[str, Any]:
    return {
        "template": captured.template.template,
        "files": [str(each) for each in files],
        "databases": list(captured.template.databases),
        "rows": {key: len(rows) for key, rows in captured.rows.items()},
        "not_kept": [asdict(each) for each in captured.losses],
        "guessed": [asdict(each) for each in captured.guesses],
        "requests": requests,
    }


def _tell(captured: Captured, files: list[Path]) -> None:
    """Say what was captured, and what a person should look at; on stderr where stdout is the template itself."""
    say = echo if files else note
    for path in files:
        say(f"Wrote {path}")
    for what, found in (("Guessed", captured.guesses), ("Not kept", captured.losses)):
        if found:
            say(f"{what}:")
        for each in found:
            say(f"  {each}")
    if files:
        say(f"Next:  notion-pm templates validate {files[0]}")
