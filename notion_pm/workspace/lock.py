"""The lock of a workspace: a claim on its record page, so that two machines never write at once.

The protocol of a run that wants to write (`claims.py` explains which run comes first and why):

1. append a claim to the record page;
2. wait a moment: Notion does not document how soon another connection sees an append. A local
   workspace shows it at once;
3. list the claims; go on only if no live claim is ahead of our own, otherwise remove our claim and
   stop. Claims that have expired are removed;
4. read what the run decides on, and decide. What was read before the claim may be out of date;
5. list the claims once more, right before the first write;
6. renew the claim before any request when a quarter of its lease is over. A claim that is gone, or
   was not renewed in time (a laptop that slept), ends the run before its next write;
7. remove the claim.

That is at most four requests for a run that writes, and none for one that does not. Killed at any
moment, a run leaves a claim that expires. Runs on the same machine need not wait for that: beside
its claim each run holds a lock on a file, and if no process holds that file, the claim is dead.

The first apply has no record page yet. It creates one that contains its claim, waits, and lists the
pages under the parent: with two record pages the earlier one wins, and the other run puts its own
page in the trash. Nothing else is created before that.

Known limit: a process that is suspended between its last check and the arrival of its request at
Notion writes after its claim has expired. Notion has no conditional write that could prevent it.
"""

from __future__ import annotations

import getpass
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from notion_pm.errors import (
    LockLost,
    NotionError,
    NotShared,
    RateLimited,
    RecordChanged,
    RequestRefused,
    Stopped,
    TimeLimitReached,
    Unavailable,
    Unreachable,
    WorkspaceLocked,
)
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock
from notion_pm.notion.client import NotionClient
from notion_pm.notion.wire_schema import text_block
from notion_pm.state.lock import hold_file, is_left_behind
from notion_pm.workspace.claims import (
    BLOCK_TYPE,
    ICON,
    LEASE,
    Claim,
    claim_text,
    earlier_page,
    judge,
    read_claims,
)

_MOST_LISTINGS = 5
"""How often the pages under the parent page are listed until a new one appears."""

_LISTING_PAUSE = 2.0
"""Seconds between these listings."""

_RENEW_AFTER = 0.25
"""The part of a lease after which a claim is renewed.

A quarter leaves time for several failed attempts and for Notion's pauses of a minute.
"""


