"""Views: create, list, retrieve, update, delete (notion-api.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.blocks import tree
from notion_pm.emulator.blocks.trash import refuse_trashed_parent
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.http.links import object_url
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.clock import to_the_millisecond
from notion_pm.emulator.store.content_records import VIEWS, View
from notion_pm.emulator.store.ids import new_id, remove_dashes
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.users import reference
from notion_pm.emulator.views import dashboards, tabs, view_config, view_filters

Json = dict[str, Any]

DEFAULT_NAME = "Default view"
# A new view is put in a database, on a dashboard, or in a new linked database.
_HOLDERS = ("database_id", "view_id", "create_database")
_COMMON_KEYS = frozenset(("name", "filter", "sorts", "quick_filters", "configuration"))
_CREATE_KEYS = _COMMON_KEYS | {"data_source_id", "type", "position", "placement", *_HOLDERS}


def create_default(session: Session, database_id: str, data_source_id: str) -> View:
    """Add the table view that every new data source has."""
    view = View(
        id=new_id(),
        database_id=database_id,
        data_source_id=data_source_id,
        name=DEFAULT_NAME,
        type="table",
        position=tabs.last_position(session, database_id) + 1,
        configuration={"type": "table"},
        **tree.creation_stamp(session),
    )
    VIEWS.insert(session.db, view)
    return view


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Create a view in a database, in a dashboard, or in a new linked database on a page."""
    checks.check_keys(body, _CREATE_KEYS)
    source = session.data_source(checks.body_id(body, "data_source_id"))
    name = checks.a_string(checks.require(body, "name"), "body.name")
    kind = checks.one_of(checks.require(body, "type"), view_config.TYPES, "body.type")
    schema = source.schema()
    draft = View(
        id=new_id(),
        database_id="",
        data_source_id=None if kind == "dashboard" else source.id,
        name=name,
        type=kind,
        position=0,
        filter=view_filters.read_filter(body.get("filter"), schema),
        sorts=view_filters.read_sorts(body.get("sorts"), schema),
        quick_filters=view_filters.read_quick_filters(body.get("quick_filters"), schema, None),
        configuration=_first_configuration(kind, body, schema),
        **tree.creation_stamp(session),
    )
    view = _place_view(session, draft, body)
    VIEWS.insert(session.db, view)
    return serialize(session, view)


def _first_configuration(kind: str, body: Mapping[str, Any], schema: Schema) -> Json:
    if kind == "dashboard":
        if body.get("configuration") is not None:
            raise body_error("body.configuration", "not present", body["configuration"])
        return {"type": kind, "rows": []}
    if body.get("configuration") is None:
        return view_config.default(kind, schema)
    return view_config.merge({}, view_config.read(kind, body["configuration"], schema))


def _place_view(session: Session, draft: View, body: Mapping[str, Any]) -> View:
    """Put a new view in the holder that the request names. It must name exactly one."""
    named = [key for key in _HOLDERS if body.get(key) is not None]
    if len(named) != 1:
        raise validation_error(
            "Exactly one of database_id, view_id, or create_database must be provided."
        )
    for key, holder in (("position", "database_id"), ("placement", "view_id")):
        if body.get(key) is not None and named != [holder]:
            raise body_error(f"body.{key}", "not present", body[key])
    if named == ["view_id"]:
        return dashboards.with_widget(session, draft, body)
    if named == ["create_database"]:
        linked_database = tabs.linked_database(session, body["create_database"])
        return replace(draft, database_id=linked_database.id, position=1)
    database = session.database(checks.body_id(body, "database_id"))
    refuse_trashed_parent(session, database)
    position = tabs.position(session, database.id, body.get("position"))
    return replace(draft, database_id=database.id, position=position)


def list_views(
    session: Session,
    database_id: str | None,
    data_source_id: str | None,
    start_cursor: str | None,
    size: str | None,
) -> Json:
    """Return references to the views of a database, or of a data source anywhere."""
    if (database_id is None) == (data_source_id is None):
        raise validation_error("Exactly one of database_id or data_source_id must be provided.")
    if database_id is not None:
        found = tabs.list_tabs(session, session.database(_query_id(database_id, "database_id")).id)
    else:
        source = session.data_source(_query_id(data_source_id, "data_source_id"))
        found = VIEWS.select(
            session.db, "WHERE data_source_id = ? ORDER BY position, seq", (source.id,)
        )
    references = [{"object": "view", "id": view.id} for view in found]
    return as_list("view", page_of(references, start_cursor, size))


