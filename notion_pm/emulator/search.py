"""Search by title over pages and data sources (notion-api.md 2.5); like the real index, it may lag."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import checks, data_sources, pages
from .clock import stored
from .lists import as_list, page_of
from .records import DATA_SOURCES, PAGES
from .richtext import plain_text
from .session import Session
from .values import Reader

Json = dict[str, Any]

_KEYS = frozenset(("query", "sort", "filter", "start_cursor", "page_size"))


def search(session: Session, body: Mapping[str, Any]) -> Json:
    """Returns pages and data sources whose title contains the query, the last edited first."""
    checks.known_keys(body, _KEYS)
    wanted = checks.an_object(body.get("filter") or {}, "body.filter")
    kinds = _kinds(wanted)
    query = checks.a_string(body.get("query") or "", "body.query").casefold()
    in_trash = bool(wanted.get("in_trash"))
    found = [
        *_pages(session, query, kinds, in_trash=in_trash),
        *_data_sources(session, query, kinds, in_trash=in_trash),
    ]
    found.sort(key=lambda each: each[0], reverse=_is_descending(body))
    hits = page_of([{"id": hit} for _, hit in found], body.get("start_cursor"), body.get("page_size"), path="body")
    results = [_shown(session, hit["id"]) for hit in hits.results]
    return {**as_list("page_or_data_source", hits), "results": results}


def _kinds(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    if "value" not in wanted:
        return ("page", "data_source")
    checks.one_of(wanted.get("property", "object"), ("object",), "body.filter.property")
    return (checks.one_of(wanted["value"], ("page", "data_source"), "body.filter.value"),)


def _is_descending(body: Mapping[str, Any]) -> bool:
    sort = checks.an_object(body.get("sort") or {}, "body.sort")
    if sort.get("direction") is None:
        return True
    return checks.one_of(sort["direction"], ("ascending", "descending"), "body.sort.direction") == "descending"


def _pages(session: Session, query: str, kinds: tuple[str, ...], *, in_trash: bool) -> list[tuple[str, str]]:
    if "page" not in kinds:
        return []
    rows = session.db.execute(
        "SELECT last_edited_time, id, title FROM pages WHERE in_trash = ? AND last_edited_time <= ? ORDER BY seq",
        (in_trash, _indexed_until(session)),
    )
    return [(row[0], row[1]) for row in rows if query in row[2].casefold()]


def _data_sources(session: Session, query: str, kinds: tuple[str, ...], *, in_trash: bool) -> list[tuple[str, str]]:
    if "data_source" not in kinds:
        return []
    known = DATA_SOURCES.select(
        session.db,
        "JOIN databases d ON d.id = database_id WHERE (data_sources.in_trash OR d.in_trash) = ? "
        "AND data_sources.last_edited_time <= ? ORDER BY data_sources.seq",
        (in_trash, _indexed_until(session)),
    )
    return [(each.last_edited_time, each.id) for each in known if query in plain_text(each.title).casefold()]


def _indexed_until(session: Session) -> str:
    return stored(session.moment - session.settings.search_lag)


def _shown(session: Session, notion_id: str) -> Json:
    page = PAGES.find(session.db, notion_id)
    return pages.shown(Reader(session), page) if page else data_sources.shown(session, session.data_source(notion_id))
