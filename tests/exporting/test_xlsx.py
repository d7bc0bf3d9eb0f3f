"""Workbooks, opened again with openpyxl."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.workbook import Workbook

from notion_pm.exporting.formats.xlsx import write_xlsx
from notion_pm.exporting.formats.xlsx_sheet import (
    MOST_ROWS,
    TooManyRows,
    column_width,
    display_width,
    row_height,
)
from notion_pm.exporting.table import Column, ExportContext, Reference, Table
from notion_pm.model.number_formats import excel_format
from notion_pm.model.page import DateValue
from tests.support.exporter_tables import (
    CELLS,
    COLUMNS,
    EMPTY,
    NOW,
    page_id,
    row,
    table,
    titles_only,
)


def exported(path: Path, *tables: Table, zone: str = "UTC") -> Workbook:
    write_xlsx(tables, path / "out.xlsx", ExportContext(NOW, ZoneInfo(zone), BytesIO()))
    return load_workbook(path / "out.xlsx")


def cells(book: Workbook, sheet: str, line: int = 2) -> dict[str, SheetCell]:
    lines = list(book[sheet].iter_rows())
    return {str(head.value): cell for head, cell in zip(lines[0], lines[line - 1], strict=True)}  # type: ignore[misc]


def test_cells_are_what_they_are(tmp_path: Path) -> None:
    found = cells(exported(tmp_path, table([row(1), row(2, EMPTY)])), "Feature specs")
    values = {name: cell.value for name, cell in found.items()}
    assert values["Feature"] == "Provision"
    assert (values["Reach"], values["Budget"], values["Spec ready"]) == (8, 1234.5, True)
    assert values["Target"] == datetime(2026, 3, 1)  # noqa: DTZ001 - Excel's own have no zone
    assert values["Target (end)"] == datetime(2026, 3, 14)  # noqa: DTZ001
    assert values["Edited (UTC)"] == datetime(2026, 7, 4, 7, 8)  # noqa: DTZ001
    assert values["Insights"] == f"Retry; please; {page_id(8)}; Untitled"
    assert values["Insights (id)"] == f"{page_id(7)}; {page_id(8)}; {page_id(9)}"
    assert values["Page id"] == page_id(1)
    assert found["Budget"].number_format == '"€"#,##0.00'
    assert found["Target"].number_format == "yyyy-mm-dd"
    assert found["Feature"].hyperlink is not None
    assert (
        found["Feature"].hyperlink.target
        == "https://app.notion.com/p/000000000000feed0000000000000001"
    )


def test_every_row_is_as_high_as_its_text(tmp_path: Path) -> None:
    rows = [row(number, (text,)) for number, text in enumerate(["A", "A\nB\nC", "A", "A\nB"])]
    sheet = exported(tmp_path, table(rows, COLUMNS[:1]))["Feature specs"]
    assert [sheet.row_dimensions[number].height for number in range(2, 6)] == [None, 45, None, 30]


def test_times_are_shown_in_the_zone_that_the_header_names(tmp_path: Path) -> None:
    found = cells(exported(tmp_path, table([row(1)]), zone="America/New_York"), "Feature specs")
    assert found["Edited (America/New_York)"].value == datetime(2026, 7, 4, 3, 8)  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@a", "{=1}", "http://x", "file:///etc"]
)
def test_text_is_never_a_formula_or_a_link(tmp_path: Path, text: str) -> None:
    columns = (COLUMNS[0], Column("q", "Quote", "rich_text"), Column("u", "Link", "url"))
    unsafe = "javascript:alert(1)"
    found = cells(
        exported(tmp_path, table([row(1, (text, text, unsafe))], columns)), "Feature specs"
    )
    assert (found["Feature"].value, found["Feature"].data_type) == (text, "s")
    assert (found["Quote"].value, found["Quote"].data_type) == (text, "s")
    assert found["Quote"].hyperlink is None
    assert found["Link"].hyperlink is None


def test_the_sheet_can_be_used_at_once(tmp_path: Path) -> None:
    sheet = exported(tmp_path, table([row(1), row(2)]))["Feature specs"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:S3"
    assert sheet.column_dimensions["A"].width > 10


def test_sheets_have_names_that_excel_takes_and_a_dictionary_is_the_last(tmp_path: Path) -> None:
    same = "Customer insights: all of them, since ever"
    tables = [
        titles_only("A", title=same),
        titles_only("B", title=same),
        titles_only(title="Data dictionary"),
    ]
    names = exported(tmp_path, *tables).sheetnames
    assert names == [
        "Customer insights  all of them,",
        "Customer insights  all of the 2",
        "Data dictionary 2",
        "Data dictionary",
    ]


def test_the_dictionary_explains_each_column(tmp_path: Path) -> None:
    book = exported(tmp_path, table([row(1)]))
    entries = [
        [cell.value for cell in line] for line in book["Data dictionary"].iter_rows(min_row=2)
    ]
    by_column = {entry[1]: entry for entry in entries}
    assert by_column["Status"] == [
        "Feature specs", "Status", "One of the values, in this order", "status", "Idea, Spec", "Where it stands",
        "status",
    ]  # fmt: skip
    assert by_column["Edited (UTC)"][2] == "When the page was last edited; times are in UTC"
    assert by_column["Insights"][2] == "Pages of Customer insights, separated by semicolons"
    assert set(by_column) == set(cells(book, "Feature specs"))


def test_dates_before_excels_calendar_stay_text(tmp_path: Path) -> None:
    found = cells(
        exported(
            tmp_path, table([row(1, ("A", DateValue("1850-05-01")))], (COLUMNS[0], COLUMNS[5]))
        ),
        "Feature specs",
    )
    assert found["Target"].value == "1850-05-01"


def test_text_too_long_for_a_cell_is_cut_with_a_mark_and_counted(tmp_path: Path) -> None:
    columns = (COLUMNS[0], Column("q", "Quote", "rich_text"))
    path = tmp_path / "out.xlsx"
    long = table([row(1, ("A", "x" * 40_000))], columns)
    assert write_xlsx([long], path, ExportContext(NOW, UTC, BytesIO())) == 1
    value = str(cells(load_workbook(path), "Feature specs")["Quote"].value)
    assert len(value) == 32_767
    assert value.endswith(
        "[cut: 40,000 characters; Excel takes 32,767. The whole text is in Notion.]"
    )


def test_a_table_longer_than_a_sheet_is_refused(tmp_path: Path) -> None:
    long = Table("big", "Big", COLUMNS[:1], [], MOST_ROWS + 1)
    with pytest.raises(TooManyRows, match="1,048,576 rows"):
        write_xlsx([long], tmp_path / "out.xlsx", ExportContext(NOW, UTC, BytesIO()))


def test_an_empty_table_is_a_sheet_with_a_header(tmp_path: Path) -> None:
    assert [
        cell.value for cell in next(exported(tmp_path, titles_only())["Feature specs"].iter_rows())
    ] == [
        "Feature",
        "Page id",
        "Page URL",
    ]


@pytest.mark.parametrize(
    ("notion", "value", "excel"),
    [
        ("percent", 0.5, "0%"),
        ("percent", 0.125, "0.0#%"),
        ("number_with_commas", 1000, "#,##0"),
        ("dollar", 2.5, '"$"#,##0.00'),
        ("number", 2.5, "General"),
        ("number", 11 / 3, "0.00"),
        ("galactic_credit", 1, "General"),
    ],
)
def test_number_formats(notion: str, value: float, excel: str) -> None:
    assert excel_format(notion, value) == excel


def test_widths_fit_what_is_there_within_reason() -> None:
    assert column_width("Status", ["Idea", "Spec"]) == 10
    assert column_width("Evidence count", ["3"]) == len("Evidence count") + 4
    assert column_width("Quote", ["x" * 500]) == 48
    assert column_width("Name", ["x" * 20] * 9 + ["x" * 400]) == 48
    assert column_width("Name", ["x" * 20] * 99 + ["x" * 400]) == 23
    assert display_width("機能") == 4


def test_rows_are_as_high_as_their_text_up_to_four_lines() -> None:
    assert row_height(["a"], [10]) == 15
    assert row_height(["a" * 18], [10]) == 30
    assert row_height(["a" * 1000], [10]) == 60


def test_references_of_a_long_relation_stay_whole(tmp_path: Path) -> None:
    many = tuple(Reference(page_id(n), f"Insight {n}") for n in range(200))
    found = cells(
        exported(tmp_path, table([row(1, (CELLS[0], many))], (COLUMNS[0], COLUMNS[11]))),
        "Feature specs",
    )
    assert len(str(found["Insights (id)"].value).split("; ")) == 200


@settings(deadline=None)  # a workbook takes its time on a busy machine
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=50))
def test_any_text_is_a_string_in_the_workbook(text: str) -> None:
    with TemporaryDirectory() as folder:
        sheet = exported(Path(folder), titles_only(text))["Feature specs"]
        cell = sheet["A2"]
        assert cell.data_type in {"s", "n"}  # n: what openpyxl calls an empty cell
        assert sheet.max_row == 2
