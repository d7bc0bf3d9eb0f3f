"""Journals on the disk: each line is there before its request, a torn one is as if it was never
written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from notion_pm.errors import FileUnusable
from notion_pm.model.journal import Begun, Done, Ended
from notion_pm.provision.journal_files import JournalWriter, journal_path, mark_undone, read_journal
from notion_pm.template import templates

_NOW = datetime(2026, 11, 22, 9, 0, 0, 7, tzinfo=UTC)


def _begun() -> Begun:
    return Begun(loaded=templates.load("product"), started=_NOW, manifest=None)


def test_a_journal_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "product", _NOW)
    with JournalWriter(path, _begun()) as journal:
        number = journal.doing("update view", "v", "", {"id": "v"})
        assert read_journal(path) is not None
        journal.done(number, "v", {"id": "v", "name": "After"})
        journal.doing("delete view", "w", "", None)
        journal.ended(_NOW)
    found = read_journal(path)
    assert found is not None
    assert found.begun == _begun()
    assert [(doing.verb, done and done.after) for doing, done in found.writes] == [
        ("update view", {"id": "v", "name": "After"}),
        ("delete view", None),
    ]
    assert (found.before("update view", "v"), found.after("v")) == (
        {"id": "v"},
        {"id": "v", "name": "After"},
    )
    assert found.ids == {"v", "w"}
    assert isinstance(found.lines[-1], Ended)


def test_an_interrupted_journal_continues_after_its_last_complete_line(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "product", _NOW)
    with JournalWriter(path, _begun()) as journal:
        journal.doing("create view", "", "All", None)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind":"done","numb')
    assert read_journal(path) is not None
    with JournalWriter(path, _begun()) as journal:
        assert journal.doing("create view", "", "All", None) == 2
        journal.done(2, "v", None)
    mark_undone(path, _NOW)
    found = read_journal(path)
    assert found is not None
    assert [each.number for each in found.lines if isinstance(each, Done)] == [2]


def test_a_file_that_is_not_a_journal_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    assert read_journal(path) is None
    path.write_text('{"kind":"ended","moment":"2026-11-22T09:00:00Z"}\n')
    with pytest.raises(FileUnusable, match="beginning is missing"):
        read_journal(path)
    path.write_text("[]\n")
    with pytest.raises(FileUnusable, match="not a journal"):
        read_journal(path)
