"""`notion-pm doctor --probe`: check what notion-pm relies on, on a scratch page."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from notion_pm.config import NOTION_URL, Remote
from notion_pm.console.context import Context
from notion_pm.console.output import echo, echo_json, echo_lines, end_with, note, progress
from notion_pm.console.signals import sleep
from notion_pm.errors import UsageError
from notion_pm.files.writing import require_folder
from notion_pm.model.ids import page_url
from notion_pm.notion.connection import NOTION_VERSION
from notion_pm.probe.lab import MOST_REQUESTS
from notion_pm.probe.memory import Memory
from notion_pm.probe.report import (
    report_data,
    summarise,
    summary_lines,
    write_last_probe,
    write_report,
)
from notion_pm.probe.runner import USUAL_REQUESTS, Connections, ProbeResult, run_probe
from notion_pm.probe.statement import Area, Verdict, all_statements
from notion_pm.state.lock import hold_run_lock

DEFAULT_REPORT = "notion-pm-probe.json"

SOMETHING_DIFFERS = 6
"""The exit code when Notion differs from a statement."""

_WORTH_ANOTHER_RUN = 5

_IN_PLURAL = {
    Verdict.AGREES: "agree",
    Verdict.DIFFERS: "differ",
    Verdict.CANNOT_TELL: "could not be checked",
}


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """How `doctor --probe` was called. `second_token`: the variable that holds another token."""

    report: Path
    second_token: str | None
    yes: bool
    as_json: bool


def probe(context: Context, options: ProbeOptions) -> None:
    """Print what the probe costs, ask, run it, show its findings, and write the report."""
    # Before any request: a report that cannot be written would waste the whole probe.
    require_folder(options.report)
    parent = context.parent_page
    second = context.second_connection(options.second_token) if options.second_token else None
    # Two probes of one workspace would share one memory and one scratch page.
    with hold_run_lock(context.state_home):
        memory = Memory.read(context.state_directory)
        _ask(memory, options)
        connections = Connections(context.connection, sleep, second)
        with progress(context) as drawn:
            result = run_probe(connections, parent, all_statements(), memory, drawn)
    _show(context, options, result)


def _ask(memory: Memory, options: ProbeOptions) -> None:
    """Print what will happen, and ask for confirmation."""
    statements = all_statements()
    if memory.findings:
        done, most = len(memory.findings), max(MOST_REQUESTS - memory.spent, 0)
        note(
            f"Resuming an interrupted probe: {done} of {len(statements)} statements are checked. "
            f"The rest takes at most {most} requests."
        )
    else:
        note(
            f"This checks {len(statements)} statements about Notion-Version {NOTION_VERSION} on a "
            f"scratch page below the parent page. It sends about {USUAL_REQUESTS} requests (at "
            "most "
            f"{MOST_REQUESTS}), which takes about two minutes. Then it moves the page to the "
            "trash. "
            "Nothing else is changed."
        )
    if options.yes:
        return
    if options.as_json or not sys.stdin.isatty():
        raise UsageError("Confirmation needed but no terminal: add --yes.")
    click.confirm("Start?", abort=True, err=True)


def _show(context: Context, options: ProbeOptions, result: ProbeResult) -> None:
    data = report_data(result, server=_server(context), day=context.now().date())
    write_report(options.report, data)
    write_last_probe(context.state_directory, data)
    summaries = summarise(result)
    if options.as_json:
        echo_json(
            {
                **data,
                "report_file": str(options.report),
                "scratch_page_in_trash": result.left_behind is None,
            }
        )
    else:
        echo_lines(summary_lines(result))
        counts = ", ".join(f"{result.count(verdict)} {_IN_PLURAL[verdict]}" for verdict in Verdict)
        echo(f"{counts}. {result.requests} requests.")
        echo(f"Report: {options.report}. It contains no content, ids or token of the workspace.")
    if result.left_behind is not None:
        note(
            "The scratch page could not be moved to the trash. Run the same command again, or "
            f"delete it: {page_url(result.left_behind)}"
        )
    if result.count(Verdict.DIFFERS):
        relied_on = any(
            summary.verdict is Verdict.DIFFERS and summary.area is not Area.UNUSED
            for summary in summaries
        )
        meaning = "No command relies on what differs."
        if relied_on:
            meaning = "notion-pm relies on something that Notion does differently."
        note(f"{meaning} Please attach the report to an issue.")
    end_with(exit_code_of(result))


def exit_code_of(result: ProbeResult) -> int:
    """Return the exit code of a finished probe."""
    # A difference counts more than statements that could not be checked: repeating does not help.
    if result.count(Verdict.DIFFERS):
        return SOMETHING_DIFFERS
    return _WORTH_ANOTHER_RUN if result.is_worth_repeating or result.left_behind else 0


def _server(context: Context) -> str:
    """Return what kind of server answers, without its address."""
    if context.is_on_this_machine:
        return "local workspace"
    is_notion = isinstance(context.target, Remote) and context.target.base_url == NOTION_URL
    return "Notion" if is_notion else "another server"
