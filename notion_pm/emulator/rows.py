"""Queries of a data source: its rows, filtered, sorted and paged (notion-api.md 2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import pages
from .lists import as_list, page_of
from .records import PAGES, DataSource
from .session import Session
from .values import Reader

Json = dict[str, Any]


def query(session: Session, source: DataSource, body: Mapping[str, Any], filter_properties: Iterable[str]) -> Json:
    """Returns a page of a data source's rows, the newest first unless the request sorts them."""
    reader = Reader(session)
    wanted = pages.selected(source.schema(), filter_properties)
    found = session.db.execute(
        "SELECT id FROM pages WHERE parent_id = ? AND in_trash = 0 ORDER BY created_time DESC, seq DESC", (source.id,)
    )
    cut = page_of([{"id": row[0]} for row in found], body.get("start_cursor"), body.get("page_size"), path="body")
    results = [pages.shown(reader, session.page(row["id"]), wanted) for row in cut.results]
    return {**as_list("page_or_data_source", cut), "results": results}
