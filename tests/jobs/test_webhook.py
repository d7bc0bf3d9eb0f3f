"""Webhooks without a network: what events mean, how they are gathered, and when a sync follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.emulator.webhooks import signature
from notion_pm.errors import AlreadyRunning, NotionPmError, RateLimited, Stopped, Unavailable
from notion_pm.jobs.webhooks.deliveries import (
    EVERYTHING,
    MOST_PAGES,
    NOTHING,
    Event,
    Named,
    is_signed,
    named_by,
)
from notion_pm.jobs.webhooks.inbox import Inbox
from notion_pm.jobs.webhooks.listening import listen
from notion_pm.jobs.webhooks.verification import Key, SeenEvents, keep_token, read_token
from notion_pm.model.ids import NotionId
from notion_pm.sync.run import SyncRun
from tests.support.notion_clients import PatientClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = NotionId("00000000-0000-4000-8000-00000000000a")
OTHER = NotionId("00000000-0000-4000-8000-00000000000b")
BOT = "b0000000-0000-4000-8000-000000000000"
MINUTE, HOUR = 60.0, 3600.0
DONE = SyncRun("r", NOW, 0.0, 0, result=object())  # type: ignore[arg-type]  # what came of it is of no concern here


def event(type: str = "page.properties_updated", page: str = PAGE, **other: Any) -> Event:
    entity = {"id": page, "type": type.partition(".")[0]}
    return Event.model_validate(
        {"id": "e", "type": type, "timestamp": NOW, "entity": entity} | other
    )


def pages(*ids: NotionId) -> Named:
    return Named(frozenset(ids))


@pytest.mark.parametrize(
    ("type", "named"),
    [
        ("page.created", pages(PAGE)),
        ("page.properties_updated", pages(PAGE)),
        ("page.moved", pages(PAGE)),
        ("page.deleted", pages(PAGE)),
        ("page.undeleted", pages(PAGE)),
        ("page.content_updated", NOTHING),
        ("page.locked", NOTHING),
        ("comment.created", NOTHING),
        ("view.updated", NOTHING),
        ("file_upload.completed", NOTHING),
        ("data_source.content_updated", NOTHING),
        ("data_source.schema_updated", EVERYTHING),
        ("database.deleted", EVERYTHING),
        ("something.new", NOTHING),
    ],
)
def test_events_name_pages_or_everything(type: str, named: Named) -> None:
    assert named_by(event(type)) == named


def test_many_pages_are_everything() -> None:
    many = [NotionId(str(UUID(int=number))) for number in range(MOST_PAGES + 1)]
    assert pages(*many[:-1]) | pages(many[-1]) == EVERYTHING
    assert pages(*many[:-1]) | pages(many[0]) == pages(*many[:-1])
    assert EVERYTHING | pages(PAGE) == EVERYTHING


@pytest.mark.parametrize(
    ("age", "stale"),
    [(timedelta(days=1), False), (timedelta(days=3), True), (-timedelta(days=3), True)],
)
def test_events_too_old_or_in_the_future_are_stale(age: timedelta, stale: bool) -> None:
    assert event(timestamp=NOW - age).is_stale(NOW) is stale


@given(st.binary(max_size=200), st.text("abc123_", min_size=1), st.text(max_size=80))
def test_only_the_signature_of_the_body_and_the_token_counts(
    body: bytes, token: str, forged: str
) -> None:
    true = signature(body, token)
    assert is_signed(body, true, token)
    assert not is_signed(body + b"x", true, token)
    assert not is_signed(body, true, token + "x")
    assert is_signed(body, forged, token) is (forged == true)


def test_only_the_first_handshake_sets_the_token() -> None:
    kept: list[str] = []
    key = Key(None, is_open=True, keep=kept.append)
    assert [key.offer("first"), key.offer("second"), key.offer("first")] == [True, False, True]
    assert (key.token, kept) == ("first", ["first"])
    known = Key("known", is_open=False, keep=kept.append)
    assert (known.offer("other"), known.offer("known"), kept) == (False, True, ["first"])


def test_the_token_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert read_token(tmp_path) is None
    keep_token(tmp_path, "first")
    keep_token(tmp_path, "second")
    assert read_token(tmp_path) == "second"
    assert [each.stat().st_mode & 0o077 for each in tmp_path.iterdir()] == [0]


def test_an_event_counts_once_also_after_a_restart_and_is_forgotten_when_it_is_too_old(
    tmp_path: Path,
) -> None:
    for first in (True, False):
        seen = SeenEvents(tmp_path, keep=timedelta(days=2))
        assert [seen.is_new("e", NOW) for _ in range(3)] == [first, False, False]
        seen.close()
    seen = SeenEvents(tmp_path, keep=timedelta(days=2))
    assert seen.is_new("e", NOW + timedelta(days=3))
    seen.close()


class TestOurOwnEdits:
    def inbox(self) -> Inbox:
        inbox = Inbox(quiet=5, clock=PatientClock())
        inbox.expect(BOT, [(PAGE, "f%5C")])
        return inbox

    @pytest.mark.parametrize(
        ("authors", "properties", "page", "own"),
        [
            ([BOT], ["f%5C"], PAGE, True),
            ([BOT, "a-person"], ["f%5C"], PAGE, False),
            ([], ["f%5C"], PAGE, False),
            ([BOT], ["f%5C", "else"], PAGE, False),
            ([BOT], [], PAGE, False),
            ([BOT], ["f%5C"], OTHER, False),
        ],
    )
    def test_are_distinguished_from_edits_of_others(
        self, authors: list[str], properties: list[str], page: NotionId, own: bool
    ) -> None:
        inbox = self.inbox()
        by = [{"id": each, "type": "bot"} for each in authors]
        inbox.put(event(page=page, authors=by, data={"updated_properties": properties}))
        assert inbox.counts.our_own == own
        assert inbox.take() == (NOTHING if own else pages(page))


class World:
    """A clock, deliveries that come when they come, and syncs that end as they are told."""

    def __init__(
        self, deliveries: dict[float, NotionId], *ends: SyncRun, lasts: float = HOUR
    ) -> None:
        self.clock = PatientClock()
        self.inbox = Inbox(quiet=5, clock=self.clock)
        self.runs: list[tuple[float, Named]] = []
        self._deliveries, self._ends, self._lasts = sorted(deliveries.items()), list(ends), lasts

    def attempt(self, named: Named) -> SyncRun:
        self.runs.append((round(self.clock.now), named))
        return self._ends.pop(0) if self._ends else DONE

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        while self._deliveries and self._deliveries[0][0] <= self.clock.now:
            self.inbox.put(event(page=self._deliveries.pop(0)[1]))
        if self.clock.now > self._lasts:
            raise Stopped

    def listened(self, every: float = HOUR * 2) -> list[tuple[float, Named]]:
        with pytest.raises(Stopped):
            listen(self.inbox, self.attempt, every=every, clock=self.clock, sleep=self.sleep)
        return self.runs


def failed(error: NotionPmError) -> SyncRun:
    return replace(DONE, result=None, error=error)


def test_deliveries_are_collected_and_synced_together() -> None:
    runs = World({100: PAGE, 103: OTHER, 104: PAGE, 200: OTHER}).listened()
    assert runs == [(0, EVERYTHING), (109, pages(PAGE, OTHER)), (205, pages(OTHER))]


def test_where_it_is_never_quiet_it_is_synced_all_the_same() -> None:
    runs = World({100.0 + number: PAGE for number in range(60)}).listened()
    assert [at for at, _ in runs] == [0, 130, 161]


def test_at_each_interval_everything_is_read() -> None:
    assert World({599: PAGE}, lasts=1300).listened(every=600) == [
        (0, EVERYTHING),
        (600, EVERYTHING),
        (1200, EVERYTHING),
    ]


def test_after_failures_everything_is_read_with_growing_pauses() -> None:
    down = failed(Unavailable("down"))
    runs = World({100: PAGE, 110: OTHER}, DONE, down, down, down).listened()
    assert runs == [
        (0, EVERYTHING),
        (105, pages(PAGE)),
        (120, EVERYTHING),
        (150, EVERYTHING),
        (210, EVERYTHING),
    ]


def test_named_pages_stay_queued_while_another_run_works() -> None:
    runs = World({100: PAGE}, DONE, failed(AlreadyRunning())).listened()
    assert runs == [(0, EVERYTHING), (105, pages(PAGE)), (120, pages(PAGE))]


def test_notion_is_not_asked_sooner_than_it_wants() -> None:
    runs = World({}, failed(RateLimited("wait", retry_after=1000))).listened()
    assert [at for at, _ in runs] == [0, 1000]