def this_user() -> str:
    """Return the user and the machine of this process, such as `anna@laptop`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


@dataclass(frozen=True, slots=True)
class Claimant:
    """The run that takes a lock, and its settings.

    `wait`: seconds between the claim and the listing that decides; None: as long as the server's
    reads may lag. `marks`: a folder of this machine for the files that show that a run is alive;
    without it, claims of dead runs only expire. `monotonic` and `wall` are clocks in seconds.
    """

    command: str = "notion-pm"
    holder: str = field(default_factory=this_user)
    wait: float | None = None
    lease: timedelta = LEASE
    marks: Path | None = None
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    def mark_of(self, claim_id: str) -> Path | None:
        """Return the file that the run with that claim holds while it is alive."""
        # Ids come from a page that people can edit. Text such as "../x" must not become a path.
        if self.marks is None or not claim_id.isalnum():
            return None
        return self.marks / f"{claim_id}.claim"

    def is_dead(self, claim: Claim) -> bool:
        """Return whether a claim belongs to a run on this machine that has ended."""
        file = self.mark_of(claim.id)
        return file is not None and claim.holder == self.holder and is_left_behind(file)


class WorkspaceLock:
    """The lock of one run, a context manager: it starts without a claim and removes it at the end.

    If there is a record page, call `take`; otherwise `first_claim`, `check_new_page` and `confirm`.
    From then on every write of the client is checked. Thread-safe, except entering and leaving.
    """

    def __init__(self, notion: NotionClient, claimant: Claimant) -> None:
        self._notion = notion
        self._claimant = claimant
        self._claim_id = secrets.token_hex(8)
        self._block_ids: set[NotionId] = set()
        self._page_id: NotionId | None = None
        self._created: datetime | None = None  # by the server's clock
        self._answered = 0.0
        self._proved: tuple[float, float] = (0.0, 0.0)
        self._is_confirmed = False
        self._is_checking = False
        self._checking = threading.RLock()
        self._marks = ExitStack()

    def __enter__(self) -> Self:
        # Take the file's lock here and not with the claim: a lock of SQLite belongs to its thread,
        # and the claim may be made in another thread.
        mark = self._claimant.mark_of(self._claim_id)
        if mark is not None:
            self._marks.enter_context(hold_file(mark))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._notion.before_requests(None, None)
        try:
            self._remove_own(calmly=not _is_in_a_hurry(error))
        finally:
            self._marks.close()

    # --- with an existing record page

    def take(self, page_id: NotionId) -> None:
        """Claim the workspace with that record page.

        Raises WorkspaceLocked when another run is working, LockLost when a person removes the
        claim.
        """
        self._page_id = page_id
        # The order matters: append, wait, list. A run that lists before it appends can miss a claim
        # that was appended at the same time, and both would go on.
        block = self._append(page_id)
        self._note_created(block.created_time)
        self._block_ids.add(block.id)
        self._wait()
        self._decide(self._list_claims())
        self._notion.before_requests(self._check, self._renew_if_due)

    def _append(self, page_id: NotionId) -> ChildBlock:
        block = self.first_claim()
        try:
            return self._notion.append_block(
                page_id, block, look_up=lambda: self._find_own_block(page_id)
            )
        except (NotShared, RequestRefused) as error:
            raise self._without_page(page_id) or error from error

    def _without_page(self, page_id: NotionId) -> RecordChanged | None:
        """Return the error for a record page that another run has trashed since it was read."""
        try:
            is_gone = self._notion.get_page(page_id).in_trash
        except NotShared:
            is_gone = True
        return RecordChanged("The record page was put in the trash") if is_gone else None

    # --- with a new record page

    def first_claim(self) -> dict[str, Any]:
        """Return the claim as a block for a page that is about to be created, in the API's JSON."""
        self._proved = self._now()
        settings = {"icon": {"type": "emoji", "emoji": ICON}}
        return {
            "object": "block",
            "type": BLOCK_TYPE,
            **text_block(BLOCK_TYPE, self._text(), settings),
        }

    def is_claimed_on(self, page_id: NotionId) -> bool:
        """Return whether a page has our claim. A page of the same title may be another run's."""
        return self._find_own_block(page_id) is not None

    def check_new_page(self, page: Page, list_pages: Callable[[], Sequence[ChildBlock]]) -> None:
        """Find out, after the wait, whether our new record page is the first one.

        `list_pages` lists the record pages of the template under the parent page. Raises
        WorkspaceLocked when another run was first; our page is in the trash then. Raises LockLost
        when the list does not show our page: then it may lack another one, too.
        """
        self._page_id = page.id
        self._note_created(page.created_time)
        self._wait()
        pages = self._list_with_own(page.id, list_pages)
        earlier = earlier_page(pages, page.id)
        # A proxy that repeats our request creates two pages of this run. Such a page is no reason
        # to stop; the check at the end of the apply puts it in the trash.
        while earlier is not None and self.is_claimed_on(earlier.id):
            pages.remove(earlier)
            earlier = earlier_page(pages, page.id)
        if earlier is None:
            return
        self._notion.rename_and_trash_page(page.id, f"Removed: {page.title}")
        self.forget()
        claims = read_claims(self._notion.list_children(earlier.id))
        raise locked_by(claims[0]) if claims else WorkspaceLocked("a first apply", "any moment")

    def _list_with_own(
        self, page_id: NotionId, list_pages: Callable[[], Sequence[ChildBlock]]
    ) -> list[ChildBlock]:
        """List the record pages until ours is among them. Notion may show a new page late."""
        for attempt in range(_MOST_LISTINGS):
            if attempt:
                self._claimant.sleep(_LISTING_PAUSE)
            pages = list(list_pages())
            if any(page.id == page_id for page in pages):
                return pages
        raise LockLost("Notion does not list the record page that it has just created")

    def confirm(self, claims: Sequence[Claim]) -> None:
        """Decide from a listing that was read anyway; it replaces the check before the first write.

        Raises WorkspaceLocked or LockLost.
        """
        self._decide(claims)
        self._is_confirmed = True
        self._notion.before_requests(self._check, self._renew_if_due)

    # --- in both cases

    def forget(self) -> None:
        """Do not remove the claim: it is on a record page that is put in the trash."""
        self._page_id = None
        self._block_ids.clear()
        self._forget_mark(self._claim_id)

    def _check(self) -> None:
        """Allow a write while the claim counts, else raise. Called in the thread that writes."""
        with self._checking:
            # Renewing the claim is a write too, and calls this method again: let it pass.
            if self._is_checking:
                return
            self._is_checking = True
            try:
                self._check_lease()
                if not self._is_confirmed:
                    self._decide(self._list_claims())
                    self._is_confirmed = True
                if self._seconds_since_renewal() >= self._lease * _RENEW_AFTER:
                    self._renew()
            finally:
                self._is_checking = False

    def _renew_if_due(self) -> None:
        """Renew the claim before a read, so that a run that reads for a long time keeps its lock.

        A claim that has expired is not renewed: the check before the next write raises LockLost.
        """
        with self._checking:
            is_due = self._lease * _RENEW_AFTER <= self._seconds_since_renewal() < self._lease
            if self._is_checking or not is_due:
                return
            self._is_checking = True
            try:
                self._renew()
            finally:
                self._is_checking = False

    def _check_lease(self) -> None:
        if self._seconds_since_renewal() >= self._lease:
            raise LockLost(
                "it was paused for longer than its claim lasts, and another run may be at work"
            )

    def _renew(self) -> None:
        # Count the lease from before the request: others count it from when the server received it.
        begun = self._now()
        for block_id in sorted(self._block_ids):
            try:
                self._notion.update_text_block(block_id, BLOCK_TYPE, self._text())
            except (NotShared, RequestRefused) as error:
                raise LockLost(_GONE) from error
        # A renewal that took longer than the lease is too late: another run may have seen the old
        # claim expire and removed it.
        self._check_lease()
        self._proved = begun

    def _decide(self, claims: Sequence[Claim]) -> None:
        """Raise if a live claim is ahead of ours; otherwise remove the claims of dead runs."""
        verdict = judge(claims, self._claim_id, self.server_time(), self._claimant.is_dead)
        if not verdict.is_there:
            raise LockLost(_GONE)
        if verdict.ahead:
            raise locked_by(verdict.ahead[0])
        self._block_ids.update(claim.block_id for claim in claims if claim.id == self._claim_id)
        for claim in verdict.left_over:
            self._notion.delete_block(claim.block_id)
            self._forget_mark(claim.id)

    def _wait(self) -> None:
        wait = self._claimant.wait
        self._claimant.sleep(self._notion.read_lag if wait is None else wait)

    def _list_claims(self) -> tuple[Claim, ...]:
        assert self._page_id is not None, "a claim is on a page"
        return read_claims(self._notion.list_children(self._page_id))

    def _find_own_block(self, page_id: NotionId) -> ChildBlock | None:
        """Return the block with our claim, to find out after a lost answer if it was appended."""
        blocks = self._notion.list_children(page_id)
        own = {claim.block_id for claim in read_claims(blocks) if claim.id == self._claim_id}
        return next((block for block in blocks if block.id in own), None)

    def _remove_own(self, *, calmly: bool) -> None:
        """Remove our claim. Without `calmly` (the run must end now) try once, without waiting."""
        for block_id in sorted(self._block_ids):
            if calmly:
                with suppress(NotionError):  # the work is done; a claim that stays expires
                    self._notion.delete_block(block_id)
                    self._forget_mark(self._claim_id)
            elif self._notion.delete_block_while_stopping(block_id):
                self._forget_mark(self._claim_id)

    def _forget_mark(self, claim_id: str) -> None:
        file = self._claimant.mark_of(claim_id)
        if file is not None:
            with suppress(OSError):
                file.unlink(missing_ok=True)

    # --- time

    @property
    def _lease(self) -> float:
        return self._claimant.lease.total_seconds()

    def _now(self) -> tuple[float, float]:
        return self._claimant.monotonic(), self._claimant.wall()

    def _seconds_since_renewal(self) -> float:
        """Return an upper bound of the seconds since the last renewal was sent."""
        # A monotonic clock stops while a laptop sleeps, and the wall clock may be set back. Each
        # error makes the time look shorter, so the longer of the two is the safe one.
        monotonic, wall = self._now()
        return max(monotonic - self._proved[0], wall - self._proved[1])

    def _note_created(self, created: datetime | None) -> None:
        self._answered = self._claimant.monotonic()
        self._created = created

    def server_time(self) -> datetime:
        """Return a lower bound of the time by the server's clock."""
        if self._created is None:
            return datetime.min.replace(tzinfo=UTC)
        return self._created + timedelta(seconds=self._claimant.monotonic() - self._answered)

    def _text(self) -> str:
        claimant = self._claimant
        moment = self._notion.server_time(datetime.fromtimestamp(claimant.wall(), UTC))
        return claim_text(self._claim_id, claimant.holder, claimant.command, claimant.lease, moment)


