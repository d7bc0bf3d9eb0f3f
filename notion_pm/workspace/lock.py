"""The lock of a workspace: a claim on its record page, so that two machines never write at once.

The protocol of a run that wants to write (`claims.py` explains who comes first and why):

1. append a claim to the record page;
2. wait a moment: nothing public says how soon another connection sees an append on Notion. A local
   workspace shows it at once;
3. list the claims; go on only when no live claim is ahead of ours, otherwise remove ours and stop.
   Claims that have expired are removed;
4. read what the run decides on, and decide. What was read before the claim may be out of date;
5. list the claims once more, right before the first write;
6. renew the claim before any request when a quarter of its lease is over. A claim that is gone, or
   was not renewed in time (a laptop that slept), ends the run before its next write;
7. remove the claim.

That is at most four requests for a run that writes, and none for one that does not. Killed at any
moment, a run leaves a claim that expires. A run on the same machine need not wait for that: each run
holds a lock on a file of its own beside its claim, and a claim whose file nobody holds is dead.

The first apply has no record page yet. It creates one that holds its claim, waits, and lists the
pages under the parent: with two record pages the earlier one wins, and the other run puts its own
page in the trash. Nothing else is created before that.

What it cannot do: a process that is suspended between its last check and the arrival of a request
at Notion writes after its claim has expired. Notion has no conditional write that could refuse it.
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
_LISTING_PAUSE = 2.0
"""How often the pages under the parent page are listed until a new one shows, and the seconds between."""

_RENEW_AFTER = 0.25
"""The part of a lease after which a claim is renewed."""


def this_user() -> str:
    """Return who runs this, and where: `anna@laptop`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        user = "somebody"
    return f"{user}@{socket.gethostname()}"


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who takes a lock, and how.

    `wait`: seconds between the claim and the listing that decides; None: as long as the server's reads
    may lag. `marks`: a folder of this machine
    for the files that show that a run is alive; without one, claims of dead runs only expire.
    `monotonic` and `wall` are clocks in seconds.
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
        """Return the file that a run with that claim holds as long as it is alive."""
        # Ids come from a page that people can edit: one that is no id of ours must not become a path.
        if self.marks is None or not claim_id.isalnum():
            return None
        return self.marks / f"{claim_id}.claim"

    def is_dead(self, claim: Claim) -> bool:
        """Return whether a claim is of a run on this machine that has ended."""
        file = self.mark_of(claim.id)
        return file is not None and claim.holder == self.holder and is_left_behind(file)


