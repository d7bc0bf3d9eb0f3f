"""Query the rows of a data source (notion-api.md 2.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from notion_pm.emulator import query
from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.http.lists import Slice, as_list
from notion_pm.emulator.pages import pages
from notion_pm.emulator.schema import data_sources
from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.records import PAGES, DataSource, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader

Json = dict[str, Any]

_KEYS = frozenset(
    (
        "filter",
        "sorts",
        "start_cursor",
        "page_size",
        "result_type",
        "in_trash",
        "archived",
        "is_archived",
    )
)
_RESULT_TYPES = ("page", "data_source")


class _Values(Mapping[str, Any]):
    """The complete values of a page by property id, computed when a filter or sort needs them."""

    def __init__(self, reader: Reader, page: Page, schema: Schema) -> None:
        self._reader, self._page, self._schema = reader, page, schema

    def __getitem__(self, property_id: str) -> Json:
        return self._reader.tagged_value(self._page, self._schema[property_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema)

    def __len__(self) -> int:
        return len(self._schema)


def query_rows(
    session: Session, source: DataSource, body: Mapping[str, Any], filter_properties: Iterable[str]
) -> Json:
    """Return a page of a data source's rows, by default the newest first."""
    checks.check_keys(body, _KEYS)
    _refuse_trash_queries(body)
    schema, reader = source.schema(), Reader(session)
    properties = pages.select_properties(schema, filter_properties)
    result_type = None
    if "result_type" in body:
        result_type = checks.one_of(body["result_type"], _RESULT_TYPES, "body.result_type")

    request = query.parse(body, query.Properties.of_schema(schema.values()))
    results = select(reader, source, request)
    # SQLite returns the pages in any order; the results have the order of the query.
    found = {page.id: page for page in _load_pages(session, source, results.page_ids)}
    rows = [pages.serialize(reader, found[page_id], properties) for page_id in results.page_ids]
    rows = _with_other_results(session, source, rows, result_type)

    envelope = as_list("page_or_data_source", Slice(rows, results.next_cursor))
    status = results.request_status()
    return {**envelope, "request_status": status} if status else envelope


def _with_other_results(
    session: Session, source: DataSource, rows: list[Json], result_type: str | None
) -> list[Json]:
    """Return the rows with other results that queries may have (Behaviour.queries_return)."""
    if result_type == "data_source":
        rows = []
    others = behaviour().queries_return
    if "partial_pages" in others and rows:
        rows = [{"object": "page", "id": rows[0]["id"]}, *rows[1:]]
    if "data_sources" in others and result_type != "page":
        rows = [data_sources.serialize(session, source), *rows]
    return rows


def _refuse_trash_queries(body: Mapping[str, Any]) -> None:
    """Refuse queries for archived or trashed rows. Sources disagree on them (notion-api.md 2.2)."""
    for key in ("in_trash", "archived", "is_archived"):
        if checks.flag(body, key, default=False):
            raise validation_error(
                f"A local workspace cannot query rows by {key}: use search, or retrieve them by id."
            )


def select(reader: Reader, source: DataSource, request: query.Query) -> query.Results:
    """Return the ids of the rows that match a checked query."""
    session, schema = reader.session, source.schema()
    asker = query.Asker(session.moment, session.settings.bot_id)

    def load(page_ids: Sequence[str]) -> Iterator[query.Row]:
        return (_row(reader, page, schema) for page in _load_pages(session, source, page_ids))

    return query.run(session.db, source.id, request, asker, load)


def _load_pages(session: Session, source: DataSource, page_ids: Sequence[str]) -> list[Page]:
    """Return pages of the data source by their ids.

    The statement looks only at the ids, or SQLite might read all pages of the data source.
    """
    found = PAGES.select(
        session.db, "WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(page_ids),)
    )
    return [page for page in found if page.parent_id == source.id]


def _row(reader: Reader, page: Page, schema: Schema) -> query.Row:
    values = _Values(reader, page, schema)
    return query.Row(page.id, page.seq or 0, page.created_time, page.last_edited_time, values)
