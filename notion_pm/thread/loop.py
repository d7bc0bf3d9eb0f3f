"""Close the loop: find the people who asked for something that has shipped since.

Only requests and problems are answered, by features that shipped after they were observed. Each
person gets a message of their own, so that no one reads what a colleague or another customer said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.customers import Customer, is_ask
from notion_pm.thread.graph import Thread

_CLOSED_BY_HAND = "closed"
"""The status of an insight that a person closed without a message to the customer."""

SkipReason = Literal["", "churned", "anonymous"]


@dataclass(frozen=True, slots=True)
class Ask:
    """An insight that asks for something, and the features that answer it.

    `shared`: several customers are behind the insight, so its quote may be another customer's.
    """

    insight: SnapshotPage
    features: tuple[SnapshotPage, ...]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person to tell: a contact, or a customer without a known contact.

    `skip_reason`: why no message is sent. The customer has churned, or the insight names no one.
    """

    customer: str
    asks: tuple[Ask, ...]
    contact: str = ""
    skip_reason: SkipReason = ""


def recipients(thread: Thread) -> tuple[Recipient, ...]:
    """Return the people to tell, by customer and contact, each with all their answered asks."""
    everyone = _all_recipients(thread)
    return tuple(recipient for recipient in everyone if not recipient.skip_reason)


def skipped_recipients(thread: Thread) -> tuple[Recipient, ...]:
    """Return those who get no message: churned customers, and insights without a name."""
    return tuple(recipient for recipient in _all_recipients(thread) if recipient.skip_reason)


def asks_of(people: Iterable[Recipient]) -> tuple[Ask, ...]:
    """Return the asks of several people, each insight once."""
    asks: dict[NotionId, Ask] = {}
    for recipient in people:
        asks.update((ask.insight.id, ask) for ask in recipient.asks)
    return tuple(asks.values())


def needs_message(thread: Thread, insight: SnapshotPage) -> bool:
    """Whether the customers behind an insight are to be told about what has shipped.

    The cases, in order:

    1. They were told already: no.
    2. It was declined, or it is praise or a question: no.
    3. Sync says that they are to be told: yes, unless its features shipped before it was
       observed. Where no feature is linked any more, what sync said counts.
    4. A person closed it: no. That was their decision.
    5. Otherwise: yes if all its live features are done and one of them answers it.
    """
    if told_on(thread, insight) or thread.value(insight, "loop") == "told":
        return False
    if not thread.is_live(insight) or not is_ask(insight):
        return False

    features = _live_features(thread, insight)
    has_answer = bool(shipped_features(thread, insight))
    if thread.value(insight, "loop") == "tell_customer":
        return has_answer or not features

    status_key = thread.chain.status_key(insight.database)
    if thread.value(insight, status_key or "") == _CLOSED_BY_HAND:
        return False
    all_done = all(thread.category(feature) == "done" for feature in features)
    return all_done and has_answer


def told_on(thread: Thread, insight: SnapshotPage) -> str:
    """Return the day on which the customers behind an insight were told, or empty."""
    return thread.text(insight, "told_on")


def shipped_features(thread: Thread, insight: SnapshotPage) -> tuple[SnapshotPage, ...]:
    """Return the features that answer an insight: those that shipped after it was observed."""
    observed_on = thread.text(insight, "observed_on")[:10]
    answers = []
    for feature in _live_features(thread, insight):
        shipped_on = thread.text(feature, "shipped_on")[:10]
        # Example: a complaint of May about a feature that shipped in March is not answered by it.
        # Without a date of the insight it is taken to be older than the ship.
        is_later = not observed_on or shipped_on > observed_on
        if thread.category(feature) == "done" and is_later:
            answers.append(feature)
    return tuple(answers)


def _live_features(thread: Thread, insight: SnapshotPage) -> list[SnapshotPage]:
    return [page for page in thread.parents(insight, "features") if thread.is_live(page)]


# --- who gets a message

_PersonKey = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Person:
    """A reader of a message. Equal keys are one person."""

    key: _PersonKey
    customer: str
    contact: str
    skip_reason: SkipReason = ""


def _all_recipients(thread: Thread) -> list[Recipient]:
    customers_by_contact = _customers_by_contact(thread)
    asks: dict[_PersonKey, list[Ask]] = {}
    people: dict[_PersonKey, _Person] = {}
    for insight in thread.pages("insights"):
        if not needs_message(thread, insight):
            continue
        customers = thread.customers.of([insight])
        ask = Ask(insight, shipped_features(thread, insight), shared=len(customers) > 1)
        contact = thread.text(insight, "contact").strip()
        owners = customers_by_contact.get(contact.casefold(), set())
        for person in _people_behind(insight, customers, contact, owners):
            people.setdefault(person.key, person)
            asks.setdefault(person.key, []).append(ask)

    found = [
        Recipient(person.customer, tuple(asks[key]), person.contact, person.skip_reason)
        for key, person in people.items()
    ]
    # Those without a customer's name come last.
    found.sort(key=lambda it: (not it.customer, it.customer.casefold(), it.contact.casefold()))
    return found


def _people_behind(
    insight: SnapshotPage, customers: Sequence[Customer], contact: str, owners: set[object]
) -> Iterator[_Person]:
    """Yield the people to tell about an insight.

    `owners`: keys of the customers that the contact belongs to by other insights. Of several
    customers that share an insight the contact belongs to these; the others are addressed without
    a contact.
    """
    if not customers and contact:
        yield _Person(("contact", contact.casefold()), "", contact)
    elif not customers:
        yield _Person(("insight", insight.id), "", "", "anonymous")
    for customer in customers:
        is_theirs = len(customers) == 1 or customer.key in owners
        own_contact = contact if is_theirs else ""
        # A churned customer gets no message, but people see that it asked.
        if customer.lifecycle == "churned":
            yield _Person(("churned", customer.key), customer.name, "", "churned")
        elif "@" in own_contact:
            # A mail address is one person, also when two customers have it.
            yield _Person(("contact", own_contact.casefold()), customer.name, own_contact)
        else:
            key = (customer.key, own_contact.casefold())
            yield _Person(key, customer.name, own_contact)


def _customers_by_contact(thread: Thread) -> dict[str, set[object]]:
    """Return the keys of the customers of each contact, by the insights with one customer."""
    found: dict[str, set[object]] = {}
    for insight in thread.pages("insights"):
        customers = thread.customers.of([insight])
        contact = thread.text(insight, "contact").strip().casefold()
        if contact and len(customers) == 1:
            found.setdefault(contact, set()).add(customers[0].key)
    return found