def _query_id(value: str | None, key: str) -> str:
    return checks.body_id({key: value}, key, "query")


def update(session: Session, view_id: str, body: Mapping[str, Any]) -> Json:
    """Change a view. Its type and data source cannot be changed."""
    checks.check_keys(body, _COMMON_KEYS)
    view = tabs.find(session, view_id)
    schema = _schema(session, view)
    view_filters.refuse_timestamp_sorts(body.get("sorts"))
    changed = replace(view, **tree.edit_stamp(session))
    if "name" in body:
        changed = replace(changed, name=checks.a_string(body["name"], "body.name"))
    if "filter" in body:
        changed = replace(changed, filter=view_filters.read_filter(body["filter"], schema))
    if "sorts" in body:
        changed = replace(changed, sorts=view_filters.read_sorts(body["sorts"], schema))
    if "quick_filters" in body:
        quick_filters = view_filters.read_quick_filters(
            body["quick_filters"], schema, view.quick_filters
        )
        changed = replace(changed, quick_filters=quick_filters)
    changed = replace(changed, configuration=_changed_configuration(view, body, schema))
    VIEWS.update(session.db, changed)
    return serialize(session, changed)


def _changed_configuration(view: View, body: Mapping[str, Any], schema: Schema) -> Json:
    old: Json = view.configuration or {}
    if body.get("configuration") is None:
        return old
    return view_config.merge(old, view_config.read(view.type, body["configuration"], schema))


def delete(session: Session, view_id: str) -> Json:
    """Delete a view, a dashboard with its widgets.

    The last view of a database cannot be deleted.
    """
    view = tabs.find(session, view_id)
    # Widgets do not count: a dashboard may lose all of them (notion-api.md 2.6).
    if view.dashboard_view_id is None and len(tabs.list_tabs(session, view.database_id)) == 1:
        raise validation_error("Cannot delete the last view of a database.")
    if view.dashboard_view_id is not None:
        dashboards.remove_widget(session, view)
    session.db.execute(
        "DELETE FROM views WHERE id = ? OR dashboard_view_id = ?", (view.id, view.id)
    )
    # Results of deleted views, including those of the widgets.
    session.db.execute("DELETE FROM view_queries WHERE view_id NOT IN (SELECT id FROM views)")
    return {"object": "view", "id": view.id, "parent": _parent(view), "type": view.type}


def serialize(session: Session, view: View) -> Json:
    """Return a view as responses show it."""
    schema = _schema(session, view)
    body = {
        "object": "view",
        "id": view.id,
        "parent": _parent(view),
        "data_source_id": view.data_source_id,
        "name": view.name,
        "type": view.type,
        "created_time": to_the_millisecond(view.created_time),
        "created_by": reference(view.created_by),
        "last_edited_time": to_the_millisecond(view.last_edited_time),
        "last_edited_by": reference(view.last_edited_by),
        "url": f"{object_url(view.database_id)}?v={remove_dashes(view.id)}",
        "filter": view_filters.serialize_filter(view.filter, schema),
        "sorts": view_filters.serialize_sorts(view.sorts, schema),
        "quick_filters": view_filters.serialize_quick_filters(view.quick_filters, schema),
        "configuration": _serialize_configuration(view, schema),
    }
    return {**body, "dashboard_view_id": view.dashboard_view_id} if view.dashboard_view_id else body


def _serialize_configuration(view: View, schema: Schema) -> Json:
    config: Json = view.configuration
    return config if view.type == "dashboard" else view_config.serialize(config, schema)


def _parent(view: View) -> Json:
    return {"type": "database_id", "database_id": view.database_id}


def _schema(session: Session, view: View) -> Schema:
    return session.known_data_source(view.data_source_id).schema() if view.data_source_id else {}
