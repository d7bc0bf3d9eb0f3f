"""Rollups: every function's result and its shape."""

from __future__ import annotations

from typing import Any

import pytest

from notion_pm.emulator.values.rollups import FUNCTIONS, aggregate


def number(value: float | None) -> dict[str, Any]:
    return {"id": "abcd", "type": "number", "number": value}


def date(start: str | None, end: str | None = None) -> dict[str, Any]:
    return {"type": "date", "date": start and {"start": start, "end": end, "time_zone": None}}


def tags(*names: str) -> dict[str, Any]:
    return {"type": "multi_select", "multi_select": [{"id": name, "name": name} for name in names]}


def checkbox(value: bool) -> dict[str, Any]:
    return {"type": "checkbox", "checkbox": value}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("count", 4),
        ("count_values", 3),
        ("unique", 2),
        ("empty", 1),
        ("not_empty", 3),
        ("percent_empty", 0.25),
        ("percent_not_empty", 0.75),
        ("sum", 12),
        ("average", 4),
        ("median", 5),
        ("min", 2),
        ("max", 5),
        ("range", 3),
    ],
)
def test_numbers(function: str, expected: float) -> None:
    result = aggregate(function, [number(5), number(2), number(None), number(5)])
    assert result == {"type": "number", "number": expected, "function": function}


def test_whole_numbers_are_written_without_a_fraction() -> None:
    assert repr(aggregate("average", [number(1), number(3)])["number"]) == "2"


@pytest.mark.parametrize(
    "function", ["average", "median", "min", "max", "range", "percent_checked"]
)
def test_nothing_related_gives_null(function: str) -> None:
    assert aggregate(function, [])["number"] is None


@pytest.mark.parametrize("function", ["count", "sum", "unique", "checked"])
def test_nothing_related_counts_zero(function: str) -> None:
    assert aggregate(function, [])["number"] == 0


@pytest.mark.parametrize(
    ("function", "expected"),
    [("checked", 1), ("unchecked", 3), ("percent_checked", 0.25), ("percent_unchecked", 0.75)],
)
def test_checkboxes(function: str, expected: float) -> None:
    items = [checkbox(value) for value in (True, False, False, False)]
    assert aggregate(function, items)["number"] == expected


@pytest.mark.parametrize(
    ("function", "start", "end"),
    [
        ("earliest_date", "2026-01-05", None),
        ("latest_date", "2026-03-01", None),
        ("date_range", "2026-01-05", "2026-03-01"),
    ],
)
def test_dates(function: str, start: str, end: str | None) -> None:
    items = [date("2026-02-01"), date(None), date("2026-01-05", "2026-03-01")]
    expected = {"start": start, "end": end, "time_zone": None}
    assert aggregate(function, items) == {"type": "date", "date": expected, "function": function}
    assert aggregate(function, [date(None)])["date"] is None


def test_created_times_roll_up_as_dates() -> None:
    items = [
        {"type": "created_time", "created_time": f"2026-07-0{day}T08:00:00.000Z"} for day in (3, 1)
    ]
    assert aggregate("earliest_date", items)["date"]["start"] == "2026-07-01T08:00:00.000Z"


def test_lists_count_each_of_their_values() -> None:
    items = [tags("a", "b"), tags(), tags("b")]
    counts = {
        function: aggregate(function, items)["number"]
        for function in ("count", "count_values", "unique", "empty")
    }
    assert counts == {"count": 3, "count_values": 3, "unique": 2, "empty": 1}


def test_show_original_keeps_order_and_drops_ids() -> None:
    assert aggregate("show_original", [number(2), number(None)]) == {
        "type": "array",
        "array": [{"type": "number", "number": 2}, {"type": "number", "number": None}],
        "function": "show_original",
    }


def test_show_unique_keeps_the_first_of_each() -> None:
    assert aggregate("show_unique", [number(2), number(1), number(None), number(2)])["array"] == [
        {"type": "number", "number": 2},
        {"type": "number", "number": 1},
    ]


def test_formulas_and_rollups_count_as_what_they_result_in() -> None:
    formula = {"type": "formula", "formula": {"type": "number", "number": 2}}
    rollup = {"type": "rollup", "rollup": {"type": "number", "number": 3, "function": "sum"}}
    shown = {
        "type": "rollup",
        "rollup": {"type": "array", "array": [number(4)], "function": "show_original"},
    }
    checked = {"type": "formula", "formula": {"type": "boolean", "boolean": True}}
    assert aggregate("sum", [formula, rollup, shown])["number"] == 9
    assert aggregate("checked", [checked])["number"] == 1


@pytest.mark.parametrize("function", ["count_per_group", "percent_per_group"])
def test_group_counts_are_unsupported_as_in_the_api(function: str) -> None:
    assert aggregate(function, [tags("a")]) == {
        "type": "unsupported",
        "unsupported": {},
        "function": function,
    }


def test_there_are_twenty_four_functions() -> None:
    assert len(FUNCTIONS) == 24
