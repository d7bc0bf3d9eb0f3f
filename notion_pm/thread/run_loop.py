"""The story of `loop`: who asked for what has shipped, a message to each, and the stamp once they are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from notion_pm.errors import NotShared, UsageError
from notion_pm.model.page import Page
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.notion.connection import Postponed
from notion_pm.rules.evaluation import Change
from notion_pm.thread.graph import Thread
from notion_pm.thread.lookup import find, unfound
from notion_pm.thread.loop import Owed, asks_of, is_owed, owed, owed_apart, told_on
from notion_pm.thread.message import words
from notion_pm.thread.messages import Message
from notion_pm.thread.read_thread import ReadThread, read_thread
from notion_pm.workspace.fresh_updates import UpdateSender
from notion_pm.workspace.missing_pages import removal_reason
from notion_pm.workspace.progress import Progress, no_progress
from notion_pm.workspace.sync_context import SyncContext

TOLD_ON = "told_on"


@dataclass(frozen=True, slots=True)
class Draft:
    """A person to tell, and what to say."""

    owed: Owed
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """An insight that was to be stamped; `problem`: why it was not."""

    insight: SnapshotPage
    problem: str = ""


class Loop:
    """The open loops of a workspace, as they were read."""

    def __init__(self, place: SyncContext, read: ReadThread, requests: int) -> None:
        self._place = place
        self._read = read
        self._sender = UpdateSender(place.gateway)
        self.owed = owed(read.thread)
        self.apart = owed_apart(read.thread)
        self._before = place.gateway.requests.logical - requests

    @property
    def thread(self) -> Thread:
        """The thread that it was found in."""
        return self._read.thread

    @property
    def requests(self) -> int:
        """How many requests it took so far."""
        return self._place.gateway.requests.logical - self._before

    def drafts(self, message: Message) -> tuple[Draft, ...]:
        """Return a message to each person. Raises UsageError when the template of messages fails."""
        return tuple(map(Draft, self.owed, message.to_all(self.thread, self.owed)))

    def asks_of(self, names: Sequence[str]) -> tuple[SnapshotPage, ...]:
        """Return the insights that words name: insights themselves, or customers and contacts for all they are owed.

        Raises UsageError when a word names nothing, or something else.
        """
        found = [insight for name in names for insight in self._named(name)]
        return tuple({each.id: each for each in found}.values())

    def all_asks(self) -> tuple[SnapshotPage, ...]:
        """Return every insight about which somebody is to be told, once."""
        return tuple(ask.insight for ask in asks_of(self.owed))

    def tell(
        self,
        insights: Sequence[SnapshotPage],
        *,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> Iterator[Told]:
        """Stamp today on insights whose customers were told; never over an earlier day."""
        for done, insight in enumerate(insights, start=1):
            problem = self._why_not(insight) or ("" if dry_run else self._stamped(insight))
            progress("Writing", done, len(insights))
            yield Told(insight, problem)

    @cached_property
    def _names(self) -> frozenset[str]:
        """All customers and contacts by name, also those that nothing is owed (any more)."""
        insights = self.thread.pages("insights")
        customers = [customer.name for customer in self.thread.customers.of(insights)]
        contacts = [self.thread.text(each, "contact").strip() for each in insights]
        return frozenset({name.casefold() for name in (*customers, *contacts)} - {""})

    def _named(self, name: str) -> list[SnapshotPage]:
        wanted = name.strip().casefold()
        everybody = (*self.owed, *self.apart)
        if wanted in self._names:
            named = [
                each
                for each in everybody
                if wanted in {each.customer.casefold(), each.contact.casefold()}
            ]
            return [ask.insight for ask in asks_of(named)]
        page = find(self.thread, name)
        if page is None:
            raise unfound(self.thread, name)
        match self.thread.role(page):
            case "insights":
                return [page]
            case "customers":
                asks = asks_of(everybody)
                return [ask.insight for ask in asks if page in self.thread.below(ask.insight)]
            case _:
                raise UsageError(
                    f"{page.title!r} is neither an insight nor a customer.",
                    "Name what `notion-pm loop` lists.",
                )

    def _why_not(self, insight: SnapshotPage) -> str:
        if day := told_on(self.thread, insight):
            return f"told on {day[:10]} already"
        if not is_owed(self.thread, insight):
            return "nothing that it asks for has shipped, or it was closed by hand"
        return "locked" if self._is_locked(insight) else ""

    def _is_locked(self, insight: SnapshotPage) -> bool:
        lock = self._read.loaded.template.databases[insight.database].lock
        return lock is not None and insight.values.get(lock) is True

    def _stamped(self, insight: SnapshotPage) -> str:
        """Stamp one insight, unless somebody has stamped it since; return why it was not.

        A stamp that had to wait is not sent blindly: the page is read once more.
        """
        codec = self._read.codecs[insight.database]
        change = Change(TOLD_ON, None, self._place.now.date().isoformat(), (), "")
        may_be_stamped = False
        while True:
            try:
                now = self._place.gateway.get_page(insight.id)
            except NotShared:
                return "no longer there"
            self._sender.start_batch()
            seen = codec.decode(now)
            if may_be_stamped and seen.values.get(TOLD_ON) == change.after:
                return ""  # by the write whose answer was lost
            if problem := self._why_not_now(now, seen):
                return problem
            outcome = self._sender.send(insight.id, codec.encode([change]))
            if not isinstance(outcome, Postponed):
                return ""
            may_be_stamped = may_be_stamped or outcome.may_have_happened

    def _why_not_now(self, page: Page, seen: SnapshotPage) -> str:
        """Return what has happened to a page since the loops were read that keeps it from being stamped."""
        if removal_reason(page):
            return "in the trash"
        if self._is_locked(seen):
            return "locked"
        day = seen.values.get(TOLD_ON)
        return f"told on {str(day)[:10]} already" if day else ""


def open_loops(place: SyncContext, template: str | None = None) -> Loop:
    """Read who is to be told. Raises UsageError when the template's insights have no date of being told."""
    before = place.gateway.requests.logical
    read = read_thread(place, template)
    if not read.thread.chain.has(read.thread.chain.database("insights"), TOLD_ON, "date"):
        raise UsageError(
            "The insights of this template have no date `told_on`, so nobody could note who was told.",
            "Add it to the template as in `product`, and run  notion-pm apply.",
        )
    return Loop(place, read, place.gateway.requests.logical - before)


def as_data(loop: Loop, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Return drafts as JSON data with stable keys."""
    return [
        {
            **words(loop.thread, each.owed),
            "insights": [ask.insight.id for ask in each.owed.asks],
            "message": each.message,
        }
        for each in drafts
    ]


def apart_as_data(loop: Loop) -> list[dict[str, Any]]:
    """Return those to whom nobody writes as JSON data with stable keys."""
    return [
        {
            "customer": each.customer,
            "reason": each.apart,
            "insights": [ask.insight.id for ask in each.asks],
        }
        for each in loop.apart
    ]
