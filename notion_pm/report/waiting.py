"""Who is waiting: customers with open asks, what they pay, and those who are to be told that it has shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage, is_empty
from notion_pm.report.page_values import Told, Weight, as_date, day, label, money, told, weight_of
from notion_pm.thread import Thread
from notion_pm.thread.customers import Customer, is_ask
from notion_pm.thread.loop import Recipient, needs_message, recipients, skipped_recipients
from notion_pm.thread.messages import default_message


@dataclass(frozen=True, slots=True)
class Waiter:
    """A customer with open asks. `url` is empty where it has no page; `days` since the first ask that is still open.

    `standing` is empty for those who are customers today, else prospect or churned.
    """

    name: str
    url: str
    asks: tuple[Told, ...]
    wishes: tuple[Told, ...]
    importance: str
    weight: float
    arr: str
    amount: float
    since: str
    days: int | None
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """An opportunity that somebody waits for; `weight` and `amount` (ARR) are those of its open asks."""

    page: Told
    weight: Weight
    amount: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A person whose asks have shipped, with a message to send; `why_not` says why none is to be sent."""

    name: str
    asks: tuple[Told, ...]
    message: str
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Customers by what they pay and how much it matters.

    `apart` are prospects and churned customers with open asks: they do not wait. `unnamed` open asks name nobody.
    `to_tell` are those whose asks have shipped, `not_to_tell` those of whom nobody is written to.
    """

    customers: tuple[Waiter, ...]
    apart: tuple[Waiter, ...]
    needs: tuple[Need, ...]
    unnamed: int
    to_tell: tuple[Answered, ...]
    not_to_tell: tuple[Answered, ...]

    @property
    def asks(self) -> int:
        """How many asks are open, each once."""
        return len({ask.id for each in self.customers for ask in each.asks}) + self.unnamed


def waiting(thread: Thread) -> Waiting:
    """Return who waits for what: for an answer to a request or a problem, not to praise or a question."""
    asks_of: dict[object, list[SnapshotPage]] = {}
    customers: dict[object, Customer] = {}
    open_asks = open_asks_of(thread)
    for insight in open_asks:
        for customer in thread.customers.of([insight]):
            customers.setdefault(customer.key, customer)
            asks_of.setdefault(customer.key, []).append(insight)
    waiters = [_waiter(thread, customer, asks_of[key]) for key, customer in customers.items()]
    waiters.sort(
        key=lambda each: (-each.amount, -each.weight, -len(each.asks), each.name.casefold())
    )
    return Waiting(
        tuple(each for each in waiters if not each.standing),
        tuple(each for each in waiters if each.standing),
        _needs(thread, open_asks),
        sum(is_empty(each.values.get("customer")) for each in open_asks),
        tuple(_answered(thread, each) for each in recipients(thread)),
        tuple(_answered(thread, each) for each in skipped_recipients(thread)),
    )


def open_asks_of(thread: Thread) -> list[SnapshotPage]:
    """Return the requests and problems that are open and not yet answered by what has shipped."""
    insights = thread.pages("insights")
    return [
        each
        for each in insights
        if is_ask(each) and thread.is_open(each) and not needs_message(thread, each)
    ]


_WHY_NOT = {"churned": "has churned", "anonymous": "nobody is named"}


def _answered(thread: Thread, recipient: Recipient) -> Answered:
    name = recipient.contact or recipient.customer
    if recipient.contact and recipient.customer:
        name = f"{recipient.contact} ({recipient.customer})"
    asks = tuple(told(thread, ask.insight) for ask in recipient.asks)
    message = "" if recipient.skip_reason else default_message(thread, recipient)
    return Answered(name, asks, message, _WHY_NOT.get(recipient.skip_reason, ""))


def _waiter(thread: Thread, customer: Customer, asks: Sequence[SnapshotPage]) -> Waiter:
    heaviest = max(asks, key=lambda each: thread.number(each, "importance") or 0)
    days = sorted(filter(None, (day(thread.text(each, "observed_on")) for each in asks)))
    first = as_date(days[0]) if days else None
    return Waiter(
        name=customer.name,
        url=customer.page.url if customer.page else "",
        asks=tuple(told(thread, each) for each in asks),
        wishes=_wishes(thread, asks),
        importance=label(thread, heaviest, "importance"),
        weight=thread.number(heaviest, "importance") or 0,
        arr=money(thread, customer.arr),
        amount=customer.arr or 0,
        since=days[0] if days else "",
        days=(thread.today - first).days if first else None,
        standing="" if customer.is_customer_today else customer.standing,
    )


def _wishes(thread: Thread, asks: Sequence[SnapshotPage]) -> tuple[Told, ...]:
    """The features that would answer the asks, each once."""
    features = {
        each.id: each
        for ask in asks
        for each in thread.above(ask)
        if isinstance(each, SnapshotPage)
        and thread.role(each) == "features"
        and thread.is_live(each)
    }
    return tuple(told(thread, each) for each in features.values())


def _needs(thread: Thread, open_asks: Sequence[SnapshotPage]) -> tuple[Need, ...]:
    """Opportunities with open asks of customers, by what these pay, then by how much it matters."""
    waiting = {each.id for each in open_asks if _somebody_waits(thread, each)}
    found = []
    for each in thread.pages("opportunities"):
        asks = tuple(ask for ask in thread.insights_behind(each) if ask.id in waiting)
        if thread.is_open(each) and asks:
            evidence = thread.weigh_open_asks(asks)
            found.append(Need(told(thread, each), weight_of(thread, evidence), evidence.arr or 0))
    return tuple(sorted(found, key=lambda need: (-need.amount, -(need.weight.importance or 0))))


def _somebody_waits(thread: Thread, ask: SnapshotPage) -> bool:
    """Whether a customer of today stands behind an ask, or nobody is named."""
    if is_empty(ask.values.get("customer")):
        return True
    return any(each.is_customer_today for each in thread.customers.of([ask]))
