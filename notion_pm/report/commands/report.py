"""`notion-pm report`: one page for leadership or for customers, in one file."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.conditions.text_form import parse_period
from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.thread_options import place_of, template_option
from notion_pm.errors import UsageError
from notion_pm.files.writing import STDOUT, write_shared
from notion_pm.report.run_report import PublicReport, Reported, report, report_for_customers
from notion_pm.text import quantity

_SINCE = "30 days ago"
_FILES = {"leadership": "report.html", "customers": "roadmap.html"}
"""Two names, so that nobody sends customers the report for leadership by mistake."""

_EXAMPLES = """\b
  notion-pm report --open                         write report.html, look at it
  notion-pm report --since 2026-10-01 -o q4.html  what has changed since then
  notion-pm report --since 2026-07-01 --until 2026-09-30
                                                  what changed in that quarter
  notion-pm report --quotes 3                     three quotes behind a feature
  notion-pm report --audience customers           roadmap.html, for customers
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "-o",
    "--output",
    metavar="FILE|-",
    help="- is stdout. Default: report.html, or roadmap.html for customers.",
)
@click.option(
    "--audience", type=click.Choice(list(_FILES)), default="leadership", show_default=True,
    help="customers: a roadmap of public titles and notes, with nothing else of the workspace.",
)  # fmt: skip
@click.option(
    "--since", metavar="DATE",
    help=f"Changes count from then: 2026-11-01, a time, 7 days ago. Default: {_SINCE}.",
)  # fmt: skip
@click.option(
    "--until", metavar="DATE", help="Changes count up to then; a day counts whole. Default: now."
)
@click.option(
    "--quotes", type=click.IntRange(1), metavar="N",
    help="So many quotes behind a feature at most, and every row of the lists, however large the file becomes. "
    "Default: 25, and fewer where the file would pass 1 MB.",
)  # fmt: skip
@click.option("--title", help="For customers: the title of the roadmap. Default: Roadmap.")
@click.option(
    "--dates", is_flag=True, help="For customers: show target dates and the date of the roadmap."
)
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@template_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    output: str | None,
    audience: str,
    since: str | None,
    until: str | None,
    quotes: int | None,
    title: str | None,
    dates: bool,
    opens: bool,
    template: str | None,
    as_json: bool,
) -> None:
    """Write one HTML file for leadership, or a roadmap for customers, to be opened, mailed or printed without this
    program.

    First what is in trouble, what there is to decide and what has changed; then strategy with health, progress and how
    both have moved; the roadmap now, next and later; the evidence in customers' words; a tree from the vision to a
    single quote; gaps, who is waiting, slipped dates, and the changelog. The file loads nothing from anywhere. Reads
    only, each database once; what has changed is known from the runs of sync.

    With --audience customers it is a roadmap of the features that have a public title. It has no names, quotes, ARR or
    owners, no title of a page, and dates only with --dates.
    """
    output = output or _FILES[audience]
    if output == STDOUT and (as_json or opens):
        raise UsageError("The page goes to stdout.", "Give it a file: -o report.html")
    made: Reported | PublicReport
    if audience == "customers":
        _refuse({"--since": since, "--until": until, "--quotes": quotes}, "leadership")
        with progress(context) as drawn:
            place = place_of(context, drawn)
            made = report_for_customers(
                place, title=title or "Roadmap", dates=dates, template=template
            )
    else:
        _refuse({"--title": title, "--dates": dates or None}, "customers")
        period = parse_period(since or _SINCE, until, context.now())
        with progress(context) as drawn:
            made = report(
                place_of(context, drawn),
                period.since,
                until=period.until,
                quotes=quotes,
                template=template,
            )
    if output == STDOUT:
        click.echo(made.html, nl=False)
        return
    write_shared(Path(output), made.html)
    if as_json:
        echo_json({"file": output, **made.as_data()})
    elif isinstance(made, PublicReport):
        _show_public(output, made)
    else:
        _show(output, made)
    if opens:
        click.launch(str(Path(output).resolve()))


def _refuse(given: dict[str, object], audience: str) -> None:
    """Raise UsageError for options that mean nothing to the audience that was chosen."""
    for option, value in given.items():
        if value is not None:
            raise UsageError(
                f"{option} is only for --audience {audience}.", "Leave one of the two out."
            )


def _show(output: str, made: Reported) -> None:
    told = made.report
    kilobytes = round(len(made.html.encode()) / 1000)
    echo(
        f"{output}: {quantity(len(told.strategy.objectives), 'objective')}, {quantity(told.audit.live, 'live feature')}, "
        f"{quantity(len(told.audit.findings), 'gap')}, {kilobytes} kB. {quantity(made.requests, 'request')}."
    )
    for each in told.notes:
        note(f"Note: {each}")


def _show_public(output: str, made: PublicReport) -> None:
    features = quantity(made.roadmap.count, "feature")
    echo(f"{output}: {features} with a public title. {quantity(made.requests, 'request')}.")
    if not made.roadmap.count:
        note(
            "Note: No open feature has a public title. Fill in Public title for each that customers may see."
        )
