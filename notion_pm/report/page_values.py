"""How pages and what weighs on them are told: the values that every section of a report shares."""

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
"""The dates that somebody waits for, by database and property."""

NO_UPDATE = "No update"

_HEALTHS = {"on_track": "good", "at_risk": "warn", "off_track": "bad"}


@dataclass(frozen=True, slots=True)
class Told:
    """A page as a report names it."""

    id: str
    title: str
    url: str
    number: str
    status: str
    category: Category | None


@dataclass(frozen=True, slots=True)
class Weight:
    """What stands behind a page; `arr` and `arr_apart` as people write them. Empty or None: nobody has said it.

    `arr` is what those pay who are customers today, `arr_apart` the ARR of prospects and of customers that churned.
    """

    insights: int
    customers: int | None
    importance: float | None
    arr: str
    arr_apart: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How somebody says that a page is. `tone` is good, warn, bad or quiet; `before` what was said earlier, if else."""

    name: str
    tone: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A customer's word. `source` is where it was heard, `source_url` the place itself."""

    insight: Told
    words: str
    customers: tuple[str, ...]
    importance: str
    weight: float
    source: str
    source_url: str
    observed_on: str


def told(thread: Thread, page: SnapshotPage) -> Told:
    """Return how a page is named."""
    title = page.title.strip() or UNTITLED
    return Told(
        anchor(page),
        title,
        page.url,
        thread.unique_id(page),
        thread.status(page),
        thread.category(page),
    )


def anchor(page: SnapshotPage) -> str:
    """Return a page's id as a part of the document's own ids."""
    return page.id.replace("-", "")


def weight(thread: Thread, page: SnapshotPage) -> Weight:
    """Return what stands behind a page."""
    return weight_of(thread, thread.evidence(page))


def weight_of(thread: Thread, found: Evidence) -> Weight:
    """Return evidence as a report tells it."""
    return Weight(
        len(found.insights),
        found.customers,
        found.importance,
        money(thread, found.arr),
        money(thread, found.arr_apart),
    )


def number_text(thread: Thread, page: SnapshotPage, key: str) -> str:
    """Return a number as Notion shows it; empty where there is none."""
    number = thread.number(page, key)
    if number is None:
        return ""
    spec = thread.chain.schema.spec(page.database, key)
    return format_number(spec.format if isinstance(spec, NumberProperty) else "number", number)


def money(thread: Thread, amount: float | None, key: str = "arr") -> str:
    """Return an amount in the currency of the customers' ARR, as Notion shows it; empty where there is none."""
    if not amount:
        return ""
    customers, insights = thread.chain.database("customers"), thread.chain.database("insights")
    database = (
        next((each for each in (customers, insights) if thread.chain.has(each, key)), None) or ""
    )
    spec = thread.chain.schema.spec(database, key) if database else None
    return format_number(
        spec.format if isinstance(spec, NumberProperty) else "number_with_commas", amount
    )


def health(thread: Thread, page: SnapshotPage, before: str | None = None) -> Health | None:
    """Return a page's health in people's words, None where its database has none; `before` is an earlier one's key.

    Without a health, and with one that is older than the template allows, it is "No update".
    """
    if not thread.chain.has(page.database, "health"):
        return None
    key = fresh_health(thread, page)
    earlier = str(thread.wording.readable(page, "health", before) or "") if before else ""
    name = str(thread.wording.readable(page, "health", key) or "") if key else NO_UPDATE
    return Health(name, _HEALTHS.get(key or "", "quiet"), earlier if earlier != name else "")


def quotes(thread: Thread, insights: Iterable[SnapshotPage]) -> tuple[Quote, ...]:
    """Return customers' words, what matters most to them first, of these the latest."""
    found = [quote(thread, each) for each in insights]
    found.sort(key=lambda each: each.observed_on, reverse=True)
    return tuple(sorted(found, key=lambda each: -each.weight))


def quote(thread: Thread, insight: SnapshotPage) -> Quote:
    """Return the words of an insight."""
    return Quote(
        told(thread, insight),
        " ".join(thread.text(insight, "quote").split()),
        thread.customers_of(insight),
        label(thread, insight, "importance"),
        thread.number(insight, "importance") or 0,
        label(thread, insight, "source"),
        thread.text(insight, "source_url"),
        day(thread.text(insight, "observed_on")),
    )


def label(thread: Thread, page: SnapshotPage, key: str) -> str:
    """Return a value as text in people's words; empty where there is none."""
    return plain(thread.readable(page, key))


def plain(value: Any) -> str:
    """Return a readable value as text."""
    if value is None:
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(plain(each) for each in value)
    return str(getattr(value, "name", value))


def day(text: str) -> str:
    """Return the day of a date or moment."""
    return text[:10]


def as_date(text: str) -> date | None:
    """Return a day that a property holds, None when it holds none."""
    return date.fromisoformat(text[:10]) if text else None
