"""Databases: create, retrieve, update, move to the trash (notion-api.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks import tree
from notion_pm.emulator.blocks.trash import refuse_below_trash, refuse_trashed_parent
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import archived_block, linked_database, validation_error
from notion_pm.emulator.http.links import object_url
from notion_pm.emulator.schema import data_sources
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import to_the_millisecond
from notion_pm.emulator.store.records import DATABASES, Database
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import icons
from notion_pm.emulator.values.richtext import normalize, plain, plain_text

Json = dict[str, Any]

_CREATE_KEYS = frozenset(
    ("parent", "title", "description", "is_inline", "icon", "cover", "initial_data_source")
)
_UPDATE_KEYS = frozenset(
    (
        "parent",
        "title",
        "description",
        "is_inline",
        "icon",
        "cover",
        "in_trash",
        "archived",
        "is_locked",
    )
)
# Responses show an empty title as this. The stored title of the data source stays empty (recorded).
_UNTITLED = "New database"


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Create a database with its first data source and a view, and return it.

    `properties` next to `initial_data_source` is the form of older versions. It is ignored without
    an error (measured).
    """
    checks.check_keys(body, _CREATE_KEYS | {"properties"})
    parent_type, parent_id = _read_parent(session, checks.require(body, "parent"))
    database = Database(
        id=ids.new_id(),
        parent_type=parent_type,
        parent_id=parent_id,
        title=normalize(session, body.get("title", []), "body.title"),
        description=normalize(session, body.get("description", []), "body.description"),
        icon=icons.read_icon(session, body.get("icon")),
        cover=icons.read_cover(session, body.get("cover")),
        is_inline=checks.flag(body, "is_inline", default=False),
        **tree.creation_stamp(session),
    )
    DATABASES.insert(session.db, database)
    tree.place_last(session, "child_database", database.id, parent_id, _title_text(database))

    source = checks.optional_object(body, "initial_data_source")
    properties = checks.optional_object(source, "properties", "body.initial_data_source")
    path = "body.initial_data_source.properties"
    data_sources.add(session, database, database.title, properties, icon=database.icon, path=path)
    return serialize(session, database)


def update(session: Session, database_id: str, body: Mapping[str, Any]) -> Json:
    """Change a database. Its `last_edited_time` stays the time of its creation (recorded)."""
    checks.check_keys(body, _UPDATE_KEYS)
    database = session.database(database_id)
    refuse_below_trash(session, database)
    in_trash = checks.trash_flag(body, default=database.in_trash)
    if database.in_trash and in_trash and body.keys() - {"in_trash", "archived"}:
        raise archived_block()

    changed = replace(
        database,
        is_inline=checks.flag(body, "is_inline", default=database.is_inline),
        is_locked=checks.flag(body, "is_locked", default=database.is_locked),
        in_trash=in_trash,
    )
    if "title" in body:
        changed = replace(changed, title=normalize(session, body["title"], "body.title"))
    if "description" in body:
        description = normalize(session, body["description"], "body.description")
        changed = replace(changed, description=description)
    if "icon" in body:
        changed = replace(changed, icon=icons.read_icon(session, body["icon"]))
    if "cover" in body:
        changed = replace(changed, cover=icons.read_cover(session, body["cover"]))
    if body.get("parent") is not None:
        changed = _move(session, changed, body["parent"])

    DATABASES.update(session.db, changed)
    data_sources.follow_database(session, changed, {"title", "icon"} & body.keys())
    tree.sync_block(session, changed.id, title=_title_text(changed), in_trash=changed.in_trash)
    return serialize(session, changed)


def retrieve(session: Session, database_id: str) -> Json:
    """Return a database.

    Raises ApiError for a linked view, which has no own data sources.
    """
    database = session.database(database_id)
    # A linked view on a page is a database block without data sources.
    if not session.data_sources_of(database.id):
        raise linked_database(database.id, status=int(behaviour().linked_databases))
    return serialize(session, database)


def serialize(session: Session, database: Database) -> Json:
    """Return a database as responses show it."""
    sources = session.data_sources_of(database.id)
    body = {
        "object": "database",
        "id": database.id,
        "title": database.title or [plain(_UNTITLED)],
        "description": database.description,
        "parent": tree.parent_reference(database.parent_type, database.parent_id),
        "is_inline": database.is_inline,
        "in_trash": database.in_trash,
        "is_locked": database.is_locked,
        "created_time": to_the_millisecond(database.created_time),
        "last_edited_time": to_the_millisecond(database.last_edited_time),
        "data_sources": [
            {"id": source.id, "name": plain_text(source.title) or _UNTITLED} for source in sources
        ],
        "icon": database.icon,
        "cover": database.cover,
        "url": object_url(database.id),
        "public_url": None,
    }
    return {**body, "archived": database.in_trash} if session.is_old else body


def _title_text(database: Database) -> str:
    return plain_text(database.title) or _UNTITLED


def _move(session: Session, database: Database, sent: Any) -> Database:
    parent_type, parent_id = _read_parent(session, sent)
    tree.remove_place(session, database.id)
    tree.place_last(session, "child_database", database.id, parent_id, _title_text(database))
    return replace(database, parent_type=parent_type, parent_id=parent_id)


def _read_parent(session: Session, sent: Any) -> tuple[str, str]:
    parent = checks.an_object(sent, "body.parent")
    # Only people and public connections can (notion-api.md 2.1).
    if parent.get("type") == "workspace" or "workspace" in parent:
        raise validation_error(
            "Internal integrations cannot create databases at the top of a workspace: name a page."
        )
    checks.read_type(parent, ("page_id",), "body.parent")
    page = session.page(checks.body_id(parent, "page_id", "body.parent"))
    refuse_trashed_parent(session, page)
    return "page_id", page.id
