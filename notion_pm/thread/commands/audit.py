"""`notion-pm audit`: where the thread is broken, and what to do about it."""

from __future__ import annotations

import textwrap

import click

from notion_pm.console.context import Context, pass_context
from notion_pm.console.output import echo, echo_json, echo_lines, end_with, json_option, progress
from notion_pm.console.thread_options import sync_context_of, template_option
from notion_pm.thread.audit import CHECKS, Thresholds
from notion_pm.thread.commands import render_audit
from notion_pm.thread.run_audit import audit_workspace

_EXIT_CODE_FINDINGS = 2
_DEFAULTS = Thresholds()

_NAMES = [check.name for check in CHECKS]
_WRAPPED_NAMES = textwrap.fill(
    ", ".join(_NAMES),
    78,
    initial_indent="CHECK: ",
    subsequent_indent=" " * 7,
    break_on_hyphens=False,
)
_EXAMPLES = f"""\b
{_WRAPPED_NAMES}

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
    help="Run only this check; repeat it.",
)
@click.option(
    "--insight-days",
    type=click.IntRange(0),
    default=_DEFAULTS.insight_days,
    show_default=True,
    metavar="DAYS",
    help="Show an unlinked insight after this many days.",
)
@click.option(
    "--spec-days",
    type=click.IntRange(0),
    default=_DEFAULTS.spec_days,
    show_default=True,
    metavar="DAYS",
    help="Show a spec in progress after this many days without an edit.",
)
@click.option(
    "--health-days",
    type=click.IntRange(0),
    default=None,
    metavar="DAYS",
    help="Show an objective's health after this many days. Default: from the template, 14.",
)
@click.option(
    "--all", "show_all", is_flag=True, help="Show every finding, not only the first of each check."
)
@click.option("--exit-code", is_flag=True, help="Exit with 2 if there are findings: for jobs.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="Text for a terminal, or Markdown for a page or pull request.",
)
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
    show_all: bool,
    exit_code: bool,
    form: str,
    template: str | None,
    as_json: bool,
) -> None:
    """Show where the thread is broken and how to repair it.

    Features without evidence or an objective, objectives without features, insights that are not
    linked, stale specs and health, dates that have passed, customers to tell; and the share of
    signal among the live features. Checks that the template has nothing for are left out. Reads
    only: each database once.
    """
    thresholds = Thresholds(insight_days, spec_days, health_days)
    with progress(context) as drawn:
        place = sync_context_of(context, drawn)
        result = audit_workspace(place, thresholds, names=names, template=template)
    if as_json:
        echo_json(result.as_data())
    elif form == "markdown":
        echo("\n".join(render_audit.markdown_lines(result)))
    else:
        echo_lines(render_audit.text_lines(result, show_all=show_all))
    end_with(_EXIT_CODE_FINDINGS if exit_code and result.audit.findings else 0)
