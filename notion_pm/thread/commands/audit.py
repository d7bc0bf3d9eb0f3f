"""`notion-pm audit`: where the thread is broken, and what to do about it."""

from __future__ import annotations

import textwrap

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, echo_lines, end_with, json_option, progress
from notion_pm.console.thread_options import place_of, template_option
from notion_pm.thread.audit import Thresholds
from notion_pm.thread.audit_checks import CHECKS
from notion_pm.thread.commands import render_audit
from notion_pm.thread.run_audit import look

_FOUND = 2  # exit code of --exit-code
_DEFAULTS = Thresholds()

_NAMES = [each.name for each in CHECKS]
_EXAMPLES = f"""\b
{textwrap.fill(", ".join(_NAMES), 78, initial_indent="CHECK: ", subsequent_indent=" " * 7, break_on_hyphens=False)}

\b
notion-pm audit                               everything
notion-pm audit --only no-evidence --all      one check, every finding
notion-pm audit --format markdown > audit.md  for a page or a pull request
notion-pm audit --exit-code --json            for a job: 0 nothing, 2 findings
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--only",
    "names",
    multiple=True,
    type=click.Choice(_NAMES),
    metavar="CHECK",
    help="Only this check; repeat it.",
)
@click.option(
    "--insight-days", type=click.IntRange(0), default=_DEFAULTS.insight_days, show_default=True, metavar="DAYS",
    help="An unlinked insight may wait so long.",
)  # fmt: skip
@click.option(
    "--spec-days", type=click.IntRange(0), default=_DEFAULTS.spec_days, show_default=True, metavar="DAYS",
    help="A spec in progress may go unedited so long.",
)  # fmt: skip
@click.option(
    "--health-days", type=click.IntRange(0), default=None, metavar="DAYS",
    help="For how many days an objective's health counts. Default: what the template says, 14.",
)  # fmt: skip
@click.option(
    "--all", "everything", is_flag=True, help="Show every finding, not only the first of each kind."
)
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there are findings: for jobs.")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True,
    help="For people, or for a page or pull request.",
)  # fmt: skip
@template_option
@json_option
@pass_context
def command(
    context: Context,
    *,
    names: tuple[str, ...],
    insight_days: int,
    spec_days: int,
    health_days: int | None,
    everything: bool,
    exit_code: bool,
    form: str,
    template: str | None,
    as_json: bool,
) -> None:
    """Show where the thread is broken and how to repair it.

    Features without evidence or objective, objectives without features, insights that nobody looks at, specs and health
    gone stale, dates that have passed, customers who were not told; and the share of signal among the live features.
    What the template has nothing for is left out. Reads only: each database once.
    """
    thresholds = Thresholds(insight_days, spec_days, health_days)
    with progress(context) as drawn:
        audited = look(
            place_of(context, drawn), template=template, only=names, thresholds=thresholds
        )
    if as_json:
        echo_json(audited.as_data())
    elif form == "markdown":
        echo("\n".join(render_audit.markdown(audited)))
    else:
        echo_lines(render_audit.text(audited, everything=everything))
    end_with(_FOUND if exit_code and audited.audit.findings else 0)
