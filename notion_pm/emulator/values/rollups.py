"""Rollups: aggregate the values of one property of the related pages.

The functions are those of the official types, the shapes of results those of recorded answers.
`items` are the values of the property, one for each related page in the relation's order, as
`{"type": t, t: ...}`. Results contain their `function`, like those of the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from notion_pm.emulator.query.dates import milliseconds
from notion_pm.emulator.query.values import plain_text

Value = Mapping[str, Any]
Json = dict[str, Any]

_LISTS = frozenset({"multi_select", "people", "files", "relation"})


def aggregate(function: str, items: Sequence[Value]) -> Json:
    """Return the content of a rollup value: `{"type": "number", "number": 3, "function": "count"}`.

    Raises KeyError for a function that Notion does not have.
    """
    simple: list[Value] = []
    for item in items:
        simple += _simplify(item)
    return {**_AGGREGATES[function](simple), "function": function}


def _simplify(item: Value) -> list[Value]:
    """Drop everything but type and content, and replace a rollup by its results."""
    kind = item["type"]
    content = item.get(kind)
    if kind != "rollup":
        return [{"type": kind, kind: content}]
    result = (content or {}).get("type")
    if result == "array" and content:
        return list(content["array"])
    if result in ("number", "date") and content:
        return [{"type": result, result: content[result]}]
    return []


def _atoms(item: Value) -> list[Any]:
    """Return the single values of an item: none if it is empty, several for a list."""
    kind, content = item["type"], item.get(item["type"])
    if kind in _LISTS:
        return list(content or ())
    if kind == "formula":
        return _formula_atoms(content or {})
    # A rich text is one value, although it has several items.
    if kind in ("title", "rich_text"):
        content = plain_text(content)
    # An unticked checkbox counts as empty.
    if kind == "checkbox":
        return [True] if content else []
    return [] if content in (None, "", {}) else [content]


def _formula_atoms(content: Value) -> list[Any]:
    result = content.get("type")
    if result not in ("string", "number", "boolean", "date"):
        return []
    kind = "checkbox" if result == "boolean" else result
    return _atoms({"type": kind, kind: content[result]})


def _all_atoms(items: Sequence[Value]) -> list[Any]:
    atoms: list[Any] = []
    for item in items:
        atoms += _atoms(item)
    return atoms


def _identity(atom: Any) -> str:
    """Return what distinguishes values: their ids, or if they have none, all their content."""
    if isinstance(atom, Mapping) and "id" in atom:
        return str(atom["id"])
    return json.dumps(atom, sort_keys=True)


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the values without repetitions, in order."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(_identity(value), value)
    return list(found.values())


def _show_unique(items: Sequence[Value]) -> Json:
    return {"type": "array", "array": _distinct(item for item in items if _atoms(item))}


def _count_empty(items: Sequence[Value]) -> int:
    return sum(not _atoms(item) for item in items)


def _numbers(items: Sequence[Value]) -> list[float]:
    numbers = []
    for atom in _all_atoms(items):
        number = atom.get("number") if isinstance(atom, Mapping) else atom  # a unique_id
        if isinstance(number, int | float):
            numbers.append(number)
    return numbers


def _dates(items: Sequence[Value]) -> list[Value]:
    dates: list[Value] = []
    for atom in _all_atoms(items):
        if isinstance(atom, str):  # a created or edited time
            dates.append({"start": atom, "end": None})
        elif isinstance(atom, Mapping) and atom.get("start"):
            dates.append(atom)
    return dates


def _end(date: Value) -> str:
    return str(date.get("end") or date["start"])


def _date(start: str, end: str | None = None) -> Json:
    return {"start": start, "end": end, "time_zone": None}


def _earliest(dates: list[Value]) -> str:
    return str(min((date["start"] for date in dates), key=milliseconds))


def _latest(dates: list[Value]) -> str:
    return max(map(_end, dates), key=milliseconds)


def _number(count: Callable[[Sequence[Value]], float | None]) -> Callable[[Sequence[Value]], Json]:
    return lambda items: {"type": "number", "number": _javascript_number(count(items))}


def _javascript_number(number: float | None) -> float | None:
    """Return a whole number as an int, so that JSON has 3 and not 3.0."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _of_numbers(reduce: Callable[[list[float]], float]) -> Callable[[Sequence[Value]], Json]:
    """Return an aggregate of the numbers. Without any it is null (recorded for `max`)."""

    def aggregate_numbers(items: Sequence[Value]) -> float | None:
        numbers = _numbers(items)
        return reduce(numbers) if numbers else None

    return _number(aggregate_numbers)


def _percent(count: Callable[[Sequence[Value]], int]) -> Callable[[Sequence[Value]], Json]:
    """Return an aggregate with a fraction of the related pages: 0.5 where the app shows 50 %."""
    return _number(lambda items: count(items) / len(items) if items else None)


def _of_dates(reduce: Callable[[list[Value]], Json]) -> Callable[[Sequence[Value]], Json]:
    """Return an aggregate of the dates. Without any it is null."""

    def aggregate_dates(items: Sequence[Value]) -> Json:
        dates = _dates(items)
        return {"type": "date", "date": reduce(dates) if dates else None}

    return aggregate_dates


def _unsupported_group(items: Sequence[Value]) -> Json:
    """Return the answer for functions per group: the API's schema does not name the group."""
    return {"type": "unsupported", "unsupported": {}}


def _count_not_empty(items: Sequence[Value]) -> int:
    return len(items) - _count_empty(items)


_AGGREGATES: dict[str, Callable[[Sequence[Value]], Json]] = {
    "count": _number(len),
    "count_values": _number(lambda items: len(_all_atoms(items))),
    "unique": _number(lambda items: len(_distinct(_all_atoms(items)))),
    "empty": _number(_count_empty),
    "not_empty": _number(_count_not_empty),
    "unchecked": _number(_count_empty),
    "checked": _number(_count_not_empty),
    "percent_empty": _percent(_count_empty),
    "percent_not_empty": _percent(_count_not_empty),
    "percent_unchecked": _percent(_count_empty),
    "percent_checked": _percent(_count_not_empty),
    "sum": _number(lambda items: sum(_numbers(items))),
    "average": _of_numbers(fmean),
    "median": _of_numbers(median),
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "range": _of_numbers(lambda numbers: max(numbers) - min(numbers)),
    "earliest_date": _of_dates(lambda dates: _date(_earliest(dates))),
    "latest_date": _of_dates(lambda dates: _date(_latest(dates))),
    "date_range": _of_dates(lambda dates: _date(_earliest(dates), _latest(dates))),
    "show_original": lambda items: {"type": "array", "array": list(items)},
    "show_unique": _show_unique,
    "count_per_group": _unsupported_group,
    "percent_per_group": _unsupported_group,
}
FUNCTIONS = frozenset(_AGGREGATES)
