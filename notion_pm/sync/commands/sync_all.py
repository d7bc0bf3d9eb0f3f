"""`notion-pm sync --all`: every client's workspace side by side, and nobody pays for another's trouble."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from notion_pm.console.all_clients import Outcome, for_each_client, most_serious
from notion_pm.console.context import Context
from notion_pm.console.logs import RunId
from notion_pm.console.output import echo, echo_json, end_with, progress, table
from notion_pm.console.signals import sleep, time_limit
from notion_pm.errors import ConflictsFound, Stopped
from notion_pm.sync.commands import render_sync
from notion_pm.sync.commands.sync_runs import RunOptions, new_run_id, prepared, run, tell_in_a_line
from notion_pm.sync.interval import repeat
from notion_pm.sync.run import SyncRun
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.sync import SyncOptions


@dataclass(frozen=True, slots=True)
class ClientRun:
    """How the run of one client went."""

    client: str
    run: SyncRun
    problem: str

    def exit_code(self, *, fail_on_conflict: bool) -> int:
        """How a command for this client alone would have ended."""
        if self.run.error is not None:
            return self.run.error.exit_code
        found = self.run.result.evaluation.conflicts if self.run.result else ()
        return ConflictsFound.exit_code if found and fail_on_conflict else 0

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        report = SyncReport(self.run.result).as_data() if self.run.result else None
        return {"client": self.client, **self.run.as_data(), "report": report}

    @property
    def row(self) -> tuple[str, ...]:
        """The client's row in the table."""
        told = self.run.as_data()
        counts = (str(told[key]) for key in ("updates", "conflicts", "proposals", "requests"))
        return (self.client, self.run.outcome, *counts, f"{self.run.seconds:.1f}")


@dataclass(frozen=True, slots=True)
class Round:
    """All clients' runs of one beat. It has failed only when all have: one client must not slow down the others."""

    runs: Sequence[ClientRun]

    @property
    def trouble(self) -> str:
        """The kinds of failure, when there is nothing else."""
        kinds = [each.run.trouble for each in self.runs]
        return ", ".join(kinds) if all(kinds) else ""

    @property
    def asks_to_wait(self) -> float:
        """Seconds before which another round is in vain for everybody."""
        return min((each.run.asks_to_wait for each in self.runs), default=0.0)


class AllClients:
    """A sync of every workspace of notion-pm.toml, to be run."""

    def __init__(self, context: Context, options: SyncOptions, manner: RunOptions) -> None:
        self._clients = context.all_clients()
        self._options = options
        self._manner = manner

    def once(self) -> None:
        """Run it, show what it did, and end with the most serious exit code."""
        with prepared(self._manner, ctrl_c_is_polite=False) as run_id:
            runs = self._round(run_id).runs
        if self._manner.as_json:
            echo_json([each.as_data() for each in runs])
        elif not self._manner.quiet or any(each.run.has_news or each.problem for each in runs):
            self._show(runs)
        end_with(
            most_serious(
                each.exit_code(fail_on_conflict=self._manner.fail_on_conflict) for each in runs
            )
        )

    def every(self, seconds: int) -> None:
        """Run it on that beat until the process is asked to stop."""
        with prepared(self._manner, ctrl_c_is_polite=True) as run_id, suppress(Stopped):
            repeat(
                lambda: self._told_in_lines(run_id),
                every=seconds,
                clock=time.monotonic,
                sleep=sleep,
            )

    def _told_in_lines(self, run_id: RunId) -> Round:
        done = self._round(run_id)
        for each in done.runs:
            tell_in_a_line(each.run, self._manner, client=each.client)
        return done

    def _round(self, run_id: RunId) -> Round:
        """Run all clients. Their runs have one id: it says which of them belong together."""
        began = datetime.now(UTC)
        run_id.run = new_run_id(began)
        with progress(*self._clients) as drawn, time_limit(self._manner.time_limit):

            def work(client: Context) -> SyncRun:
                def draw(what: str, done: int, total: int) -> None:
                    drawn(f"{client.name}: {what}", done, total)

                return run(
                    client, self._options, self._manner, run_id.run, draw, client=client.name
                )

            return Round(
                [_told(each, run_id.run, began) for each in for_each_client(self._clients, work)]
            )

    def _show(self, runs: Sequence[ClientRun]) -> None:
        for each in runs:
            if each.run.result is not None and (each.run.has_news or self._manner.explain):
                echo(f"== {each.client} ==")
                render_sync.show(each.run.result, explain=self._manner.explain)
                echo()
        headers = ("Client", "Outcome", "Changed", "Conflicts", "Proposals", "Requests", "Seconds")
        table(headers, [each.row for each in runs])
        for each in runs:
            if each.problem:
                echo(f"{each.client}: {each.problem}")


def _told(outcome: Outcome[SyncRun], run_id: str, began: datetime) -> ClientRun:
    """A client whose settings are wrong has not come as far as a run: it failed of that."""
    done = outcome.result or SyncRun(run_id, began, 0.0, 0, error=outcome.error)
    return ClientRun(outcome.client.name, done, Outcome(outcome.client, error=done.error).problem)
