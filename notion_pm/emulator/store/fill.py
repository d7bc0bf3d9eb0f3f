"""Test data in bulk: rows with values for every property, written through the same laws as requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from notion_pm.emulator.blocks.parents import ROW
from notion_pm.emulator.pages import pages
from notion_pm.emulator.schema import databases
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import Clock, stored
from notion_pm.emulator.store.records import DataSource, Page
from notion_pm.emulator.store.session import NEW_VERSION, Session, Settings
from notion_pm.emulator.store.store import Store
from notion_pm.emulator.values import sample_values
from notion_pm.emulator.values.writing import write

BATCH = 5000  # rows in one transaction, a second or two: others may write in between
_ROOMY = "PRAGMA cache_size = -262144"  # 256 MB: the index is written all over, and should not be read again and again
_MOST_TARGETS = 1000
_PACE = timedelta(
    minutes=1
)  # between the rows' times of creation, so that they can be told apart as real ones can


@dataclass(frozen=True, slots=True)
class Filler:
    """Fills data sources of one workspace."""

    store: Store
    settings: Settings
    clock: Clock

    def new_data_source(self, title: str) -> str:
        """Make a database with a property of every kind that can be written, and return its data source's id."""
        with self.store.transaction(write=True) as db:
            session = self._session(db)
            parent = {"type": "page_id", "page_id": self.settings.root_page_id}
            name = [{"text": {"content": title}}]
            properties = {"properties": EVERY_KIND}
            made = databases.create(
                session, {"parent": parent, "title": name, "initial_data_source": properties}
            )
            return str(made["data_sources"][0]["id"])

    def fill(
        self, data_source_id: str, count: int, seed: int, progress: Callable[[int], object]
    ) -> None:
        """Add rows; the same seed gives the same values. Raises ApiError (404) where there is no data source."""
        chance = Random(seed)  # noqa: S311 - test data
        times = self._times(data_source_id, count)
        for done in range(0, count, BATCH):
            size = min(BATCH, count - done)
            with self.store.transaction(write=True) as db:
                db.execute(_ROOMY)
                batch = _Batch(self._session(db), data_source_id, chance)
                for _ in range(size):
                    batch.add(next(times))
            progress(done + size)

    def _times(self, data_source_id: str, count: int) -> Iterator[datetime]:
        """Yield the rows' times of creation: up to now, and after the rows that are there."""
        with self.store.transaction(write=False) as db:
            session = self._session(db)
            source = session.data_source(data_source_id)
            latest = db.execute(
                "SELECT max(created_time) FROM pages WHERE parent_id = ?", (source.id,)
            ).fetchone()[0]
        now = session.moment
        pace = min(_PACE, (now - datetime.fromisoformat(latest)) / count) if latest else _PACE
        return (now - pace * left for left in range(count, 0, -1))

    def _session(self, db: Any) -> Session:
        return Session(db, self.clock(), NEW_VERSION, self.settings)


class _Batch:
    def __init__(self, session: Session, data_source_id: str, chance: Random) -> None:
        self._session, self._chance = session, chance
        self._source = session.data_source(data_source_id)
        self._schema = self._source.schema()
        users = [row[0] for row in session.db.execute("SELECT id FROM users ORDER BY seq")]
        self._users = users
        related = _related(session, self._schema)
        self._around = sample_values.Surroundings(session.moment.date(), users, related)

    def add(self, created: datetime) -> None:
        sent = sample_values.values(self._schema, self._chance, self._around)
        written = write(self._session, self._schema, self._source, sent)
        pages.insert_new(self._session, self._page(self._source, created), self._schema, written)

    def _page(self, source: DataSource, created: datetime) -> Page:
        edited = created + (self._session.moment - created) * self._chance.random() ** 4
        return Page(
            id=ids.new_id(),
            parent_type=ROW,
            parent_id=source.id,
            title="",
            properties={},
            created_time=stored(created),
            created_by=self._chance.choice(self._users),
            last_edited_time=stored(edited),
            last_edited_by=self._chance.choice(self._users),
        )


def _related(session: Session, schema: Schema) -> dict[str, list[str]]:
    """Return for each relation the newest pages that it may name."""
    query = "SELECT id FROM pages WHERE parent_id = ? AND in_trash = 0 ORDER BY seq DESC LIMIT ?"
    relations = {
        prop.id: prop.config["data_source_id"]
        for prop in schema.values()
        if prop.type == "relation"
    }
    return {
        property_id: [row[0] for row in session.db.execute(query, (target, _MOST_TARGETS))]
        for property_id, target in relations.items()
    }


def _options(*names: str) -> dict[str, Any]:
    return {"options": [{"name": name} for name in names]}


EVERY_KIND: Mapping[str, Any] = {
    "Name": {"title": {}},
    "Notes": {"rich_text": {}},
    "Score": {"number": {"format": "number"}},
    "Price": {"number": {"format": "euro"}},
    "Stage": {"select": _options("Idea", "Discovery", "Design", "Build", "Launch")},
    "Labels": {"multi_select": _options("mobile", "web", "api", "security", "growth", "debt")},
    "Status": {"status": {}},
    "Due": {"date": {}},
    "Owner": {"people": {}},
    "Attachments": {"files": {}},
    "Done": {"checkbox": {}},
    "Website": {"url": {}},
    "Email": {"email": {}},
    "Phone": {"phone_number": {}},
    "Place": {"place": {}},
    "ID": {"unique_id": {"prefix": "TEST"}},
}
