"""What a sync of `sync_machine.yaml` should come to, said a second time and simply: by tables and
plain Python.

It shares no code with the rules: it is what docs/sync.md says, for one template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
"""A page: its title as `name`, options by key, relations as sorted tuples of ids of pages that are
not in the trash.
"""
World = Mapping[str, Mapping[str, Row]]
Place = tuple[str, str]
"""Page id and property."""

SILENT = object()
ORDER = {
    ("asks", "status"): ("new", "parked", "linked", "planned", "shipped", "wont_do"),
    ("features", "status"): ("idea", "doing", "shipped", "dropped"),
    ("features", "risk"): ("low", "high"),
    ("goals", "status"): ("draft", "active", "done"),
}
ENDS = {
    ("asks", "status"): {"shipped": "done", "wont_do": "dropped"},
    ("features", "status"): {"shipped": "done", "dropped": "dropped"},
    ("goals", "status"): {"done": "done"},
}
FORWARD = {("asks", "status"), ("features", "status")}
RULE_WINS = {("goals", "risky")}


@dataclass(frozen=True)
class Memory:
    """What one property held after the last sync, and what rules had said of it."""

    seen: Any
    said: Any = SILENT


@dataclass
class Outcome:
    """What a sync should come to: what each property that rules set holds, what is remembered, what
    it conflicts on.
    """

    values: dict[Place, Any] = field(default_factory=dict)
    memory: dict[Place, Memory] = field(default_factory=dict)
    conflicts: set[Place] = field(default_factory=set)


Barred = Mapping[Place, list[tuple[Any, Any]]]
"""What must not be written: a property that holds the first and would get the second."""


def expected(world: World, memory: Mapping[Place, Memory], today: str, barred: Barred) -> Outcome:
    """Return what a complete sync makes of a workspace."""
    now = {
        database: {id: dict(row) for id, row in rows.items()} for database, rows in world.items()
    }
    outcome = Outcome()
    for target, say in RULES.items():
        database, key = target
        written: dict[Place, Memory] = {}
        moved = True
        while moved:
            moved = False
            for id, row in now[database].items():
                place = (id, key)
                said = say(now, id, row, memory, today)
                base = written.get(place) or memory.get(place)
                after, remembered, conflict = decide(
                    target, row[key], said, base, locked=row["lock"]
                )
                held = (world[database][id][key], after)
                if (
                    not alike(after, row[key])
                    and place not in written
                    and _is_barred(held, barred.get(place, []))
                ):
                    after, remembered, conflict = (
                        row[key],
                        Memory(row[key], base.said if base else SILENT),
                        True,
                    )
                moved = moved or not alike(after, row[key])
                if not alike(after, row[key]):
                    written[place] = remembered
                row[key] = after
                outcome.values[place], outcome.memory[place] = after, remembered
                (outcome.conflicts.add if conflict else outcome.conflicts.discard)(place)
    return outcome


def _is_barred(change: tuple[Any, Any], barred: Iterable[tuple[Any, Any]]) -> bool:
    return any(alike(change[0], before) and alike(change[1], after) for before, after in barred)


def decide(
    target: tuple[str, str], now: Any, said: Any, base: Memory | None, *, locked: bool
) -> tuple[Any, Memory, bool]:
    """The table of docs/sync.md: what a property holds afterwards, what is remembered, whether it
    is a conflict.
    """
    before = base.said if base else SILENT
    if said is SILENT or alike(now, said):
        return now, Memory(now, said), False
    if locked:
        return now, Memory(now, before), False
    if belongs_to_people(target, now, said) or (
        said == "" and (base is None or not is_ours(now, base))
    ):
        return now, Memory(now, said), False
    if is_empty(now) or target in RULE_WINS:
        return said, Memory(said, said), False
    if base is None:
        free = target in FORWARD
    else:
        touched = not alike(now, base.seen) or (
            base.said is not SILENT and not alike(base.seen, base.said)
        )
        free = not touched or (target in FORWARD and rank(target, said) > rank(target, base.said))
    return (said, Memory(said, said), False) if free else (now, Memory(now, said), True)


def belongs_to_people(target: tuple[str, str], now: Any, said: Any) -> bool:
    """Whether rules leave a value alone whoever set it: kept options, the end of a page's way, no
    step forward.
    """
    if target == ("asks", "status") and now == "parked" and said != "shipped":
        return True
    backwards = -1 < rank(target, said) < rank(target, now)
    ends = ENDS.get(target, {})
    return (target in FORWARD and backwards) or (
        now in ends and (backwards or ends.get(said) != ends[now])
    )


def is_ours(now: Any, base: Memory) -> bool:
    return alike(now, base.seen) and base.said is not SILENT and alike(base.seen, base.said)


def rank(target: tuple[str, str], value: Any) -> int:
    """An option's place in the list; -1 for what is none."""
    order = ORDER.get(target, ())
    return order.index(value) if value in order else -1


