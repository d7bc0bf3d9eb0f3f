"""Who is waiting: customers with open asks, what they pay, and those who are to be told that it has shipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from notion_pm.reports.telling import Told, Weight, as_date, day, label, money, told, weight_of
from notion_pm.rules.values import Links, SnapshotPage
from notion_pm.thread import Thread
from notion_pm.thread.loop import is_owed, owed
from notion_pm.thread.message import default_text


@dataclass(frozen=True, slots=True)
class Waiter:
    """A customer that waits. `url` is empty where it has no page; `days` since the first ask that is still open."""

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


@dataclass(frozen=True, slots=True)
class Need:
    """An opportunity that somebody waits for; `weight` and `amount` (ARR) are those of its open asks."""

    page: Told
    weight: Weight
    amount: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A customer whose asks have shipped, with a message to send; `name` is empty where nobody is named."""

    name: str
    asks: tuple[Told, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Customers by what they pay and how much it matters; `unnamed` open asks name nobody; `to_tell` got theirs."""

    customers: tuple[Waiter, ...]
    needs: tuple[Need, ...]
    unnamed: int
    to_tell: tuple[Answered, ...]

    @property
    def asks(self) -> int:
        """How many asks are open."""
        return len({ask.id for each in self.customers for ask in each.asks}) + self.unnamed


def waiting(thread: Thread) -> Waiting:
    """Return who waits for what."""
    by_customer: dict[str, list[SnapshotPage]] = {}
    open_asks = [each for each in thread.pages("insights") if thread.is_open(each) and not is_owed(thread, each)]
    for insight in open_asks:
        for name in thread.customers_of(insight):
            by_customer.setdefault(name.casefold(), []).append(insight)
    customers = [_waiter(thread, asks, key) for key, asks in by_customer.items()]
    return Waiting(
        tuple(sorted(customers, key=lambda each: (-each.amount, -each.weight, -len(each.asks), each.name.casefold()))),
        _needs(thread, open_asks),
        sum(not thread.customers_of(each) for each in open_asks),
        _answered(thread),
    )


def _answered(thread: Thread) -> tuple[Answered, ...]:
    return tuple(
        Answered(each.customer, tuple(told(thread, ask.insight) for ask in each.asks), default_text(thread, each))
        for each in owed(thread)
    )


def _waiter(thread: Thread, asks: Sequence[SnapshotPage], key: str) -> Waiter:
    name = next(each for each in thread.customers_of(asks[0]) if each.casefold() == key)
    page = _page_of(thread, asks[0], key)
    heaviest = max(asks, key=lambda each: thread.number(each, "importance") or 0)
    days = sorted(filter(None, (day(thread.text(each, "observed_on")) for each in asks)))
    amount = thread.number(page, "arr") if page else max((thread.number(each, "arr") or 0 for each in asks), default=0)
    first = as_date(days[0]) if days else None
    return Waiter(
        name=name,
        url=page.url if page else "",
        asks=tuple(told(thread, each) for each in asks),
        wishes=_wishes(thread, asks),
        importance=label(thread, heaviest, "importance"),
        weight=thread.number(heaviest, "importance") or 0,
        arr=money(thread, amount),
        amount=amount or 0,
        since=days[0] if days else "",
        days=(thread.today - first).days if first else None,
    )


def _page_of(thread: Thread, insight: SnapshotPage, key: str) -> SnapshotPage | None:
    """The customer's own page, where customers are pages."""
    value = insight.values.get("customer")
    pages = [thread.page(each) for each in value.ids] if isinstance(value, Links) else []
    return next((each for each in pages if each and (each.title or "Untitled").casefold() == key), None)


def _wishes(thread: Thread, asks: Sequence[SnapshotPage]) -> tuple[Told, ...]:
    """The features that would answer the asks, each once."""
    features = {
        each.id: each
        for ask in asks
        for each in thread.above(ask)
        if isinstance(each, SnapshotPage) and thread.role(each) == "features" and thread.is_live(each)
    }
    return tuple(told(thread, each) for each in features.values())


def _needs(thread: Thread, open_asks: Sequence[SnapshotPage]) -> tuple[Need, ...]:
    """Opportunities with open asks, by what the customers behind these pay, then by how much it matters."""
    waiting = {each.id for each in open_asks}
    found = []
    for each in thread.pages("opportunities"):
        asks = tuple(ask for ask in thread.insights_behind(each) if ask.id in waiting)
        if thread.is_open(each) and asks:
            evidence = thread.weighed(asks)
            found.append(Need(told(thread, each), weight_of(thread, evidence), evidence.arr or 0))
    return tuple(sorted(found, key=lambda need: (-need.amount, -(need.weight.importance or 0))))
