"""Search by title over pages and data sources (notion-api.md 2.5); like the real index, it may lag.

Recorded: a title is found by any word of the query, whether singular or plural, and the last edited comes first. A data
source in a trashed database is still found, with its `in_trash` true, while a trashed page is not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from notion_pm.emulator.behaviour import behaviour
from notion_pm.emulator.blocks.trash import is_below_trash
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.pages import pages
from notion_pm.emulator.schema import data_sources
from notion_pm.emulator.store.clock import to_stored
from notion_pm.emulator.store.records import PAGES
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader

Json = dict[str, Any]

_KEYS = frozenset(("query", "sort", "filter", "start_cursor", "page_size"))
_WORD = re.compile(r"\w+")
_SOURCES = {
    "page": "SELECT id, last_edited_time, seq, title, in_trash AS gone, in_trash AS shown_gone FROM pages",
    "data_source": """
        SELECT s.id, s.last_edited_time, s.seq, s.in_trash AS gone, s.in_trash OR d.in_trash AS shown_gone,
               (SELECT group_concat(json_extract(value, '$.plain_text'), '') FROM json_each(s.title)) AS title
        FROM data_sources s JOIN databases d ON d.id = s.database_id""",
}


def search(session: Session, body: Mapping[str, Any]) -> Json:
    """Return pages and data sources whose title has a word of the query."""
    checks.check_keys(body, _KEYS)
    wanted = checks.optional_object(body, "filter")
    words = _words(checks.a_string(body.get("query", ""), "body.query"))
    gone = (
        None
        if wanted.get("in_trash") is None
        else checks.a_boolean(wanted["in_trash"], "body.filter.in_trash")
    )
    found = [hit for kind in _kinds(wanted) for hit in _hits(session, kind, words, gone=gone)]
    found.sort(reverse=_is_descending(body))
    hits = page_of(
        [{"id": hit[-1]} for hit in found],
        body.get("start_cursor"),
        body.get("page_size"),
        path="body",
    )
    results = [_serialize(session, hit["id"]) for hit in hits.results]
    return {**as_list("page_or_data_source", hits), "results": results}


def _kinds(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    if "value" not in wanted:
        return tuple(_SOURCES)
    checks.one_of(wanted.get("property", "object"), ("object",), "body.filter.property")
    return (checks.one_of(wanted["value"], tuple(_SOURCES), "body.filter.value"),)


def _is_descending(body: Mapping[str, Any]) -> bool:
    sort = checks.optional_object(body, "sort")
    if sort.get("timestamp") is not None:
        checks.one_of(sort["timestamp"], ("last_edited_time",), "body.sort.timestamp")
    if sort.get("direction") is None:
        return True
    return (
        checks.one_of(sort["direction"], ("ascending", "descending"), "body.sort.direction")
        == "descending"
    )


def _hits(
    session: Session, kind: str, words: set[str], *, gone: bool | None
) -> list[tuple[str, int, str]]:
    lag = max(session.settings.search_lag, timedelta(seconds=behaviour().search_lag))
    indexed_until = to_stored(session.moment - lag)
    column = "gone" if gone is None else "shown_gone"
    rows = session.db.execute(
        f"SELECT * FROM ({_SOURCES[kind]}) WHERE {column} = ? AND last_edited_time <= ?",
        (bool(gone), indexed_until),
    )
    return [
        (row["last_edited_time"], row["seq"], row["id"])
        for row in rows
        if (not words or words & _words(row["title"] or ""))
        and session.sees(row["id"])
        and not is_hidden(session, row["id"])
    ]


def is_hidden(session: Session, notion_id: str) -> bool:
    """Return whether a page or data source stands below a trashed page, where search does not look (reported)."""
    page = PAGES.find(session.db, notion_id)
    if page is not None:
        return is_below_trash(session, page)
    database = session.known_database(session.known_data_source(notion_id).database_id)
    return is_below_trash(session, database)


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in _WORD.findall(text.casefold())}


def _serialize(session: Session, notion_id: str) -> Json:
    page = PAGES.find(session.db, notion_id)
    return (
        pages.serialize(Reader(session), page)
        if page
        else data_sources.serialize(session, session.data_source(notion_id))
    )
