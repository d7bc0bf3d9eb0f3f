"""Reading lists to their end, or refusing: a part never passes as the whole.

A query ends silently at 10,000 results: `has_more` is false and `request_status` says incomplete (notion-api.md 4.2).
Rows are therefore read oldest first, and where a query was cut the next begins at the last row's created_time. Reading
starts over there, so rows of that minute come twice and are told apart by id: only theirs are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from notion_pm.errors import IncompleteRead, ResponseTooLarge, Unavailable
from notion_pm.notion.connection import Connection

PAGE_SIZE = 100
SMALLEST_PAGE = 10
_GATEWAY_TIMEOUT = 504

Json = Mapping[str, Any]
Range = tuple[datetime, datetime]
"""From one minute to another, both included."""
T = TypeVar("T")

_OLDEST_FIRST: Json = {"timestamp": "created_time", "direction": "ascending"}
_LATEST_EDIT_FIRST: Json = {"timestamp": "last_edited_time", "direction": "descending"}


def items(
    connection: Connection,
    path: str,
    read: Callable[[Json], T],
    query: Json | None = None,
    *,
    results: str = "results",
) -> Iterator[T]:
    """Yield all items of a list that is read by GET."""
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = (
            {"page_size": PAGE_SIZE}
            | dict(query or {})
            | ({"start_cursor": cursor} if cursor else {})
        )
        answer = connection.send("GET", path, query=page)
        with connection.reading("GET", path):
            found = [read(each) for each in answer[results]]
        yield from found
        cursor = _next_cursor(answer, path, seen)
        if cursor is None:
            return


def search(connection: Connection, body: Json, read: Callable[[Json], T]) -> Iterator[T]:
    """Yield all that a search finds."""
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = {"page_size": PAGE_SIZE, **body} | ({"start_cursor": cursor} if cursor else {})
        answer = connection.send("POST", "search", body=page)
        with connection.reading("POST", "search"):
            found = [read(each) for each in answer["results"] if _is_whole_page(each)]
        yield from found
        cursor = _next_cursor(answer, "search", seen)
        if cursor is None:
            return


def rows(
    connection: Connection,
    data_source_id: str,
    read: Callable[[Json], T],
    *,
    filter: Json | None,
    query: Json,
    since: str | None = None,
) -> Iterator[T]:
    """Yield all rows of a data source that satisfy a filter, oldest first, each once.

    `since` leaves out what was created before that minute: for who has it already.

    Raises IncompleteRead when more rows than a query may return were created in one minute.
    """
    latest: set[str] = set()
    while True:
        found, cut = False, False
        for answer in _query(connection, data_source_id, read, _within(filter, since), query):
            cut = answer.is_cut
            for row in answer.rows:
                if row.created_time != since:
                    since, latest = row.created_time, set()
                elif row.id in latest:
                    continue
                latest.add(row.id)
                found = True
                yield row.content
        if not cut:
            return
        if not found:
            raise IncompleteRead(
                f"data source {data_source_id}: over 10,000 rows were created at {since}",
                "Move some of these rows to another database, or read them by a narrower filter.",
            )


def edited_rows(
    connection: Connection,
    data_source_id: str,
    moment: datetime,
    read: Callable[[Json], T],
    *,
    query: Json,
    created: Range | None = None,
) -> Iterator[T]:
    """Yield the rows that were edited at or after a minute, the latest first; where Notion cuts that, all of them.

    `created`: only those created from one minute to another.
    """
    wanted: Json = {
        "timestamp": "last_edited_time",
        "last_edited_time": {"on_or_after": minute_of(moment)},
    }
    if created is not None:
        wanted = {"and": [wanted, *_created_between(*created)]}
    seen: set[str] = set()
    cut = False
    for answer in _query(connection, data_source_id, read, wanted, query, _LATEST_EDIT_FIRST):
        cut = answer.is_cut
        fresh = [row for row in answer.rows if row.id not in seen]
        seen.update(row.id for row in fresh)
        yield from (row.content for row in fresh)
    if cut:

        def read_with_id(json: Json) -> tuple[str, T]:
            return json["id"], read(json)

        again = rows(connection, data_source_id, read_with_id, filter=wanted, query=query)
        yield from (content for row_id, content in again if row_id not in seen)


def _created_between(first: datetime, last: datetime) -> Iterator[Json]:
    yield {"timestamp": "created_time", "created_time": {"on_or_after": minute_of(first)}}
    yield {"timestamp": "created_time", "created_time": {"on_or_before": minute_of(last)}}


def minute_of(moment: datetime) -> str:
    """Return a moment as filters take it, floored to the minute as Notion floors its times."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0).isoformat()