def _is_in_a_hurry(error: BaseException | None) -> bool:
    """Return whether a run must end now, or Notion does not answer.

    After other errors there is time to remove the claim with the usual retries.
    """
    if error is None:
        return False
    is_ctrl_c = not isinstance(error, Exception)
    return is_ctrl_c or isinstance(
        error, (Stopped, TimeLimitReached, RateLimited, Unavailable, Unreachable)
    )


_GONE = "its claim is no longer on the record page. Somebody removed it, or the page"


@contextmanager
def workspace_lock(
    notion: NotionClient, page_id: NotionId | None, claimant: Claimant
) -> Iterator[WorkspaceLock]:
    """Hold the lock of the workspace with that record page. Without a page nothing is claimed.

    Inside, read again what you decide on: values read before the lock may be out of date. Raises
    WorkspaceLocked when another run is working, and LockLost before a write when the claim no
    longer counts.
    """
    with WorkspaceLock(notion, claimant) as lock:
        if page_id is not None:
            lock.take(page_id)
        yield lock


def break_lock(notion: NotionClient, claims: Sequence[Claim]) -> None:
    """Remove the claims of other runs. Only a person can be sure that these runs are dead."""
    for claim in claims:
        notion.delete_block(claim.block_id)


def raise_if_locked(claims: Iterable[Claim], claimant: Claimant, now: datetime) -> None:
    """Raise WorkspaceLocked early when one of these claims is live.

    Call it before a question to the user, so that the answer is not wasted. The lock itself decides
    later whether a run may go on. `now` is the server's time.
    """
    for claim in claims:
        if now < claim.expires and not claimant.is_dead(claim):
            raise locked_by(claim)


def locked_by(claim: Claim) -> WorkspaceLocked:
    """Return the error that names the run that holds the lock."""
    return WorkspaceLocked(str(claim), claim.expires_at)
