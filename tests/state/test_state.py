"""The memory of sync: one file, atomic, migrated step by step, held by one process at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from notion_pm.errors import AlreadyRunning
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.snapshot import (
    NOT_APPLICABLE,
    UNKNOWN,
    BaseValue,
    RelatedPages,
    RuleValue,
    SnapshotPage,
    UnknownOption,
)
from notion_pm.model.state_home import StateHome
from notion_pm.rules.history import HistoryChange
from notion_pm.state import migrations
from notion_pm.state.cache import Part
from notion_pm.state.connection import FILE
from notion_pm.state.history import RunRecord
from notion_pm.state.imports import ImportedRow
from notion_pm.state.lock import hold_run_lock
from notion_pm.state.state import State, known_templates
from notion_pm.state.workspace_memory import WorkspaceMemory

NOW = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
PAGE = NotionId("p")
HELD: dict[str, RuleValue] = {
    "status": "idea",
    "insights": RelatedPages((NotionId("i"),), complete=False),
    "owner": ("ann",),
    "rice": 4.5,
}
WINGS = SnapshotPage(PAGE, "features", "Wings", "https://x", NOW, HELD)
MANIFEST = Manifest(template="product", version=1, state="applied", started=NOW)


def test_everything_comes_back(home: StateHome) -> None:
    remembered = WorkspaceMemory("product", MANIFEST, "scope", NOW, timedelta(seconds=90))
    with State(home, "product") as state:
        state.workspace.save(remembered)
        state.save_reading([WINGS], {"features": NOW}, {NotionId("gone"): "gone"})
        state.pages.save_option_names({"o": "On ice"})
    with State(home, "product") as state:
        cache = state.pages.read()
        assert state.workspace.read() == remembered
        assert cache.pages == {"features": {PAGE: WINGS}}
        assert (cache.marks, cache.absent) == ({"features": NOW}, {"gone": "gone"})
        assert state.pages.option_names() == {"o": "On ice"}
    assert known_templates(home) == {"product": "product"}


def test_the_baseline_keeps_what_was_held_and_what_was_derived(home: StateHome) -> None:
    memory = {
        "status": BaseValue("idea", "spec", starter=True),
        "rice": BaseValue(None, NOT_APPLICABLE),
        "loop": BaseValue(UnknownOption("o", "On ice"), UNKNOWN),
    }
    with State(home, "product") as state:
        state.baseline.save({PAGE: memory})
        state.save_written(WINGS, {"rice": BaseValue(4.5, 4.5)})
        assert state.baseline.read() == {PAGE: {**memory, "rice": BaseValue(4.5, 4.5)}}
        assert state.pages.read().pages["features"][PAGE] == WINGS


def test_templates_do_not_see_each_other(home: StateHome) -> None:
    with State(home, "product") as one, State(home, "other") as other:
        one.save_reading([WINGS], {}, {})
        one.baseline.save({PAGE: {"status": BaseValue("idea")}})
        assert (other.pages.read().pages, other.baseline.read(), other.workspace.read()) == (
            {},
            {},
            None,
        )


def test_what_imports_said_comes_back_by_data_source_and_key(home: StateHome) -> None:
    said = ImportedRow(PAGE, {"name": "Ä", "tags": ("a", "b"), "arr": 4.5, "checked": True})
    other = ImportedRow(NotionId("q"), {})
    with State(home, "product") as state:
        state.imports.save_imported(NotionId("insights"), [("t:1", other)])
        state.imports.save_imported(NotionId("insights"), [("t:1", said)])
        state.imports.save_imported(NotionId("customers"), [("t:1", other)])
    with State(home, "product") as state:
        assert state.imports.imported(NotionId("insights")) == {"t:1": said}
        assert state.imports.imported(NotionId("customers")) == {"t:1": other}
    with State(home, "discovery") as state:
        assert state.imports.imported(NotionId("insights")) == {}


def test_read_anew_forgets_the_cache_and_not_the_baseline(home: StateHome) -> None:
    with State(home, "product") as state:
        state.save_reading([WINGS], {"features": NOW}, {})
        state.baseline.save({PAGE: {"status": BaseValue("idea")}})
        state.save_reading([], {}, {}, is_full=True)
        assert (state.pages.read().pages, state.pages.read().marks) == ({}, {})
        assert PAGE in state.baseline.read()


def test_a_page_that_is_gone_leaves_the_cache(home: StateHome) -> None:
    with State(home, "product") as state:
        state.save_reading([WINGS], {}, {})
        state.forget_page(PAGE, "gone")
        assert (state.pages.read().pages, state.pages.read().absent) == ({}, {PAGE: "gone"})


def test_what_fails_half_way_leaves_nothing(home: StateHome) -> None:
    with State(home, "product") as state:
        unwritable = BaseValue(object())  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            state.baseline.save({PAGE: {"a": BaseValue("x"), "b": unwritable}})
        assert state.baseline.read() == {}


def test_the_oldest_file_is_brought_up_to_date(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as old:
        old.executescript(f"{migrations.STEPS[0]} PRAGMA user_version = 1;")
        old.execute("INSERT INTO templates VALUES ('product', 'own.yaml', NULL, '', NULL)")
        old.commit()
    with State(tmp_path, "product") as state:
        assert state.workspace.read() == WorkspaceMemory("own.yaml")


def test_nothing_is_known_where_nothing_was_synced(home: StateHome) -> None:
    assert known_templates(home) == {}


def test_one_sync_at_a_time(home: StateHome) -> None:
    with hold_run_lock(home), pytest.raises(AlreadyRunning) as raised, hold_run_lock(home):
        pass
    assert raised.value.advice
    with hold_run_lock(home):
        pass


def test_runs_of_one_moment_stay_in_their_order(home: StateHome) -> None:
    runs = [RunRecord(f"run-{number}", "sync", NOW) for number in range(4)]
    with State(home, "product") as state:
        for number, each in enumerate(runs):
            state.history.save_run(each)
            change = HistoryChange(
                each.id, NOW, PAGE, "d", "t", "u", "rice", None, number, "rule", NOW
            )
            state.save_written(WINGS, {}, [change])
        assert [each.id for each in state.history.runs()] == [each.id for each in runs]
        lately = state.history.changes_of_last_syncs(2, besides="run-3")
    assert [[each.after for each in run] for run in lately] == [[1], [2]]


def test_a_part_of_a_full_read_is_kept_apart_until_all_is_there(home: StateHome) -> None:
    other = replace(WINGS, id=NotionId("q"))
    with State(home, "product") as state, State(home, "other") as another:
        state.pages.save_part("features", Part("scope", NOW, NOW, {PAGE: WINGS}))
        state.pages.save_part(
            "features", Part("scope", NOW, NOW + timedelta(minutes=1), {other.id: other})
        )
        (part,) = state.pages.parts().values()
        assert (part.created_until, part.pages) == (
            NOW + timedelta(minutes=1),
            {PAGE: WINGS, other.id: other},
        )
        assert (state.pages.read().pages, another.pages.parts()) == ({}, {})
        state.save_reading([WINGS], {}, {})
        assert state.pages.parts(), "an incremental read leaves it"
        state.save_reading([WINGS], {}, {}, is_full=True)
        assert state.pages.parts() == {}
        state.pages.save_part("features", part)
        state.pages.drop_parts()
        assert state.pages.parts() == {}
