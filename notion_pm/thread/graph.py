"""A workspace's pages joined along the thread: what is above and below a page, and its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from notion_pm.model.ids import NotionId
from notion_pm.model.rule import ValueOf
from notion_pm.model.snapshot import (
    RelatedPages,
    RuleValue,
    Snapshot,
    SnapshotPage,
    UnknownOption,
)
from notion_pm.model.template import Category, OptionSpec, Role
from notion_pm.rules.aggregates import aggregate_pages, amounts_of
from notion_pm.rules.paths import Hop
from notion_pm.rules.stamps import with_computed_stamps
from notion_pm.rules.view import View
from notion_pm.rules.wording import Wording
from notion_pm.text import UNTITLED
from notion_pm.thread.chain import ROLES, Chain, Edge
from notion_pm.thread.customers import Customer, Customers, customer_names, total_arr

# The arithmetic of the sync rules (docs/sync.md, "How numbers are counted"), so that a report and
# a number in Notion never disagree.
_CUSTOMERS = ValueOf(distinct="insights.customer")
_IMPORTANCE = ValueOf(sum="insights.importance", once_per="customer", latest_by="observed_on")

_LAST = 99
"""Sorts pages without a priority after all that have one."""


@dataclass(frozen=True, slots=True)
class UnsharedPage:
    """A related page that the connection cannot see, because it was not shared with it."""

    id: NotionId


Related = SnapshotPage | UnsharedPage


@dataclass(frozen=True, slots=True)
class Evidence:
    """The insights behind a page, and what they weigh by the arithmetic of the sync rules.

    Each customer counts once, with its latest importance (0 to 3). `arr` is what today's customers
    pay; `arr_apart` is the ARR of prospects and of customers that churned. None: not known.
    """

    insights: tuple[SnapshotPage, ...] = ()
    customers: int | None = 0
    importance: float | None = None
    arr: float | None = None
    arr_apart: float | None = None


class Thread:
    """All pages of the thread at one moment.

    `created`: when each page was made. Pages are `SnapshotPage`s: values by property key, options
    by their keys. `readable` returns a value as people read it in Notion.
    """

    def __init__(
        self,
        chain: Chain,
        snapshot: Snapshot,
        created: Mapping[NotionId, datetime],
        wording: Wording,
        today: date,
    ) -> None:
        self.chain = chain
        self.snapshot = snapshot
        self.created = created
        self.wording = wording
        self.today = today
        self._view = View(chain.schema, snapshot, {}, today)
        # Results by page id: a report asks for the same page hundreds of times.
        self._above: dict[NotionId, tuple[Related, ...]] = {}
        self._below: dict[NotionId, tuple[Related, ...]] = {}
        self._insights_behind: dict[NotionId, tuple[SnapshotPage, ...]] = {}
        self._evidence: dict[NotionId, Evidence] = {}

    def with_computed_stamps(self) -> Thread:
        """Return the same pages with the values that rules stamp computed now.

        The stamps in Notion are as old as the last sync.
        """
        template = self.chain.schema.template
        snapshot = with_computed_stamps(template, self.snapshot, self.today, self.chain.has)
        return Thread(self.chain, snapshot, self.created, self.wording, self.today)

    # --- pages and their values

    def pages(self, role: Role) -> tuple[SnapshotPage, ...]:
        """Return the pages of a role in Notion's order, none if the template has no such role."""
        database = self.chain.database(role)
        if database is None:
            return ()
        return tuple(self.snapshot.databases.get(database, {}).values())

    def page(self, page_id: NotionId) -> SnapshotPage | None:
        """Return a page by its id."""
        for pages in self.snapshot.databases.values():
            if page_id in pages:
                return pages[page_id]
        return None

    def role(self, page: SnapshotPage) -> Role | None:
        """Return the role of a page, None for a page of a database beside the thread."""
        return self.chain.role(page.database)

    def role_of(self, related: Related) -> Role | None:
        """Return the role of a related page, None also for an unshared one."""
        return None if isinstance(related, UnsharedPage) else self.role(related)

    def value(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return a value by its key, None if the template has no such property."""
        return page.values.get(key)

    def text(self, page: SnapshotPage, key: str) -> str:
        """Return a text, date or option key; empty if there is none."""
        value = page.values.get(key)
        return value if isinstance(value, str) else ""

    def number(self, page: SnapshotPage, key: str) -> float | None:
        """Return a number, or the weight of an option."""
        if key not in page.values:
            return None
        number = self._view.number(page, key)
        return None if isinstance(number, UnknownOption) else number

    def readable(self, page: SnapshotPage, key: str) -> Any:
        """Return a value as people read it, with the names that options have in Notion now.

        None if it is empty.
        """
        return self.wording.readable(page, key, page.values.get(key))

    def status(self, page: SnapshotPage) -> str:
        """Return the name of a page's status in Notion, empty if it has none."""
        key = self.chain.status_key(page.database)
        return str(self.readable(page, key) or "") if key else ""

    def category(self, page: SnapshotPage) -> Category | None:
        """Return what a page's status means: todo, doing, done or dropped.

        None if the template does not know the status.
        """
        option = self._status_option(page)
        return option.meaning if option else None

    def is_live(self, page: SnapshotPage) -> bool:
        """Whether a page is not dropped (or parked, superseded, declined)."""
        return self.category(page) != "dropped"

    def is_open(self, page: SnapshotPage) -> bool:
        """Whether a page is neither done nor dropped."""
        return self.category(page) not in {"done", "dropped"}

    def _status_option(self, page: SnapshotPage) -> OptionSpec | None:
        key = self.chain.status_key(page.database)
        if key is None:
            return None
        return self.chain.schema.option(page.database, key, page.values.get(key))

    def unique_id(self, page: SnapshotPage) -> str:
        """Return a page's own number in Notion, such as FEAT-12; empty if there is none."""
        specs = self.chain.schema.template.databases[page.database].properties
        for key, spec in specs.items():
            if spec.type == "unique_id":
                return self.text(page, key)
        return ""

    # --- up and down

    def above(self, page: SnapshotPage) -> tuple[Related, ...]:
        """Return the pages that a page serves, one step up."""
        if page.id not in self._above:
            # Example: a feature serves objectives and opportunities. A release, which is beside the
            # thread, shows its features.
            if self.role(page):
                edges = [edge for edge in self.chain.edges if edge.lower == page.database]
            else:
                edges = list(self.chain.edges_of(page.database))
            related: dict[NotionId, Related] = {}
            for edge in edges:
                for other in self._upward(page, edge):
                    related[other.id] = other
            self._above[page.id] = tuple(related.values()) or self._vision_of(page)
        return self._above[page.id]

    def below(self, page: SnapshotPage) -> tuple[Related, ...]:
        """Return the pages that serve a page, one step down.

        For a page beside the thread (a release, a decision): the pages it is related to.
        """
        # A database beside the thread holds the relation itself, so its pages have no "below".
        if self.role(page) is None:
            return self.above(page)
        if page.id not in self._below:
            related: dict[NotionId, Related] = {}
            for edge in self.chain.edges:
                if edge.upper == page.database:
                    for other in self._downward(page, edge):
                        related[other.id] = other
            for objective in self._objectives_of(page):
                related[objective.id] = objective
            self._below[page.id] = tuple(related.values())
        return self._below[page.id]

    def all_above(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        """Return every page that a page serves, in any number of steps."""
        return _reachable(page, self.above)

    def all_below(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        """Return every page that serves a page, in any number of steps."""
        return _reachable(page, self.below)

    def parents(self, page: SnapshotPage, role: Role) -> list[SnapshotPage]:
        """Return the pages of a role that a page serves, one step up."""
        return [
            other
            for other in self.above(page)
            if isinstance(other, SnapshotPage) and self.role(other) == role
        ]

    def children(self, page: SnapshotPage, role: Role) -> list[SnapshotPage]:
        """Return the pages of a role that serve a page, one step down."""
        return [
            other
            for other in self.below(page)
            if isinstance(other, SnapshotPage) and self.role(other) == role
        ]

    def features_below(self, page: SnapshotPage) -> list[SnapshotPage]:
        """Return every feature that serves a page, in any number of steps."""
        return [other for other in self.all_below(page) if self.role(other) == "features"]

    # A relation may be read on either side (see `Chain.edges`). On the side that holds it the page
    # names the others. On the other side the others name the page.

    def _upward(self, page: SnapshotPage, edge: Edge) -> Iterable[Related]:
        return self._named_by(page, edge) if edge.held_below else self._naming(page, edge)

    def _downward(self, page: SnapshotPage, edge: Edge) -> Iterable[Related]:
        return self._naming(page, edge) if edge.held_below else self._named_by(page, edge)

    def _named_by(self, page: SnapshotPage, edge: Edge) -> Iterator[Related]:
        """Yield the pages that a page's own relation names."""
        links = page.values.get(edge.key)
        if not isinstance(links, RelatedPages):
            return
        target = edge.upper if edge.held_below else edge.lower
        for page_id in links.ids:
            yield self.snapshot.page(target, page_id) or UnsharedPage(page_id)

    def _naming(self, page: SnapshotPage, edge: Edge) -> tuple[SnapshotPage, ...]:
        """Return the pages whose relation names a page."""
        hop = Hop(page.database, edge.key, edge.holder, inverse=True)
        return self._view.follow(page, (hop,)).pages

    # Some templates keep vision and objectives in one database without a relation between the two.
    # There every objective serves the vision if exactly one vision is live. With several it is not
    # known which of them an objective serves.

    @cached_property
    def _only_vision(self) -> SnapshotPage | None:
        visions = [page for page in self._pages_of_kind("vision") if self.is_live(page)]
        return visions[0] if len(visions) == 1 else None

    def _pages_of_kind(self, kind: str) -> Iterator[SnapshotPage]:
        return (page for page in self.pages("vision") if page.values.get("kind") == kind)

    def _vision_of(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        is_objective = self.role(page) == "vision" and page.values.get("kind") == "objective"
        if self._only_vision and is_objective:
            return (self._only_vision,)
        return ()

    def _objectives_of(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        if page != self._only_vision:
            return ()
        objectives = self._pages_of_kind("objective")
        return tuple(objective for objective in objectives if self.above(objective) == (page,))

    # --- evidence

    def evidence(self, page: SnapshotPage) -> Evidence:
        """Return the evidence behind a page: see `insights_behind`."""
        if page.id not in self._evidence:
            self._evidence[page.id] = self.weigh(self.insights_behind(page))
        return self._evidence[page.id]

    def weigh(self, insights: tuple[SnapshotPage, ...]) -> Evidence:
        """Return insights with what they weigh together."""
        if not insights:
            return Evidence()
        customers, others = self._split_customers(insights)
        return Evidence(
            insights,
            self._count_customers(insights),
            self._sum_importance(insights),
            total_arr(customers),
            total_arr(others),
        )

    def weigh_open_asks(self, asks: tuple[SnapshotPage, ...]) -> Evidence:
        """Return open asks with what they weigh for today's customers only."""
        customers, _ = self._split_customers(asks)
        keys = {customer.key for customer in customers}
        importance = self._sum_importance(asks, among=keys)
        return Evidence(asks, len(customers), importance, total_arr(customers))

    def _split_customers(
        self, insights: Iterable[SnapshotPage]
    ) -> tuple[list[Customer], list[Customer]]:
        """Return the customers of today behind insights; then prospects and churned ones."""
        everyone = self.customers.of(insights)
        today = [customer for customer in everyone if customer.is_customer_today]
        others = [customer for customer in everyone if not customer.is_customer_today]
        return today, others

    def _count_customers(self, insights: tuple[SnapshotPage, ...]) -> int | None:
        # All insights are pages of one database, so the first one says whether it has the property.
        if not self.chain.has(insights[0].database, "customer"):
            return None
        count = aggregate_pages(self._view, insights, _CUSTOMERS, "customer").value
        return int(count) if isinstance(count, int | float) else None

    def _sum_importance(
        self, insights: tuple[SnapshotPage, ...], among: set[object] | None = None
    ) -> float | None:
        """Return the sum of each customer's latest importance; `among` are keys of customers."""
        if not self.chain.has(insights[0].database, "importance"):
            return None
        amounts = amounts_of(self._view, insights, _IMPORTANCE, "importance") or []
        if among is not None:
            amounts = [amount for amount in amounts if amount.identity in among]
        return sum(amount.number for amount in amounts) if amounts else None

    @cached_property
    def customers(self) -> Customers:
        """The customers behind insights."""
        insights = self.chain.database("insights")
        return Customers(self.snapshot, insights, self.chain.database("customers"))

    def insights_behind(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        """Return the insights that are the evidence behind a page.

        Of a feature: its own. Of an opportunity: those about it and about everything below it in
        the tree of opportunities. Both as the sync rules stamp them. Of an objective or the vision:
        all insights behind what is below. Of a customer: what it said. Of an insight: itself.
        """
        if page.id not in self._insights_behind:
            self._insights_behind[page.id] = self._find_insights_behind(page)
        return self._insights_behind[page.id]

    def _find_insights_behind(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        match self.role(page):
            case "insights":
                return (page,)
            case "features":
                return self._insights_of([page])
            case "customers":
                # Customers are the lowest part: what is above them is what they said.
                return tuple(page for page in self.above(page) if isinstance(page, SnapshotPage))
            case "opportunities":
                below = self.all_below(page)
                tree = [other for other in below if other.database == page.database]
                return self._insights_of([page, *tree])
            case _:
                return self._insights_of([page, *self.all_below(page)])

    def _insights_of(self, pages: Iterable[SnapshotPage]) -> tuple[SnapshotPage, ...]:
        """Return the insights directly below pages, each once."""
        found: dict[NotionId, SnapshotPage] = {}
        for page in pages:
            found.update((insight.id, insight) for insight in self.children(page, "insights"))
        return tuple(found.values())

    def customers_of(self, insight: SnapshotPage) -> tuple[str, ...]:
        """Return the names of the customers behind an insight.

        Titles of customer pages, or the name that is written in the insight.
        """
        value = insight.values.get("customer")
        if isinstance(value, RelatedPages):
            pages = [self.page(page_id) for page_id in value.ids]
            return tuple(page.title or UNTITLED for page in pages if page)
        return tuple(customer_names(value))

    # --- order

    def sort_for_reading(self, pages: Iterable[Related]) -> list[Related]:
        """Return pages from the top of the thread down, by priority, the best evidence first."""
        return sorted(pages, key=self._reading_order)

    def _reading_order(self, related: Related) -> tuple[int, float, float, int, str]:
        if isinstance(related, UnsharedPage):
            return (len(ROLES), 0, 0, 0, related.id)
        role = self.role(related)
        # Pages beside the thread, such as releases and decisions, come first.
        level = ROLES.index(role) if role else -1
        value = related.values.get("priority")
        priority = self.chain.schema.rank(related.database, "priority", value)
        if role == "insights":
            importance, insights = self.number(related, "importance"), 0
        else:
            evidence = self.evidence(related)
            importance, insights = evidence.importance, len(evidence.insights)
        return (
            level,
            _LAST if priority is None else priority,
            -(importance or 0),
            -insights,
            related.title.casefold(),
        )


def _reachable(
    start: SnapshotPage, step: Callable[[SnapshotPage], tuple[Related, ...]]
) -> tuple[SnapshotPage, ...]:
    """Return the pages that steps from a page reach, each once. Circles end."""
    # Circles are possible: Notion lets a page be the parent of its own parent.
    reached: dict[NotionId, SnapshotPage] = {}
    waiting = [start]
    while waiting:
        for related in step(waiting.pop()):
            if isinstance(related, SnapshotPage) and related.id not in reached:
                reached[related.id] = related
                waiting.append(related)
    reached.pop(start.id, None)
    return tuple(reached.values())
