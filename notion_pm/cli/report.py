"""`notion-pm report`: one page for leadership, in one file."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.cli.context import Context, pass_context
from notion_pm.cli.output import echo, echo_json, json_option, note, progress
from notion_pm.cli.thread_options import place_of, template_option
from notion_pm.cli.words import count
from notion_pm.errors import UsageError
from notion_pm.exporters.destination import STDOUT
from notion_pm.files import write_shared
from notion_pm.workflows.conditions import parse_since
from notion_pm.workflows.report import Reported, report

_EXAMPLES = """\b
  notion-pm report --open                         write report.html, look at it
  notion-pm report --since 2026-10-01 -o q4.html  what has changed since then
  notion-pm report --quotes 3                     three quotes behind a feature
"""


@click.command(epilog=_EXAMPLES)
@click.option("-o", "--output", metavar="FILE|-", default="report.html", show_default=True, help="- is stdout.")
@click.option(
    "--since", metavar="DATE", default="30 days ago", show_default=True,
    help="Changes count from then: 2026-11-01, a time, 7 days ago.",
)  # fmt: skip
@click.option(
    "--quotes", type=click.IntRange(1), metavar="N",
    help="So many quotes behind a feature at most, and every row of the lists, however large the file becomes. "
    "Default: 25, and fewer where the file would pass 1 MB.",
)  # fmt: skip
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@template_option
@json_option
@pass_context
def command(
    context: Context, *, output: str, since: str, quotes: int | None, opens: bool, template: str | None, as_json: bool
) -> None:
    """Write one HTML file for leadership, to be opened, mailed or printed without this program.

    Strategy with health, progress and how both have moved; the roadmap now, next and later; the evidence in customers'
    words; a tree from the vision to a single quote; gaps, who is waiting, slipped dates, and the changelog. The file
    loads nothing from anywhere. Reads only, each database once; what has changed is known from the runs of sync.
    """
    if output == STDOUT and (as_json or opens):
        raise UsageError("The page goes to stdout.", "Give it a file: -o report.html")
    moment = parse_since(since, context.now())
    with progress(context) as drawn:
        made = report(place_of(context, drawn), moment, quotes=quotes, template=template)
    if output == STDOUT:
        click.echo(made.html, nl=False)
        return
    write_shared(Path(output), made.html)
    if as_json:
        echo_json({"file": output, **made.as_data()})
    else:
        _tell(output, made)
    if opens:
        click.launch(str(Path(output).resolve()))


def _tell(output: str, made: Reported) -> None:
    told = made.report
    kilobytes = round(len(made.html.encode()) / 1000)
    echo(
        f"{output}: {count(len(told.strategy.objectives), 'objective')}, {count(told.audit.live, 'live feature')}, "
        f"{count(len(told.audit.findings), 'gap')}, {kilobytes} kB. {count(made.requests, 'request')}."
    )
    for each in told.notes:
        note(f"Note: {each}")