class WorkspaceLock:
    """The lock of one run. A context: it begins without a claim, and removes the one it has at the end.

    Use `take` where there is a record page, else `first_claim`, `check_new_page` and `confirm`. From
    then on every write of the gateway is checked. Safe for threads, but for entering and leaving.
    """

    def __init__(self, gateway: NotionClient, claimant: Claimant) -> None:
        self._gateway = gateway
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
        # Here and not with the claim: SQLite's locks belong to the thread, and operations run in others.
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
        self._gateway.before_requests(None, None)
        try:
            self._remove_own(calmly=not _is_in_a_hurry(error))
        finally:
            self._marks.close()

    # --- on a record page that is there

    def take(self, page_id: NotionId) -> None:
        """Claim the workspace with that record page.

        Raises WorkspaceLocked when another run is at work, LockLost when somebody removes the claim.
        """
        self._page_id = page_id
        block = self._append(page_id)
        self._note_created(block.created_time)
        self._block_ids.add(block.id)
        self._wait()
        self._decide(self._list_claims())
        self._gateway.before_requests(self._check, self._renew_if_due)

    def _append(self, page_id: NotionId) -> ChildBlock:
        block = self.first_claim()
        try:
            return self._gateway.append_block(
                page_id, block, look_up=lambda: self._find_own_block(page_id)
            )
        except (NotShared, RequestRefused) as error:
            raise self._without_page(page_id) or error from error

    def _without_page(self, page_id: NotionId) -> RecordChanged | None:
        """Return what happened when another run has trashed the record page since it was read."""
        try:
            is_gone = self._gateway.get_page(page_id).in_trash
        except NotShared:
            is_gone = True
        return RecordChanged("The record page was put in the trash") if is_gone else None

    # --- of a record page that is new

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
        """Return whether a page holds our claim: one of that title may be another run's."""
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
        # A proxy that repeats the request makes two pages of this run. The proof of the apply trashes the other one.
        while earlier is not None and self.is_claimed_on(earlier.id):
            pages.remove(earlier)
            earlier = earlier_page(pages, page.id)
        if earlier is None:
            return
        self._gateway.rename_and_trash_page(page.id, f"Removed: {page.title}")
        self.forget()
        claims = read_claims(self._gateway.list_children(earlier.id))
        raise locked_by(claims[0]) if claims else WorkspaceLocked("a first apply", "any moment")

    def _list_with_own(
        self, page_id: NotionId, list_pages: Callable[[], Sequence[ChildBlock]]
    ) -> list[ChildBlock]:
        """List the record pages until ours is among them. Notion may show a new page late."""
        for attempt in range(_MOST_LISTINGS):
            if attempt:
                self._claimant.sleep(_LISTING_PAUSE)
            pages = list(list_pages())
            if any(each.id == page_id for each in pages):
                return pages
        raise LockLost("Notion does not list the record page that it has just created")

    def confirm(self, claims: Sequence[Claim]) -> None:
        """Decide from a listing that was read anyway; it counts as the one right before the first write.

        Raises WorkspaceLocked or LockLost.
        """
        self._decide(claims)
        self._is_confirmed = True
        self._gateway.before_requests(self._check, self._renew_if_due)

    # --- both

    def forget(self) -> None:
        """Leave the claim where it is: the record page goes to the trash, and the claim with it."""
        self._page_id = None
        self._block_ids.clear()
        self._forget_mark(self._claim_id)

    def _check(self) -> None:
        """Let a write go on while the claim counts. Called in the thread that writes."""
        with self._checking:
            if self._is_checking:  # one of our own requests
                return
            self._is_checking = True
            try:
                self._check_lease()
                if not self._is_confirmed:
                    self._decide(self._list_claims())
                    self._is_confirmed = True
                if self._elapsed() >= self._lease * _RENEW_AFTER:
                    self._renew()
            finally:
                self._is_checking = False

    def _renew_if_due(self) -> None:
        """Renew the claim before a read, so that a run that only reads for long keeps its lock.

        A claim that is too old already is left as it is: the next write finds out.
        """
        with self._checking:
            is_due = self._lease * _RENEW_AFTER <= self._elapsed() < self._lease
            if self._is_checking or not is_due:
                return
            self._is_checking = True
            try:
                self._renew()
            finally:
                self._is_checking = False

    def _check_lease(self) -> None:
        if self._elapsed() >= self._lease:
            raise LockLost(
                "it was paused for longer than its claim lasts, and another run may be at work"
            )

    def _renew(self) -> None:
        begun = self._now()
        for block_id in sorted(self._block_ids):
            try:
                self._gateway.update_text_block(block_id, BLOCK_TYPE, self._text())
            except (NotShared, RequestRefused) as error:
                raise LockLost(_GONE) from error
        # A renewal that took longer than the lease came too late: somebody may have seen the old one expire.
        self._check_lease()
        self._proved = begun

    def _decide(self, claims: Sequence[Claim]) -> None:
        """Go on only when no live claim is ahead of ours, and remove what is left over."""
        verdict = judge(claims, self._claim_id, self.server_time(), self._claimant.is_dead)
        if not verdict.is_there:
            raise LockLost(_GONE)
        if verdict.ahead:
            raise locked_by(verdict.ahead[0])
        self._block_ids.update(claim.block_id for claim in claims if claim.id == self._claim_id)
        for claim in verdict.left_over:
            self._gateway.delete_block(claim.block_id)
            self._forget_mark(claim.id)

    def _wait(self) -> None:
        wait = self._claimant.wait
        self._claimant.sleep(self._gateway.read_lag if wait is None else wait)

    def _list_claims(self) -> tuple[Claim, ...]:
        assert self._page_id is not None, "a claim is on a page"
        return read_claims(self._gateway.list_children(self._page_id))

    def _find_own_block(self, page_id: NotionId) -> ChildBlock | None:
        """Return our claim's block, for an append whose answer was lost."""
        blocks = self._gateway.list_children(page_id)
        own = {claim.block_id for claim in read_claims(blocks) if claim.id == self._claim_id}
        return next((block for block in blocks if block.id in own), None)

    def _remove_own(self, *, calmly: bool) -> None:
        """Remove our claim. Not `calmly`: the run is ending, so try once, without waiting."""
        for block_id in sorted(self._block_ids):
            if calmly:
                with suppress(NotionError):  # the work is done; a claim that stays expires
                    self._gateway.delete_block(block_id)
                    self._forget_mark(self._claim_id)
            elif self._gateway.delete_block_while_stopping(block_id):
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

    def _elapsed(self) -> float:
        """Return the seconds since the last renewal was sent, at most.

        A monotonic clock stops while a laptop sleeps, and the wall clock may be set: the longer one counts.
        """
        monotonic, wall = self._now()
        return max(monotonic - self._proved[0], wall - self._proved[1])

    def _note_created(self, created: datetime | None) -> None:
        self._answered = self._claimant.monotonic()
        self._created = created

    def server_time(self) -> datetime:
        """Return the time by the server's clock, at least."""
        if self._created is None:
            return datetime.min.replace(tzinfo=UTC)
        return self._created + timedelta(seconds=self._claimant.monotonic() - self._answered)

    def _text(self) -> str:
        claimant = self._claimant
        moment = self._gateway.server_time(datetime.fromtimestamp(claimant.wall(), UTC))
        return claim_text(self._claim_id, claimant.holder, claimant.command, claimant.lease, moment)


