"""Files of other tools, read into records: encodings, separators, repeated headers, JSON, and what is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.exporters.rejects import write_rejects
from notion_pm.importing.interpret import Reject
from notion_pm.importing.records import Records
from notion_pm.storage.records_file import read_records


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
def test_any_encoding_and_separator(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path / "a.csv", data)
    assert found.columns == ("Title", "Text")
    assert cells(found) == [(("Title", "Ärger"), ("Text", "„Zürich“"))]


def test_a_guess_at_the_encoding_is_told(tmp_path: Path) -> None:
    (note,) = read(tmp_path / "a.csv", "Title\nÄrger\n".encode("cp1252")).notes
    assert "Windows-1252" in note
    assert read(tmp_path / "b.csv", "Title\nÄrger\n").notes == ()


def test_headers_that_repeat_are_values_of_one_column(tmp_path: Path) -> None:
    found = read(tmp_path / "jira.csv", "Summary,Labels,Labels,Labels\nA,x,,y\n")
    (record,) = found.records
    assert found.columns == ("Summary", "Labels")
    assert record.all("Labels") == ["x", "y"]
    assert record.first("Labels") == "x"
    assert record.first("No such") == ""


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'Title,Text\nA,"one\ntwo"\n\nB,x\n')
    assert [each.line for each in found.records] == [2, 5]
    assert found.records[0].first("Text") == "one\ntwo"


def test_rows_that_do_not_fit_the_header(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "Title,Text\nA\nB,x,,\nC,x,too much\n")
    assert [each.first("Title") for each in found.records] == ["A", "B"]
    ((broken, why),) = found.broken
    assert (broken.line, why) == (4, "3 cells, but 2 headers")
    assert found.notes == ("1 rows have fewer cells than headers; the rest of them is taken for empty.",)


def test_what_comes_after_broken_csv_is_told(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'Title\nA\n"B\n')
    assert len(found.records) == 1
    ((broken, why),) = found.broken
    assert broken.line == 3
    assert "not CSV" in why


def test_json_inside_out(tmp_path: Path) -> None:
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


def test_json_whose_list_is_inside(tmp_path: Path) -> None:
    found = read(tmp_path / "a.json", json.dumps({"page": 1, "data": [{"a": 1}, {"a": 2}], "tags": ["x"]}))
    assert [each.first("a") for each in found.records] == ["1", "2"]
    assert found.notes == ("The rows are those of `data`.",)


def test_json_lines_that_are_broken_are_told_with_their_lines(tmp_path: Path) -> None:
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
        ("a.csv", "Title,Text\n", UsageError),
        ("a.csv", "", UsageError),
        ("a.pdf", "x", UsageError),
    ],
)
def test_what_is_no_file_of_records(tmp_path: Path, name: str, data: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(tmp_path / name, data)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileUnusable):
        read_records("nowhere.csv")


def test_notions_own_file_of_one_view_is_told_apart(tmp_path: Path) -> None:
    name = "Insights 0123456789abcdef0123456789abcdef"
    assert any("_all.csv" in each for each in read(tmp_path / f"{name}.csv", "A\nx\n").notes)
    assert read(tmp_path / f"{name}_all.csv", "A\nx\n").notes == ()


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_rejects_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Whatever stands in them, formulas for one: the file of rejects is imported by the same map."""
    folder = tmp_path_factory.mktemp("rejects")
    lines = "".join(json.dumps(dict(zip(("A", "B"), row, strict=True))) + "\n" for row in rows)
    found = read(folder / "a.jsonl", lines)
    as_csv = [Reject(type(each)(each.line, each.cells), "a, problem") for each in found.records]
    write_rejects(as_csv, folder / "rejects.csv")
    again = read_records(str(folder / "rejects.csv"))
    assert [each.cells[2:] for each in again.records] == [each.cells for each in found.records]
    assert [each.first("_line") for each in again.records] == [str(each.line) for each in found.records]


def test_rejects_of_json_stay_json(tmp_path: Path) -> None:
    found = read(tmp_path / "a.jsonl", '{"a": {"b": [1, 2]}}\n')
    write_rejects([Reject(found.records[0], "why")], tmp_path / "b.jsonl")
    assert json.loads((tmp_path / "b.jsonl").read_text()) == {"_line": 1, "_problem": "why", "a": {"b": [1, 2]}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "%"), ("a.json", "[1, 2]"),
        ("a.csv", ",,\n1,2,3\n"), ("a.json", "[" * 5_000), ("a.jsonl", "[" * 5_000),
        ("a.json", '[{"a": ' + "9" * 6_000 + "}]"), ("a.json", '[{"a":' * 25 + "1" + "}]" * 25),
        ("a.csv", "," * 3_000 + "\n1"), ("a.csv", "a\n" + "x" * 11_000_000), ("a.csv", "a\n" + "1\n" * 500_001),
        ("a.json", "[" + "{}," * 300_000 + "{}]"), ("a.csv", "\x00"),
    ],
)  # fmt: skip
def test_a_file_that_holds_nothing_or_too_much_is_told(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises((UsageError, FileUnusable)) as told:
        read(tmp_path / name, text)
    assert len(str(told.value)) < 500


def test_half_characters_and_nan_do_not_stop_an_import(tmp_path: Path) -> None:
    found = read(tmp_path / "a.json", '[{"a": "\\ud83d x", "b": NaN, "c": Infinity}]')
    assert cells(found) == [(("a", "? x"), ("c", "Infinity"))]
    write_rejects([Reject(found.records[0], "no")], tmp_path / "r.jsonl")
