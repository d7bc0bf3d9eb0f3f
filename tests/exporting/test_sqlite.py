"""SQLite files, opened again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from notion_pm.exporting.formats.sqlite import write_sqlite
from notion_pm.exporting.table import Column, ExportContext, Table
from notion_pm.model.ids import NotionId
from notion_pm.model.page import DateValue
from tests.support.exporter_tables import COLUMNS, EMPTY, NOW, page_id, row, table

INSIGHTS = NotionId("00000000-0000-4000-8000-00000000000a")
RELATED = tuple(
    replace(each, target_id=INSIGHTS) if each.type == "relation" else each for each in COLUMNS
)


@contextmanager
def opened(path: Path, *tables: Table) -> Iterator[sqlite3.Connection]:
    write_sqlite(tables, path / "out.sqlite", ExportContext(NOW, UTC, BytesIO()))
    with closing(sqlite3.connect(path / "out.sqlite")) as db:
        db.row_factory = sqlite3.Row
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        yield db


def first(db: sqlite3.Connection, query: str) -> dict[str, Any]:
    return dict(db.execute(query).fetchone())


def test_a_row_by_its_page_id_with_values_of_their_types(tmp_path: Path) -> None:
    with opened(tmp_path, table([row(1), row(2, EMPTY)])) as db:
        found = first(db, f"SELECT * FROM features WHERE page_id = '{page_id(1)}'")
        assert (found["name"], found["status"], found["reach"], found["ready"]) == (
            "Provision",
            "Spec",
            8,
            1,
        )
        assert (found["target"], found["target_end"]) == ("2026-03-01", "2026-03-14")
        assert json.loads(found["tags"]) == ["api", "ux"]
        assert json.loads(found["owner"])[0]["name"] == "Ada"
        empty = first(db, f"SELECT * FROM features WHERE page_id = '{page_id(2)}'")
        assert {name for name, value in empty.items() if value is not None} == {
            "page_id", "page_url", "page_created", "page_edited", "ready",
        }  # fmt: skip


def test_a_relation_is_a_junction_table_with_foreign_keys_to_both_sides(tmp_path: Path) -> None:
    insights = replace(
        table([row(n, (f"Insight {n}",)) for n in (7, 8, 9)], COLUMNS[:1], name="insights"),
        source_id=INSIGHTS,
    )
    with opened(tmp_path, table([row(1)], RELATED), insights) as db:
        joined = (
            "SELECT i.name FROM features_insights AS j "
            "JOIN insights AS i ON i.page_id = j.related_id ORDER BY position"
        )
        assert [each["name"] for each in db.execute(joined)] == [
            "Insight 7",
            "Insight 8",
            "Insight 9",
        ]
        keys = {each["table"] for each in db.execute("PRAGMA foreign_key_list(features_insights)")}
        assert keys == {"features", "insights"}


@pytest.mark.parametrize("exported", [(), (7, 8)])
def test_related_pages_that_were_not_exported_are_still_there(
    tmp_path: Path, exported: tuple[int, ...]
) -> None:
    insights = table([row(n, (f"Insight {n}",)) for n in exported], COLUMNS[:1], name="insights")
    tables = [replace(insights, source_id=INSIGHTS)] if exported else []
    with opened(tmp_path, table([row(1)], RELATED), *tables) as db:
        joined = "SELECT o.* FROM features_insights AS j JOIN other_pages AS o ON o.page_id = j.related_id"
        assert [each["title"] for each in db.execute(f"{joined} ORDER BY position")] == [
            "Retry; please",
            None,
            "",
        ]


def test_names_are_keys_or_titles_and_never_the_same_twice(tmp_path: Path) -> None:
    columns = (
        Column("title", "Name", "title"),
        Column("a", "Page id", "url"),
        Column("b", "3 Größe!", "number"),
    )
    twins = table([row(1, ("A", "https://x", 1.5))], columns, name="Order")
    with opened(tmp_path, twins, twins) as db:
        assert [*first(db, 'SELECT * FROM "order"')][4:] == ["name", "page_id_2", "_3_größe"]
        assert first(db, "SELECT count(*) AS n FROM order_2") == {"n": 1}


def test_the_file_tells_what_its_columns_mean(tmp_path: Path) -> None:
    with opened(tmp_path, table([row(1)])) as db:
        told = first(db, "SELECT * FROM notion_columns WHERE column_name = 'status'")
        assert (told["title"], told["type"], told["description"]) == (
            "Status",
            "status",
            "Where it stands",
        )
        assert (
            first(db, "SELECT * FROM notion_tables")["exported_at"] == "2026-11-22T20:00:00+00:00"
        )


def test_what_sqlite_would_refuse_is_exported_all_the_same(tmp_path: Path) -> None:
    """A name that SQLite keeps for itself, a name that a span's end would take, a number beyond 64
    bits.
    """
    spans = [each for each in COLUMNS if each.has_end]
    number = next(each for each in COLUMNS if each.type == "number")
    span = replace(spans[0], title="Sprint", key="sprint")
    text = replace(COLUMNS[0], title="Sprint end", key="sprint_end", type="rich_text")
    cells = (("When", DateValue("2026-01-01", "2026-01-14"), 10**19),)
    rows = [row(1, each) for each in cells]
    with opened(
        tmp_path, table(rows, (text, span, replace(number, key="n")), name="SQLite migration")
    ) as db:
        found = first(db, "SELECT * FROM _sqlite_migration")
        assert (found["sprint_end"], found["sprint"], found["sprint_end_2"]) == (
            "When",
            "2026-01-01",
            "2026-01-14",
        )
        assert found["n"] == 1e19
