"""From the journal's lines to events as subscribers get them (shapes: official types; notion-api.md 2.9)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from notion_pm.emulator.store.ids import encode_property_id
from notion_pm.emulator.store.records import BLOCKS, DATA_SOURCES, DATABASES, PAGES

Json = dict[str, Any]

_CONTENT = ("created", "content_updated", "properties_updated", "moved", "deleted", "undeleted")
TYPES = (
    *(f"page.{what}" for what in (*_CONTENT, "locked", "unlocked")),
    *(
        f"data_source.{what}"
        for what in ("created", "content_updated", "schema_updated", "moved", "deleted")
    ),
    "data_source.undeleted",
    *(f"database.{what}" for what in ("created", "moved", "deleted", "undeleted")),
    *(
        f"{kind}.{what}"
        for kind in ("view", "comment")
        for what in ("created", "updated", "deleted")
    ),
    "file_upload.created",
    "file_upload.completed",
)
AT_ONCE = ("page.locked", "page.unlocked", "comment.", "file_upload.")
"""Event types that are not aggregated."""

_KINDS = {"page_id": "page", "block_id": "block"}
_LISTS = ("updated_blocks", "updated_properties", "updated_fields")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one thing."""

    type: str
    entity: Mapping[str, str]
    authors: tuple[str, ...]
    data: Json

    @property
    def key(self) -> tuple[str, str]:
        """Events of one key are told as one."""
        return self.type, self.entity["id"]


def read_journal(db: sqlite3.Connection, workspace_id: str) -> list[Event]:
    """Return the events that the journal's lines make together, in order of their first line."""
    reader = _Reader(db, workspace_id)
    lines = db.execute("SELECT type, entity_id, author, detail FROM changes ORDER BY seq")
    return merge(event for line in lines for event in reader.read(*line))


def merge(events: Iterable[Event]) -> list[Event]:
    """Tell events of one type about one thing as one; what follows a creation belongs to it."""
    found: dict[tuple[str, str], Event] = {}
    for event in events:
        if belongs_to_creation(event, found):
            continue
        earlier = found.get(event.key)
        found[event.key] = event if earlier is None else merge_pair(earlier, event)
    return list(found.values())


def belongs_to_creation(event: Event, known: Iterable[tuple[str, str]]) -> bool:
    """Return whether an update is part of a creation that is still to be told."""
    kind, _, what = event.type.partition(".")
    return (
        what.endswith("updated")
        and kind != "comment"
        and (f"{kind}.created", event.entity["id"]) in set(known)
    )


def merge_pair(earlier: Event, later: Event) -> Event:
    """Join two events of one key: authors and lists of what changed are united, the rest is the later's."""
    authors = tuple(dict.fromkeys((*earlier.authors, *later.authors)))
    lists = {key: _unite(earlier.data[key], later.data[key]) for key in _LISTS if key in later.data}
    return replace(later, authors=authors, data={**later.data, **lists})


def _unite(earlier: list[Any], later: list[Any]) -> list[Any]:
    """Join two lists of strings or of objects with an id; of an object, the later form stays."""
    items = {item["id"] if isinstance(item, dict) else item: item for item in (*earlier, *later)}
    return list(items.values())


class _Reader:
    """Looks up what the events say beside the journal."""

    def __init__(self, db: sqlite3.Connection, workspace_id: str) -> None:
        self._db, self._workspace_id = db, workspace_id

    def read(self, type_: str, entity_id: str, author: str, detail: str | None) -> Iterator[Event]:
        """Yield the event of one line; none where what it is about is no more."""
        told = None if detail is None else json.loads(detail)
        kind = type_.split(".")[0]
        if type_ == "page.content_updated":
            entity_id = self._page_of(entity_id) or ""
        data = self._data(kind, type_, entity_id, told)
        if data is not None:
            entity = {"id": entity_id, "type": kind}
            yield Event(type_, entity, (author,) if author else (), data)

    def _data(self, kind: str, type_: str, entity_id: str, told: Any) -> Json | None:
        if kind == "view":
            return _view_data(type_, told)
        if kind == "comment":
            return self._comment_data(entity_id)
        if kind == "file_upload":
            return {}
        parent = self._parent(kind, entity_id)
        if parent is None:
            return None
        match type_:
            case "page.content_updated" | "data_source.content_updated":
                return {"parent": parent, "updated_blocks": told}
            case "page.properties_updated":
                return {
                    "parent": parent,
                    "updated_properties": [encode_property_id(each) for each in told],
                }
            case "data_source.schema_updated":
                return {
                    "parent": parent,
                    "updated_properties": list(_schema_changes(told["old"], told["new"])),
                }
        return {"parent": parent}

    def _parent(self, kind: str, entity_id: str) -> Json | None:
        if kind == "data_source":
            source = DATA_SOURCES.find(self._db, entity_id)
            return {"id": source.database_id, "type": "database"} if source else None
        thing = (
            PAGES.find(self._db, entity_id)
            if kind == "page"
            else DATABASES.find(self._db, entity_id)
        )
        if thing is None:
            return None
        if thing.parent_type == "workspace":
            return {"id": self._workspace_id, "type": "space"}
        if thing.parent_type in _KINDS:
            return {"id": thing.parent_id, "type": _KINDS[thing.parent_type]}
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
        """Return the id of the page that a block stands on (a page's own id is its)."""
        while PAGES.find(self._db, block_id) is None:
            block = BLOCKS.find(self._db, block_id)
            if block is None:
                return None
            block_id = block.parent_id
        return block_id


def _view_data(type_: str, told: Mapping[str, Any]) -> Json:
    data: Json = {"parent": {"id": told["database_id"], "type": "database"}}
    if type_ == "view.created":
        return {**data, "view_type": told["type"]}
    return {**data, "updated_fields": told["fields"]} if type_ == "view.updated" else data


def _schema_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Json]:
    for property_id in dict.fromkeys((*old, *new)):
        before, after = old.get(property_id), new.get(property_id)
        if before != after:
            action = "created" if before is None else "deleted" if after is None else "updated"
            name = (after or before or {}).get("name")
            yield {"id": encode_property_id(property_id), "name": name, "action": action}
