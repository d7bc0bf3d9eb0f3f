"""Write the updates of a sync in batches, each right after its pages were read.

People go on working while a sync writes, and while it waits for the rate limit. So before each
batch one query finds the pages of the batch that were edited since. When one has changed,
everything is decided again, because other pages may depend on it. A write is postponed to the next
batch, and checked again, when it would have to wait, when it must be sent again, and when its page
was read more than a few seconds ago.
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
    """What has been written so far, and the pages as they are now.

    `updates`: those that are done with; they were carried out, except on the `dropped` pages, which
    are gone. `kept`: properties that were to be written, until a person set them. `memories`: the
    new baseline of the written pages. `began`: Notion's clock at the first write.
    """

    reading: Reading
    updates: list[PageUpdate] = field(default_factory=list)
    dropped: list[GonePage] = field(default_factory=list)
    kept: dict[PropertyRef, SnapshotPage] = field(default_factory=dict)
    memories: dict[NotionId, Mapping[str, BaseValue]] = field(default_factory=dict)
    option_names: dict[str, str] = field(default_factory=dict)
    began: datetime | None = None


DecideAgain = Callable[[Reading, Written], Evaluation]
"""Decide again after people changed pages.

Called with the new reading, and with what was written so far on the reading before it.
"""


class Writer:
    """Carries out updates, and keeps each in the state as soon as it has succeeded."""

    def __init__(
        self,
        context: SyncContext,
        state: State,
        reader: Reader,
        moment: Moment,
        decide_again: DecideAgain,
        actor: Actor = "rule",
    ) -> None:
        self._context = context
        self._state = state
        self._reader = reader
        self._moment = moment
        self._decide_again = decide_again
        self._actor = actor
        self._pending: dict[NotionId, PageUpdate] = {}
        self._sender = UpdateSender(context.notion)
        self._unanswered: dict[NotionId, tuple[PageUpdate, Mapping[str, BaseValue]]] = {}
        self._batch_size = batch_size(0)

    def write(self, reading: Reading, evaluation: Evaluation) -> tuple[Written, Evaluation]:
        """Write all updates of an evaluation.

        Return what was written, and the last evaluation; it differs where people changed something.
        After a failed write no other begins, what was written stays in the state, and the first
        error is raised.
        """
        written = Written(reading)
        self._pending = {update.page.id: update for update in evaluation.updates}
        while self._pending:
            batch = self._next_batch()
            fresh = self._read_again(written.reading, batch)
            if fresh.changed:
                # First find out which unanswered writes have succeeded: to the new decision their
                # values must be ours, not those of a person.
                self._settle_unanswered(fresh, batch[0].database, written)
                evaluation = self._decide_again(fresh, written)
                written.reading = fresh
                written.kept.update(_kept_by_people(self._pending.values(), fresh, evaluation))
                self._pending = {update.page.id: update for update in evaluation.updates}
            # A new update waits for another batch: its page was not read again just now.
            still_due = [page.id for page in batch if page.id in self._pending]
            self._send_batch([self._pending[page_id] for page_id in still_due], evaluation, written)
        written.updates.sort(key=_report_order(written.reading))
        return written, evaluation

    def _next_batch(self) -> list[SnapshotPage]:
        """Return pages of one database that are to be written, oldest first.

        In this order a batch is a narrow range of creation times, by which its pages are queried.
        """
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
        """Keep writes whose answer was lost, where the page shows that they were carried out.

        One of the written values on the page is enough: a person may have changed the others since.
        """
        settled = []
        for update, memory in list(self._unanswered.values()):
            if update.page.database != database:
                continue
            del self._unanswered[update.page.id]
            page = fresh.pages[database].get(update.page.id)
            if page is not None and _holds_written_value(page, update):
                settled.append(self._save_written(update, memory, written, page.last_edited))
        written.reading = written.reading.with_pages(settled)

    def _send_batch(
        self, updates: Sequence[PageUpdate], evaluation: Evaluation, written: Written
    ) -> None:
        """Send updates, several at a time. Those that are postponed stay pending."""
        pages: list[SnapshotPage] = []
        missing: dict[NotionId, str] = {}
        for update, outcome in run_concurrently(self._send, updates, self._context.jobs):
            page_id = update.page.id
            memory = evaluation.baseline.get(page_id, {})
            if isinstance(outcome, Postponed):
                # After a lost answer Notion may have carried out the write. The next reading of
                # the page decides.
                if outcome.may_have_happened:
                    self._unanswered[page_id] = update, memory
                continue
            del self._pending[page_id]
            self._unanswered.pop(page_id, None)
            if isinstance(outcome, Page):
                edited = outcome.last_edited_time
                pages.append(self._save_written(update, memory, written, edited))
                written.option_names.update(names_of_options([outcome]))
                written.began = min(written.began or edited, edited)
            else:
                written.updates.append(update)
                written.dropped.append(self._forget_page(update.page, outcome))
                missing[page_id] = outcome
            done = len(written.updates)
            self._context.progress("Writing", done, done + len(self._pending))
        written.reading = written.reading.with_pages(pages).without_pages(missing)

    def _send(self, update: PageUpdate) -> Page | str | Postponed:
        """Send one update; return the page, the reason why it is gone, or that it must wait."""
        values = self._reader.codecs[update.page.database].encode(update.changes)
        try:
            return self._sender.send(update.page.id, values)
        except NotShared:
            return UNSHARED
        except RequestRefused as refused:
            return self._reason_for_refusal(update, refused)

    def _reason_for_refusal(self, update: PageUpdate, refused: RequestRefused) -> str:
        """Return why a page refuses to be written: it is in the trash. Otherwise raise the
        error.
        """
        # Notion answers 400 for a page in the trash, and for a wrong request: only the page itself
        # shows which of the two it is.
        try:
            page = self._context.notion.get_page(update.page.id)
        except NotionError:
            raise refused from None
        reason = removal_reason(page)
        if not reason:
            raise refused
        return reason

    def _save_written(
        self,
        update: PageUpdate,
        memory: Mapping[str, BaseValue],
        written: Written,
        edited: datetime,
    ) -> SnapshotPage:
        """Keep that an update was carried out; return the page as it is now."""
        written_values = {change.property: change.after for change in update.changes}
        values = {**update.page.values, **written_values}
        page = replace(update.page, values=values, last_edited=edited)
        # One transaction per page, right after the answer: a run that is killed later neither
        # repeats this write nor takes it for the edit of a person.
        self._state.save_written(page, memory, changes_of_update(self._moment, update, self._actor))
        written.updates.append(update)
        # A property that a person had set, and that was written after all, is not kept any more.
        for change in update.changes:
            written.kept.pop((page.id, change.property), None)
        if memory:
            written.memories[page.id] = memory
        return page

    def _forget_page(self, page: SnapshotPage, reason: str) -> GonePage:
        self._state.forget_page(page.id, reason, changes_of_removed_page(self._moment, page))
        return GonePage(page, reason)


def _kept_by_people(
    overtaken: Iterable[PageUpdate], fresh: Reading, evaluation: Evaluation
) -> Iterator[tuple[PropertyRef, SnapshotPage]]:
    """Yield the properties that keep a person's value, which was set before our write.

    Conflicts are left out: they are reported as conflicts.
    """
    decided = {(conflict.page.id, conflict.property) for conflict in evaluation.conflicts}
    for update in evaluation.updates:
        decided.update((update.page.id, change.property) for change in update.changes)
    for update in overtaken:
        page = fresh.pages[update.page.database].get(update.page.id)
        if page is None:
            continue
        for change in update.changes:
            value = page.values.get(change.property)
            is_as_before = same_value(value, change.before)
            is_as_wanted = same_value(value, change.after)
            property_ref = (page.id, change.property)
            if not (is_as_before or is_as_wanted or property_ref in decided):
                yield property_ref, page


def _holds_written_value(page: SnapshotPage, update: PageUpdate) -> bool:
    return any(
        same_value(page.values.get(change.property), change.after) for change in update.changes
    )


def _report_order(reading: Reading) -> Callable[[PageUpdate], tuple[int, str, str]]:
    """Return a key that sorts updates as an evaluation does: by database, then by title."""
    databases = list(reading.pages)
    return lambda update: (
        databases.index(update.page.database),
        update.page.title.casefold(),
        update.page.id,
    )
