"""Closing the loop: which person asked for what has shipped since, and has not been told.

Only requests and problems are answered, by features that shipped after they were observed. Each person gets one
message, so that nobody reads what a colleague or another customer said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.customers import Customer, is_ask
from notion_pm.thread.graph import Thread

_BY_HAND = "closed"
"""The status of an insight that somebody closed without telling: their decision."""

Reason = Literal["", "churned", "anonymous"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asked for, and the features that answer it.

    `shared`: several customers stand behind the insight, so its quote may be another customer's words.
    """

    insight: SnapshotPage
    features: tuple[SnapshotPage, ...]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """A person to tell: a contact, or a customer of which no contact is noted.

    `apart` says why nothing is to be sent: the customer has churned, or nobody knows who it was.
    """

    customer: str
    asks: tuple[Ask, ...]
    contact: str = ""
    apart: Reason = ""


def owed(thread: Thread) -> tuple[Owed, ...]:
    """Return the people to tell, by customer and contact; each with all that it asked for and has got."""
    return tuple(each for each in _all_owed(thread) if not each.apart)


def owed_apart(thread: Thread) -> tuple[Owed, ...]:
    """Return what has shipped for customers that churned since, and for insights that name nobody."""
    return tuple(each for each in _all_owed(thread) if each.apart)


def is_owed(thread: Thread, insight: SnapshotPage) -> bool:
    """Whether those who said an insight are to be told.

    They are if it is a request or a problem, all live features behind it are done, and one of them shipped after it was
    observed; unless they were told, or a person closed it. Where no feature is linked any more, what sync said counts.
    """
    if told_on(thread, insight) or thread.value(insight, "loop") == "told":
        return False
    if not thread.is_live(insight) or not is_ask(insight):
        return False
    live = _live_features(thread, insight)
    if thread.value(insight, "loop") == "tell_customer":
        return not live or bool(shipped_features(thread, insight))
    status_key = thread.chain.status_key(insight.database)
    all_done = all(thread.category(each) == "done" for each in live)
    is_closed = thread.value(insight, status_key or "") == _BY_HAND
    return all_done and not is_closed and bool(shipped_features(thread, insight))


def told_on(thread: Thread, insight: SnapshotPage) -> str:
    """Return the day on which those who said an insight were told; empty when they were not."""
    return thread.text(insight, "told_on")


def shipped_features(thread: Thread, insight: SnapshotPage) -> tuple[SnapshotPage, ...]:
    """Return the features that answer an insight: those that shipped after it was observed."""
    observed = thread.text(insight, "observed_on")[:10]
    found = []
    for feature in _live_features(thread, insight):
        shipped = thread.text(feature, "shipped_on")[:10]
        # An insight without a date is taken for the earlier one. A feature without a date proves nothing.
        is_answer = not observed or shipped > observed
        if thread.category(feature) == "done" and is_answer:
            found.append(feature)
    return tuple(found)


def _live_features(thread: Thread, insight: SnapshotPage) -> list[SnapshotPage]:
    features = [each for each in thread.above(insight) if thread.role_of(each) == "features"]
    return [each for each in features if isinstance(each, SnapshotPage) and thread.is_live(each)]


# --- who is to be told


@dataclass(frozen=True, slots=True)
class _Person:
    """A reader of a message. `key` tells people apart."""

    key: tuple[object, ...]
    customer: str
    contact: str
    apart: Reason = ""


def _all_owed(thread: Thread) -> list[Owed]:
    homes = _homes_of_contacts(thread)
    asks: dict[tuple[object, ...], list[Ask]] = {}
    people: dict[tuple[object, ...], _Person] = {}
    for insight in thread.pages("insights"):
        if not is_owed(thread, insight):
            continue
        customers = thread.customers.of([insight])
        ask = Ask(insight, shipped_features(thread, insight), shared=len(customers) > 1)
        for person in _people(thread, insight, customers, homes):
            people.setdefault(person.key, person)
            asks.setdefault(person.key, []).append(ask)
    found = [
        Owed(each.customer, tuple(asks[key]), each.contact, each.apart)
        for key, each in people.items()
    ]
    return sorted(
        found,
        key=lambda each: (not each.customer, each.customer.casefold(), each.contact.casefold()),
    )


def _people(
    thread: Thread,
    insight: SnapshotPage,
    customers: tuple[Customer, ...],
    homes: dict[str, set[object]],
) -> Iterator[_Person]:
    """Yield who is to be told of an insight.

    The contact of an insight that several customers share belongs to the customer of which other insights name it. The
    other customers are told without a contact.
    """
    contact = thread.text(insight, "contact").strip()
    if not customers:
        if contact:
            yield _Person(("contact", contact.casefold()), "", contact)
        else:
            yield _Person(("insight", insight.id), "", "", "anonymous")
    for customer in customers:
        is_theirs = len(customers) == 1 or customer.key in homes.get(contact.casefold(), set())
        theirs = contact if is_theirs else ""
        if customer.standing == "churned":
            yield _Person(("churned", customer.key), customer.name, "", "churned")
        elif "@" in theirs:
            yield _Person(
                ("contact", theirs.casefold()), customer.name, theirs
            )  # one person, whomever it works for
        else:
            yield _Person((customer.key, theirs.casefold()), customer.name, theirs)


def _homes_of_contacts(thread: Thread) -> dict[str, set[object]]:
    """Return the customers of each contact, by the insights that name one customer."""
    homes: dict[str, set[object]] = {}
    for insight in thread.pages("insights"):
        customers = thread.customers.of([insight])
        contact = thread.text(insight, "contact").strip().casefold()
        if contact and len(customers) == 1:
            homes.setdefault(contact, set()).add(customers[0].key)
    return homes


def asks_of(owed: Iterable[Owed]) -> tuple[Ask, ...]:
    """Return all asks, each insight once."""
    return tuple({ask.insight.id: ask for each in owed for ask in each.asks}.values())
