"""Customers behind insights: who they are, what each pays, and whether they are customers today.

A customer is a page where the template has a database of customers, otherwise the name that is
written in the insight. What it pays is its own ARR: that of its page, or the latest amount noted
under its name. An insight never has an amount of its own, so an insight that two customers share
counts each of them with what that customer pays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from notion_pm.model.snapshot import RelatedPages, RuleValue, Snapshot, SnapshotPage, UnknownOption
from notion_pm.rules.view import identities
from notion_pm.text import UNTITLED

Lifecycle = Literal["customer", "prospect", "churned"]

NOT_CUSTOMERS = frozenset({"prospect", "churned"})
"""Lifecycles that pay nothing today. An empty lifecycle counts as a customer."""

NO_ASKS = frozenset({"praise", "question"})
"""Kinds of insights that do not wait for an answer. An empty kind counts as an ask."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer.

    `key`: the id of its page, or its name in lower case. `arr`: None if no amount is known.
    """

    key: object
    name: str
    page: SnapshotPage | None
    arr: float | None
    lifecycle: Lifecycle = "customer"

    @property
    def is_customer_today(self) -> bool:
        """Whether it pays today: neither a prospect nor churned."""
        return self.lifecycle == "customer"


class Customers:
    """The customers of a snapshot. `insights` and `customers` are the keys of these databases."""

    def __init__(self, snapshot: Snapshot, insights: str | None, customers: str | None) -> None:
        self._insights = snapshot.databases.get(insights or "", {})
        self._pages = snapshot.databases.get(customers or "", {})

    def of(self, insights: Iterable[SnapshotPage]) -> tuple[Customer, ...]:
        """Return the customers behind insights, each once."""
        found: dict[object, Customer] = {}
        for insight in insights:
            for customer in self._of_insight(insight):
                found[customer.key] = customer
        return tuple(found.values())

    def _of_insight(self, insight: SnapshotPage) -> list[Customer]:
        value = insight.values.get("customer")
        if isinstance(value, RelatedPages):
            ids = [page_id for page_id in value.ids if page_id in self._pages]
            return [_from_page(self._pages[page_id]) for page_id in ids]

        customers = []
        for name in customer_names(value):
            # "Acme" and "acme" are one customer.
            key = name.casefold()
            customers.append(Customer(key, name, None, self._arr_by_name.get(key)))
        return customers

    @cached_property
    def _arr_by_name(self) -> dict[object, float]:
        """What each customer without a page pays: the latest note, the largest of one day."""
        latest: dict[object, tuple[str, float]] = {}
        for insight in self._insights.values():
            amount = _number(insight.values.get("arr"))
            # Where customers have pages, only the ARR of their page counts.
            if amount is None or isinstance(insight.values.get("customer"), RelatedPages):
                continue
            note = (str(insight.values.get("observed_on") or ""), amount)
            for name in identities(insight.values.get("customer")):
                latest[name] = max(latest.get(name, note), note)
        return {name: amount for name, (_, amount) in latest.items()}


def customer_names(value: RuleValue) -> list[str]:
    """Return the names in the customer of an insight, for a template without customer pages."""
    items = value if isinstance(value, tuple) else (value,)
    names = []
    for item in items:
        # An option that people added has no key in the template, but a name.
        text = item.name if isinstance(item, UnknownOption) else item
        name = str(text or "").strip()
        if name:
            names.append(name)
    return names


def _from_page(page: SnapshotPage) -> Customer:
    lifecycle: Lifecycle = "customer"
    if page.values.get("lifecycle") == "prospect":
        lifecycle = "prospect"
    elif page.values.get("lifecycle") == "churned":
        lifecycle = "churned"
    arr = _number(page.values.get("arr"))
    return Customer(page.id, page.title or UNTITLED, page, arr, lifecycle)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def is_ask(insight: SnapshotPage) -> bool:
    """Whether an insight asks for something: a request or a problem, not praise or a question."""
    return insight.values.get("kind") not in NO_ASKS


def total_arr(customers: Iterable[Customer]) -> float | None:
    """Return what customers pay together, None if no amount is known."""
    amounts = [customer.arr for customer in customers if customer.arr is not None]
    return sum(amounts) if amounts else None
