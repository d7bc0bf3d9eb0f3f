"""What reports saw of pages, one row for each time that something had changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.rules.sightings import Sighting
from notion_pm.state.plain_json import moment_from, values_from_json, values_to_json
from notion_pm.state.rows import Rows
from notion_pm.state.tables import SIGHTINGS


def put_sightings(rows: Rows, sightings: Iterable[Sighting]) -> None:
    """Remember what was seen."""
    rows.put(SIGHTINGS, (_encoded(each) for each in sightings))


def read_sightings(rows: Rows) -> list[Sighting]:
    """Return what was seen, in the order of time."""
    return [
        Sighting(
            at := moment_from(seen),
            SnapshotPage(NotionId(page), database, title, url, at, values_from_json(held)),
        )
        for page, seen, database, title, url, held in rows.all(
            SIGHTINGS, "page at database title url held", order="at"
        )
    ]


def _encoded(sighting: Sighting) -> tuple[str, ...]:
    page, at = sighting.page, sighting.at.astimezone(UTC).isoformat(timespec="microseconds")
    return (page.id, at, page.database, page.title, page.url, values_to_json(page.values))
