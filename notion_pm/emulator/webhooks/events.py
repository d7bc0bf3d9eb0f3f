"""Make events for subscribers from the lines of the journal (notion-api.md 2.9).

Their shapes are those of the official types.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from notion_pm.emulator.store.ids import encode_property_id
from notion_pm.emulator.store.records import BLOCKS, DATA_SOURCES, DATABASES, PAGES, Database, Page

Json = dict[str, Any]

TYPES = (
    "page.created",
    "page.content_updated",
    "page.properties_updated",
    "page.moved",
    "page.deleted",
    "page.undeleted",
    "page.locked",
    "page.unlocked",
    "data_source.created",
    "data_source.content_updated",
    "data_source.schema_updated",
    "data_source.moved",
    "data_source.deleted",
    "data_source.undeleted",
    "database.created",
    "database.moved",
    "database.deleted",
    "database.undeleted",
    "view.created",
    "view.updated",
    "view.deleted",
    "comment.created",
    "comment.updated",
    "comment.deleted",
    "file_upload.created",
    "file_upload.completed",
)
# Events of these types (or beginnings of types) are sent at once, the others are aggregated.
AT_ONCE = ("page.locked", "page.unlocked", "comment.", "file_upload.")

_KINDS = {"page_id": "page", "block_id": "block"}
_LISTS = ("updated_blocks", "updated_properties", "updated_fields")


@dataclass(frozen=True, slots=True)
class Event:
    """A change of one object."""

    type: str
    entity: Mapping[str, str]
    authors: tuple[str, ...]
    data: Json

    @property
    def key(self) -> tuple[str, str]:
        """Events with the same key are sent as one."""
        return self.type, self.entity["id"]


def read_journal(db: sqlite3.Connection, workspace_id: str) -> list[Event]:
    """Return the events of the journal, merged, in the order of their first lines."""
    reader = _Reader(db, workspace_id)
    lines = db.execute("SELECT type, entity_id, author, detail FROM changes ORDER BY seq")
    events = []
    for event_type, entity_id, author, detail in lines:
        event = reader.read(event_type, entity_id, author, detail)
        if event is not None:
            events.append(event)
    return merge(events)


def merge(events: Iterable[Event]) -> list[Event]:
    """Merge events of one type about one object. Updates after a creation are part of it."""
    found: dict[tuple[str, str], Event] = {}
    # Later events of a key are merged into the first, which keeps its position.
    for event in events:
        if belongs_to_creation(event, found):
            continue
        earlier = found.get(event.key)
        found[event.key] = event if earlier is None else merge_pair(earlier, event)
    return list(found.values())


def belongs_to_creation(event: Event, known: Iterable[tuple[str, str]]) -> bool:
    """Return whether an event updates an object, and its creation was not sent yet.

    `known`: the keys of the events that are not sent yet.
    """
    kind, _, what = event.type.partition(".")
    if kind == "comment" or not what.endswith("updated"):
        return False
    return (f"{kind}.created", event.entity["id"]) in set(known)


def merge_pair(earlier: Event, later: Event) -> Event:
    """Merge two events of one key.

    The result has the authors and the lists of changes of both, and all else from the later one.
    """
    authors = tuple(dict.fromkeys((*earlier.authors, *later.authors)))
    data = dict(later.data)
    for key in _LISTS:
        if key in data:
            data[key] = _unite(earlier.data[key], data[key])
    return replace(later, authors=authors, data=data)


def _unite(earlier: list[Any], later: list[Any]) -> list[Any]:
    """Join two lists of strings, or of objects with an id. Of two equal objects the later stays."""
    items = {}
    for item in (*earlier, *later):
        key = item["id"] if isinstance(item, dict) else item
        items[key] = item
    return list(items.values())


class _Reader:
    """Reads lines of the journal, and looks up what else their events contain."""

    def __init__(self, db: sqlite3.Connection, workspace_id: str) -> None:
        self._db, self._workspace_id = db, workspace_id

    def read(
        self, event_type: str, entity_id: str, author: str, detail: str | None
    ) -> Event | None:
        """Return the event of one line, None if its object does not exist any more."""
        details = None if detail is None else json.loads(detail)
        kind = event_type.split(".")[0]
        if event_type == "page.content_updated":
            # The journal has the parent of the changed block (see webhook_tables.py).
            entity_id = self._page_of(entity_id) or ""
        data = self._data(kind, event_type, entity_id, details)
        if data is None:
            return None
        authors = (author,) if author else ()
        return Event(event_type, {"id": entity_id, "type": kind}, authors, data)

    def _data(self, kind: str, event_type: str, entity_id: str, details: Any) -> Json | None:
        if kind == "view":
            return _view_data(event_type, details)
        if kind == "comment":
            return self._comment_data(entity_id)
        if kind == "file_upload":
            return {}
        parent = self._parent(kind, entity_id)
        if parent is None:
            return None
        match event_type:
            case "page.content_updated" | "data_source.content_updated":
                return {"parent": parent, "updated_blocks": details}
            case "page.properties_updated":
                property_ids = [encode_property_id(property_id) for property_id in details]
                return {"parent": parent, "updated_properties": property_ids}
            case "data_source.schema_updated":
                changes = list(_schema_changes(details["old"], details["new"]))
                return {"parent": parent, "updated_properties": changes}
        return {"parent": parent}

    def _parent(self, kind: str, entity_id: str) -> Json | None:
        if kind == "data_source":
            source = DATA_SOURCES.find(self._db, entity_id)
            return {"id": source.database_id, "type": "database"} if source else None
        table = PAGES if kind == "page" else DATABASES
        thing: Page | Database | None = table.find(self._db, entity_id)
        if thing is None:
            return None
        # The official types call the workspace a space here.
        if thing.parent_type == "workspace":
            return {"id": self._workspace_id, "type": "space"}
        if thing.parent_type in _KINDS:
            return {"id": thing.parent_id, "type": _KINDS[thing.parent_type]}
        # A row: its parent is the database, with the data source beside it (official types).
        source = DATA_SOURCES.find(self._db, thing.parent_id or "")
        database = source.database_id if source else None
        return {"id": database, "type": "database", "data_source_id": thing.parent_id}

    def _comment_data(self, comment_id: str) -> Json | None:
        row = self._db.execute(
            "SELECT parent_type, parent_id FROM comments WHERE id = ?", (comment_id,)
        ).fetchone()
        if row is None:
            return None
        parent = {"id": row["parent_id"], "type": _KINDS[row["parent_type"]]}
        return {"parent": parent, "page_id": self._page_of(row["parent_id"])}

    def _page_of(self, block_id: str) -> str | None:
        """Return the id of the page that a block is on, or the id itself if it is a page."""
        while PAGES.find(self._db, block_id) is None:
            block = BLOCKS.find(self._db, block_id)
            if block is None:
                return None
            block_id = block.parent_id
        return block_id


def _view_data(event_type: str, details: Mapping[str, Any]) -> Json:
    data: Json = {"parent": {"id": details["database_id"], "type": "database"}}
    if event_type == "view.created":
        return {**data, "view_type": details["type"]}
    if event_type == "view.updated":
        return {**data, "updated_fields": details["fields"]}
    return data


def _schema_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Json]:
    for property_id in dict.fromkeys((*old, *new)):
        before, after = old.get(property_id), new.get(property_id)
        if before == after:
            continue
        if before is None:
            action = "created"
        elif after is None:
            action = "deleted"
        else:
            action = "updated"
        name = (after or before or {}).get("name")
        yield {"id": encode_property_id(property_id), "name": name, "action": action}
