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
from notion_pm.state.connection import FILE
from notion_pm.state.history import RunRecord
from notion_pm.state.imports import ImportedRow
from notion_pm.state.lock import hold_run_lock
from notion_pm.state.parts import Part
from notion_pm.state.state import State, WorkspaceMemory, known_templates

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
        state.remember(remembered)
        state.keep([WINGS], {"features": NOW}, {NotionId("gone"): "gone"})
        state.keep_option_names({"o": "On ice"})
    with State(home, "product") as state:
        cache = state.cache()
        assert state.remembered() == remembered
        assert cache.pages == {"features": {PAGE: WINGS}}
        assert (cache.marks, cache.absent) == ({"features": NOW}, {"gone": "gone"})
        assert state.option_names() == {"o": "On ice"}
    assert known_templates(home) == {"product": "product"}


def test_the_baseline_keeps_what_was_held_and_what_was_derived(home: StateHome) -> None:
    memory = {
        "status": BaseValue("idea", "spec", starter=True),
        "rice": BaseValue(None, NOT_APPLICABLE),
        "loop": BaseValue(UnknownOption("o", "On ice"), UNKNOWN),
    }
    with State(home, "product") as state:
        state.keep_baseline({PAGE: memory})
        state.keep_written(WINGS, {"rice": BaseValue(4.5, 4.5)})
        assert state.baseline() == {PAGE: {**memory, "rice": BaseValue(4.5, 4.5)}}
        assert state.cache().pages["features"][PAGE] == WINGS


def test_templates_do_not_see_each_other(home: StateHome) -> None:
    with State(home, "product") as one, State(home, "other") as other:
        one.keep([WINGS], {}, {})
        one.keep_baseline({PAGE: {"status": BaseValue("idea")}})
        assert (other.cache().pages, other.baseline(), other.remembered()) == ({}, {}, None)


def test_what_imports_said_comes_back_by_data_source_and_key(home: StateHome) -> None:
    said = ImportedRow(PAGE, {"name": "Ä", "tags": ("a", "b"), "arr": 4.5, "checked": True})
    other = ImportedRow(NotionId("q"), {})
    with State(home, "product") as state:
        state.keep_imported(NotionId("insights"), [("t:1", other)])
        state.keep_imported(NotionId("insights"), [("t:1", said)])
        state.keep_imported(NotionId("customers"), [("t:1", other)])
    with State(home, "product") as state:
        assert state.imported(NotionId("insights")) == {"t:1": said}
        assert state.imported(NotionId("customers")) == {"t:1": other}
    with State(home, "discovery") as state:
        assert state.imported(NotionId("insights")) == {}


def test_read_anew_forgets_the_cache_and_not_the_baseline(home: StateHome) -> None:
    with State(home, "product") as state:
        state.keep([WINGS], {"features": NOW}, {})
        state.keep_baseline({PAGE: {"status": BaseValue("idea")}})
        state.keep([], {}, {}, anew=True)
        assert (state.cache().pages, state.cache().marks) == ({}, {})
        assert PAGE in state.baseline()


def test_a_page_that_is_gone_leaves_the_cache(home: StateHome) -> None:
    with State(home, "product") as state:
        state.keep([WINGS], {}, {})
        state.forget(PAGE, "gone")
        assert (state.cache().pages, state.cache().absent) == ({}, {PAGE: "gone"})


def test_what_fails_half_way_leaves_nothing(home: StateHome) -> None:
    with State(home, "product") as state:
        unwritable = BaseValue(object())  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            state.keep_baseline({PAGE: {"a": BaseValue("x"), "b": unwritable}})
        assert state.baseline() == {}


def test_the_oldest_file_is_brought_up_to_date(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as old:
        old.executescript(f"{migrations.STEPS[0]} PRAGMA user_version = 1;")
        old.execute("INSERT INTO templates VALUES ('product', 'own.yaml', NULL, '', NULL)")
        old.commit()
    with State(tmp_path, "product") as state:
        assert state.remembered() == WorkspaceMemory("own.yaml")


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
            state.keep_run(each)
            change = HistoryChange(
                each.id, NOW, PAGE, "d", "t", "u", "rice", None, number, "rule", NOW
            )
            state.keep_written(WINGS, {}, [change])
        assert [each.id for each in state.runs()] == [each.id for each in runs]
        lately = state.changes_lately(2, before="run-3")
    assert [[each.after for each in run] for run in lately] == [[1], [2]]


def test_a_part_of_a_full_read_is_kept_apart_until_all_is_there(home: StateHome) -> None:
    other = replace(WINGS, id=NotionId("q"))
    with State(home, "product") as state, State(home, "other") as another:
        state.keep_part("features", Part("scope", NOW, NOW, {PAGE: WINGS}))
        state.keep_part(
            "features", Part("scope", NOW, NOW + timedelta(minutes=1), {other.id: other})
        )
        (part,) = state.parts().values()
        assert (part.created_until, part.pages) == (
            NOW + timedelta(minutes=1),
            {PAGE: WINGS, other.id: other},
        )
        assert (state.cache().pages, another.parts()) == ({}, {})
        state.keep([WINGS], {}, {})
        assert state.parts(), "an incremental read leaves it"
        state.keep([WINGS], {}, {}, anew=True)
        assert state.parts() == {}
        state.keep_part("features", part)
        state.forget_parts()
        assert state.parts() == {}