def _is_in_a_hurry(error: BaseException | None) -> bool:
    """Return whether a run is asked to end now, or has waited for Notion in vain. Other errors leave it time."""
    if error is None:
        return False
    is_told_to_end = not isinstance(error, Exception)  # Ctrl-C
    return is_told_to_end or isinstance(
        error, (Stopped, TimeLimitReached, RateLimited, Unavailable, Unreachable)
    )


_GONE = "its claim is no longer on the record page. Somebody removed it, or the page"


@contextmanager
def workspace_lock(
    gateway: NotionClient, page_id: NotionId | None, claimant: Claimant
) -> Iterator[WorkspaceLock]:
    """Hold the lock of the workspace with that record page; without a page there is nothing to claim.

    Decide on what is read inside, not before. Raises WorkspaceLocked when another run is at work, and
    LockLost before a write when the claim does not count any more.
    """
    with WorkspaceLock(gateway, claimant) as lock:
        if page_id is not None:
            lock.take(page_id)
        yield lock


def break_lock(gateway: NotionClient, claims: Sequence[Claim]) -> None:
    """Remove the claims of others. For when a person is sure that their runs are dead."""
    for claim in claims:
        gateway.delete_block(claim.block_id)


def raise_if_locked(claims: Iterable[Claim], claimant: Claimant, now: datetime) -> None:
    """Raise WorkspaceLocked when a claim that was read anyway is live, so that nobody is asked in vain.

    `now` is the server's time. The lock itself decides later whether a run may go on.
    """
    for claim in claims:
        if now < claim.expires and not claimant.is_dead(claim):
            raise locked_by(claim)


def locked_by(claim: Claim) -> WorkspaceLocked:
    """Return the error that says who is at work."""
    return WorkspaceLocked(str(claim), claim.expires_at)
