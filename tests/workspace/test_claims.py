"""Who may go on: the pure decisions about claims, and the protocol with claimants that interleave
in every way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import ChildBlock
from notion_pm.workspace.claims import (
    BLOCK_TYPE,
    GRACE,
    LEASE,
    Claim,
    claim_text,
    earlier_page,
    judge,
    read_claims,
)

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def _claim(id: str, created: datetime = NOON, renewed: datetime | None = None) -> Claim:
    return Claim(
        NotionId(f"block-{id}"),
        id,
        "anna@laptop",
        "notion-pm apply",
        LEASE,
        created,
        renewed or created,
    )


def _alive(claim: Claim) -> bool:
    return False


def _block(text: str, **fields: object) -> ChildBlock:
    return replace(ChildBlock(NotionId("b"), BLOCK_TYPE, text=text, created_time=NOON), **fields)  # type: ignore[arg-type]


# --- what a claim says


@given(st.text(), st.text(), st.integers(0, 3600))
def test_a_claim_is_read_as_it_was_written(holder: str, command: str, seconds: int) -> None:
    text = claim_text("0a1b", holder, command, timedelta(seconds=seconds), NOON)
    (claim,) = read_claims([_block(text, last_edited_time=NOON + timedelta(minutes=3))])
    assert (claim.id, claim.lease, claim.renewed) == (
        "0a1b",
        timedelta(seconds=seconds),
        NOON + timedelta(minutes=3),
    )
    assert str(claim).isprintable(), "what a page says must not move a terminal's cursor"


@given(
    st.text()
    | st.sampled_from(
        ['{"lease": 1e400}', '{"lease": ' + "9" * 5000 + "}", "[" * 5000, '{"id": []}']
    )
)
def test_a_damaged_claim_counts_for_the_usual_lease(rest: str) -> None:
    text = claim_text("0a1b", "a", "b", LEASE, NOON).partition("{")[0] + rest
    (claim,) = read_claims([_block(text)])
    assert claim.expires - NOON <= timedelta(hours=1) + timedelta(minutes=1) + GRACE


def test_other_blocks_are_no_claims() -> None:
    text = claim_text("0a1b", "a", "b", LEASE, NOON)
    assert (
        read_claims(
            [
                _block("Remember the milk"),
                _block(text, type="paragraph"),
                _block(text, in_trash=True),
            ]
        )
        == ()
    )


# --- who may go on


@given(st.permutations(["a", "b", "c"]), st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_at_most_one_live_claim_may_continue(order: list[str], minutes: list[int]) -> None:
    """Also where somebody has moved the blocks, so that the order of the page is not the order of
    time.
    """
    listed = [
        _claim(id, NOON + timedelta(minutes=minute))
        for id, minute in zip(order, minutes, strict=True)
    ]
    now = NOON + timedelta(minutes=4)
    holders = [claim.id for claim in listed if not judge(listed, claim.id, now, _alive).ahead]
    assert len(holders) <= 1
    if minutes == sorted(minutes):
        assert holders == [listed[0].id]


def test_a_later_claim_of_the_same_minute_never_overtakes() -> None:
    """A random id would decide wrongly here: the first run may be writing already."""
    listed = [_claim("ffff"), _claim("0000")]
    assert judge(listed, "ffff", NOON, _alive).ahead == ()
    assert judge(listed, "0000", NOON, _alive).ahead == (listed[0],)


@given(st.integers(0, 59), st.integers(-120, 120))
def test_a_claim_expires_after_its_lease_by_the_servers_clock(floored: int, seconds: int) -> None:
    renewed = NOON + timedelta(minutes=5, seconds=floored)
    listed = [
        _claim("a", NOON, renewed.replace(second=0)),
        _claim("b", NOON + timedelta(minutes=20)),
    ]
    now = renewed + LEASE + timedelta(seconds=seconds)
    verdict = judge(listed, "b", now, _alive)
    if seconds <= 0:
        assert verdict.ahead == (listed[0],), "its own run may still write"
    if seconds >= 60 + GRACE.total_seconds():
        assert (verdict.ahead, verdict.left_over) == ((), (listed[0],))


def test_a_claim_of_a_dead_run_is_left_over() -> None:
    listed = [_claim("dead"), _claim("own")]
    verdict = judge(listed, "own", NOON, lambda claim: claim.id == "dead")
    assert (verdict.ahead, verdict.left_over) == ((), (listed[0],))


def test_a_claim_that_was_removed_and_one_that_was_delivered_twice() -> None:
    assert not judge([_claim("a")], "own", NOON, _alive).is_there
    twice = [_claim("own"), replace(_claim("own"), block_id=NotionId("again")), _claim("b")]
    assert judge(twice, "own", NOON, _alive).ahead == ()
    assert judge(twice, "b", NOON, _alive).ahead[0].id == "own"


def test_of_two_record_pages_the_first_counts() -> None:
    first, second = (
        ChildBlock(NotionId(each), "child_page", created_time=NOON) for each in ("ff", "00")
    )
    assert earlier_page([first, second], first.id) is None
    assert earlier_page([first, second], second.id) == first
    older = replace(second, created_time=NOON - timedelta(minutes=1))
    assert earlier_page([first, older], first.id) == older
    assert earlier_page([first, older], older.id) == first, (
        "the two criteria disagree: nobody goes on"
    )


# --- the protocol


@dataclass
class _Server:
    """Appends in the order in which they arrive; a listing may lack what is younger than its lag."""

    appended: list[tuple[int, str]] = field(default_factory=list)
    removed: dict[str, int] = field(default_factory=dict)

    def listed(self, now: int, lag: int) -> list[Claim]:
        seen = now - lag
        return [
            _claim(id, NOON)  # within one minute all look equally old
            for at, id in self.appended
            if at <= seen and not (id in self.removed and self.removed[id] <= seen)
        ]


WAIT = 4


@dataclass
class _Claimant:
    """One run of the protocol, a step at a time. `works` counts the writes that it makes."""

    id: str
    starts: int
    lags: list[int]
    works: int
    step: str = "append"
    ready: int = 0

    def move(self, server: _Server, now: int) -> None:
        if self.step == "append" and now >= self.starts:
            server.appended.append((now, self.id))
            self.step, self.ready = "read", now + WAIT
        elif self.step in {"read", "read again"} and now >= self.ready:
            claims = server.listed(now, self.lags.pop())
            if judge(claims, self.id, NOON, _alive).ahead:
                self.step = "give up"
            else:
                self.step = {"read": "read again", "read again": "write"}[self.step]
        elif self.step == "write":
            self.works -= 1
            self.step = "write" if self.works else "remove"
        elif self.step in {"remove", "give up"}:
            server.removed[self.id] = now
            self.step = "end"


@given(
    st.lists(
        st.builds(
            _Claimant,
            id=st.text("0123456789abcdef", min_size=4, max_size=4),
            starts=st.integers(0, 12),
            lags=st.lists(st.integers(0, WAIT), min_size=2, max_size=2),
            works=st.integers(1, 12),
        ),
        min_size=2,
        max_size=3,
        unique_by=lambda claimant: claimant.id,
    ),
    st.lists(st.integers(0, 2), min_size=150, max_size=150),
)
def test_there_are_never_two_holders(claimants: list[_Claimant], turns: list[int]) -> None:
    """However slow each one is, and however old its reads are, up to the wait."""
    server = _Server()
    for now, turn in enumerate(turns):
        claimants[turn % len(claimants)].move(server, now)
        assert sum(each.step == "write" for each in claimants) <= 1


@pytest.mark.parametrize("gap", range(12))
def test_one_of_two_runs_continues(gap: int) -> None:
    server = _Server()
    first, second = _Claimant("ff", 0, [0, 0], 20), _Claimant("00", gap, [0, 0], 20)
    for now in range(20):
        first.move(server, now)
        second.move(server, now)
    assert (first.step, second.step) == ("write", "end")