@dataclass(frozen=True, slots=True)
class _Row(Generic[T]):
    """A row, with what paging needs of it."""

    id: str
    created_time: str
    content: T


@dataclass(frozen=True, slots=True)
class _QueryAnswer(Generic[T]):
    """One page of a query's results."""

    rows: Sequence[_Row[T]]
    is_cut: bool


def _query(
    connection: Connection,
    data_source_id: str,
    read: Callable[[Json], T],
    filter: Json | None,
    query: Json,
    order: Json = _OLDEST_FIRST,
) -> Iterator[_QueryAnswer[T]]:
    """Yield the answers of one query, page by page; a time-out or too large an answer halves the page."""
    # Of a wiki only the pages: its queries return data sources too (developers.notion.com, query-a-data-source).
    body: dict[str, Any] = {
        "result_type": "page",
        "sorts": [order],
        **({"filter": filter} if filter else {}),
    }
    path, size, cursor = f"data_sources/{data_source_id}/query", PAGE_SIZE, None
    seen: set[str] = set()
    while True:
        page = body | {"page_size": size} | ({"start_cursor": cursor} if cursor else {})
        surface = frozenset({_GATEWAY_TIMEOUT} if size > SMALLEST_PAGE else ())
        try:
            answer = connection.send("POST", path, query=query, body=page, surface=surface)
        except Unavailable as error:
            is_too_much = error.status == _GATEWAY_TIMEOUT or isinstance(error, ResponseTooLarge)
            if not is_too_much or size == SMALLEST_PAGE:
                raise
            size = max(SMALLEST_PAGE, size // 2)
            continue
        with connection.reading("POST", path):
            whole = [each for each in answer["results"] if _is_whole_page(each)]
            found = [_Row(each["id"], each["created_time"], read(each)) for each in whole]
            is_cut = (answer.get("request_status") or {}).get("type") == "incomplete"
        if len(whole) < len(answer["results"]):
            connection.notes.once(
                f"Some results of the data source {data_source_id} are left out: they are no pages, "
                "or Notion does not show their properties."
            )
        yield _QueryAnswer(found, is_cut)
        cursor = _next_cursor(answer, path, seen)
        if cursor is None:
            return


def _is_whole_page(json: Json) -> bool:
    """Whether a result is a page with its properties; the API's types allow data sources and bare ids as well."""
    return json["object"] == "page" and "properties" in json


def _within(filter: Json | None, since: str | None) -> Json | None:
    """The filter, for rows created since a time. Filters nest two levels deep at most, so an `and` is widened."""
    if since is None:
        return filter
    window = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
    if filter is None:
        return window
    return {"and": [window, *filter.get("and", [filter])]}


def _next_cursor(answer: Json, path: str, seen: set[str]) -> str | None:
    """Return where the next page starts, None at the end.

    Raises IncompleteRead when there is more but no new cursor: the loop would never end, or end too early.
    """
    if not answer.get("has_more"):
        return None
    cursor = answer.get("next_cursor")
    if not isinstance(cursor, str) or cursor in seen:
        raise IncompleteRead(f"the answer to {path}: it has more, and no cursor to go on")
    seen.add(cursor)
    return cursor
