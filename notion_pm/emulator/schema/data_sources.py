"""Data sources: create, retrieve, update, move to the trash (notion-api.md 2.2)."""

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
from notion_pm.emulator.schema.properties import Schema, as_json, unique_name
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import DATA_SOURCES, Database, DataSource, Property, RichText
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import icons
from notion_pm.emulator.values.reading import in_order
from notion_pm.emulator.values.richtext import normalize
from notion_pm.emulator.values.users import reference
from notion_pm.emulator.views import views

Json = dict[str, Any]

_CREATE_KEYS = frozenset(("parent", "properties", "title", "icon"))
_UPDATE_KEYS = frozenset(("properties", "title", "icon", "parent", "in_trash", "archived"))
_DEFAULT_TITLE = Property("title", "Name", "title")
# A property of a type that this code does not know (see Behaviour.new_property_type).
NEW_TYPE: Json = {
    "id": "new%3F",
    "name": "Sparkline",
    "description": None,
    "type": "sparkline",
    "sparkline": {},
}
# The properties of a wiki. Their ids are the same in every wiki (recorded).
_WIKI_PROPERTIES = (
    ("verification", "Verification", "verification"),
    ("verification_owner", "Owner", "people"),
)


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Add a data source to an existing database and return it."""
    checks.check_keys(body, _CREATE_KEYS)
    database = _read_parent(session, checks.require(body, "parent"))
    properties = checks.an_object(checks.require(body, "properties"), "body.properties")
    title = normalize(session, body.get("title", []), "body.title")
    icon = icons.read_icon(session, body.get("icon"))
    return serialize(session, add(session, database, title, properties, icon=icon))


def add(
    session: Session,
    database: Database,
    title: RichText,
    properties: Mapping[str, Any],
    *,
    icon: Any = None,
    path: str = "body.properties",
) -> DataSource:
    """Add a data source with its first view.

    It gets a title property called Name if the request has none.
    """
    data_source = DataSource(
        id=ids.new_id(),
        database_id=database.id,
        title=title,
        properties={},
        icon=icon,
        **tree.creation_stamp(session),
    )
    DATA_SOURCES.insert(session.db, data_source)
    if not _has_title(properties):
        with_title = replace(data_source, properties=as_json({"title": _DEFAULT_TITLE}))
        session.save_data_source(with_title)
    views.create_default(session, database.id, data_source.id)
    return schema.edit(session, data_source, properties, path)


def _has_title(properties: Mapping[str, Any]) -> bool:
    """Return whether a request's properties include a title, by `type` or by the first key."""
    for spec in properties.values():
        if isinstance(spec, dict) and (spec.get("type") or next(iter(spec), None)) == "title":
            return True
    return False


def update(session: Session, data_source_id: str, body: Mapping[str, Any]) -> Json:
    """Change a data source: its schema, title, icon, parent or trash mark."""
    # The service refuses it here, although responses show it (notion-api.md 2.2).
    if "description" in body:
        raise validation_error(
            "A data source has the description of its database: use the update database endpoint."
        )
    checks.check_keys(body, _UPDATE_KEYS)
    data_source = session.data_source(data_source_id)
    in_trash = checks.trash_flag(body, default=data_source.in_trash)
    if data_source.in_trash and in_trash and body.keys() - {"in_trash", "archived"}:
        raise archived_block()
    if body.get("properties") is not None:
        data_source = schema.edit(session, data_source, body["properties"])
    database_id = data_source.database_id
    if body.get("parent") is not None:
        database_id = _read_parent(session, body["parent"]).id
    if database_id != data_source.database_id:
        # The old views stay where they are, as linked ones (notion-api.md 2.2).
        views.create_default(session, database_id, data_source.id)
        # A data source that moves is listed after the existing ones (recorded).
        session.db.execute(
            "UPDATE data_sources SET seq = (SELECT max(seq) + 1 FROM data_sources) WHERE id = ?",
            (data_source.id,),
        )
    changed = replace(
        data_source, database_id=database_id, in_trash=in_trash, **tree.edit_stamp(session)
    )
    if "title" in body:
        changed = replace(changed, title=normalize(session, body["title"], "body.title"))
    if "icon" in body:
        changed = replace(changed, icon=icons.read_icon(session, body["icon"]))
    return serialize(session, session.save_data_source(changed))


