"""Read files of other tools: encodings, separators, repeated headers, JSON, broken lines."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.importing.files.records import Records
from notion_pm.importing.files.records_file import ReadOptions, read_records
from notion_pm.importing.files.rejects import write_rejects
from notion_pm.importing.interpret import RejectedRow


def read(path: Path, data: bytes | str, format: str | None = None) -> Records:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_records(str(path), format)


def cells(found: Records) -> list[tuple[tuple[str, str], ...]]:
    return [each.cells for each in found.records]


@pytest.mark.parametrize(
    "data",
    [
        "Title,Text\nÄrger,„Zürich“\n".encode(),
        b"\xef\xbb\xbf" + "Title,Text\nÄrger,„Zürich“\n".encode(),
        "Title;Text\r\nÄrger;„Zürich“\r\n".encode("utf-16"),
        "Title\tText\nÄrger\t„Zürich“\n".encode("utf-16-le"),
        "Title|Text\nÄrger|„Zürich“\n".encode("cp1252"),
        '"Title","Text"\n"Ärger","„Zürich“"\n'.encode(),
    ],
)
def test_encoding_and_separator_are_detected(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path / "a.csv", data)
    assert found.columns == ("Title", "Text")
    assert cells(found) == [(("Title", "Ärger"), ("Text", "„Zürich“"))]


def test_guessed_encoding_is_noted(tmp_path: Path) -> None:
    (note,) = read(tmp_path / "a.csv", "Title\nÄrger\n".encode("cp1252")).notes
    assert "--encoding" in note
    assert read(tmp_path / "b.csv", "Title\nÄrger\n").notes == ()


def test_columns_with_one_header_are_values_of_one_column(tmp_path: Path) -> None:
    found = read(tmp_path / "jira.csv", "Summary,Labels,Labels,Labels\nA,x,,y\n")
    (record,) = found.records
    assert found.columns == ("Summary", "Labels")
    assert record.all("Labels") == ["x", "y"]
    assert record.first("Labels") == "x"
    assert record.first("No such") == ""


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'Title,Text\nA,"one\ntwo"\n\nB,x\n')
    assert [each.line for each in found.records] == [2, 5]
    assert found.records[0].first("Text") == "one\ntwo"


def test_rows_with_more_cells_than_headers_are_broken(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "Title,Text\nA\nB,x,,\nC,x,too much\n")
    assert [each.first("Title") for each in found.records] == ["A", "B"]
    ((broken, why),) = found.broken
    assert (broken.line, why) == (4, "3 cells, but 2 headers")
    assert found.notes == (
        "1 row has fewer cells than headers; the missing cells are taken as empty.",
    )


def test_line_that_is_not_csv_does_not_affect_others(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'Title\nA\n"B\nC\n')
    assert [each.first("Title") for each in found.records] == ["A", "C"]
    ((broken, why),) = found.broken
    assert broken.line == 3
    assert "not CSV" in why


def test_nested_json_becomes_columns(tmp_path: Path) -> None:
    issue = {
        "number": 7,
        "author": {"login": "ada", "is_bot": False},
        "labels": [{"name": "bug"}, {"name": "api"}],
        "body": None,
        "closedBy": [],
    }
    found = read(tmp_path / "a.json", json.dumps([issue]))
    assert cells(found) == [
        (
            ("number", "7"),
            ("author.login", "ada"),
            ("author.is_bot", "false"),
            ("labels.name", "bug"),
            ("labels.name", "api"),
        )
    ]


def test_json_list_is_found_inside_an_object(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.json", json.dumps({"page": 1, "data": [{"a": 1}, {"a": 2}], "tags": ["x"]})
    )
    assert [each.first("a") for each in found.records] == ["1", "2"]
    assert found.notes == ("The rows are the list `data`.",)


def test_broken_json_lines_are_reported_with_their_numbers(tmp_path: Path) -> None:
    found = read(tmp_path / "a.jsonl", '{"a": 1}\n\n{"a": \n[1]\n{"a": 2}\n')
    assert [each.line for each in found.records] == [1, 5]
    assert sorted((record.line, why.partition(":")[0]) for record, why in found.broken) == [
        (3, "this is not JSON"),
        (4, "this is not an object with fields"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.json", "{", FileUnusable),
        ("a.json", "[" * 100_000, FileUnusable),
        ("a.json", '{"a": 1}', UsageError),
        ("a.csv", "", UsageError),
        ("a.pdf", "x", UsageError),
    ],
)
def test_file_without_records_is_refused(
    tmp_path: Path, name: str, data: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        read(tmp_path / name, data)


def test_missing_file_is_an_error() -> None:
    with pytest.raises(FileUnusable):
        read_records("nowhere.csv")


def test_notion_csv_of_one_view_is_noted(tmp_path: Path) -> None:
    name = "Insights 0123456789abcdef0123456789abcdef"
    assert any("_all.csv" in each for each in read(tmp_path / f"{name}.csv", "A\nx\n").notes)
    assert read(tmp_path / f"{name}_all.csv", "A\nx\n").notes == ()


TEXTS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)
)


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_rejects_are_read_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    """Any text is read back, also formulas: the file of rejects is imported by the same map."""
    folder = tmp_path_factory.mktemp("rejects")
    lines = "".join(json.dumps(dict(zip(("A", "B"), row, strict=True))) + "\n" for row in rows)
    found = read(folder / "a.jsonl", lines)
    as_csv = [
        RejectedRow(type(each)(each.line, each.cells), "a, problem") for each in found.records
    ]
    write_rejects(as_csv, folder / "rejects.csv")
    again = read_records(str(folder / "rejects.csv"))
    assert [each.cells[2:] for each in again.records] == [each.cells for each in found.records]
    assert [each.first("_line") for each in again.records] == [
        str(each.line) for each in found.records
    ]


def test_rejects_of_json_stay_json(tmp_path: Path) -> None:
    found = read(tmp_path / "a.jsonl", '{"a": {"b": [1, 2]}}\n')
    write_rejects([RejectedRow(found.records[0], "why")], tmp_path / "b.jsonl")
    assert json.loads((tmp_path / "b.jsonl").read_text()) == {
        "_line": 1,
        "_problem": "why",
        "a": {"b": [1, 2]},
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "%"), ("a.json", "[1, 2]"),
        ("a.json", "[" * 5_000), ("a.jsonl", "[" * 5_000),
        ("a.json", '[{"a": ' + "9" * 6_000 + "}]"), ("a.json", '[{"a":' * 25 + "1" + "}]" * 25),
        ("a.csv", "," * 3_000 + "\n1"), ("a.csv", "a\n" + "x" * 11_000_000), ("a.csv", "a\n" + "1\n" * 500_001),
        ("a.json", "[" + "{}," * 300_000 + "{}]"), ("a.csv", "\x00"),
    ],
)  # fmt: skip
def test_empty_or_too_large_file_is_an_error(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises((UsageError, FileUnusable)) as told:
        read(tmp_path / name, text)
    assert len(str(told.value)) < 500


def test_lone_surrogates_and_nan_do_not_stop_an_import(tmp_path: Path) -> None:
    found = read(tmp_path / "a.json", '[{"a": "\\ud83d x", "b": NaN, "c": Infinity}]')
    assert cells(found) == [(("a", "\ufffd x"), ("c", "Infinity"))]
    write_rejects([RejectedRow(found.records[0], "no")], tmp_path / "r.jsonl")


RUSSIAN = "id;title;company\n1;Не сохраняется доска;Маяк\n2;Нужна выгрузка;Причал\n"
JAPANESE = "件名,内容\n検索が遅い,毎回三十秒かかります\nダークモード,夜に目が痛い\n"


@pytest.mark.parametrize(
    ("text", "encoding"), [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (JAPANESE, "cp932")]
)
def test_encodings_of_other_scripts_are_detected(tmp_path: Path, text: str, encoding: str) -> None:
    found = read(tmp_path / "a.csv", text.encode(encoding))
    assert list(found.columns) == text.splitlines()[0].replace(";", ",").split(",")
    assert len(found.notes) == 1
    stated = read_records(str(tmp_path / "a.csv"), options=ReadOptions(encoding=encoding))
    assert (cells(stated), stated.notes) == (cells(found), ())


def test_stated_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    for encoding in ("utf-8", "nonsense"):
        with pytest.raises(UsageError):
            (tmp_path / "a.csv").write_bytes(RUSSIAN.encode("cp1251"))
            read_records(str(tmp_path / "a.csv"), options=ReadOptions(encoding=encoding))


def test_separator_stated_for_excel_is_used(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "sep=|\nTitle|Text, long\nA|b, c, d\n")
    assert cells(found) == [(("Title", "A"), ("Text, long", "b, c, d"))]


def test_separator_inside_a_quoted_header_is_ignored(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", '"Name; first; last; other",Text\nA,b\nC,d\n')
    assert found.columns == ("Name; first; last; other", "Text")
    assert read(tmp_path / "b.csv", "Title,Text\nA,a;b;c;d;e;f\n").columns == ("Title", "Text")


def test_headers_are_found_below_titles_and_blank_lines(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.csv",
        "\nFeedback of March\nOwner,Ada,,,\n\nNo,Title,Text,Day,\n1,A,b,c,\n2,C,d,,e\n",
    )
    assert found.columns == ("No", "Title", "Text", "Day", "Column 5")
    assert [each.line for each in found.records] == [6, 7]
    assert any("line 5" in each for each in found.notes)
    stated = read_records(str(tmp_path / "a.csv"), options=ReadOptions(header_line=3))
    assert stated.columns[:2] == ("Owner", "Ada")


def test_totals_and_footers_are_not_rows(tmp_path: Path) -> None:
    text = "No,Title,Text,Votes\n1,A,b,3\n2,Total is wrong,d,4\nTotal (2),,,7\n\nConfidential\nMade by Ada,27.11.2026\n"
    found = read(tmp_path / "a.csv", text)
    assert [each.first("Title") for each in found.records] == ["A", "Total is wrong"]
    assert any("4, 6, 7" in each for each in found.notes)


def test_repeated_headers_of_groups_are_not_rows(tmp_path: Path) -> None:
    group = "No,Title,Day,Text\n1,A,2026-01-01,b\n2,B,2026-01-02,c\n,,2026-01-01 to 2026-01-02,\n"
    found = read(tmp_path / "a.csv", f"{group},,,\nOlder,,,\n{group}")
    assert [each.first("Title") for each in found.records] == ["A", "B", "A", "B"]
    assert found.broken == ()


def test_line_with_only_a_title_is_a_row(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "Title,Text,Day,Tags\nA,b,2026-01-01,c\nOnly a title,,,\n")
    assert len(found.records) == 2


def test_last_line_without_its_id_is_a_row(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.csv",
        "No,Title,Day,Text\n1,A,2026-01-01,b\n2,B,2026-01-02,c\n,C,2026-01-03,\n",
    )
    assert len(found.records) == 3


def test_unclosed_quote_affects_only_its_line(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'No,Title,Text\n1,A,b\n2,"B,b\n3,C,"two\nlines"\n4,D,"d"\n')
    assert [each.first("No") for each in found.records] == ["1", "3", "4"]
    ((broken, _),) = found.broken
    assert (broken.line, broken.first("No")) == (3, "2")


def test_first_sheet_with_rows_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Rows").append(["No", "Title", "Day", "Done"])
    book["Rows"].append([7, "A", date(2026, 11, 2), True])
    book.create_sheet("Other").append(["x"])
    book.save(tmp_path / "a.xlsx")
    found = read_records(str(tmp_path / "a.xlsx"))
    assert cells(found) == [(("No", "7"), ("Title", "A"), ("Day", "2026-11-02"), ("Done", "true"))]
    assert any("'Other'" in each for each in found.notes)
    assert read_records(str(tmp_path / "a.xlsx"), options=ReadOptions(sheet="Other")).columns == (
        "x",
    )
    with pytest.raises(UsageError):
        read_records(str(tmp_path / "a.xlsx"), options=ReadOptions(sheet="None"))
    with pytest.raises(FileUnusable):
        read(tmp_path / "b.xlsx", "no workbook")


def test_json_list_that_looks_like_rows_is_chosen(tmp_path: Path) -> None:
    events = [{"id": n, "type": "moved"} for n in range(5)]
    document = {
        "meta": {},
        "data": {"events": events, "cards": [{"name": "A", "desc": "b"}], "lists": []},
    }
    found = read(tmp_path / "a.json", json.dumps(document))
    assert cells(found) == [(("name", "A"), ("desc", "b"))]
    assert any("data.cards" in each for each in found.notes)
    again = read_records(str(tmp_path / "a.json"), options=ReadOptions(path="data.events"))
    assert len(again.records) == 5
    with pytest.raises(UsageError):
        read_records(str(tmp_path / "a.json"), options=ReadOptions(path="data.nothing"))


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "[]"), ("a.json", '{"items": []}'), ("a.csv", "Title,Text\n")]
)
def test_file_without_rows_has_no_records(tmp_path: Path, name: str, text: str) -> None:
    found = read(tmp_path / name, text)
    assert (found.records, found.broken) == ((), ())
