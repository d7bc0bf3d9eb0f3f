"""Read `sorts`, and order rows by them in Python.

Empty values come last in both directions. Rows that are equal in all sorts are ordered by age, in
the direction of the first sort: a descending order shows the newest first, like a query without
sorts (recorded). The service guarantees no order of equal rows; ordering.py needs this one to
walk an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.query import values
from notion_pm.emulator.query.filters import TIMESTAMPS, Timestamp
from notion_pm.emulator.query.matching import Row
from notion_pm.emulator.query.operators import Kind
from notion_pm.emulator.query.properties import Properties, Property

DIRECTIONS = ("ascending", "descending")
_SCALARS: dict[str, Kind] = {
    **dict.fromkeys(("title", "rich_text", "url", "email", "phone_number"), "text"),
    **dict.fromkeys(("number", "unique_id"), "number"),
    "checkbox": "checkbox",
    "date": "date",
    "verification": "verification",
}


@dataclass(frozen=True, slots=True)
class Sort:
    """One level of order."""

    target: Property | Timestamp
    descending: bool


def parse_sorts(body: Any, properties: Properties, path: str = "body.sorts") -> tuple[Sort, ...]:
    """Return the sorts in order. Raises ApiError (400) for sorts that the API refuses."""
    sorts = checks.an_array(body, path)
    return tuple(_parse(sort, properties, f"{path}[{index}]") for index, sort in enumerate(sorts))


def _parse(body: Any, properties: Properties, path: str) -> Sort:
    checks.an_object(body, path)
    checks.check_keys(body, {"property", "timestamp", "direction"}, path)
    direction = checks.one_of(
        checks.require(body, "direction", path), DIRECTIONS, f"{path}.direction"
    )
    return Sort(_target(body, properties, path), descending=direction == "descending")


def _target(body: Mapping[str, Any], properties: Properties, path: str) -> Property | Timestamp:
    if "timestamp" in body:
        return Timestamp(checks.one_of(body["timestamp"], TIMESTAMPS, f"{path}.timestamp"))
    name = checks.a_string(checks.require(body, "property", path), f"{path}.property")
    found = properties.find(name)
    if found is None:
        raise validation_error(f"Could not find sort property with name or id: {name}")
    return Timestamp(found.type) if found.type in TIMESTAMPS else found


@total_ordering
class Descending:
    """A value with the reverse order."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Descending) and bool(self.value == other.value)

    def __lt__(self, other: Descending) -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]


def order_key(row: Row, sorts: tuple[Sort, ...]) -> tuple[Any, ...]:
    """Return the sort key of a row.

    It is comparable with the keys of all other rows, and unique.
    """
    sorts = sorts or (Sort(Timestamp("created_time"), descending=True),)
    levels = (_level(_sort_value(row, sort.target), descending=sort.descending) for sort in sorts)
    # The last part makes keys unique, so that paging never skips a row.
    age: Any = Descending(row.sequence) if sorts[0].descending else row.sequence
    return (*levels, age)


def _level(value: Any, *, descending: bool) -> tuple[Any, ...]:
    # (1,) comes after every (0, ...), so empty values are last in both directions.
    if value is None or value == ():
        return (1,)
    return (0, Descending(value) if descending else value)


def _sort_value(row: Row, target: Property | Timestamp) -> Any:
    if isinstance(target, Timestamp):
        return row.created_time if target.name == "created_time" else row.last_edited_time
    value = row.values.get(target.id) or {"type": target.type}
    return _value_key(value, target.ranks)


def _value_key(value: values.Value, ranks: Mapping[str, int]) -> Any:
    kind, content = value["type"], value.get(value["type"])
    if kind in _SCALARS:
        return values.comparable(_SCALARS[kind], value)
    if kind in ("formula", "rollup"):
        return _result_key(content or {})
    # Options sort by their position in the schema, deleted ones like empty values.
    if kind in ("select", "status"):
        return ranks.get(content["id"]) if content else None
    if kind == "multi_select":
        option_ids = [option["id"] for option in content or ()]
        return tuple(ranks[option_id] for option_id in option_ids if option_id in ranks)
    if isinstance(content, Mapping):  # created_by, last_edited_by
        return _items_key([content])
    return _items_key(content or ())


def _result_key(content: Mapping[str, Any]) -> Any:
    """Return the sort key of a formula or rollup.

    Results of one formula may have different types. The type is part of the key, because texts,
    numbers and dates cannot be compared.
    """
    result = content.get("type")
    if result == "array":
        return tuple(
            (item["type"], _level(_value_key(item, {}), descending=False))
            for item in content["array"]
        )
    if result == "string":
        text = content["string"]
        return _with_kind("text", values.fold(text) if text else None)
    if result in ("number", "boolean"):
        number = content[result]
        return _with_kind("number", None if number is None else float(number))
    if result == "date":
        value = {"type": "date", "date": content["date"]}
        return _with_kind("date", values.comparable("date", value))
    return None


def _with_kind(kind: str, value: Any) -> Any:
    return None if value is None else (kind, value)


def _items_key(items: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the sort key of people and files: their names, or their ids if they have none."""
    return tuple(values.fold(str(item.get("name") or item.get("id") or "")) for item in items)
