"""Customers behind insights: who they are, what each pays, and whether they are customers today.

A customer is a page where the template has a database of customers, else the name that stands in the insight. What it
pays is its own ARR: that of its page, or of several notes under its name the latest. No insight has an amount of its
own, so an insight that two customers share counts each of them with what that one pays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from notion_pm.model.snapshot import RelatedPages, Snapshot, SnapshotPage
from notion_pm.rules.aggregates import identities
from notion_pm.text import UNTITLED

Standing = Literal["customer", "prospect", "churned"]

NOT_CUSTOMERS = frozenset({"prospect", "churned"})
"""Lifecycles that pay nothing today. An empty lifecycle counts as a customer."""

NO_ASKS = frozenset({"praise", "question"})
"""Kinds of insights that nobody waits for an answer to. An empty kind counts as an ask."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `key`: its page's id, or its name without regard to case. `arr` is None where nobody noted it."""

    key: object
    name: str
    page: SnapshotPage | None
    arr: float | None
    standing: Standing = "customer"

    @property
    def is_customer_today(self) -> bool:
        """Whether it pays today: neither a prospect nor churned."""
        return self.standing == "customer"


class Customers:
    """The customers of a snapshot, by what insights say of them."""

    def __init__(self, snapshot: Snapshot, insights: str | None, customers: str | None) -> None:
        self._insights = snapshot.databases.get(insights or "", {})
        self._pages = snapshot.databases.get(customers or "", {})

    def of(self, insights: Iterable[SnapshotPage]) -> tuple[Customer, ...]:
        """Return the customers behind insights, each once."""
        found = {customer.key: customer for insight in insights for customer in self._of(insight)}
        return tuple(found.values())

    def _of(self, insight: SnapshotPage) -> list[Customer]:
        value = insight.values.get("customer")
        if isinstance(value, RelatedPages):
            return [self._from_page(self._pages[each]) for each in value.ids if each in self._pages]
        names = value if isinstance(value, tuple) else (value,)
        shown = [str(getattr(name, "name", name)).strip() for name in names if name]
        return [
            Customer(name.casefold(), name, None, self._amounts.get(name.casefold()))
            for name in shown
            if name
        ]

    def _from_page(self, page: SnapshotPage) -> Customer:
        lifecycle = page.values.get("lifecycle")
        standing: Standing = "customer"
        if lifecycle == "prospect":
            standing = "prospect"
        elif lifecycle == "churned":
            standing = "churned"
        return Customer(
            page.id, page.title or UNTITLED, page, _number(page.values.get("arr")), standing
        )

    @cached_property
    def _amounts(self) -> dict[object, float]:
        """What each customer pays by name: the latest note, of several on one day the largest."""
        latest: dict[object, tuple[str, float]] = {}
        for page in self._insights.values():
            amount = _number(page.values.get("arr"))
            if amount is None or isinstance(page.values.get("customer"), RelatedPages):
                continue
            noted = (str(page.values.get("observed_on") or ""), amount)
            for name in identities(page.values.get("customer")):
                latest[name] = max(latest.get(name, noted), noted)
        return {name: amount for name, (_, amount) in latest.items()}


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]


def is_ask(insight: SnapshotPage) -> bool:
    """Whether an insight asks for something: a request or a problem, not praise and not a question."""
    return insight.values.get("kind") not in NO_ASKS


def total(customers: Iterable[Customer]) -> float | None:
    """Return what customers pay together, None where nobody noted an amount."""
    amounts = [each.arr for each in customers if each.arr is not None]
    return sum(amounts) if amounts else None
