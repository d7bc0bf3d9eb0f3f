"""The limiter, on a clock that only sleeping moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.notion.limiter import WINDOW, WindowLimiter
from tests.support.notion_clients import PatientClock


@given(budget=st.integers(1, 20), requests=st.integers(1, 100))
def test_no_window_exceeds_its_budget(budget: int, requests: int) -> None:
    clock = PatientClock()
    limiter = WindowLimiter(budget, clock=clock, sleep=clock.sleep)
    passed = []
    for _ in range(requests):
        limiter.acquire()
        passed.append(clock.now)
    for start in {each // WINDOW for each in passed}:
        assert sum(each // WINDOW == start for each in passed) <= budget
    assert clock.now == (requests - 1) // budget * WINDOW
    assert limiter.waited == clock.now


@given(pauses=st.lists(st.floats(0.1, 500), min_size=1, max_size=5))
def test_a_pause_is_never_cut_short(pauses: list[float]) -> None:
    clock = PatientClock()
    limiter = WindowLimiter(None, clock=clock, sleep=clock.sleep)
    for seconds in pauses:
        limiter.pause(seconds)
    limiter.acquire()
    assert clock.now >= max(pauses)
