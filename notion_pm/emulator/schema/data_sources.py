"""Laws of data sources: create, read, update, trash (notion-api.md 2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks import tree
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import archived_block, validation_error
from notion_pm.emulator.http.links import object_url
from notion_pm.emulator.schema import schema
from notion_pm.emulator.schema.computed_schema import rollup_path
from notion_pm.emulator.schema.properties import Schema, as_json
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import DATA_SOURCES, Database, DataSource, Property, RichText
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import icons
from notion_pm.emulator.values.richtext import normalized
from notion_pm.emulator.values.users import reference
from notion_pm.emulator.values.values import in_order
from notion_pm.emulator.views import views

Json = dict[str, Any]

_CREATE_KEYS = frozenset(("parent", "properties", "title", "icon"))
_UPDATE_KEYS = frozenset(("properties", "title", "icon", "parent", "in_trash", "archived"))
_TITLE = Property("title", "Name", "title")


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Add a data source to an existing database and return it."""
    checks.known_keys(body, _CREATE_KEYS)
    database = _parent(session, checks.required(body, "parent"))
    sent = checks.an_object(checks.required(body, "properties"), "body.properties")
    title = normalized(session, body.get("title", []), "body.title")
    return shown(
        session, add(session, database, title, sent, icon=icons.icon(session, body.get("icon")))
    )


def add(
    session: Session,
    database: Database,
    title: RichText,
    properties: Mapping[str, Any],
    *,
    icon: Any = None,
    path: str = "body.properties",
) -> DataSource:
    """Add a data source; where the request names no title property, it gets one called Name."""
    data_source = DataSource(
        id=ids.new_id(),
        database_id=database.id,
        title=title,
        properties={},
        icon=icon,
        **tree.stamp(session),
    )
    DATA_SOURCES.insert(session.db, data_source)
    if not any(
        isinstance(spec, dict) and (spec.get("type") or next(iter(spec), None)) == "title"
        for spec in properties.values()
    ):
        session.save_data_source(replace(data_source, properties=as_json({"title": _TITLE})))
    views.create_default(session, database.id, data_source.id)
    return schema.edit(session, data_source, properties, path)


def update(session: Session, data_source_id: str, body: Mapping[str, Any]) -> Json:
    """Change a data source as a request says."""
    if "description" in body:
        raise validation_error(
            "A data source has the description of its database: use the update database endpoint."
        )
    checks.known_keys(body, _UPDATE_KEYS)
    data_source = session.data_source(data_source_id)
    in_trash = checks.trash_flag(body, default=data_source.in_trash)
    if data_source.in_trash and in_trash and body.keys() - {"in_trash", "archived"}:
        raise archived_block()
    if body.get("properties") is not None:
        data_source = schema.edit(session, data_source, body["properties"])
    parent = (
        data_source.database_id
        if body.get("parent") is None
        else _parent(session, body["parent"]).id
    )
    if parent != data_source.database_id:
        views.create_default(session, parent, data_source.id)
        # A source that moves is listed behind those that were there (recorded).
        session.db.execute(
            "UPDATE data_sources SET seq = (SELECT max(seq) + 1 FROM data_sources) WHERE id = ?",
            (data_source.id,),
        )
    changed = replace(
        data_source,
        database_id=parent,
        title=normalized(session, body["title"], "body.title")
        if "title" in body
        else data_source.title,
        icon=icons.icon(session, body["icon"]) if "icon" in body else data_source.icon,
        in_trash=in_trash,
        **tree.edited(session),
    )
    return shown(session, session.save_data_source(changed))


def follow_database(session: Session, database: Database, changed: Set[str]) -> None:
    """Give the title and icon of a changed database to its data source, where it has just one.

    Measured: a title is shared between the two, and so is an icon that is set on the database; one that is set on the
    data source stays with it.
    """
    sources = session.data_sources_of(database.id)
    if not changed or len(sources) != 1:
        return
    first = sources[0]
    session.save_data_source(
        replace(
            first,
            title=database.title if "title" in changed else first.title,
            icon=database.icon if "icon" in changed else first.icon,
        )
    )


def shown(session: Session, data_source: DataSource) -> Json:
    """Return a data source as responses show it; description and place are its database's (recorded)."""
    database = session.known_database(data_source.database_id)
    in_trash = data_source.in_trash or database.in_trash
    body = {
        "object": "data_source",
        "id": data_source.id,
        "cover": data_source.cover,
        "icon": data_source.icon,
        "created_time": to_the_minute(data_source.created_time),
        "created_by": reference(data_source.created_by),
        "last_edited_by": reference(data_source.last_edited_by),
        "last_edited_time": to_the_minute(data_source.last_edited_time),
        "title": data_source.title,
        "description": database.description,
        "is_inline": database.is_inline,
        "properties": _shown_schema(session, data_source.schema()),
        "parent": {"type": "database_id", "database_id": data_source.database_id},
        "database_parent": tree.parent_of(database.parent_type, database.parent_id),
        "url": object_url(database.id),
        "public_url": None,
        "in_trash": in_trash,
    }
    return {**body, "archived": in_trash} if session.is_old else body


NEW_TYPE: Json = {
    "id": "new%3F",
    "name": "Sparkline",
    "description": None,
    "type": "sparkline",
    "sparkline": {},
}
"""A property of a type that came after this was written."""


def _shown_schema(session: Session, properties: Schema) -> Json:
    shown = {prop.name: _shown_property(session, properties, prop) for prop in in_order(properties)}
    if behaviour().new_property_type:
        shown[NEW_TYPE["name"]] = NEW_TYPE
    return shown


def _shown_property(session: Session, properties: Schema, prop: Property) -> Json:
    head = {
        "id": ids.encoded(prop.id),
        "name": prop.name,
        "description": prop.description,
        "type": prop.type,
    }
    if prop.type == "relation":
        return {**head, "relation": _shown_relation(session, prop.config)}
    if prop.type == "rollup":
        return {**head, "rollup": _shown_rollup(session, properties, prop)}
    return {**head, prop.type: prop.config}


def _shown_relation(session: Session, config: Mapping[str, Any]) -> Json:
    target = session.find_data_source(config["data_source_id"])
    head = {
        "database_id": target.database_id if target else None,
        "data_source_id": config["data_source_id"],
    }
    if config["type"] == "single_property":
        return {**head, "type": "single_property", "single_property": {}}
    far_id = config["synced_property_id"]
    far = target.schema().get(far_id) if target else None
    synced = {
        "synced_property_name": far.name if far else "",
        "synced_property_id": ids.encoded(far_id),
    }
    return {**head, "type": "dual_property", "dual_property": synced}


def _shown_rollup(session: Session, properties: Schema, prop: Property) -> Json:
    """Show a rollup's config; unlike elsewhere, its property ids are not percent-encoded (recorded)."""
    relation, rolled = rollup_path(session, properties, prop)
    return {
        "rollup_property_name": rolled.name if rolled else "",
        "relation_property_name": relation.name if relation else "",
        "rollup_property_id": prop.config["rollup_property_id"],
        "relation_property_id": prop.config["relation_property_id"],
        "function": prop.config["function"],
    }


def _parent(session: Session, sent: Any) -> Database:
    parent = checks.an_object(sent, "body.parent")
    if "database_id" not in parent:
        raise validation_error(
            "Data sources can only be created in an existing database. Use the create a database endpoint to make one."
        )
    checks.tag(parent, ("database_id",), "body.parent")
    database = session.database(checks.body_id(parent, "database_id", "body.parent"))
    if database.in_trash:
        raise archived_block()
    return database
