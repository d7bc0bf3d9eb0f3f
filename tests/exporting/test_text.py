"""CSV, JSON and JSON Lines."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.exporting.formats.csv import write_csv
from notion_pm.exporting.formats.flat import unique
from notion_pm.exporting.formats.json import write_json, write_json_lines
from notion_pm.exporting.table import Column, Table
from notion_pm.model.spreadsheet import escape_formula
from tests.support.exporter_tables import CELLS, COLUMNS, EMPTY, page_id, row, table, titles_only


def csv_rows(exported: Table) -> list[dict[str, str]]:
    stream = io.StringIO()
    write_csv(exported, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_csv_holds_each_cell_as_text_that_reads_well() -> None:
    (found,) = csv_rows(table([row(1)]))
    assert found == {
        "Feature": "Provision",
        "Status": "Spec",
        "Tags": "api; ux",
        "Reach": "8",
        "Budget": "1234.5",
        "Target": "2026-03-01",
        "Target (end)": "2026-03-14",
        "Edited": "2026-07-04T09:08:00+02:00",
        "Spec ready": "true",
        "Tracker": "https://example.com/t/1",
        "Owner": f"Ada; {page_id(91)}",
        "Files": "plan.pdf",
        "Insights": f"Retry; please; {page_id(8)}; Untitled",
        "ID": "FEAT-12",
        "Place": "",
        "Page id": page_id(1),
        "Page URL": "https://app.notion.com/p/000000000000feed0000000000000001",
        "Insights (id)": f"{page_id(7)}; {page_id(8)}; {page_id(9)}",
        "Files (url)": "https://example.com/plan.pdf",
    }


def test_csv_leaves_empty_cells_empty() -> None:
    (found,) = csv_rows(table([row(1, EMPTY)]))
    assert {name for name, value in found.items() if value} == {"Spec ready", "Page id", "Page URL"}
    assert found["Spec ready"] == "false"


def test_a_date_gets_an_end_column_only_where_there_are_spans() -> None:
    (found,) = csv_rows(
        table([row(1, ("A", CELLS[5]))], (COLUMNS[0], Column("d", "Target", "date")))
    )
    assert "Target (end)" not in found


def test_columns_that_share_a_header_are_numbered() -> None:
    assert unique(["A", "A", "A 2", "A"]) == ["A", "A 3", "A 2", "A 4"]
    columns = (*COLUMNS[:1], Column("a", "Page id", "rich_text"))
    (found,) = csv_rows(table([row(1, ("A", "mine"))], columns))
    assert (found["Page id"], found["Page id 2"]) == ("mine", page_id(1))


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30 1", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "＝1+1"]
)
def test_text_that_could_start_a_formula_is_guarded(text: str) -> None:
    assert escape_formula(text) == f"'{text}"
    (found,) = csv_rows(titles_only(text))
    assert found["Feature"] == f"'{text}"


@pytest.mark.parametrize("text", ["", "Plan", "a=b", "1-2", "'quoted"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


def test_negative_numbers_stay_numbers() -> None:
    columns = (COLUMNS[0], COLUMNS[3])
    (found,) = csv_rows(table([row(1, ("A", -2))], columns))
    assert found["Reach"] == "-2"


def test_a_header_cannot_start_a_formula_either() -> None:
    (found,) = csv_rows(table([row(1, ("A",))], (Column("title", "=cmd()", "title"),)))
    assert "'=cmd()" in found


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1)
)
def test_csv_gives_back_any_text_but_for_the_guard(titles: list[str]) -> None:
    stream = io.StringIO()
    write_csv(titles_only(*titles), stream)
    read = [each["Feature"] for each in csv.DictReader(io.StringIO(stream.getvalue(), newline=""))]
    assert read == [escape_formula(each) for each in titles]
    assert not any(each.lstrip().startswith(("=", "+", "-", "@")) for each in read)


def test_json_keeps_types_and_ids() -> None:
    stream = io.StringIO()
    write_json([table([row(1)])], stream)
    (found,) = json.loads(stream.getvalue())
    assert (found["id"], found["title"]) == (page_id(1), "Provision")
    assert found["url"].startswith("https://app.notion.com/p/")
    assert found["created_time"] == "2026-11-22T20:00:00+00:00"
    assert found["properties"] == {
        "Feature": "Provision",
        "Status": "Spec",
        "Tags": ["api", "ux"],
        "Reach": 8,
        "Budget": 1234.5,
        "Target": {"start": "2026-03-01", "end": "2026-03-14"},
        "Edited": {"start": "2026-07-04T09:08:00+02:00", "end": None},
        "Spec ready": True,
        "Tracker": "https://example.com/t/1",
        "Owner": [{"id": page_id(90), "name": "Ada"}, {"id": page_id(91), "name": None}],
        "Files": [{"name": "plan.pdf", "url": "https://example.com/plan.pdf"}],
        "Insights": [
            {"id": page_id(7), "title": "Retry; please"},
            {"id": page_id(8), "title": None},
            {"id": page_id(9), "title": ""},
        ],
        "ID": "FEAT-12",
        "Place": None,
    }


def test_json_of_several_tables_is_an_object_by_name() -> None:
    stream = io.StringIO()
    write_json([titles_only("A"), titles_only(name="vision")], stream)
    found = json.loads(stream.getvalue())
    assert [each["title"] for each in found["features"]] == ["A"]
    assert found["vision"] == []


def test_databases_of_one_name_are_both_in_the_json() -> None:
    stream = io.StringIO()
    write_json([titles_only("A"), titles_only("B")], stream)
    assert list(json.loads(stream.getvalue())) == ["features", "features 2"]


def test_json_of_an_empty_table_is_an_empty_list() -> None:
    stream = io.StringIO()
    write_json([titles_only()], stream)
    assert json.loads(stream.getvalue()) == []


def test_json_lines_are_one_object_each() -> None:
    stream = io.StringIO()
    write_json_lines(titles_only("A\nB", "C"), stream)
    assert [json.loads(line)["title"] for line in stream.getvalue().splitlines()] == ["A\nB", "C"]
