"""What has changed on pages from run to run: noticed by comparing what was read, or done by the run itself.

It is kept as changes alone. What pages held at an earlier moment comes from taking back all that happened since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, RuleValue, SnapshotPage, same_value
from notion_pm.rules.evaluation import PageUpdate
from notion_pm.rules.intents import Intents

THE_PAGE = ""
"""Stands for a property where the page itself appears, is renamed or vanishes: before and after are its titles."""

Actor = Literal["person", "rule", "undo"]
"""Whose change it is. A person's is everything that we did not do: also another tool's."""


@dataclass(frozen=True, slots=True)
class HistoryChange:
    """A property of a page got another value. `at` is when the run began that noticed or made it.

    `edited`: the page's last edit as it was read then, by Notion's clock: the nearest to when a person did it.
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
    """Yield what happened between two readings. Databases that were not read before have no past.

    What an interrupted run was about to write, and is there now, is what rules did.
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
    """Yield that a page is no longer there, with what it held last."""
    for key, value in page.values.items():
        if not same_value(value, None):
            yield _change(moment, page, key, value, None)
    yield _change(moment, page, THE_PAGE, page.title, None)


def changes_of_update(
    moment: Moment, update: PageUpdate, actor: Actor = "rule"
) -> Iterator[HistoryChange]:
    """Yield what an update did."""
    for each in update.changes:
        done = _change(moment, update.page, each.property, each.before, each.after)
        yield replace(done, actor=actor, rules=each.rules, because=each.because)


def pages_before(
    pages: Iterable[SnapshotPage], latest_first: Iterable[HistoryChange]
) -> dict[NotionId, SnapshotPage]:
    """Return pages as they were before the changes, given as they are after them."""
    then = {page.id: page for page in pages}
    for change in latest_first:
        page = then.get(change.page)
        if change.property != THE_PAGE:
            if page is not None:
                then[change.page] = replace(
                    page, values={**page.values, change.property: change.before}
                )
        elif change.before is None:
            then.pop(change.page, None)
        else:
            old = page or SnapshotPage(
                change.page, change.database, "", change.url, change.edited, {}
            )
            then[change.page] = replace(old, title=str(change.before))
    return then


def _differences(
    moment: Moment, before: SnapshotPage, after: SnapshotPage, intents: Intents
) -> Iterator[HistoryChange]:
    if before.title != after.title:
        yield _change(moment, after, THE_PAGE, before.title, after.title)
    ours = intents.get(after.id, {})
    for key, value in after.values.items():
        if key in before.values and not _alike(before.values[key], value):
            change = _change(moment, after, key, before.values[key], value)
            yield (
                replace(change, actor="rule")
                if key in ours and same_value(ours[key].memory.value, value)
                else change
            )


def _alike(one: RuleValue, other: RuleValue) -> bool:
    if isinstance(one, RelatedPages) and isinstance(other, RelatedPages):
        return _ids(one) == _ids(other)
    return same_value(one, other)


def _ids(links: RelatedPages) -> Collection[NotionId]:
    return set(links.ids)


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
