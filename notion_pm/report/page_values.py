"""The values that all sections of a report share: how pages, evidence, health and quotes appear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from notion_pm.model.number_formats import format_number
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Category, NumberProperty
from notion_pm.text import UNTITLED
from notion_pm.thread import Evidence, Thread
from notion_pm.thread.health import fresh_health

DATES = (("releases", "closes"), ("features", "target"))
"""The due dates that a report follows, as database and property."""

NO_UPDATE = "No update"

_TONES = {"on_track": "good", "at_risk": "warn", "off_track": "bad"}


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page as a report names it. `id` is a part of the ids in the document."""

    id: str
    title: str
    url: str
    number: str
    status: str
    category: Category | None


@dataclass(frozen=True, slots=True)
class Weight:
    """The evidence behind a page as text and numbers; empty or None: not known.

    `arr` is what today's customers pay, `arr_apart` the ARR of prospects and churned customers.
    """

    insights: int
    customers: int | None
    importance: float | None
    arr: str
    arr_apart: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a page. `tone`: good, warn, bad or quiet. `before`: an earlier health."""

    name: str
    tone: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A customer's words. `source`: where they were heard; `source_url`: a link to it."""

    insight: PageRef
    words: str
    customers: tuple[str, ...]
    importance: str
    weight: float
    source: str
    source_url: str
    observed_on: str


def page_ref(thread: Thread, page: SnapshotPage) -> PageRef:
    """Return how a report names a page."""
    return PageRef(
        anchor(page),
        page.title.strip() or UNTITLED,
        page.url,
        thread.unique_id(page),
        thread.status(page),
        thread.category(page),
    )


def anchor(page: SnapshotPage) -> str:
    """Return a page's id as a part of the ids in the document."""
    # Notion gives ids with dashes; without them an id is one word in the attributes of the page.
    return page.id.replace("-", "")


def weight(thread: Thread, page: SnapshotPage) -> Weight:
    """Return the evidence behind a page as a report shows it."""
    return weight_of(thread, thread.evidence(page))


def weight_of(thread: Thread, evidence: Evidence) -> Weight:
    """Return evidence as a report shows it."""
    return Weight(
        len(evidence.insights),
        evidence.customers,
        evidence.importance,
        money_text(thread, evidence.arr),
        money_text(thread, evidence.arr_apart),
    )


def number_text(thread: Thread, page: SnapshotPage, key: str) -> str:
    """Return a number as Notion shows it; empty if there is none."""
    number = thread.number(page, key)
    if number is None:
        return ""
    return format_number(_number_format(thread, page.database, key) or "number", number)


def money_text(thread: Thread, amount: float | None) -> str:
    """Return an amount in the currency of the customers' ARR; empty if there is none."""
    if not amount:
        return ""
    # The ARR is a property of customers where they have a database, otherwise of insights.
    for database in (thread.chain.database("customers"), thread.chain.database("insights")):
        if database and thread.chain.has(database, "arr"):
            number_format = _number_format(thread, database, "arr")
            return format_number(number_format or "number_with_commas", amount)
    return format_number("number_with_commas", amount)


def _number_format(thread: Thread, database: str, key: str) -> str:
    spec = thread.chain.schema.spec(database, key)
    return spec.format if isinstance(spec, NumberProperty) else ""


def health(thread: Thread, page: SnapshotPage, earlier_key: str | None = None) -> Health | None:
    """Return a page's health, None if its database has none.

    A missing health, and one that is older than the template allows, is "No update". `earlier_key`
    is the option that it had at the start of the period.
    """
    # None, not "No update": people cannot update what their database has no property for.
    if not thread.chain.has(page.database, "health"):
        return None
    key = fresh_health(thread, page)
    name = _health_name(thread, page, key) if key else NO_UPDATE
    earlier = _health_name(thread, page, earlier_key) if earlier_key else ""
    if earlier == name:
        earlier = ""
    return Health(name, _TONES.get(key or "", "quiet"), earlier)


def _health_name(thread: Thread, page: SnapshotPage, key: str) -> str:
    return str(thread.wording.readable(page, "health", key) or "")


def sorted_quotes(thread: Thread, insights: Iterable[SnapshotPage]) -> tuple[Quote, ...]:
    """Return customers' words, the most important first, among equals the latest."""
    quotes = [quote(thread, insight) for insight in insights]
    # Python's sort is stable: the second one keeps the order by date among equals.
    quotes.sort(key=lambda quote: quote.observed_on, reverse=True)
    quotes.sort(key=lambda quote: quote.weight, reverse=True)
    return tuple(quotes)


def quote(thread: Thread, insight: SnapshotPage) -> Quote:
    """Return the words of an insight."""
    return Quote(
        page_ref(thread, insight),
        " ".join(thread.text(insight, "quote").split()),
        thread.customers_of(insight),
        readable_text(thread, insight, "importance"),
        thread.number(insight, "importance") or 0,
        readable_text(thread, insight, "source"),
        thread.text(insight, "source_url"),
        day_of(thread.text(insight, "observed_on")),
    )


def readable_text(thread: Thread, page: SnapshotPage, key: str) -> str:
    """Return a value as people read it in Notion; empty if there is none."""
    return as_text(thread.readable(page, key))


def as_text(value: Any) -> str:
    """Return a readable value as text."""
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(as_text(part) for part in value)
    return str(getattr(value, "name", value))


def day_of(text: str) -> str:
    """Return the day of a date or moment: `2026-11-30T08:00` -> `2026-11-30`."""
    return text[:10]


def parse_date(text: str) -> date | None:
    """Return the day that a date property holds, None if it is empty."""
    return date.fromisoformat(text[:10]) if text else None
