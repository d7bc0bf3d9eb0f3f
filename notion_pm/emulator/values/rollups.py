"""What a rollup makes of one property of the related pages (functions: official types; shapes: recorded answers).

`items` are the values of the rolled-up property, one for each related page in the relation's order, as
`{"type": t, t: ...}`. Results carry their `function`, as the service's do.
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
    simple = [part for item in items for part in _simplified(item)]
    return {**_AGGREGATES[function](simple), "function": function}


def _simplified(item: Value) -> list[Value]:
    """Drop ids, and replace a rolled-up rollup by what it resulted in."""
    kind = item["type"]
    content = item.get(kind)
    if kind != "rollup":
        return [{"type": kind, kind: content}]
    result = (content or {}).get("type")
    if result == "array" and content:
        return list(content["array"])
    return (
        [{"type": result, result: content[result]}]
        if result in ("number", "date") and content
        else []
    )


def _atoms(item: Value) -> list[Any]:
    """Return the single values of one item: none when it is empty, several for a list."""
    kind, content = item["type"], item.get(item["type"])
    if kind in _LISTS:
        return list(content or ())
    if kind == "formula":
        return _formula_atoms(content or {})
    if kind in ("title", "rich_text"):
        content = plain_text(content)
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
    return [atom for item in items for atom in _atoms(item)]


def _identity(atom: Any) -> str:
    """Two values are the same when their ids are, or else all that they say."""
    return (
        str(atom["id"])
        if isinstance(atom, Mapping) and "id" in atom
        else json.dumps(atom, sort_keys=True)
    )


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the first of each, in order."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(_identity(value), value)
    return list(found.values())


def _show_unique(items: Sequence[Value]) -> Json:
    return {"type": "array", "array": _distinct(item for item in items if _atoms(item))}


def _empty(items: Sequence[Value]) -> int:
    return sum(not _atoms(item) for item in items)


def _numbers(items: Sequence[Value]) -> list[float]:
    atoms = (
        atom.get("number") if isinstance(atom, Mapping) else atom for atom in _all_atoms(items)
    )
    return [atom for atom in atoms if isinstance(atom, int | float)]


def _dates(items: Sequence[Value]) -> list[Value]:
    atoms = (
        {"start": atom, "end": None} if isinstance(atom, str) else atom
        for atom in _all_atoms(items)
    )
    return [atom for atom in atoms if isinstance(atom, Mapping) and atom.get("start")]


def _end(date: Value) -> str:
    return str(date.get("end") or date["start"])


def _date(start: str, end: str | None = None) -> Json:
    return {"start": start, "end": end, "time_zone": None}


def _earliest(dates: list[Value]) -> str:
    return str(min((date["start"] for date in dates), key=milliseconds))


def _latest(dates: list[Value]) -> str:
    return max(map(_end, dates), key=milliseconds)


def _number(read: Callable[[Sequence[Value]], float | None]) -> Callable[[Sequence[Value]], Json]:
    return lambda items: {"type": "number", "number": _plain(read(items))}


def _plain(number: float | None) -> float | None:
    """Write whole numbers as JavaScript does: 3, not 3.0."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _of_numbers(reduce: Callable[[list[float]], float]) -> Callable[[Sequence[Value]], Json]:
    """Without a number the answer is null (recorded for `max`)."""
    return _number(lambda items: reduce(numbers) if (numbers := _numbers(items)) else None)


def _percent(part: Callable[[Sequence[Value]], int]) -> Callable[[Sequence[Value]], Json]:
    """A fraction of the related pages: 0.5, where Notion shows 50 %."""
    return _number(lambda items: part(items) / len(items) if items else None)


def _of_dates(reduce: Callable[[list[Value]], Json]) -> Callable[[Sequence[Value]], Json]:
    return lambda items: {
        "type": "date",
        "date": reduce(dates) if (dates := _dates(items)) else None,
    }


def _unsupported(items: Sequence[Value]) -> Json:
    """The API's schema does not name the group that is to be counted, and answers so."""
    return {"type": "unsupported", "unsupported": {}}


def _not_empty(items: Sequence[Value]) -> int:
    return len(items) - _empty(items)


_AGGREGATES: dict[str, Callable[[Sequence[Value]], Json]] = {
    "count": _number(len),
    "count_values": _number(lambda items: len(_all_atoms(items))),
    "unique": _number(lambda items: len(_distinct(_all_atoms(items)))),
    "empty": _number(_empty),
    "not_empty": _number(_not_empty),
    "unchecked": _number(_empty),
    "checked": _number(_not_empty),
    "percent_empty": _percent(_empty),
    "percent_not_empty": _percent(_not_empty),
    "percent_unchecked": _percent(_empty),
    "percent_checked": _percent(_not_empty),
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
    "count_per_group": _unsupported,
    "percent_per_group": _unsupported,
}
FUNCTIONS = frozenset(_AGGREGATES)
