"""Queries of views. Their results are kept for 15 minutes (notion-api.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from notion_pm.emulator import query
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.pages import rows
from notion_pm.emulator.query.filters import Group
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.clock import to_stored, to_the_millisecond
from notion_pm.emulator.store.content_records import VIEW_QUERIES, View, ViewQuery
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader
from notion_pm.emulator.views import tabs
from notion_pm.emulator.views.view_filters import conditions, serialize_sorts

Json = dict[str, Any]

LIFETIME = timedelta(minutes=15)
_INCOMPLETE = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}


def create(session: Session, view_id: str, body: Mapping[str, Any]) -> Json:
    """Run a view's query, keep its results, and return the first page of them."""
    checks.check_keys(body, ("page_size",))
    size = checks.page_size(body.get("page_size"))
    found = _run(session, tabs.find(session, view_id))
    VIEW_QUERIES.insert(session.db, found)
    page = page_of(_references(found), None, size)
    answer = {
        "object": "view_query",
        "id": found.id,
        "view_id": found.view_id,
        "expires_at": to_the_millisecond(found.expires_at),
        "total_count": len(found.page_ids),
        "results": list(page.results),
        "next_cursor": page.next_cursor,
        "has_more": page.next_cursor is not None,
    }
    return {**answer, **_status(found)}


def _run(session: Session, view: View) -> ViewQuery:
    # Only dashboards have no data source.
    if view.data_source_id is None:
        raise validation_error("A dashboard view has no rows of its own: query its widgets.")
    source = session.data_source(view.data_source_id)
    found = rows.select(Reader(session), source, query_of_view(view, source.schema()))
    return ViewQuery(
        id=new_id(),
        view_id=view.id,
        expires_at=to_stored(session.moment + LIFETIME),
        page_ids=list(found.page_ids),
        is_complete=found.request_status() is None,
    )


def query_of_view(view: View, schema: Schema, more: Sequence[Json] = ()) -> query.Query:
    """Return the query of a view, for all its rows at once.

    They must also pass the `more` filters.
    """
    properties = query.Properties.of_schema(schema.values())
    parts = (*conditions(view.filter, view.quick_filters, schema), *more)
    filters = tuple(query.parse_filter(part, properties) for part in parts)
    return query.Query(
        filter=Group("and", filters) if filters else None,
        sorts=query.parse_sorts(serialize_sorts(view.sorts, schema) or [], properties),
        size=query.MOST_RESULTS,
    )


def results(
    session: Session, view_id: str, query_id: str, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return a page of a query's results. Raises 404 after they have expired."""
    tabs.find(session, view_id)
    found = _find_unexpired(session, view_id, query_id)
    if found is None:
        raise session.not_found("view query", query_id)
    return as_list("page", page_of(_references(found), start_cursor, page_size), **_status(found))


def delete(session: Session, view_id: str, query_id: str) -> Json:
    """Delete the results of a query. It is no error if they do not exist."""
    tabs.find(session, view_id)
    VIEW_QUERIES.delete(session.db, query_id)
    return {"object": "view_query", "id": query_id, "deleted": True}


def _find_unexpired(session: Session, view_id: str, query_id: str) -> ViewQuery | None:
    found = VIEW_QUERIES.find(session.db, query_id)
    if found is None or found.view_id != view_id or found.expires_at <= session.now:
        return None
    return found


def _references(found: ViewQuery) -> list[Json]:
    return [{"object": "page", "id": page_id} for page_id in found.page_ids]


def _status(found: ViewQuery) -> Json:
    return {} if found.is_complete else {"request_status": _INCOMPLETE}
