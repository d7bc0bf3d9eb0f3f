"""The index answers as Python does: the same pages in the same order, page after page."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.emulator import query
from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.query.index import prepare
from notion_pm.emulator.store.migrations import migrate
from notion_pm.emulator.store.records import Property as SchemaProperty

NOW = datetime(2026, 7, 15, 12, 30, tzinfo=UTC)
ME, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SOURCE = "99999999-9999-4999-8999-999999999999"
ASKER = query.Asker(NOW, ME)

Json = dict[str, Any]


def choices(*names: str) -> Json:
    return {"options": [{"id": f"id-{name}", "name": name} for name in names], "groups": []}


TYPES = {
    "title": "title",
    "note": "rich_text",
    "mail": "email",
    "size": "number",
    "no": "unique_id",
    "done": "checkbox",
    "kind": "select",
    "step": "status",
    "tags": "multi_select",
    "due": "date",
    "who": "people",
    "docs": "files",
    "born": "created_time",
    "seen": "last_edited_time",
    "from": "created_by",
    "rel": "relation",
}
OPTIONS = {
    "kind": choices("b", "a", "c"),
    "step": choices("x", "y"),
    "tags": choices("t", "u", "v"),
}
SCHEMA = query.Properties.of_schema(
    [SchemaProperty(key, key.title(), kind, OPTIONS.get(key, {})) for key, kind in TYPES.items()]
)

WORDS = st.sampled_from(["", "a", "A", "ab", "B", "ß", "SS", "é", "z\u0000z"])
DAYS = [
    "2026-07-14",
    "2026-07-15",
    "2026-07-15T23:30:00.000-02:00",
    "2026-07-15T08:00:00.000+00:00",
    "1950-01-01",
]
NUMBERS = st.sampled_from([0, 1, 1.5, -2, 1e300])


def page_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def rich(word: str) -> list[Json]:
    return [
        {"type": "text", "text": {"content": half}, "plain_text": half}
        for half in (word[:1], word[1:])
    ]


def option(key: str) -> st.SearchStrategy[Json]:
    return st.sampled_from(OPTIONS[key]["options"])


STORED = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS.map(rich),
        "note": WORDS.map(rich) | st.just([]),
        "mail": WORDS,
        "size": NUMBERS,
        "no": st.integers(1, 3),
        "done": st.booleans(),
        "kind": option("kind") | st.just({"id": "gone", "name": "gone"}),
        "step": option("step"),
        "tags": st.lists(option("tags"), max_size=3),
        "due": st.sampled_from(DAYS).map(
            lambda day: {"start": day, "end": None, "time_zone": None}
        ),
        "who": st.lists(st.sampled_from([ME, OTHER]), max_size=2),
        "docs": st.lists(
            st.sampled_from([{"name": "f", "type": "external", "external": {"url": "u"}}]),
            max_size=2,
        ),
    },
)
PAGES = st.lists(
    st.tuples(STORED, st.integers(0, 2), st.lists(st.integers(1, 4), max_size=2, unique=True)),
    min_size=1,
    max_size=8,
)


def operators(key: str, *names: str, operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.builds(lambda name, value: {key: {name: value}}, st.sampled_from(names), operand)


def emptiness(key: str) -> st.SearchStrategy[Json]:
    return operators(key, "is_empty", "is_not_empty", operand=st.just(True))


EQUALITY = ("equals", "does_not_equal")
MEMBERSHIP = ("contains", "does_not_contain")
DATES = (
    operators(
        "date",
        *("equals", "before", "after", "on_or_before", "on_or_after"),
        operand=st.sampled_from(
            [*DAYS, "today", "2026-07-01T08:01:00Z", "9999-12-31", "0001-01-01T00:00:00+05:00"]
        ),
    )
    | operators("date", "this_week", "past_week", "next_month", operand=st.just({}))
    | emptiness("date")
)
TEXTS = operators(
    "rich_text", *EQUALITY, *MEMBERSHIP, "starts_with", "ends_with", operand=WORDS
) | emptiness("rich_text")
PEOPLE = operators("people", *MEMBERSHIP, operand=st.sampled_from([ME, OTHER, "me"])) | emptiness(
    "people"
)


def numbers(key: str) -> st.SearchStrategy[Json]:
    orders = ("greater_than", "less_than", "greater_than_or_equal_to", "less_than_or_equal_to")
    return operators(key, *EQUALITY, *orders, operand=NUMBERS) | emptiness(key)


def names_of(key: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from([one["name"] for one in OPTIONS[key]["options"]])
    return names | st.lists(names, min_size=1, max_size=2)


CONDITIONS = {
    **dict.fromkeys(("title", "note", "mail"), TEXTS),
    "size": numbers("number"),
    "no": numbers("unique_id"),
    "done": operators("checkbox", *EQUALITY, operand=st.booleans()),
    "kind": operators("select", *EQUALITY, operand=names_of("kind")) | emptiness("select"),
    "step": operators("status", *EQUALITY, operand=names_of("step")) | emptiness("status"),
    "tags": operators("multi_select", *MEMBERSHIP, operand=names_of("tags"))
    | emptiness("multi_select"),
    **dict.fromkeys(("due", "born", "seen"), DATES),
    **dict.fromkeys(("who", "from"), PEOPLE),
    "docs": emptiness("files"),
    "rel": operators("relation", *MEMBERSHIP, operand=st.integers(1, 4).map(page_id))
    | emptiness("relation"),
}
LEAVES: st.SearchStrategy[Json] = st.sampled_from(sorted(CONDITIONS)).flatmap(
    lambda key: CONDITIONS[key].map(lambda body: {"property": key, **body})
)
GROUPS = st.builds(
    lambda joint, parts: {joint: parts},
    st.sampled_from(["and", "or"]),
    st.lists(LEAVES, max_size=3),
)
FILTERS = (
    LEAVES
    | GROUPS
    | st.builds(
        lambda joint, parts: {joint: parts},
        st.sampled_from(["and", "or"]),
        st.lists(LEAVES | GROUPS, max_size=3),
    )
)
SORTS = st.lists(
    st.builds(
        lambda target, direction: {**target, "direction": direction},
        st.sampled_from([{"property": key} for key in TYPES if key not in ("rel", "from")])
        | st.sampled_from([{"timestamp": "created_time"}, {"timestamp": "last_edited_time"}]),
        st.sampled_from(["ascending", "descending"]),
    ),
    max_size=2,
)


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        prepare(connection)
        migrate(connection)
        connection.execute(
            "INSERT INTO data_sources (id, database_id, title, properties, created_time, "
            "created_by, last_edited_time, "
            "last_edited_by) VALUES (?, '', '[]', '{}', '', '', '', '')",
            (SOURCE,),
        )
        yield connection


def store(
    db: sqlite3.Connection, pages: Sequence[tuple[Json, int, list[int]]]
) -> dict[str, query.Row]:
    """Puts pages into the tables, and returns the rows that Python would see."""
    db.execute("DELETE FROM pages")
    db.execute("DELETE FROM links")
    rows = {}
    for number, (stored, minute, links) in enumerate(pages, start=1):
        created, edited = (
            f"2026-07-01T08:0{minute}:{second}.000000+00:00" for second in (f"{number:02}", "30")
        )
        author = ME if number % 2 else OTHER
        db.execute(
            "INSERT INTO pages (seq, id, parent_type, parent_id, title, properties, is_archived, "
            "is_locked, "
            "created_time, created_by, last_edited_time, last_edited_by) "
            "VALUES (?, ?, 'data_source_id', ?, '', ?, 0, 0, ?, ?, ?, ?)",
            (number, page_id(number), SOURCE, json.dumps(stored), created, author, edited, author),
        )
        live = [target for target in links if target <= len(pages)]
        db.executemany(
            "INSERT INTO links (page_id, property_id, target_id) VALUES (?, 'rel', ?)",
            [(page_id(number), page_id(target)) for target in live],
        )
        shown = {
            key: {"type": TYPES[key], TYPES[key]: as_shown(key, value)}
            for key, value in stored.items()
        }
        shown["rel"] = {
            "type": "relation",
            "relation": [{"id": page_id(target)} for target in live],
        }
        shown["from"] = {"type": "created_by", "created_by": {"object": "user", "id": author}}
        shown["born"] = {"type": "created_time", "created_time": f"{created[:16]}:00.000Z"}
        shown["seen"] = {"type": "last_edited_time", "last_edited_time": f"{edited[:16]}:00.000Z"}
        rows[page_id(number)] = query.Row(page_id(number), number, created, edited, shown)
    return rows


def as_shown(key: str, value: Any) -> Any:
    if key == "who":
        return [{"object": "user", "id": user_id} for user_id in value]
    return {"prefix": None, "number": value} if key == "no" else value


@settings(max_examples=400, deadline=None)
@given(
    pages=PAGES,
    body=st.fixed_dictionaries(
        {"sorts": SORTS, "page_size": st.integers(1, 4)}, optional={"filter": FILTERS}
    ),
    few=st.sampled_from([0, 1000]),
    most=st.sampled_from([4, 100]),
)
def test_the_index_and_python_agree(
    db: sqlite3.Connection,
    pages: list[tuple[Json, int, list[int]]],
    body: Json,
    few: int,
    most: int,
) -> None:
    rows = store(db, pages)

    def load(page_ids: Sequence[str]) -> list[query.Row]:
        return [rows[one] for one in page_ids]

    cursor: str | None = None
    while True:
        asked = query.parse({**body, "start_cursor": cursor}, SCHEMA)
        anchor = rows[asked.cursor.page_id] if asked.cursor else None
        expected = query.select(asked, rows.values(), ASKER, anchor=anchor, most=most)
        assert query.run(db, SOURCE, asked, ASKER, load, most=most, few=few) == expected
        if expected.next_cursor is None:
            break
        cursor = expected.next_cursor


def run(db: sqlite3.Connection, **body: Any) -> query.Results:
    return query.run(db, SOURCE, query.parse(body, SCHEMA), ASKER, lambda ids: [])


def test_cells_follow_what_is_written(db: sqlite3.Connection) -> None:
    store(db, [({"size": 1, "mail": "a"}, 0, []), ({"size": 2}, 0, [])])
    heavy = {"property": "size", "number": {"greater_than": 5}}
    assert run(db, filter=heavy).page_ids == ()
    db.execute("UPDATE pages SET properties = json_set(properties, '$.size', 9) WHERE seq = 1")
    assert run(db, filter=heavy).page_ids == (page_id(1),)
    db.execute("DELETE FROM pages WHERE seq = 1")
    assert db.execute("SELECT DISTINCT page FROM cells").fetchall() == [(2,)]


def test_pages_in_the_trash_keep_their_place_but_do_not_show(db: sqlite3.Connection) -> None:
    store(db, [({"size": number}, 0, []) for number in range(4)])
    by_size = [{"property": "size", "direction": "ascending"}]
    first = run(db, sorts=by_size, page_size=2)
    db.execute("UPDATE pages SET in_trash = 1 WHERE seq IN (2, 3)")
    assert run(db, sorts=by_size, start_cursor=first.next_cursor).page_ids == (page_id(4),)


def test_a_cursor_of_a_vanished_page_is_refused(db: sqlite3.Connection) -> None:
    store(db, [({}, 0, []), ({}, 0, [])])
    cursor = run(db, page_size=1).next_cursor
    db.execute("DELETE FROM pages")
    with pytest.raises(ApiError, match="start_cursor provided is invalid"):
        run(db, start_cursor=cursor)


def test_a_filter_may_be_as_large_as_the_api_allows(db: sqlite3.Connection) -> None:
    rows = store(db, [({"size": number}, 0, []) for number in range(3)])
    leaves = [{"property": "size", "number": {"equals": number}} for number in range(100)]
    wide = {"or": [{"or": leaves}] * 100}
    strict = {"and": [{"or": leaves}] * 100}
    nested = [{"or": [{"or": leaves}] * times} for times in (4, 5)]
    for large in (wide, strict, {"or": leaves}, {"or": [{"or": leaves[:20]}] * 12}, *nested):
        asked = query.parse({"filter": large}, SCHEMA)
        answer = query.run(db, SOURCE, asked, ASKER, lambda ids: [rows[one] for one in ids])
        assert answer.page_ids == (page_id(3), page_id(2), page_id(1))


def test_a_hundred_keys_are_looked_up_rather_than_searched_for(db: sqlite3.Connection) -> None:
    store(db, [({"note": rich(f"key {number}")}, number % 60 // 10, []) for number in range(3000)])
    keys = [
        {"property": "note", "rich_text": {"equals": f"key {number}"}}
        for number in range(1000, 1100)
    ]
    thousands = 0

    def count() -> int:
        nonlocal thousands
        thousands += 1
        return 0

    db.set_progress_handler(count, 1000)
    assert len(run(db, filter={"or": keys}).page_ids) == 100
    db.set_progress_handler(None, 0)
    assert thousands < 100  # a walk over all of them takes thousands
