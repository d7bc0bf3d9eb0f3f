"""What has changed on pages from run to run, and what reports saw of pages.

A change is either noticed by comparing two readings, or made by the run itself. Only changes are
kept: the values of an earlier moment are found by undoing all changes since.

Reports also need properties that no rule reads, which sync does not remember. So each report saves
the pages whose values are new, as sightings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, RuleValue, SnapshotPage, same_value
from notion_pm.rules.evaluation import PageUpdate
from notion_pm.rules.intents import Intents

THE_PAGE = ""
"""In place of a property key: the page itself was created, renamed or deleted.

`before` and `after` are then its titles.
"""

Actor = Literal["person", "rule", "undo"]
"""Who made a change. "person" is everything that this program did not do, other tools included."""


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """A property of a page got another value.

    `at`: the beginning of the run that noticed or made the change. `edited`: the page's last edit
    as it was read then, by Notion's clock; it is closest to when a person made the change.
    """

    run: str
    at: datetime
    page: NotionId
    database: str
    title: str
    url: str
    property: str
    before: RuleValue
    after: RuleValue
    actor: Actor
    edited: datetime
    rules: tuple[str, ...] = ()
    because: tuple[NotionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A page as a report saw it, with the values that later reports compare with."""

    at: datetime
    page: SnapshotPage


@dataclass(frozen=True, slots=True)
class Moment:
    """A run, and when it began."""

    run: str
    at: datetime


def changes_between_readings(
    moment: Moment,
    known: Mapping[str, Mapping[NotionId, SnapshotPage]],
    read: Iterable[SnapshotPage],
    vanished: Iterable[SnapshotPage],
    intents: Intents,
) -> Iterator[HistoryChange]:
    """Yield what happened between two readings. A database that is read first has no past.

    `intents`: what an interrupted run was about to write; if it is there now, rules did it.
    """
    for page in read:
        before = known.get(page.database, {}).get(page.id)
        if before is not None:
            yield from _differences(moment, before, page, intents)
        elif page.database in known:
            yield _change(moment, page, THE_PAGE, None, page.title)
    for page in vanished:
        yield from changes_of_removed_page(moment, page)


def changes_of_removed_page(moment: Moment, page: SnapshotPage) -> Iterator[HistoryChange]:
    """Yield that a page was deleted or is no longer shared, with its last values."""
    for key, value in page.values.items():
        if not same_value(value, None):
            yield _change(moment, page, key, value, None)
    yield _change(moment, page, THE_PAGE, page.title, None)


def changes_of_update(
    moment: Moment, update: PageUpdate, actor: Actor = "rule"
) -> Iterator[HistoryChange]:
    """Yield the changes that an update made."""
    for change in update.changes:
        made = _change(moment, update.page, change.property, change.before, change.after)
        yield replace(made, actor=actor, rules=change.rules, because=change.because)


def pages_before(
    pages: Iterable[SnapshotPage], latest_first: Iterable[HistoryChange]
) -> dict[NotionId, SnapshotPage]:
    """Return pages as they were before the changes, given as they are after them."""
    earlier = {page.id: page for page in pages}
    for change in latest_first:
        page = earlier.get(change.page)
        if change.property != THE_PAGE:
            if page is not None:
                values = {**page.values, change.property: change.before}
                earlier[change.page] = replace(page, values=values)
        elif change.before is None:  # the page was created
            earlier.pop(change.page, None)
        else:  # the page was renamed, or deleted and is not among the pages
            if page is None:
                page = SnapshotPage(change.page, change.database, "", change.url, change.edited, {})
            earlier[change.page] = replace(page, title=str(change.before))
    return earlier


def new_sightings(
    known: Iterable[Sighting], pages: Iterable[SnapshotPage], at: datetime
) -> Iterator[Sighting]:
    """Yield the pages whose values differ from their last sighting. `known`: the oldest first."""
    last_seen = {sighting.page.id: sighting.page for sighting in known}
    for page in pages:
        before = last_seen.get(page.id)
        if before is None or not _has_same_values(before, page):
            yield Sighting(at, page)


def pages_at(known: Iterable[Sighting], moment: datetime) -> dict[NotionId, SnapshotPage]:
    """Return pages as they were last seen at a moment. `known`: the oldest first.

    A page that was first seen later has the values of that time: they are the oldest known ones.
    """
    pages: dict[NotionId, SnapshotPage] = {}
    for sighting in known:
        if sighting.at <= moment or sighting.page.id not in pages:
            pages[sighting.page.id] = sighting.page
    return pages


def _differences(
    moment: Moment, before: SnapshotPage, after: SnapshotPage, intents: Intents
) -> Iterator[HistoryChange]:
    """Yield the changes of one page between two readings."""
    if before.title != after.title:
        yield _change(moment, after, THE_PAGE, before.title, after.title)
    page_intents = intents.get(after.id, {})
    for key, value in after.values.items():
        if key not in before.values or _is_unchanged(before.values[key], value):
            continue
        change = _change(moment, after, key, before.values[key], value)
        intent = page_intents.get(key)
        if intent is not None and same_value(intent.memory.value, value):
            change = replace(change, actor="rule")
        yield change


def _is_unchanged(before: RuleValue, after: RuleValue) -> bool:
    """Whether two values are the same for the history: the order of related pages is no change."""
    if isinstance(before, RelatedPages) and isinstance(after, RelatedPages):
        return set(before.ids) == set(after.ids)
    return same_value(before, after)


def _change(
    moment: Moment, page: SnapshotPage, key: str, before: RuleValue, after: RuleValue
) -> HistoryChange:
    return HistoryChange(
        run=moment.run,
        at=moment.at,
        page=page.id,
        database=page.database,
        title=page.title,
        url=page.url,
        property=key,
        before=before,
        after=after,
        actor="person",
        edited=page.last_edited,
    )


def _has_same_values(before: SnapshotPage, after: SnapshotPage) -> bool:
    keys = {*before.values, *after.values}
    return all(same_value(before.values.get(key), after.values.get(key)) for key in keys)
