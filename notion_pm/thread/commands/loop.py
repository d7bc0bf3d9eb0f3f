"""`notion-pm loop`: tell those who asked for what has shipped, and record that they know."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, echo_lines, json_option, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.errors import UsageError
from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_shared
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.text import UNTITLED, one_line, quantity
from notion_pm.thread.commands import render_loop
from notion_pm.thread.messages import DEFAULT_TEMPLATE, CustomMessage, DefaultMessage, Message
from notion_pm.thread.run_loop import (
    Draft,
    OpenLoops,
    StampResult,
    drafts_as_data,
    open_loops,
    skipped_as_data,
)

_EXAMPLES = """\b
  notion-pm loop                            who to tell, with a message each
  notion-pm loop -o drafts.md               the same as a document (also .csv)
  notion-pm loop --show-message > ours.txt  start a message of your own
  notion-pm loop --message ours.txt         and use it, in any language
  notion-pm loop --told "Acme" --told https://app.notion.com/p/...
                                            they know now: sync closes the loop
"""
_WRITERS: dict[str, Callable[[OpenLoops, Sequence[Draft]], str]] = {
    ".csv": render_loop.csv_text,
    ".md": render_loop.markdown_text_of,
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
    help="A Jinja template for the message, instead of the default one.",
)
@click.option("--show-message", is_flag=True, help="Print the default template and exit.")
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

    For requests and problems observed before the feature shipped. Churned customers, and insights
    without a name, are listed separately. Nothing is sent. After you have told someone, --told
    records it in Notion: the date is written to the insight, and the next sync closes it.
    """
    if show_message:
        echo(DEFAULT_TEMPLATE.rstrip())
        return
    message: Message = DefaultMessage()
    if message_file is not None:
        source = read_text(message_file, limit=SETTINGS_LIMIT)
        message = CustomMessage(source, message_file.name)
    with progress(context) as drawn:
        loops = open_loops(sync_context_of(context, drawn), template)

    if not names and not told_all:
        _show_drafts(loops, loops.drafts(message), output, as_json=as_json)
        return

    insights = loops.all_asks() if told_all else loops.asks_of(names)
    if told_all and insights and not yes and not dry_run:
        _confirm(insights)
    with progress(context) as drawn:
        results = list(loops.stamp(insights, dry_run=dry_run, progress=drawn))
    _show_stamps(loops, results, dry_run=dry_run, as_json=as_json)


def _show_drafts(
    loops: OpenLoops, drafts: Sequence[Draft], output: Path | None, *, as_json: bool
) -> None:
    if output is not None:
        _write(output, loops, drafts)
    if as_json:
        echo_json(
            {
                "customers": drafts_as_data(loops, drafts),
                "apart": skipped_as_data(loops),
                "requests": loops.requests,
            }
        )
    elif output is not None:
        echo(f"{output}: {render_loop.summary(loops)}")
    else:
        echo_lines(render_loop.text_lines(loops, drafts))


def _show_stamps(
    loops: OpenLoops, results: Sequence[StampResult], *, dry_run: bool, as_json: bool
) -> None:
    if not as_json:
        echo("\n".join(render_loop.stamp_lines(results, loops.requests, dry_run=dry_run)))
        return
    pages = [
        {
            "page": result.insight.id,
            "title": result.insight.title,
            "problem": result.problem or None,
        }
        for result in results
    ]
    echo_json({"told": pages, "dry_run": dry_run, "requests": loops.requests})


def _confirm(insights: Sequence[SnapshotPage]) -> None:
    """Ask whether all were told. Raises UsageError without a terminal."""
    of_all = f"the customers of {quantity(len(insights), 'insight')}"
    if not sys.stdin.isatty():
        raise UsageError(
            f"This would record that {of_all} were told. Confirmation needed but no terminal.",
            "Nothing was changed. Check it with --dry-run, then run it again with --yes.",
        )
    for insight in insights:
        click.echo(f"  {one_line(insight.title) or UNTITLED}", err=True)
    click.confirm(f"Were {of_all} told?", abort=True, err=True)


def _write(path: Path, loops: OpenLoops, drafts: Sequence[Draft]) -> None:
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(
            f"Unknown file extension '{path.suffix}'. Use one of: md, csv.",
            "Name the file, for example, drafts.md.",
        )
    write_shared(path, writer(loops, drafts))
