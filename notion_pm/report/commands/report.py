"""`notion-pm report`: one page for leadership or for customers, in one file."""

from __future__ import annotations

from pathlib import Path

import click

from notion_pm.conditions.text_form import parse_period
from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, json_option, note, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.errors import UsageError
from notion_pm.files.writing import STDOUT, write_shared
from notion_pm.report.customers import DEFAULT_TITLE
from notion_pm.report.list_limits import DEFAULT_LIMITS
from notion_pm.report.run_report import (
    CustomerRoadmapResult,
    ReportResult,
    make_customer_roadmap,
    make_report,
)
from notion_pm.text import quantity

_DEFAULT_SINCE = "30 days ago"
# Two file names, so that the report for leadership is not sent to customers by mistake.
_FILES = {"leadership": "report.html", "customers": "roadmap.html"}

_EXAMPLES = """\b
  notion-pm report --open                         write report.html and open it
  notion-pm report --since 2026-10-01 -o q4.html  changes since then
  notion-pm report --since 2026-07-01 --until 2026-09-30
                                                  changes in that quarter
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
    "--audience",
    type=click.Choice(list(_FILES)),
    default="leadership",
    show_default=True,
    help="customers: a roadmap with only the public titles and notes of features.",
)
@click.option(
    "--since",
    metavar="DATE",
    help=f"Start of the changes: 2026-11-01, a time, 7 days ago. Default: {_DEFAULT_SINCE}.",
)
@click.option(
    "--until", metavar="DATE", help="End of the changes; includes that day. Default: now."
)
@click.option(
    "--quotes",
    type=click.IntRange(1),
    metavar="N",
    help="Show N quotes behind a feature and every row of the lists, however large the file is. "
    f"Default: {DEFAULT_LIMITS.quotes} quotes, {DEFAULT_LIMITS.rows} rows.",
)
@click.option("--title", help=f"For customers: title of the roadmap. Default: {DEFAULT_TITLE}.")
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
    """Write a report for leadership, or a roadmap for customers, as one HTML file.

    First what is in trouble, what is to be decided and what has changed; then strategy with health
    and progress; the roadmap now, next and later; the evidence in customers' words; a tree from the
    vision to a single quote; gaps, who is waiting, late dates, and the changelog. The file loads
    nothing from elsewhere. Reads only: each database once. What has changed is known from earlier
    runs of sync and report.

    With --audience customers it is a roadmap of the features that have a public title. It contains
    no page titles, names, quotes, ARR or owners, and dates only with --dates.
    """
    output = output or _FILES[audience]
    # `-o -` with --json would print two documents on one stream, and a stream cannot be opened.
    if output == STDOUT and (as_json or opens):
        option = "--json" if as_json else "--open"
        raise UsageError(f"{option} needs a file.", "Name one, for example: -o report.html")

    result: ReportResult | CustomerRoadmapResult
    if audience == "customers":
        _refuse({"--since": since, "--until": until, "--quotes": quotes}, "leadership")
        with progress(context) as drawn:
            result = make_customer_roadmap(
                sync_context_of(context, drawn),
                title=title or DEFAULT_TITLE,
                dates=dates,
                template=template,
            )
    else:
        # A flag is False when it is not given, and `_refuse` looks for None.
        _refuse({"--title": title, "--dates": dates or None}, "customers")
        period = parse_period(since or _DEFAULT_SINCE, until, context.now())
        with progress(context) as drawn:
            result = make_report(
                sync_context_of(context, drawn),
                period.since,
                until=period.until,
                quotes=quotes,
                template=template,
            )

    if output == STDOUT:
        click.echo(result.html, nl=False)
        return
    write_shared(Path(output), result.html)
    if as_json:
        echo_json({"file": output, **result.as_data()})
    elif isinstance(result, CustomerRoadmapResult):
        _print_roadmap_summary(output, result)
    else:
        _print_report_summary(output, result)
    if opens:
        click.launch(str(Path(output).resolve()))


def _refuse(options: dict[str, object], audience: str) -> None:
    """Raise UsageError if an option is given that is only for another audience."""
    for option, value in options.items():
        if value is not None:
            raise UsageError(
                f"{option} is only for --audience {audience}.", "Leave one of the two out."
            )


def _print_report_summary(output: str, result: ReportResult) -> None:
    report = result.report
    kilobytes = round(len(result.html.encode()) / 1000)
    facts = [
        quantity(len(report.strategy.objectives), "objective"),
        quantity(report.audit.live, "live feature"),
        quantity(len(report.audit.findings), "gap"),
        f"{kilobytes:,} kB",
    ]
    echo(f"{output}: {', '.join(facts)}. {quantity(result.requests, 'request')}.")
    for text in report.notes:
        note(f"Note: {text}")


def _print_roadmap_summary(output: str, result: CustomerRoadmapResult) -> None:
    features = quantity(result.roadmap.count, "feature")
    requests = quantity(result.requests, "request")
    echo(f"{output}: {features} with a public title. {requests}.")
    if not result.roadmap.count:
        note(
            "Note: No open feature has a public title. Fill in Public title for each feature that "
            "customers may see."
        )