def follow_database(session: Session, database: Database, changed: Set[str]) -> None:
    """Copy the changed title and icon of a database to its data source, if it has only one.

    Measured: the two share a title, and an icon that is set on the database. An icon that is set on
    the data source stays there.
    """
    sources = session.data_sources_of(database.id)
    if not changed or len(sources) != 1:
        return
    source = sources[0]
    if "title" in changed:
        source = replace(source, title=database.title)
    if "icon" in changed:
        source = replace(source, icon=database.icon)
    session.save_data_source(source)


def turn_into_wiki(session: Session, data_source_id: str) -> None:
    """Add the properties of a wiki, as people do in Notion's app. Raises 404.

    Pages of a wiki can be verified. The API cannot make a wiki.
    """
    source = session.data_source(data_source_id)
    properties = source.schema()
    for property_id, name, kind in _WIKI_PROPERTIES:
        if property_id not in properties:
            properties[property_id] = Property(property_id, unique_name(properties, name), kind)
    session.save_data_source(
        replace(source, properties=as_json(properties), **tree.edit_stamp(session))
    )


def serialize(session: Session, data_source: DataSource) -> Json:
    """Return a data source as responses show it.

    Its description and parent are those of its database (recorded).
    """
    database = session.known_database(data_source.database_id)
    # The trash of a database is also that of its data sources (recorded).
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
        "properties": _serialize_schema(session, data_source.schema()),
        "parent": {"type": "database_id", "database_id": data_source.database_id},
        "database_parent": tree.parent_reference(database.parent_type, database.parent_id),
        "url": object_url(database.id),
        "public_url": None,
        "in_trash": in_trash,
    }
    return {**body, "archived": in_trash} if session.is_old else body


def _serialize_schema(session: Session, properties: Schema) -> Json:
    body = {}
    for prop in in_order(properties):
        body[prop.name] = _serialize_property(session, properties, prop)
    if behaviour().new_property_type:
        body[NEW_TYPE["name"]] = NEW_TYPE
    return body


def _serialize_property(session: Session, properties: Schema, prop: Property) -> Json:
    head = {
        "id": ids.encode_property_id(prop.id),
        "name": prop.name,
        "description": prop.description,
        "type": prop.type,
    }
    if prop.type == "relation":
        return {**head, "relation": _serialize_relation(session, prop.config)}
    if prop.type == "rollup":
        return {**head, "rollup": _serialize_rollup(session, properties, prop)}
    return {**head, prop.type: prop.config}


def _serialize_relation(session: Session, config: Mapping[str, Any]) -> Json:
    target = session.find_data_source(config["data_source_id"])
    head = {
        "database_id": target.database_id if target else None,
        "data_source_id": config["data_source_id"],
    }
    if config["type"] == "single_property":
        return {**head, "type": "single_property", "single_property": {}}
    # The property on the other side of a two-way relation.
    far_id = config["synced_property_id"]
    far = target.schema().get(far_id) if target else None
    synced = {
        "synced_property_name": far.name if far else "",
        "synced_property_id": ids.encode_property_id(far_id),
    }
    return {**head, "type": "dual_property", "dual_property": synced}


def _serialize_rollup(session: Session, properties: Schema, prop: Property) -> Json:
    """Return the config of a rollup.

    Unlike elsewhere, its ids are not percent-encoded (recorded).
    """
    relation, rolled_up = rollup_path(session, properties, prop)
    return {
        "rollup_property_name": rolled_up.name if rolled_up else "",
        "relation_property_name": relation.name if relation else "",
        "rollup_property_id": prop.config["rollup_property_id"],
        "relation_property_id": prop.config["relation_property_id"],
        "function": prop.config["function"],
    }


def _read_parent(session: Session, sent: Any) -> Database:
    parent = checks.an_object(sent, "body.parent")
    if "database_id" not in parent:
        raise validation_error(
            "Data sources can only be created in an existing database. "
            "Use the create a database endpoint to make one."
        )
    checks.read_type(parent, ("database_id",), "body.parent")
    database = session.database(checks.body_id(parent, "database_id", "body.parent"))
    if database.in_trash:
        raise archived_block()
    return database
