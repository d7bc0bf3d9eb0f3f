"""The changelog: what pages hold now and held then, as far as leadership asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, RuleValue, SnapshotPage, same_value
from notion_pm.report.page_values import DATES, plain
from notion_pm.report.past import Past
from notion_pm.rules.history import THE_PAGE, Actor, HistoryChange
from notion_pm.text import UNTITLED
from notion_pm.thread import Thread

Kind = Literal["shipped", "status", "health", "date", "asks", "new", "gone", "renamed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_ACTORS: dict[Actor, str] = {"person": "", "rule": "by a rule", "undo": "by undo"}


@dataclass(frozen=True, slots=True)
class Change:
    """How a page differs from then. `on`: the day on which it was noticed last; `by` is empty for a person."""

    kind: Kind
    title: str
    url: str
    what: str
    before: str
    after: str
    by: str
    on: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Changelog:
    """What has changed, by kind; `others` are changes of numbers, texts and relations, which are only counted."""

    changes: tuple[Change, ...]
    others: int

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of a kind."""
        return tuple(each for each in self.changes if each.kind == kind)


def changelog(thread: Thread, past: Past) -> Changelog:
    """Return the difference between then and now, the latest first. There and back again is no change."""
    teller = _Teller(thread)
    found, others = [], 0
    noticed: set[NotionId] = set()
    for change in _net(past.changes):
        if not teller.knows(change):
            continue
        kind = teller.kind(change)
        if kind == "shipped":
            noticed.add(change.page)
            told = teller.told(change, kind)
            found.append(_dated_by_ship_date(thread, past, change, told))
        elif kind:
            found.append(teller.told(change, kind))
        else:
            others += 1
    found += _shipped_unnoticed(thread, past, noticed)
    return Changelog(
        tuple(sorted(found, key=lambda each: (each.on, each.title), reverse=True)), others
    )


def _dated_by_ship_date(thread: Thread, past: Past, change: HistoryChange, told: Change) -> Change:
    """Return a shipped feature with its own ship date; one that shipped earlier has only changed its status since."""
    page = thread.page(change.page)
    shipped_on = thread.text(page, "shipped_on")[:10] if page else ""
    if not shipped_on:
        return told
    if not f"{past.asked:%Y-%m-%d}" <= shipped_on <= _last_day(thread, past):
        return replace(told, kind="status")
    return replace(told, on=shipped_on)


def _shipped_unnoticed(thread: Thread, past: Past, noticed: Set[NotionId]) -> Iterator[Change]:
    """Yield features that shipped since by their ship date, though no run saw their status change: imported ones.

    Ship dates reach back to the moment that was asked for, also where memory begins later.
    """
    since = f"{past.asked:%Y-%m-%d}"
    for page in thread.pages("features"):
        shipped_on = thread.text(page, "shipped_on")[:10]
        is_shipped = thread.category(page) == "done" and since <= shipped_on <= _last_day(
            thread, past
        )
        if is_shipped and page.id not in noticed:
            what = thread.wording.title(page.database, "shipped_on")
            yield Change(
                "shipped",
                page.title.strip() or UNTITLED,
                page.url,
                what,
                "",
                shipped_on,
                "",
                shipped_on,
                page.id,
            )


def _last_day(thread: Thread, past: Past) -> str:
    return f"{past.until:%Y-%m-%d}" if past.until else thread.today.isoformat()


def _net(changes: Iterable[HistoryChange]) -> Iterator[HistoryChange]:
    """One change of each property that differs: from its first value to its last."""
    merged: dict[tuple[str, str], HistoryChange] = {}
    for change in changes:
        first = merged.get((change.page, change.property), change)
        merged[change.page, change.property] = replace(change, before=first.before)
    arrived = {
        each.page for each in merged.values() if each.property == THE_PAGE and each.before is None
    }
    for each in merged.values():
        if not same_value(each.before, each.after) and (
            each.property == THE_PAGE or each.page not in arrived
        ):
            yield each


class _Teller:
    """Tells changes in people's words."""

    def __init__(self, thread: Thread) -> None:
        self._thread = thread
        self._vocabulary = thread.chain.schema

    def knows(self, change: HistoryChange) -> bool:
        """Whether the template still has what a change is about, and the page is there or the change is its going."""
        if change.database not in self._thread.snapshot.databases:
            return False
        if change.property == THE_PAGE:
            return True
        return (
            change.property in self._vocabulary.keys(change.database)
            and self._thread.page(change.page) is not None
        )

    def kind(self, change: HistoryChange) -> Kind | None:
        if change.property == THE_PAGE:
            return "new" if change.before is None else "gone" if change.after is None else "renamed"
        if (change.database, change.property) in DATES:
            return "date"
        if self._vocabulary.type(change.database, change.property) == "status":
            return self._kind_of_status(change)
        return "health" if change.property == "health" else None

    def _kind_of_status(self, change: HistoryChange) -> Kind:
        option = self._vocabulary.option(change.database, change.property, change.after)
        match self._thread.chain.role(change.database):
            case "features" if option is not None and option.meaning == "done":
                return "shipped"
            case "insights":
                return "asks"
            case _:
                return "status"

    def told(self, change: HistoryChange, kind: Kind) -> Change:
        is_page = change.property == THE_PAGE
        what = "" if is_page else self._thread.wording.title(change.database, change.property)
        page = self._thread.page(change.page)
        title = page.title if page else change.title
        return Change(
            kind,
            title.strip() or UNTITLED,
            page.url if page else "",
            what,
            self._words(change, change.before),
            self._words(change, change.after),
            _ACTORS[change.actor],
            f"{change.at:%Y-%m-%d}",
            change.page,
        )

    def _words(self, change: HistoryChange, value: RuleValue) -> str:
        if isinstance(value, RelatedPages) or change.property == THE_PAGE:
            return plain(value)
        page = SnapshotPage(
            change.page, change.database, change.title, change.url, change.edited, {}
        )
        return plain(self._thread.wording.readable(page, change.property, value))[:60]