def is_empty(value: Any) -> bool:
    return value is None or value == "" or value == ()


def alike(one: Any, other: Any) -> bool:
    if one is SILENT or other is SILENT:
        return one is other
    if is_empty(one) or is_empty(other):
        return is_empty(one) and is_empty(other)
    if isinstance(one, str | bool | tuple) or isinstance(other, str | bool | tuple):
        return bool(one == other)
    return bool(abs(one - other) < 1e-6)


# --- what the rules say

Say = Callable[[World, str, Row, Mapping[Place, Memory], str], Any]


def _asks_status(
    world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str
) -> Any:
    live = [
        each["status"]
        for each in _related(world, "features", row["features"])
        if each["status"] != "dropped"
    ]
    if live and all(status == "shipped" for status in live):
        return "shipped"
    return ("planned" if "doing" in live else "linked") if live else SILENT


def _features_status(
    world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str
) -> Any:
    parts = [each for each in world["features"].values() if id in each["parent"]]
    return "doing" if any(each["status"] == "doing" for each in parts) else SILENT


def _customers(world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str) -> Any:
    names = {
        (each["customer"] or "").strip().casefold() for each in _related(world, "asks", row["asks"])
    }
    return len(names - {""})


def _risk(world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str) -> Any:
    if not row["asks"]:
        return SILENT
    return "high" if _urgent(world, row) else "low"


def _note(world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str) -> Any:
    titles = _urgent(world, row)
    if row["status"] != "doing" or not titles:
        return ""
    more = f" and {len(titles) - 5} more" if len(titles) > 5 else ""
    return f"Urgent for {', '.join(titles[:5])}{more}."


def _shipped_on(world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str) -> Any:
    before = memory.get((id, "status"))
    entered = before is not None and row["status"] == "shipped" != before.seen
    return today if entered and row["shipped_on"] is None else SILENT


def _progress(world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str) -> Any:
    live = [
        each for each in _related(world, "features", row["features"]) if each["status"] != "dropped"
    ]
    efforts = [each["effort"] for each in live if each["effort"] is not None]
    mean = sum(efforts) / len(efforts) if efforts else 0
    counted = not any(efforts)
    weights = [
        1 if counted else mean if each["effort"] is None else each["effort"] for each in live
    ]
    shipped = sum(
        weight for weight, each in zip(weights, live, strict=True) if each["status"] == "shipped"
    )
    return round(shipped / sum(weights), 4) if live else None


def _risky(world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str) -> Any:
    return sum(each["risk"] == "high" for each in _related(world, "features", row["features"]))


def _goals_status(
    world: World, id: str, row: Row, memory: Mapping[Place, Memory], today: str
) -> Any:
    live = [
        each["status"]
        for each in _related(world, "features", row["features"])
        if each["status"] != "dropped"
    ]
    if "doing" in live:
        return "active"
    return "done" if live and all(status == "shipped" for status in live) else SILENT


def _related(world: World, database: str, ids: Iterable[str]) -> list[Row]:
    return [world[database][id] for id in ids]


def _urgent(world: World, row: Row) -> list[str]:
    return sorted(
        each["name"]
        for each in _related(world, "asks", row["asks"])
        if each["severity"] == "critical"
    )


RULES: Mapping[tuple[str, str], Say] = {
    ("features", "status"): _features_status,
    ("asks", "status"): _asks_status,
    ("features", "customers"): _customers,
    ("features", "risk"): _risk,
    ("features", "note"): _note,
    ("features", "shipped_on"): _shipped_on,
    ("goals", "progress"): _progress,
    ("goals", "risky"): _risky,
    ("goals", "status"): _goals_status,
}
