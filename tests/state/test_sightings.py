"""What reports remember of pages: only what is new, and what it was at any moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.rules.history import Sighting, new_sightings, pages_at

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAGE = SnapshotPage(NotionId("aim"), "vision", "Aim", "", NOON, {"health": "on_track"})
HEALTHS = st.lists(st.sampled_from(["on_track", "at_risk", None]), min_size=1, max_size=8)


def seen(healths: list[str | None]) -> list[Sighting]:
    """What is remembered when a report a day found these."""
    known: list[Sighting] = []
    for day, health in enumerate(healths):
        known += new_sightings(
            known, [replace(PAGE, values={"health": health})], NOON + timedelta(days=day)
        )
    return known


@given(HEALTHS)
def test_every_day_is_as_it_was_seen(healths: list[str | None]) -> None:
    known = seen(healths)
    for day, health in enumerate(healths):
        assert pages_at(known, NOON + timedelta(days=day))[PAGE.id].values["health"] == health


@given(HEALTHS)
def test_only_what_differs_is_remembered(healths: list[str | None]) -> None:
    changed = [after for before, after in pairwise(healths) if before != after]
    assert [each.page.values["health"] for each in seen(healths)] == [healths[0], *changed]


def test_before_it_was_first_seen_a_page_was_as_it_was_then() -> None:
    assert pages_at(seen(["at_risk", "on_track"]), NOON - timedelta(days=9))[PAGE.id].values == {
        "health": "at_risk"
    }
