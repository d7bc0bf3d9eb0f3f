"""Read lists to their end, or refuse: a part must never pass as the whole.

A query ends silently at 10,000 results: `has_more` is false and `request_status` says incomplete
(notion-api.md 4.2). Rows are therefore read oldest first; where Notion cut a query, the next one
starts at the last row's created_time. That time has the precision of a minute, so the rows of that
minute arrive twice. They are recognised by id; only the ids of that minute are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from notion_pm.errors import IncompleteRead, ResponseTooLarge, Unavailable
from notion_pm.notion.connection import Connection, Request

PAGE_SIZE = 100
SMALLEST_PAGE = 10
_GATEWAY_TIMEOUT = 504

Json = Mapping[str, Any]
Range = tuple[datetime, datetime]
"""From one minute to another, both included."""
T = TypeVar("T")

_OLDEST_FIRST: Json = {"timestamp": "created_time", "direction": "ascending"}
_LATEST_EDIT_FIRST: Json = {"timestamp": "last_edited_time", "direction": "descending"}


def read_items(
    connection: Connection,
    path: str,
    read: Callable[[Json], T],
    query: Json | None = None,
    *,
    results: str = "results",
) -> Iterator[T]:
    """Yield all items of a list that is read by GET. `results`: the key of the items."""

    def read_results(answer: Json) -> list[T]:
        return [read(item) for item in answer[results]]

    return _read_list(connection, Request("GET", path, query=query or {}), read_results)


def search(connection: Connection, body: Json, read: Callable[[Json], T]) -> Iterator[T]:
    """Yield all pages that a search finds."""

    def read_results(answer: Json) -> list[T]:
        return [read(result) for result in answer["results"] if _is_whole_page(result)]

    return _read_list(connection, Request("POST", "search", body=body), read_results)


def _read_list(
    connection: Connection, request: Request, read_results: Callable[[Json], list[T]]
) -> Iterator[T]:
    cursor: str | None = None
    cursors: set[str] = set()
    while True:
        page = _at_cursor(request, PAGE_SIZE, cursor)
        answer = connection.send(page)
        with connection.reading(page):
            items = read_results(answer)
        yield from items
        cursor = _next_cursor(answer, request.path, cursors)
        if cursor is None:
            return


@dataclass(frozen=True, slots=True)
class _Row(Generic[T]):
    """A row, with what paging needs of it."""

    id: str
    created_time: str
    content: T


@dataclass(frozen=True, slots=True)
class _QueryAnswer(Generic[T]):
    """One page of a query's results. `is_cut`: Notion does not return the rest."""

    rows: list[_Row[T]]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class RowReader(Generic[T]):
    """Reads the rows of one data source.

    `read` makes a row of its JSON. `selection`: the query string that selects properties.
    """

    connection: Connection
    data_source_id: str
    read: Callable[[Json], T]
    selection: Json

    def rows(self, filter: Json | None, since: str | None = None) -> Iterator[T]:
        """Yield all rows that satisfy a filter, oldest first, each once.

        `since`: leave out rows that were created before that minute.

        Raises IncompleteRead when more rows than a query returns were created in one minute.
        """
        ids_of_last_minute: set[str] = set()
        while True:
            found_new_rows, is_cut = False, False
            # After a cut, the query starts again at the minute of the last row.
            for answer in self._query(_created_since(filter, since), _OLDEST_FIRST):
                is_cut = answer.is_cut
                for row in answer.rows:
                    if row.created_time != since:
                        since, ids_of_last_minute = row.created_time, set()
                    elif row.id in ids_of_last_minute:
                        continue
                    ids_of_last_minute.add(row.id)
                    found_new_rows = True
                    yield row.content
            if not is_cut:
                return
            if not found_new_rows:
                raise IncompleteRead(
                    f"data source {self.data_source_id}: over 10,000 rows were created at {since}",
                    "Move some of these rows to another database, or use a narrower filter.",
                )

    def edited_rows(self, moment: datetime, created: Range | None = None) -> Iterator[T]:
        """Yield the rows that were edited at or after a minute, the latest first, each once.

        `created`: only rows that were created in this range. When Notion cuts the query, the
        remaining rows follow in the order of their creation.
        """
        edited: Json = {
            "timestamp": "last_edited_time",
            "last_edited_time": {"on_or_after": floor_to_minute(moment)},
        }
        filter = edited
        if created is not None:
            filter = {"and": [edited, *_created_between(*created)]}

        seen: set[str] = set()
        is_cut = False
        for answer in self._query(filter, _LATEST_EDIT_FIRST):
            is_cut = answer.is_cut
            for row in answer.rows:
                if row.id not in seen:
                    seen.add(row.id)
                    yield row.content
        if not is_cut:
            return

        def read_with_id(json: Json) -> tuple[str, T]:
            return json["id"], self.read(json)

        # The order by edits changes while people edit, the order by creation does not. So after a
        # cut all matching rows are read by creation, and those that were seen are skipped.
        reader = RowReader(self.connection, self.data_source_id, read_with_id, self.selection)
        for row_id, content in reader.rows(filter):
            if row_id not in seen:
                yield content

    def _query(self, filter: Json | None, order: Json) -> Iterator[_QueryAnswer[T]]:
        """Yield the answers of one query, page by page.

        A time-out, or a response that is too large, halves the size of the pages.
        """
        path = f"data_sources/{self.data_source_id}/query"
        # Queries of a wiki would return data sources too (developers.notion.com,
        # query-a-data-source).
        body: dict[str, Any] = {"result_type": "page", "sorts": [order]}
        if filter:
            body["filter"] = filter
        request = Request("POST", path, body=body, query=self.selection)

        size = PAGE_SIZE
        cursor: str | None = None
        cursors: set[str] = set()
        while True:
            page = _at_cursor(request, size, cursor)
            if size > SMALLEST_PAGE:
                page = replace(page, raise_at_once=frozenset({_GATEWAY_TIMEOUT}))
            try:
                answer = self.connection.send(page)
            except Unavailable as error:
                is_too_much = error.status == _GATEWAY_TIMEOUT or isinstance(
                    error, ResponseTooLarge
                )
                if not is_too_much or size == SMALLEST_PAGE:
                    raise
                # Ask again from the same cursor, for a smaller page.
                size = max(SMALLEST_PAGE, size // 2)
                continue
            yield self._read_answer(page, answer)
            cursor = _next_cursor(answer, path, cursors)
            if cursor is None:
                return

    def _read_answer(self, page: Request, answer: Json) -> _QueryAnswer[T]:
        with self.connection.reading(page):
            results = answer["results"]
            whole_pages = [result for result in results if _is_whole_page(result)]
            rows = [
                _Row(result["id"], result["created_time"], self.read(result))
                for result in whole_pages
            ]
            is_cut = (answer.get("request_status") or {}).get("type") == "incomplete"
        if len(whole_pages) < len(results):
            self.connection.notes.once(
                f"Some results of the data source {self.data_source_id} are left out: they are not "
                "pages, or Notion does not show their properties."
            )
        return _QueryAnswer(rows, is_cut)


def floor_to_minute(moment: datetime) -> str:
    """Return a moment as filters take it, floored to the minute, as Notion floors its times."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0).isoformat()


def _created_between(first: datetime, last: datetime) -> list[Json]:
    from_first = {"on_or_after": floor_to_minute(first)}
    to_last = {"on_or_before": floor_to_minute(last)}
    return [
        {"timestamp": "created_time", "created_time": from_first},
        {"timestamp": "created_time", "created_time": to_last},
    ]


def _created_since(filter: Json | None, since: str | None) -> Json | None:
    """Return the filter, limited to rows that were created since a time."""
    if since is None:
        return filter
    window = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
    if filter is None:
        return window
    # Filters nest two levels deep at most (notion-api.md 4.2), so an `and` is extended.
    conditions = filter.get("and", [filter])
    return {"and": [window, *conditions]}


def _is_whole_page(json: Json) -> bool:
    """Whether a result is a page with its properties.

    The API's types allow data sources and objects with nothing but an id as well.
    """
    return json["object"] == "page" and "properties" in json


def _at_cursor(request: Request, size: int, cursor: str | None) -> Request:
    """Return the request for the page of a list that starts at a cursor."""
    paging: dict[str, Any] = {"page_size": size}
    if cursor:
        paging["start_cursor"] = cursor
    if request.method == "GET":
        return replace(request, query={**(request.query or {}), **paging})
    return replace(request, body={**(request.body or {}), **paging})


def _next_cursor(answer: Json, path: str, earlier: set[str]) -> str | None:
    """Return where the next page starts, None at the end.

    Raises IncompleteRead when there is more but no new cursor: the loop would never end, or end too
    early.
    """
    if not answer.get("has_more"):
        return None
    cursor = answer.get("next_cursor")
    if not isinstance(cursor, str) or cursor in earlier:
        raise IncompleteRead(f"the answer to {path}: it has more, but no new cursor")
    earlier.add(cursor)
    return cursor
