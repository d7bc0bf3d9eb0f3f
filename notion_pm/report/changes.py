"""The changelog: how pages differ between the start and the end of a period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from typing import Literal, get_args

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, RuleValue, SnapshotPage, same_value
from notion_pm.report.page_values import DATES, as_text
from notion_pm.report.past import Past
from notion_pm.rules.history import THE_PAGE, Actor, HistoryChange
from notion_pm.text import UNTITLED
from notion_pm.thread import Thread

Kind = Literal["shipped", "status", "health", "date", "asks", "new", "gone", "renamed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_ACTORS: dict[Actor, str] = {"person": "", "rule": "by a rule", "undo": "by undo"}
_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Change:
    """How a page differs from before.

    `on`: the day on which the last change was noticed. `by` is empty for a person.
    """

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
    """The changes by kind. `others`: the number of changed numbers, texts and relations."""

    changes: tuple[Change, ...]
    others: int

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of a kind."""
        return tuple(change for change in self.changes if change.kind == kind)


def changelog(thread: Thread, past: Past) -> Changelog:
    """Return the differences between both ends of a period, the latest first.

    A value that changed and changed back is no difference.
    """
    describer = _ChangeDescriber(thread)
    changes = []
    others = 0
    shipped_ids: set[NotionId] = set()
    for difference in _net_differences(past.changes):
        # The template may have lost a property since, and its old values have no name to show.
        if not describer.is_known(difference):
            continue
        kind = describer.kind_of(difference)
        # Texts, numbers and links change often and say little to leadership: only their number is
        # shown.
        if kind is None:
            others += 1
            continue
        change = describer.describe(difference, kind)
        if kind == "shipped":
            shipped_ids.add(difference.page)
            change = _with_ship_date(thread, past, difference, change)
        changes.append(change)
    changes += _shipped_without_history(thread, past, shipped_ids)
    changes.sort(key=lambda change: (change.on, change.title), reverse=True)
    return Changelog(tuple(changes), others)


def _net_differences(changes: Iterable[HistoryChange]) -> Iterator[HistoryChange]:
    """Yield one difference for each property: from its first value to its last.

    The values of a page that is new in the period are not differences.
    """
    # Example: To do -> Doing -> Done in one week is one difference, To do -> Done.
    merged: dict[tuple[str, str], HistoryChange] = {}
    for change in changes:
        first = merged.get((change.page, change.property), change)
        merged[change.page, change.property] = replace(change, before=first.before)

    new_pages = set()
    for change in merged.values():
        if change.property == THE_PAGE and change.before is None:
            new_pages.add(change.page)
    for change in merged.values():
        # A new page is one change ("new"), not one for each property that it was created with.
        is_own = change.property == THE_PAGE or change.page not in new_pages
        if is_own and not same_value(change.before, change.after):
            yield change


def _with_ship_date(
    thread: Thread, past: Past, difference: HistoryChange, change: Change
) -> Change:
    """Return a shipped feature with its own ship date.

    Example: a feature of January whose status is set to Shipped in March did not ship in March: in
    a report on March only its status has changed.
    """
    page = thread.page(difference.page)
    shipped_on = thread.text(page, "shipped_on")[:10] if page else ""
    if not shipped_on:
        return change
    if not _is_in_period(thread, past, shipped_on):
        return replace(change, kind="status")
    return replace(change, on=shipped_on)


def _shipped_without_history(
    thread: Thread, past: Past, shipped_ids: Set[NotionId]
) -> Iterator[Change]:
    """Yield the features with a ship date in the period whose change of status was never seen.

    They were imported, or shipped before the history begins.
    """
    for page in thread.pages("features"):
        shipped_on = thread.text(page, "shipped_on")[:10]
        if thread.category(page) != "done" or page.id in shipped_ids:
            continue
        if _is_in_period(thread, past, shipped_on):
            yield Change(
                kind="shipped",
                title=page.title.strip() or UNTITLED,
                url=page.url,
                what=thread.wording.title(page.database, "shipped_on"),
                before="",
                after=shipped_on,
                by="",
                on=shipped_on,
                page=page.id,
            )


def _is_in_period(thread: Thread, past: Past, day: str) -> bool:
    """Whether a day is in the period that was asked for, also where the history begins later."""
    last_day = f"{past.until:%Y-%m-%d}" if past.until else thread.today.isoformat()
    return f"{past.asked_since:%Y-%m-%d}" <= day <= last_day


class _ChangeDescriber:
    """Describes changes with the names that people see in Notion."""

    def __init__(self, thread: Thread) -> None:
        self._thread = thread
        self._schema = thread.chain.schema

    def is_known(self, change: HistoryChange) -> bool:
        """Whether the template still has the property, and the workspace the page.

        A deleted page is a change of its own.
        """
        if change.database not in self._thread.snapshot.databases:
            return False
        if change.property == THE_PAGE:
            return True
        has_property = change.property in self._schema.keys(change.database)
        return has_property and self._thread.page(change.page) is not None

    def kind_of(self, change: HistoryChange) -> Kind | None:
        """Return the kind of a change, None for one that is only counted."""
        # History records the page itself like a property whose value is the title: no title before
        # means created, none after means deleted.
        if change.property == THE_PAGE:
            if change.before is None:
                return "new"
            return "gone" if change.after is None else "renamed"
        if (change.database, change.property) in DATES:
            return "date"
        if self._schema.type(change.database, change.property) == "status":
            return self._kind_of_status(change)
        return "health" if change.property == "health" else None

    def _kind_of_status(self, change: HistoryChange) -> Kind:
        role = self._thread.chain.role(change.database)
        option = self._schema.option(change.database, change.property, change.after)
        if role == "features" and option is not None and option.meaning == "done":
            return "shipped"
        return "asks" if role == "insights" else "status"

    def describe(self, change: HistoryChange, kind: Kind) -> Change:
        """Return a change as a report shows it."""
        page = self._thread.page(change.page)
        title = page.title if page else change.title
        what = ""
        if change.property != THE_PAGE:
            what = self._thread.wording.title(change.database, change.property)
        return Change(
            kind=kind,
            title=title.strip() or UNTITLED,
            url=page.url if page else "",
            what=what,
            before=self._value_text(change, change.before),
            after=self._value_text(change, change.after),
            by=_ACTORS[change.actor],
            on=f"{change.at:%Y-%m-%d}",
            page=change.page,
        )

    def _value_text(self, change: HistoryChange, value: RuleValue) -> str:
        if isinstance(value, RelatedPages) or change.property == THE_PAGE:
            return as_text(value)
        # A page that only tells `readable` which property it is: the page itself may be deleted.
        page = SnapshotPage(
            change.page, change.database, change.title, change.url, change.edited, {}
        )
        readable = self._thread.wording.readable(page, change.property, value)
        return as_text(readable)[:_LONGEST_VALUE]
