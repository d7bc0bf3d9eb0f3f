"""One sync at a time, and what is said where the lock cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from notion_pm.errors import AlreadyRunning, FileUnusable
from notion_pm.state.connection import FILE
from notion_pm.state.lock import LOCK, hold_run_lock
from notion_pm.state.state import State, known_templates


def test_two_at_once_are_refused_and_one_after_the_other_are_not(tmp_path: Path) -> None:
    with hold_run_lock(tmp_path), pytest.raises(AlreadyRunning), hold_run_lock(tmp_path):
        pass
    with hold_run_lock(tmp_path):
        pass


def test_a_lock_that_cannot_be_made_is_not_taken_for_another_run(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("not a database, and long enough to be looked at" * 30)
    with pytest.raises(FileUnusable, match=LOCK), hold_run_lock(tmp_path):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(FileUnusable, match="file"), hold_run_lock(tmp_path / "file" / "folder"):
        pass


def test_a_damaged_state_is_reported_with_advice(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a database, and long enough to be looked at" * 30)
    with pytest.raises(FileUnusable, match=FILE) as failure, State(tmp_path, "product"):
        pass
    assert "move it away" in failure.value.advice
    with pytest.raises(FileUnusable, match=FILE):
        known_templates(tmp_path)


def test_damage_found_later_is_reported_the_same_way(tmp_path: Path) -> None:
    with State(tmp_path, "product") as state:
        state._connection.exec_driver_sql("DROP TABLE baseline")
        with pytest.raises(FileUnusable, match=FILE), state:
            state.baseline.read()
