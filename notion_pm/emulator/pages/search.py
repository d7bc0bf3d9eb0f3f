"""Search pages and data sources by title (notion-api.md 2.5). Like the real index, it may lag.

Recorded: a title matches any word of the query, in singular or plural. The last edited comes first.
A data source in a trashed database is still found, with `in_trash` true; a trashed page is not.
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

_Hit = tuple[str, int, str]  # last edited, order of creation, id

_KEYS = frozenset(("query", "sort", "filter", "start_cursor", "page_size"))
_WORD = re.compile(r"\w+")
# `is_trashed` is the mark of the object itself, `shows_trashed` the `in_trash` of its response.
_SOURCES = {
    "page": """
        SELECT id, last_edited_time, seq, title, in_trash AS is_trashed, in_trash AS shows_trashed
        FROM pages""",
    "data_source": """
        SELECT s.id, s.last_edited_time, s.seq, s.in_trash AS is_trashed,
               s.in_trash OR d.in_trash AS shows_trashed,
               (SELECT group_concat(json_extract(value, '$.plain_text'), '')
                FROM json_each(s.title)) AS title
        FROM data_sources s JOIN databases d ON d.id = s.database_id""",
}


def search(session: Session, body: Mapping[str, Any]) -> Json:
    """Return the pages and data sources with a title that has a word of the query."""
    checks.check_keys(body, _KEYS)
    wanted = checks.optional_object(body, "filter")
    words = _words(checks.a_string(body.get("query", ""), "body.query"))
    in_trash = None
    if wanted.get("in_trash") is not None:
        in_trash = checks.a_boolean(wanted["in_trash"], "body.filter.in_trash")

    hits: list[_Hit] = []
    for kind in _kinds(wanted):
        hits += _find(session, kind, words, in_trash=in_trash)
    # By the time of the last edit, then by the order of creation.
    hits.sort(reverse=_is_descending(body))
    references = [{"id": notion_id} for _, _, notion_id in hits]
    page = page_of(references, body.get("start_cursor"), body.get("page_size"), path="body")
    results = [_serialize(session, reference["id"]) for reference in page.results]
    return {**as_list("page_or_data_source", page), "results": results}


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
    direction = checks.one_of(sort["direction"], ("ascending", "descending"), "body.sort.direction")
    return direction == "descending"


def _find(session: Session, kind: str, words: set[str], *, in_trash: bool | None) -> list[_Hit]:
    lag = max(session.settings.search_lag, timedelta(seconds=behaviour().search_lag))
    indexed_until = to_stored(session.moment - lag)
    # A request that asks for the trash gets what its response shows as trashed.
    column = "is_trashed" if in_trash is None else "shows_trashed"
    rows = session.db.execute(
        f"SELECT * FROM ({_SOURCES[kind]}) WHERE {column} = ? AND last_edited_time <= ?",
        (bool(in_trash), indexed_until),
    )
    hits = []
    for row in rows:
        matches = not words or words & _words(row["title"] or "")
        if matches and session.sees(row["id"]) and not is_hidden(session, row["id"]):
            hits.append((row["last_edited_time"], row["seq"], row["id"]))
    return hits


def is_hidden(session: Session, notion_id: str) -> bool:
    """Return whether something is below a trashed page: search skips it (reported)."""
    page = PAGES.find(session.db, notion_id)
    if page is not None:
        return is_below_trash(session, page)
    database = session.known_database(session.known_data_source(notion_id).database_id)
    return is_below_trash(session, database)


def _words(text: str) -> set[str]:
    """Return the words of a text, in lower case and without a plural s."""
    return {word.removesuffix("s") for word in _WORD.findall(text.casefold())}


def _serialize(session: Session, notion_id: str) -> Json:
    page = PAGES.find(session.db, notion_id)
    if page is not None:
        return pages.serialize(Reader(session), page)
    return data_sources.serialize(session, session.data_source(notion_id))
