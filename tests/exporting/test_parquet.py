"""Parquet files, read again with pyarrow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from notion_pm.exporting.table import Column, ExportContext, Reference, Table
from notion_pm.model.page import DateValue
from tests.support.exporter_tables import COLUMNS, EMPTY, NOW, page_id, row, table

pq = pytest.importorskip("pyarrow.parquet")


def read(path: Path, written: Table) -> Any:
    from notion_pm.exporting.formats.parquet import write_parquet

    write_parquet([written], path / "out.parquet", ExportContext(NOW, UTC, BytesIO()))
    return pq.read_table(path / "out.parquet")


def test_values_have_types(tmp_path: Path) -> None:
    full, empty = read(tmp_path, table([row(1), row(2, EMPTY)])).to_pylist()
    assert (full["Feature"], full["Status"], full["Reach"], full["Spec ready"]) == (
        "Provision",
        "Spec",
        8.0,
        True,
    )
    assert (full["Target"], full["Target (end)"]) == (date(2026, 3, 1), date(2026, 3, 14))
    assert full["Edited"] == datetime(2026, 7, 4, 7, 8, tzinfo=UTC)
    assert full["Tags"] == ["api", "ux"]
    assert full["Insights (id)"] == [page_id(7), page_id(8), page_id(9)]
    assert (empty["Reach"], empty["Status"], empty["Tags"], empty["Target"]) == (
        None,
        None,
        [],
        None,
    )


def test_a_formula_has_the_type_that_its_values_have(tmp_path: Path) -> None:
    title, number, mixed = (
        COLUMNS[0],
        Column("f", "F", "formula", computed="number"),
        Column("g", "G", "formula"),
    )
    found = read(
        tmp_path, table([row(1, ("A", 4, True)), row(2, ("B", None, "x"))], (title, number, mixed))
    )
    assert found.column("F").to_pylist() == [4.0, None]
    assert found.column("G").to_pylist() == ["true", "x"]


def test_dates_among_times_are_midnight_in_utc(tmp_path: Path) -> None:
    columns = (COLUMNS[0], Column("d", "Due", "date", has_time=True))
    cells = [DateValue("2026-03-01"), DateValue("2026-03-01T10:00:00+02:00")]
    found = read(tmp_path, table([row(n, ("A", each)) for n, each in enumerate(cells)], columns))
    assert found.column("Due").to_pylist() == [
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 8, tzinfo=UTC),
    ]


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    found = read(tmp_path, replace(table([]), title="Feature specs"))
    assert found.num_rows == 0
    assert found.schema.metadata[b"title"] == b"Feature specs"


def test_rows_with_many_related_pages_come_in_small_groups(tmp_path: Path) -> None:
    columns = (COLUMNS[0], Column("r", "Insights", "relation"))
    related = tuple(Reference(page_id(number)) for number in range(4_000))
    found = read(
        tmp_path, table([row(number, (f"{number}", related)) for number in range(7)], columns)
    )
    assert found.column("Feature").to_pylist() == [f"{number}" for number in range(7)]
    groups = pq.read_metadata(tmp_path / "out.parquet")
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [
        2,
        2,
        2,
        1,
    ]
