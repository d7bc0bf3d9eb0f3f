"""Read claims on a workspace and decide which run may go on. Pure; `lock.py` sends the requests.

A claim is one block of the record page, written by a run before it changes anything. This module
reads claims and decides. Three questions need an answer that is the same on every machine:

Who was first? The random id cannot decide this, and the creation time alone cannot either. Notion
floors `created_time` of a block to the minute, so two claims of one minute look equally old, and a
rule "smallest random id" would let a later run overtake one that has already begun to write. Notion
appends blocks at the end of the page, so the order of the list is the order in which the server
accepted the claims. A run that starts after another's claim was answered is behind it in the list;
clocks do not matter. The creation time is a second criterion, for a page on which people have moved
blocks: a run goes on only when no live claim is listed before its own *and* none is older by the
minute. If the two criteria disagree, both runs stop; that is safe, and one of them can run again.

What time is it? The clocks of two machines may differ by minutes, so a reader does not judge claims
by its own clock. The time comes from the server: the creation time of the reader's own claim, plus
the seconds that have passed here since the server answered. Both terms are lower bounds (the
creation time is floored), so the result is never ahead of the server's clock.

When has a claim expired? The server's `last_edited_time` of its block says when it was last
renewed, floored to the minute. A claim counts for its lease from the end of that minute, and a
grace on top. Its own run counts the lease from the moment *before* it sent the renewal, and writes
nothing later. So a run gives up at least a grace before another run takes its claim over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import ChildBlock

BLOCK_TYPE = "callout"
ICON = "⏳"

LEASE = timedelta(minutes=10)
"""How long a claim counts after it was written or renewed.

Longer than Notion's usual pauses (a minute), short enough to wait for after a crash.
"""

GRACE = timedelta(seconds=30)
"""How much longer other runs wait, because reads lag behind and clocks run at different speeds."""

LOCK_REQUESTS = 4
"""Requests of a run that writes: append the claim, list the claims twice, remove the claim."""

_FLOORED = timedelta(minutes=1)
_LONGEST_LEASE = timedelta(hours=1)
"""People can edit the block. A lease of days, written by hand, must not lock a workspace."""

_MARK = "notion-pm claim: "
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim as it is on the page. Times are the server's, floored to the minute.

    `id` is random and chosen by the run. It is empty when a person has damaged the text; the claim
    still counts.
    """

    block_id: NotionId
    id: str
    holder: str
    command: str
    lease: timedelta
    created: datetime
    renewed: datetime

    @property
    def expires(self) -> datetime:
        """When other runs may take it over, by the server's clock."""
        return self.renewed + _FLOORED + self.lease + GRACE

    @property
    def expires_at(self) -> str:
        """When it expires, for people."""
        return _clock_time(self.expires)

    def as_data(self) -> dict[str, str]:
        """Return the claim as JSON data with stable keys."""
        return {
            "holder": self.holder,
            "command": self.command,
            "since": self.created.isoformat(),
            "expires": self.expires.isoformat(),
        }

    def __str__(self) -> str:
        return f"{self.holder} ({self.command}, since {_clock_time(self.created)})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the claims on a page mean for one run.

    `is_there`: its own claim is on the page. `ahead`: live claims of others that come first; the
    run may go on only if this is empty. `left_over`: claims to remove, expired or left by dead
    runs.
    """

    is_there: bool
    ahead: tuple[Claim, ...] = ()
    left_over: tuple[Claim, ...] = ()


def claim_text(claim_id: str, holder: str, command: str, lease: timedelta, moment: datetime) -> str:
    """Return the text of a claim: a sentence for people, and the same as data for programs.

    `moment` is now, by the server's clock where it is known; programs do not use it.
    """
    holder, command = _plain_name(holder), _plain_name(command)
    until = _clock_time(moment + _FLOORED + lease + GRACE)
    seconds = int(lease.total_seconds())
    data = {"id": claim_id, "holder": holder, "command": command, "lease": seconds}
    return (
        f"{holder} is at work here: {command}. Other runs wait. This note goes away when the run "
        f"ends; if the run has crashed, the note counts until {until} at the latest.\n"
        f"{_MARK}{json.dumps(data, ensure_ascii=False)}"
    )


def is_claim(block: ChildBlock) -> bool:
    """Return whether a block of a record page is a claim."""
    return block.type == BLOCK_TYPE and _MARK in block.text and not block.in_trash


def read_claims(blocks: Iterable[ChildBlock]) -> tuple[Claim, ...]:
    """Return the claims among the blocks of a record page, in the order of the page.

    People can edit them: a damaged claim counts for the usual lease, with an unknown holder.
    """
    return tuple(_read_claim(block) for block in blocks if is_claim(block))


def _read_claim(block: ChildBlock) -> Claim:
    try:
        data = json.loads(block.text.partition(_MARK)[2])
    except (ValueError, RecursionError):
        data = None
    data = data if isinstance(data, dict) else {}
    created = block.created_time or datetime.now(UTC)
    return Claim(
        block.id,
        str(data.get("id", ""))[:_LONGEST_NAME],
        _plain_name(str(data.get("holder", ""))) or "somebody",
        _plain_name(str(data.get("command", ""))) or "notion-pm",
        _read_lease(data.get("lease")),
        created,
        block.last_edited_time or created,
    )


def _read_lease(seconds: object) -> timedelta:
    # Compared as a whole number first: a lease of a thousand digits has no timedelta.
    if isinstance(seconds, int) and 0 <= seconds <= _LONGEST_LEASE.total_seconds():
        return timedelta(seconds=seconds)
    return LEASE


def judge(
    claims: Sequence[Claim], own_id: str, now: datetime, is_dead: Callable[[Claim], bool]
) -> Verdict:
    """Decide who may go on, from one listing of the claims.

    `now` is a lower bound of the server's time. `is_dead` returns True for claims of runs that have
    certainly ended. The rules are explained at the top of this module.
    """
    # A proxy may have delivered our append twice. The first block is the claim, others are
    # harmless.
    own = next((claim for claim in claims if claim.id == own_id), None)
    others = [claim for claim in claims if claim.id != own_id]
    left_over = tuple(claim for claim in others if now >= claim.expires or is_dead(claim))
    if own is None:
        return Verdict(is_there=False, left_over=left_over)
    live = [claim for claim in others if claim not in left_over]
    listed_before = claims[: claims.index(own)]
    ahead = tuple(claim for claim in live if claim in listed_before or claim.created < own.created)
    return Verdict(is_there=True, ahead=ahead, left_over=left_over)


def earlier_page(pages: Sequence[ChildBlock], own_id: NotionId) -> ChildBlock | None:
    """Return the record page that comes before our own new one, None when ours is the first.

    `pages` are the record pages of one template in the order of the parent page. The rule is the
    same as for claims, and for the same reason: Notion adds pages at the end of their parent.
    """
    own = next((page for page in pages if page.id == own_id), None)
    for page in pages:
        if page.id == own_id:
            continue
        if own is None or pages.index(page) < pages.index(own) or _is_older(page, own):
            return page
    return None


def _is_older(page: ChildBlock, own: ChildBlock) -> bool:
    return (
        page.created_time is not None
        and own.created_time is not None
        and page.created_time < own.created_time
    )


def _plain_name(text: str) -> str:
    """Return a text without characters that could move a terminal's cursor, and not too long."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_NAME]


def _clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
