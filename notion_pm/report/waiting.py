"""Who is waiting: customers with open asks and their ARR, and customers to tell what shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage, is_empty
from notion_pm.report.page_values import (
    PageRef,
    Weight,
    day_of,
    money_text,
    page_ref,
    parse_date,
    readable_text,
    weight_of,
)
from notion_pm.thread import Thread
from notion_pm.thread.customers import Customer, is_ask
from notion_pm.thread.loop import Recipient, needs_message, recipients, skipped_recipients
from notion_pm.thread.messages import default_message


@dataclass(frozen=True, slots=True)
class WaitingCustomer:
    """A customer with open asks. `url` is empty if it has no page.

    `importance` and `weight` are those of its most important ask. `since` and `days`: the first ask
    that is still open. `standing`: empty for customers of today, otherwise prospect or churned.
    """

    name: str
    url: str
    asks: tuple[PageRef, ...]
    wishes: tuple[PageRef, ...]
    importance: str
    weight: float
    arr: str
    amount: float
    since: str
    days: int | None
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """An opportunity that customers wait for; `weight` and `amount` (ARR) are of its open asks."""

    page: PageRef
    weight: Weight
    amount: float


@dataclass(frozen=True, slots=True)
class PersonToTell:
    """A person whose asks have shipped, with a message; `skip_reason`: why none is sent."""

    name: str
    asks: tuple[PageRef, ...]
    message: str
    skip_reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Customers by what they pay, then by how important it is to them.

    `others`: prospects and churned customers with open asks; they are not counted. `unnamed`: the
    number of open asks without a customer. `to_tell`: people whose asks have shipped; `not_to_tell`
    get no message.
    """

    customers: tuple[WaitingCustomer, ...]
    others: tuple[WaitingCustomer, ...]
    needs: tuple[Need, ...]
    unnamed: int
    to_tell: tuple[PersonToTell, ...]
    not_to_tell: tuple[PersonToTell, ...]

    @property
    def asks(self) -> int:
        """How many asks are open, each counted once."""
        # Several customers can share an ask.
        ids: set[str] = set()
        for customer in self.customers:
            ids.update(ask.id for ask in customer.asks)
        return len(ids) + self.unnamed


_SKIP_REASONS = {"churned": "has churned", "anonymous": "no name given"}


def waiting(thread: Thread) -> Waiting:
    """Return who waits for an answer to a request or problem (not to praise or a question)."""
    open_asks = open_asks_of(thread)
    asks_by_customer: dict[object, list[SnapshotPage]] = {}
    customers: dict[object, Customer] = {}
    for insight in open_asks:
        for customer in thread.customers.of([insight]):
            customers.setdefault(customer.key, customer)
            asks_by_customer.setdefault(customer.key, []).append(insight)

    everyone = [
        _waiting_customer(thread, customer, asks_by_customer[key])
        for key, customer in customers.items()
    ]
    everyone.sort(key=lambda it: (-it.amount, -it.weight, -len(it.asks), it.name.casefold()))
    return Waiting(
        customers=tuple(customer for customer in everyone if not customer.standing),
        others=tuple(customer for customer in everyone if customer.standing),
        needs=_needs(thread, open_asks),
        unnamed=sum(is_empty(insight.values.get("customer")) for insight in open_asks),
        to_tell=tuple(_person(thread, person) for person in recipients(thread)),
        not_to_tell=tuple(_person(thread, person) for person in skipped_recipients(thread)),
    )


def open_asks_of(thread: Thread) -> list[SnapshotPage]:
    """Return the open requests and problems that nothing shipped answers yet."""
    open_asks = []
    for insight in thread.pages("insights"):
        # An insight stays open in Notion until its customer got a message. Once its feature has
        # shipped it is in the list of customers to tell, not among those who wait.
        is_open = is_ask(insight) and thread.is_open(insight)
        if is_open and not needs_message(thread, insight):
            open_asks.append(insight)
    return open_asks


def _person(thread: Thread, recipient: Recipient) -> PersonToTell:
    name = recipient.contact or recipient.customer
    if recipient.contact and recipient.customer:
        name = f"{recipient.contact} ({recipient.customer})"
    asks = tuple(page_ref(thread, ask.insight) for ask in recipient.asks)
    message = "" if recipient.skip_reason else default_message(thread, recipient)
    return PersonToTell(name, asks, message, _SKIP_REASONS.get(recipient.skip_reason, ""))


def _waiting_customer(
    thread: Thread, customer: Customer, asks: Sequence[SnapshotPage]
) -> WaitingCustomer:
    # The most important one, not the average: many small wishes do not make a blocker small.
    most_important = max(asks, key=lambda ask: thread.number(ask, "importance") or 0)
    days = [day_of(thread.text(ask, "observed_on")) for ask in asks]
    since = min(filter(None, days), default="")
    first = parse_date(since)
    return WaitingCustomer(
        name=customer.name,
        url=customer.page.url if customer.page else "",
        asks=tuple(page_ref(thread, ask) for ask in asks),
        wishes=_features_asked_for(thread, asks),
        importance=readable_text(thread, most_important, "importance"),
        weight=thread.number(most_important, "importance") or 0,
        arr=money_text(thread, customer.arr),
        amount=customer.arr or 0,
        since=since,
        days=(thread.today - first).days if first else None,
        standing="" if customer.is_customer_today else customer.lifecycle,
    )


def _features_asked_for(thread: Thread, asks: Sequence[SnapshotPage]) -> tuple[PageRef, ...]:
    """Return the live features that would answer the asks, each once."""
    features: dict[NotionId, SnapshotPage] = {}
    for ask in asks:
        for feature in thread.parents(ask, "features"):
            if thread.is_live(feature):
                features[feature.id] = feature
    return tuple(page_ref(thread, feature) for feature in features.values())


def _needs(thread: Thread, open_asks: Sequence[SnapshotPage]) -> tuple[Need, ...]:
    """Return the open opportunities that customers wait for, by ARR, then by importance."""
    waiting_ids = {ask.id for ask in open_asks if _counts_as_waiting(thread, ask)}
    needs = []
    for opportunity in thread.pages("opportunities"):
        behind = thread.insights_behind(opportunity)
        asks = tuple(insight for insight in behind if insight.id in waiting_ids)
        if asks and thread.is_open(opportunity):
            evidence = thread.weigh_open_asks(asks)
            ref = page_ref(thread, opportunity)
            needs.append(Need(ref, weight_of(thread, evidence), evidence.arr or 0))
    needs.sort(key=lambda need: (-need.amount, -(need.weight.importance or 0)))
    return tuple(needs)


def _counts_as_waiting(thread: Thread, ask: SnapshotPage) -> bool:
    """Whether a customer of today is behind an ask, or no one is named."""
    if is_empty(ask.values.get("customer")):
        return True
    return any(customer.is_customer_today for customer in thread.customers.of([ask]))
