"""Flapping values: turned back twice, within three runs, by another tool or a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from notion_pm.model.ids import NotionId
from notion_pm.rules.history import HistoryChange
from notion_pm.rules.quarantine import detect_flapping

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SPOT = NotionId("p"), "status"

Writes = list[list[tuple[str | int | None, str | int | None]]]


def wrote(run: int, before: Any, after: Any) -> HistoryChange:
    return HistoryChange(
        f"run {run}", NOW, SPOT[0], "d", "t", "u", SPOT[1], before, after, "rule", NOW
    )


def held(writes: Writes) -> object:
    """Return the value that flaps, None if there is none. `writes`: (before, after) by run."""
    found = detect_flapping(
        [[wrote(number, *each) for each in run] for number, run in enumerate(writes)]
    ).get(SPOT)
    return found and (found.value, found.derived, found.runs)


def test_value_that_a_person_changed_since_does_not_flap() -> None:
    runs = [[wrote(0, None, 1)], [wrote(1, None, 1)]]
    seven = replace(wrote(2, None, 7), actor="person")
    assert SPOT in detect_flapping([*runs, [replace(seven, after=None)]]), (
        "emptied: it is back where it was"
    )
    assert detect_flapping([*runs, [seven]]) == {}


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ([], None),
        ([[("a", "b")]], None),
        ([[("a", "b")], [("a", "b")]], ("a", "b", ("run 0", "run 1"))),
        ([[("a", "b")], [], [], [("a", "b")]], ("a", "b", ("run 0", "run 3"))),
        ([[("a", "b")], [], [], [], [("a", "b")]], None),
        ([[("a", "b")], [("a", "b")], [], []], ("a", "b", ("run 0", "run 1"))),
        ([[("a", "b")], [("a", "b")], [], [], []], None),
        ([[("a", "b")], [("c", "b")]], ("a", "b", ("run 0", "run 1"))),
        ([[("a", "b")], [("a", "c")]], None),
        ([[(1, 2)], [(2, 1)], [(1, 2)]], None),
        ([[(1, 2)], [(2, 1)], [(1, 2)], [(2, 1)], [(1, 2)]], None),
        ([[("a", "b")], [("a", "b")], [("b", "c")]], None),
        ([[("b", "a")], [("a", "b")], [("a", "b")]], ("a", "b", ("run 1", "run 2"))),
        ([[(None, 1.0)], [(None, 1)]], (None, 1.0, ("run 0", "run 1"))),
    ],
    ids=[
        "nothing was written",
        "once is no flip",
        "turned back at once",
        "turned back after three runs",
        "turned back after four",
        "long ago is three runs",
        "longer ago is none",
        "turned into something else in between",
        "the rules have moved on",
        "led back by rules themselves",
        "and again, as counts do that follow links",
        "flipped, and then the rules moved on",
        "led there by rules, then turned back twice",
        "a number is a number",
    ],
)
def test_flapping_values(writes: Writes, expected: object) -> None:
    assert held(writes) == expected
