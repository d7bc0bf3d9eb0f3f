"""Write the updates of a sync, batch by batch, each on facts that are fresh.

People go on working while a sync writes, and while it waits for the rate limit. So before each
batch the pages that it writes are read again where somebody edited them: one query of one database.
When one of them has changed, everything is decided again, because other pages may depend on it. A
write that would have to wait, or to be sent again, or that comes more than seconds after its page
was read, waits for the next batch and is checked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from notion_pm.concurrency import run_concurrently
from notion_pm.errors import NotionError, NotShared, RequestRefused
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.snapshot import BaseValue, SnapshotPage, same_value
from notion_pm.notion.connection import Postponed
from notion_pm.rules.evaluation import Evaluation, PageUpdate, PropertyRef
from notion_pm.rules.history import Actor, Moment, changes_of_removed_page, changes_of_update
from notion_pm.rules.page_codec import names_of_options
from notion_pm.state.state import State
from notion_pm.sync.reading import Reader, Reading
from notion_pm.workspace.fresh_updates import UpdateSender, batch_size
from notion_pm.workspace.missing_pages import UNSHARED, GonePage, removal_reason
from notion_pm.workspace.sync_context import SyncContext

_UNKNOWN_DATE = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Written:
    """What has been written, and what is known by now.

    `updates` are dealt with: carried out, except on the `dropped` pages, which were no longer there.
    `kept` are properties that were to be written, until a person set them. `memories` replace what
    was remembered of the written pages before this run. `began`: Notion's clock at the first write.
    """

    reading: Reading
    updates: list[PageUpdate] = field(default_factory=list)
    dropped: list[GonePage] = field(default_factory=list)
    kept: dict[PropertyRef, SnapshotPage] = field(default_factory=dict)
    memories: dict[NotionId, Mapping[str, BaseValue]] = field(default_factory=dict)
    option_names: dict[str, str] = field(default_factory=dict)
    began: datetime | None = None


DecideAgain = Callable[[Reading, Written], Evaluation]
"""Decide on a new reading, of which some pages `changed`; what was written has the reading before it."""


class Writer:
    """Carries out updates, and remembers each as soon as it has succeeded."""

    def __init__(
        self,
        place: SyncContext,
        state: State,
        reader: Reader,
        moment: Moment,
        decide_again: DecideAgain,
        actor: Actor = "rule",
    ) -> None:
        self._place = place
        self._state = state
        self._reader = reader
        self._moment = moment
        self._decide_again = decide_again
        self._actor = actor
        self._pending: dict[NotionId, PageUpdate] = {}
        self._sender = UpdateSender(place.gateway)
        self._unanswered: dict[NotionId, tuple[PageUpdate, Mapping[str, BaseValue]]] = {}
        self._batch_size = batch_size(0)

    def write(self, reading: Reading, evaluation: Evaluation) -> tuple[Written, Evaluation]:
        """Write all updates of an evaluation.

        Return what was written, and the last evaluation; it differs where people changed something.
        When a write fails nothing new is begun, what was written stays remembered, and the first
        error is raised.
        """
        written = Written(reading)
        self._pending = {update.page.id: update for update in evaluation.updates}
        while self._pending:
            batch = self._next_batch()
            fresh = self._read_again(written.reading, batch)
            if fresh.changed:
                self._settle_unanswered(fresh, batch[0].database, written)
                evaluation = self._decide_again(fresh, written)
                written.reading = fresh
                written.kept.update(_kept_by_people(self._pending.values(), fresh, evaluation))
                self._pending = {update.page.id: update for update in evaluation.updates}
            # An update that is new waits for another batch: its page was not read again.
            still_due = [page.id for page in batch if page.id in self._pending]
            self._send_batch([self._pending[page_id] for page_id in still_due], evaluation, written)
        written.updates.sort(key=_place_in_reports(written.reading))
        return written, evaluation

    def _next_batch(self) -> list[SnapshotPage]:
        """Return pages of one database that are to be written, in the order of their creation."""
        database = next(iter(self._pending.values())).page.database
        pages = [
            update.page for update in self._pending.values() if update.page.database == database
        ]
        pages.sort(key=lambda page: (page.created or _UNKNOWN_DATE, page.id))
        return pages[: self._batch_size]

    def _read_again(self, reading: Reading, batch: Sequence[SnapshotPage]) -> Reading:
        fresh, rows = self._reader.read_again(reading, batch)
        self._sender.start_batch()
        self._batch_size = batch_size(rows)
        return fresh

    def _settle_unanswered(self, fresh: Reading, database: str, written: Written) -> None:
        """Remember writes without an answer where the page shows that they were carried out.

        What a person has changed on the page since then differs from what was written.
        """
        settled = []
        for update, memory in list(self._unanswered.values()):
            if update.page.database != database:
                continue
            del self._unanswered[update.page.id]
            page = fresh.pages[database].get(update.page.id)
            if page and any(
                same_value(page.values.get(each.property), each.after) for each in update.changes
            ):
                settled.append(self._remember(update, memory, written, page.last_edited))
        written.reading = written.reading.with_pages(settled)

    def _send_batch(
        self, updates: Sequence[PageUpdate], evaluation: Evaluation, written: Written
    ) -> None:
        """Send updates side by side. Those that are postponed stay pending."""
        pages: list[SnapshotPage] = []
        missing: dict[NotionId, str] = {}
        for update, outcome in run_concurrently(self._send, updates, self._place.jobs):
            page_id, memory = update.page.id, evaluation.baseline.get(update.page.id, {})
            if isinstance(outcome, Postponed):
                if outcome.may_have_happened:
                    self._unanswered[page_id] = update, memory
                continue
            del self._pending[page_id]
            self._unanswered.pop(page_id, None)
            if isinstance(outcome, Page):
                pages.append(self._remember(update, memory, written, outcome.last_edited_time))
                written.option_names.update(names_of_options([outcome]))
                written.began = min(
                    written.began or outcome.last_edited_time, outcome.last_edited_time
                )
            else:
                written.updates.append(update)
                written.dropped.append(self._forget(update.page, outcome))
                missing[page_id] = outcome
            done = len(written.updates)
            self._place.progress("Writing", done, done + len(self._pending))
        written.reading = written.reading.with_pages(pages).without_pages(missing)

    def _send(self, update: PageUpdate) -> Page | str | Postponed:
        """Send one update; return the page, or why it is not there, or that it is to be checked again."""
        values = self._reader.codecs[update.page.database].encode(update.changes)
        try:
            return self._sender.send(update.page.id, values)
        except NotShared:
            return UNSHARED
        except RequestRefused as refused:
            return self._why_refused(update, refused)

    def _why_refused(self, update: PageUpdate, refused: RequestRefused) -> str:
        """A page in the trash refuses to be written; any other refusal is an error."""
        try:
            page = self._place.gateway.get_page(update.page.id)
        except NotionError:
            raise refused from None
        if reason := removal_reason(page):
            return reason
        raise refused

    def _remember(
        self,
        update: PageUpdate,
        memory: Mapping[str, BaseValue],
        written: Written,
        edited: datetime,
    ) -> SnapshotPage:
        """Remember that an update was carried out; return the page as it is now."""
        values = {
            **update.page.values,
            **{change.property: change.after for change in update.changes},
        }
        page = replace(update.page, values=values, last_edited=edited)
        self._state.save_written(page, memory, changes_of_update(self._moment, update, self._actor))
        written.updates.append(update)
        for change in update.changes:
            written.kept.pop((page.id, change.property), None)
        if memory:
            written.memories[page.id] = memory
        return page

    def _forget(self, page: SnapshotPage, reason: str) -> GonePage:
        self._state.forget_page(page.id, reason, changes_of_removed_page(self._moment, page))
        return GonePage(page, reason)


def _kept_by_people(
    overtaken: Iterable[PageUpdate], fresh: Reading, evaluation: Evaluation
) -> Iterator[tuple[PropertyRef, SnapshotPage]]:
    """Yield what a person has set before it was written, and what is therefore not written.

    Conflicts are left out: they are reported anyway.
    """
    conflicts = {(conflict.page.id, conflict.property) for conflict in evaluation.conflicts}
    still_due = {
        (update.page.id, each.property) for update in evaluation.updates for each in update.changes
    }
    for update in overtaken:
        page = fresh.pages[update.page.database].get(update.page.id)
        for change in update.changes:
            spot = (update.page.id, change.property)
            if page is None or spot in conflicts or spot in still_due:
                continue
            value = page.values.get(change.property)
            if not same_value(value, change.before) and not same_value(value, change.after):
                yield spot, page


def _place_in_reports(reading: Reading) -> Callable[[PageUpdate], tuple[int, str, str]]:
    """Return a key that sorts updates as an evaluation does: by database, then by title."""
    databases = list(reading.pages)
    return lambda update: (
        databases.index(update.page.database),
        update.page.title.casefold(),
        update.page.id,
    )
