"""Read which customers to tell about shipped features, draft messages, and stamp who was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from notion_pm.errors import NotShared, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.notion.connection import Postponed
from notion_pm.rules.evaluation import Change
from notion_pm.thread.graph import Thread
from notion_pm.thread.lookup import find_page, page_not_found
from notion_pm.thread.loop import (
    Recipient,
    asks_of,
    needs_message,
    recipients,
    skipped_recipients,
    told_on,
)
from notion_pm.thread.messages import Message, message_values
from notion_pm.thread.read_thread import ReadThread, read_thread
from notion_pm.workspace.fresh_updates import UpdateSender
from notion_pm.workspace.missing_pages import removal_reason
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.sync_context import SyncContext

TOLD_ON = "told_on"


@dataclass(frozen=True, slots=True)
class Draft:
    """A person to tell, and the message."""

    recipient: Recipient
    message: str


@dataclass(frozen=True, slots=True)
class StampResult:
    """The stamp of an insight. `problem`: why it was not stamped, empty if it was."""

    insight: SnapshotPage
    problem: str = ""


class OpenLoops:
    """The open loops of a workspace, as they were read."""

    def __init__(self, place: SyncContext, read: ReadThread, requests: int) -> None:
        self._place = place
        self._read = read
        self._sender = UpdateSender(place.notion)
        self.recipients = recipients(read.thread)
        self.skipped = skipped_recipients(read.thread)
        self._requests_before = place.notion.requests.logical - requests

    @property
    def thread(self) -> Thread:
        """The thread that they were found in."""
        return self._read.thread

    @property
    def requests(self) -> int:
        """How many requests it took so far."""
        return self._place.notion.requests.logical - self._requests_before

    def drafts(self, message: Message) -> tuple[Draft, ...]:
        """Return a message to each person. Raises UsageError if the message template fails."""
        texts = message.render_all(self.thread, self.recipients)
        return tuple(map(Draft, self.recipients, texts))

    def all_asks(self) -> tuple[SnapshotPage, ...]:
        """Return every insight with people to tell, each once."""
        return tuple(ask.insight for ask in asks_of(self.recipients))

    def asks_of(self, names: Sequence[str]) -> tuple[SnapshotPage, ...]:
        """Return the insights that are named.

        A name is that of an insight, or of a customer or contact for all their asks. Raises
        UsageError if there is no such page, or if it is neither.
        """
        found: dict[NotionId, SnapshotPage] = {}
        for name in names:
            found.update((insight.id, insight) for insight in self._asks_of_one(name))
        return tuple(found.values())

    def _asks_of_one(self, name: str) -> list[SnapshotPage]:
        wanted = name.strip().casefold()
        everyone = (*self.recipients, *self.skipped)
        # A customer or contact without an open ask is a valid name too: nothing is left to tell it.
        if wanted in self._known_names:
            named = []
            for recipient in everyone:
                if wanted in {recipient.customer.casefold(), recipient.contact.casefold()}:
                    named.append(recipient)
            return [ask.insight for ask in asks_of(named)]

        page = find_page(self.thread, name)
        if page is None:
            raise page_not_found(self.thread, name)
        role = self.thread.role(page)
        if role == "insights":
            return [page]
        if role == "customers":
            insights = [ask.insight for ask in asks_of(everyone)]
            return [insight for insight in insights if page in self.thread.below(insight)]
        raise UsageError(
            f"{page.title!r} is neither an insight nor a customer.",
            "Give a name that `notion-pm loop` lists.",
        )

    @cached_property
    def _known_names(self) -> frozenset[str]:
        """All customers and contacts by name, in lower case."""
        insights = self.thread.pages("insights")
        names = {customer.name.casefold() for customer in self.thread.customers.of(insights)}
        for insight in insights:
            names.add(self.thread.text(insight, "contact").strip().casefold())
        return frozenset(names - {""})

    # --- stamping

    def stamp(
        self,
        insights: Sequence[SnapshotPage],
        *,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> Iterator[StampResult]:
        """Write today as the day on which the customers of insights were told.

        An earlier day is never overwritten.
        """
        for done, insight in enumerate(insights, start=1):
            problem = self._problem_before(insight)
            if not problem and not dry_run:
                problem = self._stamp_one(insight)
            progress("Writing", done, len(insights))
            yield StampResult(insight, problem)

    def _problem_before(self, insight: SnapshotPage) -> str:
        """Return why an insight cannot be stamped, by what was read; empty if it can."""
        day = told_on(self.thread, insight)
        if day:
            return f"already told on {day[:10]}"
        if not needs_message(self.thread, insight):
            return "nothing that it asks for has shipped, or it was closed by hand"
        return "locked" if self._is_locked(insight) else ""

    def _is_locked(self, insight: SnapshotPage) -> bool:
        lock = self._read.loaded.template.databases[insight.database].lock
        return lock is not None and insight.values.get(lock) is True

    def _stamp_one(self, insight: SnapshotPage) -> str:
        """Stamp one insight, unless a person has stamped it since. Return why it was not stamped.

        The page is read right before the write, and again before each repeated write: a write whose
        answer was lost may have happened.
        """
        codec = self._read.codecs[insight.database]
        change = Change(TOLD_ON, None, self._place.now.date().isoformat(), (), "")
        may_be_stamped = False
        while True:
            try:
                page = self._place.notion.get_page(insight.id)
            except NotShared:
                return "deleted or no longer shared"
            self._sender.start_batch()
            current = codec.decode(page)
            if may_be_stamped and current.values.get(TOLD_ON) == change.after:
                return ""  # the write whose answer was lost has happened
            problem = self._problem_now(page, current)
            if problem:
                return problem
            outcome = self._sender.send(insight.id, codec.encode([change]))
            if not isinstance(outcome, Postponed):
                return ""
            may_be_stamped = may_be_stamped or outcome.may_have_happened

    def _problem_now(self, page: Page, current: SnapshotPage) -> str:
        """Return what has happened to a page since the thread was read that forbids a stamp."""
        if removal_reason(page):
            return "in the trash"
        if self._is_locked(current):
            return "locked"
        day = current.values.get(TOLD_ON)
        return f"already told on {str(day)[:10]}" if day else ""


def open_loops(place: SyncContext, template: str | None = None) -> OpenLoops:
    """Read the open loops. Raises UsageError if insights have no date `told_on`."""
    requests_before = place.notion.requests.logical
    read = read_thread(place, template)
    chain = read.thread.chain
    if not chain.has(chain.database("insights"), TOLD_ON, "date"):
        raise UsageError(
            "The insights of this template have no date `told_on` to record who was told.",
            "Add it to the template as in `product`, and run  notion-pm apply.",
        )
    return OpenLoops(place, read, place.notion.requests.logical - requests_before)


def drafts_as_data(loops: OpenLoops, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Return drafts as JSON data with stable keys."""
    data = []
    for draft in drafts:
        values = message_values(loops.thread, draft.recipient)
        insights = _insight_ids(draft.recipient)
        data.append({**values, "insights": insights, "message": draft.message})
    return data


def skipped_as_data(loops: OpenLoops) -> list[dict[str, Any]]:
    """Return those who get no message as JSON data with stable keys."""
    return [
        {
            "customer": recipient.customer,
            "reason": recipient.skip_reason,
            "insights": _insight_ids(recipient),
        }
        for recipient in loops.skipped
    ]


def _insight_ids(recipient: Recipient) -> list[NotionId]:
    return [ask.insight.id for ask in recipient.asks]
