"""The parents of pages: which ones requests may name, and the first values of a new row."""

from __future__ import annotations

from typing import Any

from notion_pm.emulator.blocks.trash import refuse_trashed_parent
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import archived_block, multiple_sources, validation_error
from notion_pm.emulator.schema.options import default_status, never_set
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.records import DataSource
from notion_pm.emulator.store.session import Session

ROW = "data_source_id"  # the type of parent that makes a page a row
TOP = "workspace"
_PARENTS = ("page_id", ROW, "database_id", TOP)


def resolve_for_new(session: Session, sent: Any) -> tuple[str, str | None]:
    """Return the parent's type and id of a new page.

    People, but not integrations, can also make pages at the top of the workspace.
    """
    if session.settings.is_person:
        parent = checks.an_object(sent, "body.parent")
        if checks.read_type(parent, _PARENTS, "body.parent") == TOP:
            return TOP, None
    return resolve(session, sent)


def resolve(session: Session, sent: Any, path: str = "body.parent") -> tuple[str, str]:
    """Return the parent's type and id in a request: a page or a data source.

    A database with one data source is accepted instead of the data source.
    """
    parent = checks.an_object(sent, path)
    kind = checks.read_type(parent, _PARENTS, path)
    if kind == TOP:
        raise validation_error(
            "Internal integrations aren't owned by a single user, so creating workspace-level "
            "private pages is not supported."
        )
    parent_id = checks.body_id(parent, kind, path)
    if kind == "page_id":
        refuse_trashed_parent(session, session.page(parent_id))
        return kind, parent_id
    source = session.data_source(parent_id) if kind == ROW else _only_source(session, parent_id)
    # The trash of a database is also that of its data sources.
    if source.in_trash or session.database(source.database_id).in_trash:
        raise archived_block()
    return ROW, source.id


def _only_source(session: Session, database_id: str) -> DataSource:
    sources = session.data_sources_of(session.database(database_id).id)
    if len(sources) != 1:
        raise multiple_sources(database_id, [source.id for source in sources])
    return sources[0]


def first_values(session: Session, parent_id: str | None, schema: Schema) -> dict[str, Any]:
    """Return the values that a new row gets without being written: its number, a default status."""
    values: dict[str, Any] = {}
    for prop in schema.values():
        if prop.type == "status":
            default = default_status(prop.config)
            # Stored, although nobody wrote it, so that filters and sorts see it. A conversion does
            # not.
            values[prop.id] = never_set(default) if default else None
        elif prop.type == "unique_id" and parent_id:
            values[prop.id] = _next_number(session, parent_id, prop.id)
    return values


def _next_number(session: Session, data_source_id: str, property_id: str) -> int:
    row = session.db.execute(
        "UPDATE counters SET last = last + 1 "
        "WHERE data_source_id = ? AND property_id = ? RETURNING last",
        (data_source_id, property_id),
    ).fetchone()
    return int(row[0])
