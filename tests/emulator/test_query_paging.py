"""Sorts and cursors of a query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from notion_pm.emulator import query
from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.store.records import Property as SchemaProperty

ASKER = query.Asker(datetime(2026, 7, 15, tzinfo=UTC))
STAGES = [{"id": f"id-{name}", "name": name} for name in ("Idea", "Doing", "Shipped")]
SCHEMA = query.Properties.of_schema(
    [
        SchemaProperty("title", "Name", "title"),
        SchemaProperty("bbbb", "Weight", "number"),
        SchemaProperty("cccc", "Done", "checkbox"),
        SchemaProperty("ffff", "Stage", "status", {"options": STAGES, "groups": []}),
    ]
)
TYPES = {one.name: one for one in SCHEMA}


def rich(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}, "plain_text": text}]


def numbers(results: query.Results) -> list[int]:
    return [int(page_id.rsplit("-")[-1], 16) for page_id in results.page_ids]


def page_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def rows(*values: dict[str, Any]) -> list[query.Row]:
    return [row(number, one) for number, one in enumerate(values, start=1)]


def row(number: int, values: dict[str, Any]) -> query.Row:
    typed = {
        TYPES[name].id: {"type": TYPES[name].type, TYPES[name].type: value}
        for name, value in values.items()
    }
    time = f"2026-07-01T08:00:{number:02}.000000+00:00"
    return query.Row(page_id(number), number, time, time, typed)


def select(
    body: dict[str, Any], pages: list[query.Row], most: int = query.MOST_RESULTS
) -> query.Results:
    asked = query.parse(body, SCHEMA)
    anchor = next(
        (page for page in pages if asked.cursor and page.id == asked.cursor.page_id), None
    )
    return query.select(asked, pages, ASKER, anchor=anchor, most=most)


def ordered(sorts: list[dict[str, str]], pages: list[query.Row]) -> list[int]:
    return numbers(select({"sorts": sorts}, pages))


def test_without_sorts_the_newest_is_first() -> None:
    assert numbers(select({}, rows({}, {}, {}))) == [3, 2, 1]


def test_empty_values_are_last_in_both_directions() -> None:
    pages = rows({"Weight": 2}, {}, {"Weight": 1})
    assert ordered([{"property": "Weight", "direction": "ascending"}], pages) == [3, 1, 2]
    assert ordered([{"property": "Weight", "direction": "descending"}], pages) == [1, 3, 2]


def test_options_sort_by_their_place_in_the_schema() -> None:
    pages = rows(
        *({"Stage": {"id": f"id-{name}", "name": name}} for name in ("Shipped", "Idea", "Doing"))
    )
    assert ordered([{"property": "Stage", "direction": "ascending"}], pages) == [2, 3, 1]


def test_the_first_sort_takes_precedence() -> None:
    pages = rows(
        {"Done": True, "Name": rich("b")},
        {"Done": False, "Name": rich("a")},
        {"Done": True, "Name": rich("A")},
    )
    sorts = [
        {"property": "Done", "direction": "descending"},
        {"property": "Name", "direction": "ascending"},
    ]
    assert ordered(sorts, pages) == [3, 1, 2]


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    pages = rows(*({"Weight": number % 3} for number in range(10)))
    body: dict[str, Any] = {
        "sorts": [{"property": "Weight", "direction": "descending"}],
        "page_size": 3,
    }
    whole = numbers(select({**body, "page_size": 100}, pages))
    found: list[int] = []
    while True:
        results = select(body, pages)
        found += numbers(results)
        if results.next_cursor is None:
            break
        body["start_cursor"] = results.next_cursor
    assert found == whole


def test_a_query_ends_at_the_limit_and_every_page_says_so() -> None:
    pages = rows(*({} for _ in range(6)))
    first = select({"page_size": 2}, pages, most=4)
    second = select({"page_size": 3, "start_cursor": first.next_cursor}, pages, most=4)
    assert (numbers(first), numbers(second), second.next_cursor) == ([6, 5], [4, 3], None)
    incomplete = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    assert first.request_status() == second.request_status() == incomplete
    assert select({}, pages, most=6).request_status() is None


@pytest.mark.parametrize("cursor", ["nonsense", page_id(1), f"s:{page_id(7)}:{page_id(1)}"])
def test_foreign_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(ApiError, match="start_cursor provided is invalid"):
        query.parse({"start_cursor": cursor}, SCHEMA)


def test_the_page_of_a_cursor_may_be_deleted() -> None:
    pages = rows({}, {}, {})
    body = {
        "page_size": 1,
        "start_cursor": select({"page_size": 1}, pages).next_cursor,
    }
    with pytest.raises(ApiError, match="start_cursor provided is invalid"):
        select(body, pages[:2])


@pytest.mark.parametrize(
    ("sort", "message"),
    [
        (
            {"property": "Gone", "direction": "ascending"},
            "Could not find sort property with name or id: Gone",
        ),
        (
            {"property": "Name", "direction": "up"},
            "body failed validation: body.sorts[0].direction should be "
            '`"ascending"` or `"descending"`, instead was `"up"`.',
        ),
    ],
)
def test_wrong_sorts(sort: dict[str, str], message: str) -> None:
    with pytest.raises(ApiError) as refusal:
        query.parse({"sorts": [sort]}, SCHEMA)
    assert refusal.value.message == message
