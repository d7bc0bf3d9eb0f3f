"""A workspace's pages, joined along the thread: what is above and below a page, and which evidence stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    is_empty,
)
from notion_pm.model.template import Category, OptionSpec, Role
from notion_pm.rules.aggregates import amounts_of, over
from notion_pm.rules.paths import Hop
from notion_pm.rules.stamps import with_computed_stamps
from notion_pm.rules.view import View
from notion_pm.rules.wording import Wording
from notion_pm.text import UNTITLED
from notion_pm.thread.chain import ROLES, Chain, Edge
from notion_pm.thread.customers import Customers, total

_CUSTOMERS = ValueOf(distinct="insights.customer")
_IMPORTANCE = ValueOf(sum="insights.importance", once_per="customer", latest_by="observed_on")


@dataclass(frozen=True, slots=True)
class Unseen:
    """A related page that the connection cannot see: nobody shared it."""

    id: NotionId


Related = SnapshotPage | Unseen


@dataclass(frozen=True, slots=True)
class Evidence:
    """The insights behind a page, and what they weigh by the arithmetic of the sync rules.

    Each customer counts once, with its latest importance (0 to 3). `arr` is what those pay who are customers today;
    `arr_apart` is the ARR of prospects and of customers that churned. None: nobody has noted it, or it is not known.
    """

    insights: tuple[SnapshotPage, ...] = ()
    customers: int | None = 0
    importance: float | None = None
    arr: float | None = None
    arr_apart: float | None = None


class Thread:
    """All pages of the thread at one moment.

    `created`: when each page was made. Pages are `SnapshotPage`s: values by property key, options by their keys;
    `read` tells a value in people's words.
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
        self._above: dict[NotionId, tuple[Related, ...]] = {}
        self._below: dict[NotionId, tuple[Related, ...]] = {}
        self._behind: dict[NotionId, tuple[SnapshotPage, ...]] = {}
        self._evidence: dict[NotionId, Evidence] = {}

    def with_computed_stamps(self) -> Thread:
        """Return the same pages, with what rules stamp computed from them and not as the last sync left it."""
        template = self.chain.schema.template
        snapshot = with_computed_stamps(template, self.snapshot, self.today, self.chain.has)
        return Thread(self.chain, snapshot, self.created, self.wording, self.today)

    # --- pages and their values

    def pages(self, role: Role) -> tuple[SnapshotPage, ...]:
        """Return the pages of a role, in Notion's order; none where the template has no such database."""
        database = self.chain.database(role)
        return tuple(self.snapshot.databases.get(database, {}).values()) if database else ()

    def page(self, page_id: NotionId) -> SnapshotPage | None:
        """Return a page by its id."""
        return next(
            (there[page_id] for there in self.snapshot.databases.values() if page_id in there), None
        )

    def role(self, page: SnapshotPage) -> Role | None:
        """Return the role of a page, None for one of a database beside the thread."""
        return self.chain.role(page.database)

    def role_of(self, related: Related) -> Role | None:
        """Return the role of a related page; None also for one that cannot be seen."""
        return None if isinstance(related, Unseen) else self.role(related)

    def value(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return a value by its key; None where the template has no such property."""
        return page.values.get(key)

    def text(self, page: SnapshotPage, key: str) -> str:
        """Return a text, date or option key; empty where there is none."""
        value = page.values.get(key)
        return value if isinstance(value, str) else ""

    def number(self, page: SnapshotPage, key: str) -> float | None:
        """Return a number, or the weight of an option."""
        number = self._view.number(page, key) if key in page.values else None
        return None if isinstance(number, UnknownOption) else number

    def read(self, page: SnapshotPage, key: str) -> Any:
        """Return a value in people's words: an option's name as it is in Notion now; None when it is empty."""
        return self.wording.readable(page, key, page.values.get(key))

    def status(self, page: SnapshotPage) -> str:
        """Return the name of a page's status in Notion; empty when it has none."""
        key = self.chain.status_key(page.database)
        return str(self.read(page, key) or "") if key else ""

    def category(self, page: SnapshotPage) -> Category | None:
        """Return what a page's status means: todo, doing, done or dropped; None when the template does not know."""
        option = self._status_option(page)
        return option.meaning if option else None

    def is_live(self, page: SnapshotPage) -> bool:
        """Whether a page was not dropped (or parked, superseded, turned down)."""
        return self.category(page) != "dropped"

    def is_open(self, page: SnapshotPage) -> bool:
        """Whether a page is neither done nor dropped."""
        return self.category(page) not in {"done", "dropped"}

    def _status_option(self, page: SnapshotPage) -> OptionSpec | None:
        key = self.chain.status_key(page.database)
        return self.chain.schema.option(page.database, key, page.values.get(key)) if key else None

    def number_of(self, page: SnapshotPage) -> str:
        """Return a page's own number in Notion, such as FEAT-12; empty when its database has none."""
        specs = self.chain.schema.template.databases[page.database].properties
        return next(
            (self.text(page, key) for key, spec in specs.items() if spec.type == "unique_id"), ""
        )

    # --- up and down

    def above(self, page: SnapshotPage) -> tuple[Related, ...]:
        """Return the pages that a page serves, one step up."""
        if page.id not in self._above:
            edges = [each for each in self._edges(page) if each.lower == page.database]
            told = self._along(page, edges, [each.held_below for each in edges])
            self._above[page.id] = told or self._vision_of(page)
        return self._above[page.id]

    def below(self, page: SnapshotPage) -> tuple[Related, ...]:
        """Return the pages that serve a page, one step down. A page beside the thread has those it is tied to."""
        if self.role(page) is None:
            return self.above(page)
        if page.id not in self._below:
            edges = [each for each in self.chain.edges if each.upper == page.database]
            told = self._along(page, edges, [not each.held_below for each in edges])
            self._below[page.id] = (
                *told,
                *(each for each in self._objectives_of(page) if each not in told),
            )
        return self._below[page.id]

    def all_above(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        """Return everything that a page serves, in any number of steps, each page once."""
        return self._closure(page, upward=True)

    def all_below(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        """Return everything that serves a page, in any number of steps, each page once."""
        return self._closure(page, upward=False)

    def _edges(self, page: SnapshotPage) -> tuple[Edge, ...]:
        return self.chain.edges if self.role(page) else self.chain.edges_of(page.database)

    def _along(
        self, page: SnapshotPage, edges: Iterable[Edge], forward: Iterable[bool]
    ) -> tuple[Related, ...]:
        found: dict[NotionId, Related] = {}
        for edge, is_held in zip(edges, forward, strict=True):
            related = self._named(page, edge) if is_held else self._naming(page, edge)
            found.update((each.id, each) for each in related)
        return tuple(found.values())

    def _named(self, page: SnapshotPage, edge: Edge) -> Iterator[Related]:
        """The pages that a page's own relation names."""
        links = page.values.get(edge.key)
        target = edge.upper if edge.held_below else edge.lower
        for page_id in links.ids if isinstance(links, RelatedPages) else ():
            yield self.snapshot.page(target, page_id) or Unseen(page_id)

    def _naming(self, page: SnapshotPage, edge: Edge) -> tuple[SnapshotPage, ...]:
        """The pages whose relation names a page."""
        return self._view.follow(
            page, (Hop(page.database, edge.key, edge.holder, inverse=True),)
        ).pages

    def _closure(self, page: SnapshotPage, *, upward: bool) -> tuple[SnapshotPage, ...]:
        reached: dict[NotionId, SnapshotPage] = {}
        waiting = [page]
        while waiting:
            current = waiting.pop()
            near = self.above(current) if upward else self.below(current)
            new = [
                each for each in near if isinstance(each, SnapshotPage) and each.id not in reached
            ]
            reached.update((each.id, each) for each in new)
            waiting += new
        reached.pop(page.id, None)
        return tuple(reached.values())

    @cached_property
    def _vision(self) -> SnapshotPage | None:
        """The one live vision where objectives are rows of its database, which has no relation between the two."""
        visions = [each for each in self._of_kind("vision") if self.is_live(each)]
        return (
            visions[0] if len(visions) == 1 else None
        )  # of several nobody can tell which one is meant

    def _of_kind(self, kind: str) -> Iterator[SnapshotPage]:
        return (each for each in self.pages("vision") if each.values.get("kind") == kind)

    def _vision_of(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        is_objective = self.role(page) == "vision" and page.values.get("kind") == "objective"
        return (self._vision,) if self._vision and is_objective else ()

    def _objectives_of(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        if page != self._vision:
            return ()
        return tuple(each for each in self._of_kind("objective") if self.above(each) == (page,))

    # --- evidence

    def evidence(self, page: SnapshotPage) -> Evidence:
        """Return the evidence behind a page.

        Of a feature, its own insights; of an opportunity, those about it and everything below it in the tree; both as
        the sync rules stamp them. Of an objective or the vision, all insights behind what is below; of a customer,
        what it said; of an insight, itself.
        """
        if page.id not in self._evidence:
            self._evidence[page.id] = self.weighed(self.insights_behind(page))
        return self._evidence[page.id]

    def weighed(self, insights: tuple[SnapshotPage, ...]) -> Evidence:
        """Return insights with what they weigh together."""
        if not insights:
            return Evidence()
        everybody = self.customers.of(insights)
        today = [each for each in everybody if each.is_customer_today]
        others = [each for each in everybody if not each.is_customer_today]
        count, importance = self._sum(insights, _CUSTOMERS, "customer"), self._importance(insights)
        return Evidence(
            insights, None if count is None else int(count), importance, total(today), total(others)
        )

    def waiting_for(self, asks: tuple[SnapshotPage, ...]) -> Evidence:
        """Return open asks with what they weigh for those who are customers today, and for nobody else."""
        today = [each for each in self.customers.of(asks) if each.is_customer_today]
        importance = self._importance(asks, {each.key for each in today})
        return Evidence(asks, len(today), importance, total(today))

    def _importance(
        self, insights: tuple[SnapshotPage, ...], among: set[object] | None = None
    ) -> float | None:
        if not self.chain.has(insights[0].database, "importance"):
            return None
        amounts = amounts_of(self._view, insights, _IMPORTANCE, "importance") or []
        chosen = [each.number for each in amounts if among is None or each.identity in among]
        return sum(chosen) if chosen else None

    @cached_property
    def customers(self) -> Customers:
        """The customers behind insights."""
        return Customers(
            self.snapshot, self.chain.database("insights"), self.chain.database("customers")
        )

    def insights_behind(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        """Return the insights that are the evidence behind a page."""
        if page.id not in self._behind:
            self._behind[page.id] = self._find_behind(page)
        return self._behind[page.id]

    def _find_behind(self, page: SnapshotPage) -> tuple[SnapshotPage, ...]:
        match self.role(page):
            case "insights":
                return (page,)
            case "features":
                return self._insights_of([page])
            case "customers":
                return tuple(each for each in self.above(page) if isinstance(each, SnapshotPage))
            case "opportunities":
                tree = [each for each in self.all_below(page) if each.database == page.database]
                return self._insights_of([page, *tree])
            case _:
                return self._insights_of([page, *self.all_below(page)])

    def _insights_of(self, pages: Iterable[SnapshotPage]) -> tuple[SnapshotPage, ...]:
        found = {
            each.id: each
            for page in pages
            for each in self.below(page)
            if isinstance(each, SnapshotPage) and self.role_of(each) == "insights"
        }
        return tuple(found.values())

    def _sum(self, insights: tuple[SnapshotPage, ...], value: ValueOf, key: str) -> float | None:
        if not self.chain.has(insights[0].database, key):
            return None
        result = over(self._view, insights, value, key).value
        return result if isinstance(result, int | float) else None

    # --- customers

    def customers_of(self, insight: SnapshotPage) -> tuple[str, ...]:
        """Return the names of those who said an insight: titles of customer pages, or the name that stands in it."""
        value = insight.values.get("customer")
        if isinstance(value, RelatedPages):
            pages = (self.page(each) for each in value.ids)
            return tuple(page.title or UNTITLED for page in pages if page)
        names = value if isinstance(value, tuple) else (value,)
        return tuple(
            str(getattr(each, "name", each)).strip() for each in names if not is_empty(each)
        )

    def in_order(self, pages: Iterable[Related]) -> list[Related]:
        """Return pages as a person reads them: from the top down, by priority, what matters most to customers first."""
        return sorted(pages, key=self._rank)

    def _rank(self, related: Related) -> tuple[int, float, float, int, str]:
        if isinstance(related, Unseen):
            return (len(ROLES), 0, 0, 0, related.id)
        role = self.role(related)
        place = ROLES.index(role) if role else -1
        priority = self.chain.schema.rank(
            related.database, "priority", related.values.get("priority")
        )
        evidence = Evidence() if role == "insights" else self.evidence(related)
        weight = self.number(related, "importance") if role == "insights" else evidence.importance
        told = (-(weight or 0), -len(evidence.insights), related.title.casefold())
        return (place, 99 if priority is None else priority, *told)
