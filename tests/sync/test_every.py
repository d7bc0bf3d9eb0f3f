"""The beat of a job: no drift, no overlap, and less often while it fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.console.durations import seconds_in
from notion_pm.errors import NotionPmError, RateLimited, Stopped, Unavailable
from notion_pm.sync.run import LONGEST_PAUSE, SyncRun, next_start, repeat

MINUTE = 60.0
FINE = SyncRun("r", datetime(2026, 11, 22, tzinfo=UTC), 0.0, 0, error=Stopped())


def failed(error: NotionPmError) -> SyncRun:
    return replace(FINE, error=error)


class Day:
    """A clock, and runs that take as long and end as they are told."""

    def __init__(self, *runs: tuple[float, SyncRun]) -> None:
        self.now = 1000.0
        self.starts: list[float] = []
        self._runs = iter(runs)

    def attempt(self) -> SyncRun:
        self.starts.append(self.now - 1000.0)
        taken, run = next(self._runs)
        self.now += taken
        return run

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def passed(self, every: float) -> list[float]:
        with pytest.raises(RuntimeError):  # a StopIteration of next(), when all runs are told
            repeat(self._attempt_or_end, every=every, clock=lambda: self.now, sleep=self.sleep)
        return self.starts

    def _attempt_or_end(self) -> SyncRun:
        try:
            return self.attempt()
        except StopIteration:
            self.starts.pop()
            raise RuntimeError from None


def test_runs_keep_the_beat_however_long_each_takes() -> None:
    assert Day((10, FINE), (50, FINE), (1, FINE)).passed(MINUTE) == [0, 60, 120]


def test_beats_that_a_long_run_missed_are_left_out() -> None:
    assert Day((150, FINE), (1, FINE), (1, FINE)).passed(MINUTE) == [0, 180, 240]


def test_a_job_that_fails_is_tried_less_and_less_often_and_recovers() -> None:
    down = failed(Unavailable("down"))
    day = Day((1, down), (1, down), (1, down), (1, down), (1, FINE), (1, FINE))
    assert day.passed(MINUTE) == [0, 60, 180, 420, 900, 960]


def test_a_wait_that_notion_asks_for_is_kept() -> None:
    day = Day((1, failed(RateLimited("slow", retry_after=200))), (1, FINE))
    assert day.passed(MINUTE) == [0, 240]


def test_a_stopped_or_skipped_run_is_no_failure() -> None:
    assert Day(*[(1, FINE)] * 5).passed(MINUTE) == [0, 60, 120, 180, 240]


@given(
    began=st.floats(0, 1e6),
    past=st.floats(0, 1e6),
    every=st.integers(1, 100_000),
    failures=st.integers(0, 10_000),
)
def test_the_next_start_is_ahead_on_the_beat_and_not_too_far(
    began: float, past: float, every: int, failures: int
) -> None:
    now = began + past
    start = next_start(began, now, every, failures)
    assert start > now - 1e-6
    assert start - now <= every + max(every, LONGEST_PAUSE) + 1e-6
    beats = (start - began) / every
    assert abs(beats - round(beats)) < 1e-6


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("1h30m", 5400), (" 2H ", 7200), ("1h1m1s", 3661)],
)
def test_spans_of_time(text: str, seconds: int) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0m", "m", "-5m", "5 m", "1.5h", "15min", "5m1h"])
def test_invalid_durations_are_refused(text: str) -> None:
    assert seconds_in(text) is None
