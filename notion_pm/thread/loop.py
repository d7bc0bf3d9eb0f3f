"""Closing the loop: who asked for what has shipped, and has not been told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notion_pm.rules.aggregates import identities
from notion_pm.rules.values import SnapshotPage, is_empty
from notion_pm.thread.graph import Thread

_BY_HAND = "closed"
"""The status of an insight that somebody closed without telling: their decision."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a customer asked for, and the features that answer it."""

    insight: SnapshotPage
    features: tuple[SnapshotPage, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """A customer to tell. `customer` is empty where nobody noted who it was."""

    customer: str
    asks: tuple[Ask, ...]


def owed(thread: Thread) -> tuple[Owed, ...]:
    """Return the customers to tell, by name; each with all that it asked for and has got.

    An insight of two customers is told to both. Insights that name nobody stand alone, the last.
    """
    groups: dict[object, list[tuple[str, Ask]]] = {}
    for insight in thread.pages("insights"):
        if is_owed(thread, insight):
            ask = Ask(insight, shipped_features(thread, insight))
            for identity, name in _customers(thread, insight):
                groups.setdefault(identity, []).append((name, ask))
    found = [Owed(group[0][0], tuple(ask for _, ask in group)) for group in groups.values()]
    return tuple(sorted(found, key=lambda each: (not each.customer, each.customer.casefold())))


def is_owed(thread: Thread, insight: SnapshotPage) -> bool:
    """Whether those who said an insight are to be told.

    They are once sync has said so, or all live features behind it are done; unless they were, or a person decided.
    """
    if told_on(thread, insight) or thread.value(insight, "loop") == "told" or not thread.is_live(insight):
        return False
    if thread.value(insight, "loop") == "tell_customer":
        return True
    status_key = thread.chain.status_key(insight.database)
    return bool(shipped_features(thread, insight)) and thread.value(insight, status_key or "") != _BY_HAND


def told_on(thread: Thread, insight: SnapshotPage) -> str:
    """Return the day on which those who said an insight were told; empty when they were not."""
    return thread.text(insight, "told_on")


def shipped_features(thread: Thread, insight: SnapshotPage) -> tuple[SnapshotPage, ...]:
    """Return the features that answer an insight when all live ones are done, none otherwise."""
    features = [each for each in thread.above(insight) if thread.role_of(each) == "features"]
    live = [each for each in features if isinstance(each, SnapshotPage) and thread.is_live(each)]
    return tuple(live) if all(thread.category(each) == "done" for each in live) else ()


def _customers(thread: Thread, insight: SnapshotPage) -> Iterator[tuple[object, str]]:
    """Who is to be told of an insight: identity and name; the same customer whatever the case of its name."""
    names = thread.customers_of(insight)
    known = tuple(identities(insight.values.get("customer")))
    if is_empty(insight.values.get("customer")) or len(names) != len(known):
        contact = thread.text(insight, "contact").strip()
        yield (contact.casefold() or insight.id), contact
        return
    yield from zip(known, names, strict=True)
