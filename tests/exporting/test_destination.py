"""The format and the files follow from the contents, `-o` and `--format`."""

from __future__ import annotations

from pathlib import Path

import pytest

from notion_pm.errors import UsageError
from notion_pm.exporting.destination import Contents, choose_destination
from notion_pm.exporting.export_formats import FORMATS

ONE = Contents(("features",), "features")
TWO = Contents(("vision", "features"), "product")
PAGE = Contents(("Plan: a/b",), "Plan: a/b", is_page=True)
NAMED = Contents(("roadmap",), "roadmap", format="xlsx")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("contents", "output", "wanted", "format_", "paths"),
    [
        (ONE, None, None, "csv", ["features.csv"]),
        (ONE, "out.xlsx", None, "xlsx", ["out.xlsx"]),
        (ONE, "OUT.JSONL", None, "jsonl", ["OUT.JSONL"]),
        (ONE, "out.txt", "csv", "csv", ["out.txt"]),
        (ONE, "data", None, "csv", ["data/features.csv"]),
        (ONE, "new/", "json", "json", ["new/features.json"]),
        (ONE, "-", None, "csv", [None]),
        (ONE, "-", "xlsx", "xlsx", [None]),
        (ONE, "specs", "markdown", "markdown", ["specs"]),
        (ONE, None, "markdown", "markdown", ["features"]),
        (TWO, None, None, "xlsx", ["product.xlsx"]),
        (TWO, "all.json", None, "json", ["all.json"]),
        (TWO, "data", "csv", "csv", ["data/vision.csv", "data/features.csv"]),
        (TWO, "data", "xlsx", "xlsx", ["data/product.xlsx"]),
        (PAGE, None, None, "markdown", ["plan-a-b.md"]),
        (PAGE, "spec.md", None, "markdown", ["spec.md"]),
        (PAGE, "data", None, "markdown", ["data/plan-a-b.md"]),
        (PAGE, "-", None, "markdown", [None]),
        (PAGE, "page.json", None, "json", ["page.json"]),
        (NAMED, None, None, "xlsx", ["roadmap.xlsx"]),
        (NAMED, "r.csv", None, "csv", ["r.csv"]),
        (NAMED, None, "json", "json", ["roadmap.json"]),
    ],
)
def test_destination_of_an_export(
    contents: Contents,
    output: str | None,
    wanted: str | None,
    format_: str,
    paths: list[str | None],
) -> None:
    found = choose_destination(contents, output, wanted)
    assert found.format.name == format_
    assert [None if each.path is None else str(each.path) for each in found.files] == paths


def test_csv_of_several_databases_is_a_file_each() -> None:
    assert [each.tables for each in choose_destination(TWO, "data", "csv").files] == [(0,), (1,)]
    assert [each.tables for each in choose_destination(TWO, "all.xlsx", None).files] == [(0, 1)]


@pytest.mark.parametrize(
    ("contents", "output", "wanted", "message"),
    [
        (ONE, "out.pdf", None, "Unknown file extension '.pdf'"),
        (ONE, "out.md", None, "a folder with a file per page"),
        (ONE, "-", "markdown", "a folder with a file per page"),
        (TWO, "all.csv", None, "A CSV file contains one database, but you export 2."),
        (TWO, "-", "jsonl", "A JSON Lines file contains one database"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_advice(
    contents: Contents, output: str, wanted: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as error:
        choose_destination(contents, output, wanted)
    assert error.value.advice


@pytest.mark.parametrize("format_", FORMATS)
def test_each_format_can_be_requested(format_: str) -> None:
    assert choose_destination(PAGE, None, format_).format.name == format_
