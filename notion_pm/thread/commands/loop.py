"""`notion-pm loop`: tell those who asked for what has shipped, and note that they were told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, echo_lines, json_option, progress
from notion_pm.console.thread_options import place_of, template_option
from notion_pm.errors import UsageError
from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_shared
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.commands import render_loop
from notion_pm.thread.message import DEFAULT
from notion_pm.thread.messages import DefaultMessage, Message, OwnMessage
from notion_pm.thread.run_loop import Draft, Loop, Told, apart_as_data, as_data, open_loops

_EXAMPLES = """\b
  notion-pm loop                            who is to be told, and a message
  notion-pm loop -o drafts.md               the same as a document (also .csv)
  notion-pm loop --show-message > ours.txt  begin a message of your own
  notion-pm loop --message ours.txt         and use it, in any language
  notion-pm loop --told "Acme" --told https://app.notion.com/p/...
                                            they were told: sync closes the loop
"""
_FORMATS: dict[str, Callable[[Loop, Sequence[Draft]], str]] = {
    ".csv": render_loop.table,
    ".md": lambda loop, drafts: "\n".join(render_loop.markdown(loop, drafts)),
}


@click.command(epilog=_EXAMPLES)
@click.option(
    "--told",
    "names",
    multiple=True,
    metavar="CUSTOMER|CONTACT|PAGE",
    help="They were told: stamp today. Repeat it.",
)
@click.option(
    "--told-all",
    is_flag=True,
    help="All that are listed were told: stamp today on each, after asking.",
)
@click.option("--yes", is_flag=True, help="With --told-all: do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be stamped; write nothing.")
@click.option(
    "--message",
    "message_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Jinja template of the message, instead of the one that comes along.",
)
@click.option("--show-message", is_flag=True, help="Print the template that comes along, and end.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a .md or .csv file.",
)
@template_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    names: tuple[str, ...],
    told_all: bool,
    yes: bool,
    dry_run: bool,
    message_file: Path | None,
    show_message: bool,
    output: Path | None,
    template: str | None,
    as_json: bool,
) -> None:
    """List customers whose requests have shipped, with a message for each.

    One message per person, for requests and problems observed before the feature shipped. Customers that churned, and
    insights that name nobody, are listed apart. Nothing is sent. Once somebody was told, --told notes it in Notion: the
    date goes into the insight, the next sync closes it, and nobody is listed twice.
    """
    if show_message:
        echo(DEFAULT.rstrip())
        return
    message: Message = DefaultMessage()
    if message_file is not None:
        message = OwnMessage(read_text(message_file, limit=SETTINGS_LIMIT), message_file.name)
    with progress(context) as drawn:
        loop = open_loops(place_of(context, drawn), template)
    if names or told_all:
        insights = loop.all_asks() if told_all else loop.asks_of(names)
        _confirm(insights, needless=yes or dry_run or not told_all)
        with progress(context) as drawn:
            told = list(loop.tell(insights, dry_run=dry_run, progress=drawn))
        _show_told(loop, told, dry_run=dry_run, as_json=as_json)
        return
    _show(loop, loop.drafts(message), output, as_json=as_json)


def _show(loop: Loop, drafts: Sequence[Draft], output: Path | None, *, as_json: bool) -> None:
    if output is not None:
        _write(output, loop, drafts)
    if as_json:
        echo_json(
            {
                "customers": as_data(loop, drafts),
                "apart": apart_as_data(loop),
                "requests": loop.requests,
            }
        )
    elif output is not None:
        echo(f"{output}: {render_loop.summary(loop)}")
    else:
        echo_lines(render_loop.text(loop, drafts))


def _show_told(loop: Loop, told: Sequence[Told], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        pages = [
            {"page": each.insight.id, "title": each.insight.title, "problem": each.problem or None}
            for each in told
        ]
        echo_json({"told": pages, "dry_run": dry_run, "requests": loop.requests})
    else:
        echo("\n".join(render_loop.stamped(told, loop.requests, dry_run=dry_run)))


def _confirm(insights: Sequence[SnapshotPage], *, needless: bool) -> None:
    """Ask whether all were told. Raises UsageError where nobody is there to answer."""
    if needless or not insights:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"This would note that the customers of {len(insights)} insights were told, and there is nobody to ask.",
            "Nothing was changed. Look at them with --dry-run, and run it again with --yes.",
        )
    for each in insights:
        click.echo(f"  {each.title}", err=True)
    click.confirm(f"Were the customers of all {len(insights)} told?", abort=True, err=True)


def _write(path: Path, loop: Loop, drafts: Sequence[Draft]) -> None:
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise UsageError(
            f"{path} ends neither with .md nor with .csv.", "Name the file like  drafts.md."
        )
    write_shared(path, form(loop, drafts))
