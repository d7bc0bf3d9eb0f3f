"""File and sheet names, whole files, the spool."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.exporting.formats.names import Names, sheet_name, sheet_names, slug
from notion_pm.exporting.table import Row
from notion_pm.exporting.temp_storage import DiskList
from notion_pm.files.writing import atomic_path
from tests.support import exporter_tables


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Relations by name: two-way, ordered", "relations-by-name-two-way-ordered"),
        ("Größe / 機能", "größe-機能"),
        ("../../etc/passwd", "etc-passwd"),
        ("  .hidden", "hidden"),
        ("CON", "con-"),
        ("", "untitled"),
        ("🚀", "untitled"),
    ],
)
def test_slug_is_safe_and_readable(title: str, name: str) -> None:
    assert slug(title) == name


@given(st.text())
def test_any_title_has_a_file_name(title: str) -> None:
    name = slug(title)
    assert name
    assert len(name.encode()) <= 81
    assert not set(name) & set('/\\:*?"<>|. \0')


@given(st.lists(st.text(), max_size=8))
def test_sheet_names_are_what_excel_allows(titles: list[str]) -> None:
    names = sheet_names("Data dictionary")
    found = [names.free(sheet_name(each)) for each in titles]
    assert len({each.casefold() for each in found}) == len(found)
    for name in found:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\")
        assert not name.startswith("'") and not name.endswith("'")
        assert name.lower() != "history"


def test_second_names_get_the_tie_break_then_numbers() -> None:
    names = Names("index")
    assert [names.free("Plan", "ab12"), names.free("plan", "ab12"), names.free("PLAN", "ab12")] == [
        "Plan",
        "plan-ab12",
        "PLAN 3",
    ]
    assert names.free("index", "cd34") == "index-cd34"


def test_atomic_leaves_the_old_file_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_makes_folders_and_follows_links(tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "deep" / "real.csv")
    with atomic_path(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "deep" / "real.csv").read_text() == "new"


def test_what_is_no_plain_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with atomic_path(pipe) as part:
        assert part == pipe
    assert pipe.is_fifo()


def test_spool_is_walked_more_than_once_and_at_once() -> None:
    with DiskList[int]() as spool:
        for each in range(3):
            spool.append(each)
        assert list(zip(spool, spool, strict=True)) == [(0, 0), (1, 1), (2, 2)]
        assert len(spool) == 3


def test_spool_gives_back_rows_as_they_were() -> None:
    rows = [exporter_tables.row(1), exporter_tables.row(2, exporter_tables.EMPTY, markdown="Body")]
    with DiskList[Row]() as spool:
        for each in rows:
            spool.append(each)
        assert list(spool) == rows
        assert list(spool.at([1, 0])) == rows[::-1]
