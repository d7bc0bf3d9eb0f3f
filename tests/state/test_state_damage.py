"""A state that is damaged, newer, open to others or another's: words, and never a guess."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Table

from notion_pm.config.sources import Source
from notion_pm.config.state_place import StateSetting, state_folder
from notion_pm.errors import FileUnusable, NotionPmError
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite
from notion_pm.model.manifest import Manifest
from notion_pm.model.snapshot import BaseValue, RelatedPages, SnapshotPage
from notion_pm.rules.evaluation import QuarantinedValue
from notion_pm.rules.history import HistoryChange, Sighting
from notion_pm.rules.intents import Intent
from notion_pm.state.cache import Part
from notion_pm.state.connection import FILE
from notion_pm.state.history import RunRecord
from notion_pm.state.imports import ImportedRow
from notion_pm.state.migrations import STEPS
from notion_pm.state.state import State
from notion_pm.state.tables import METADATA
from notion_pm.state.workspace_memory import WorkspaceMemory

NOW = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)
PAGE = NotionId("p")
SOURCE = NotionId("s")
SHOWN = SnapshotPage(
    PAGE, "features", "Wings", "https://x", NOW, {"insights": RelatedPages((PAGE,), complete=True)}
)
CHANGE = HistoryChange(
    "r", NOW, PAGE, "features", "Wings", "u", "status", "a", "b", "rule", NOW, ("rule",), (PAGE,)
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with a row in every table."""
    home = tmp_path_factory.mktemp("filled")
    with State(home, "product") as state:
        manifest = Manifest(template="product", version=1, state="applied", started=NOW)
        state.workspace.save(
            WorkspaceMemory("product", manifest, "scope", NOW, timedelta(seconds=9))
        )
        state.save_reading([SHOWN], {"features": NOW}, {NotionId("q"): "gone"}, changes=[CHANGE])
        state.pages.save_part("features", Part("scope", NOW, NOW, {PAGE: SHOWN}))
        state.pages.save_option_names({"o": "On ice"})
        state.begin_writing(
            {PAGE: {"status": BaseValue("a")}}, {PAGE: {"status": Intent(BaseValue("b"), "a")}}
        )
        state.history.save_run(RunRecord("r", "sync", NOW, NOW, "done", {"updates": 1}))
        state.sightings.save([Sighting(NOW, SHOWN)])
        state.imports.save_imported(SOURCE, [("k", ImportedRow(PAGE, {"name": "x"}))])
        write = ImportWrite(
            "e", SOURCE, PAGE, "T", "src", ("title", "T"), {"title": ("title", "T")}
        )
        state.imports.save_writes("r", NOW, [write])
        state.quarantine.save({(PAGE, "status"): QuarantinedValue("a", "b", "flips", ("r",))})
        state.baseline.save({PAGE: {"status": BaseValue("a")}})
    return home


def read_all(home: Path) -> None:
    with State(home, "product") as state:
        readers: list[Callable[[], object]] = [
            state.workspace.read,
            state.pages.read,
            state.pages.parts,
            state.pages.option_names,
            state.baseline.read,
            state.baseline.intents,
            state.history.runs,
            state.sightings.read,
            state.quarantine.read,
        ]
        for read in readers:
            read()
        list(state.history.changes(NOW))
        list(state.history.changes_of(PAGE))
        state.history.changes_in("r", "rule")
        state.history.changes_of_last_syncs(3, "other")
        state.pages_at(NOW)
        state.imports.imported(SOURCE)
        state.imports.writes("r")


COLUMNS = [(table, column.name) for table in METADATA.sorted_tables for column in table.columns]
PARSED = {
    "templates": {"manifest", "read_in_full"},
    "marks": {"read_at"},
    "pages": {"last_edited", "held"},
    "parts": {"began", "created_until"},
    "part_pages": {"last_edited", "held"},
    "baseline": {"held", "derived"},
    "runs": {"started", "finished", "told"},
    "history": {"at", "before", "after", "edited", "rules", "because"},
    "holds": {"held", "derived", "runs"},
    "sightings": {"at", "held"},
    "imported": {"said"},
    "import_writes": {"written"},
    "intents": {"held", "derived", "before"},
}
"""The columns that hold JSON or moments."""


def test_a_state_that_is_whole_is_read(filled: Path) -> None:
    read_all(filled)
    with closing(sqlite3.connect(filled / FILE)) as database:
        for table in METADATA.sorted_tables:
            assert database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0], table.name


@pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=lambda value: getattr(value, "name", value)
)
def test_what_was_never_written_is_an_error_in_words(
    filled: Path, tmp_path: Path, table: Table, column: str
) -> None:
    home = tmp_path / "state"
    shutil.copytree(filled, home)
    cut = [
        '{"status": "id',
        "[1, 2",
        "",
        '{"a": {"b": 1}}',
        "2026-13-45T00",
        "2026-11-22T20:15:00",
        "[" * 100_000,
    ]
    junk: list[object] = [*cut, b"\xff\x00", 1e300]
    for value in junk:
        with closing(sqlite3.connect(home / FILE)) as database:
            database.execute(f"UPDATE {table.name} SET {column} = ?", (value,))
            database.commit()
        is_cut = value in cut[:2] and column in PARSED.get(table.name, set())
        try:
            read_all(home)
            assert not is_cut, value
        except FileUnusable as error:
            assert FILE in str(error)
            assert "ove it away" in error.advice and "ost are then" in error.advice


def test_a_state_of_a_newer_version_is_refused_and_stays_as_it_is(
    filled: Path, tmp_path: Path
) -> None:
    home = tmp_path / "state"
    shutil.copytree(filled, home)
    with closing(sqlite3.connect(home / FILE)) as database:
        database.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(FileUnusable, match="newer version") as refused, State(home, "product"):
        pass
    assert "upgrade" in refused.value.advice
    with closing(sqlite3.connect(home / FILE)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == len(STEPS) + 1


def test_a_state_that_others_could_read_is_closed_to_them(filled: Path, tmp_path: Path) -> None:
    home = tmp_path / "state"
    shutil.copytree(filled, home)
    home.chmod(0o755)
    (home / FILE).chmod(0o644)
    with State(home, "product") as state:
        state.pages.save_option_names({"o": "Ice"})
        assert {stat.S_IMODE(each.stat().st_mode) for each in home.iterdir()} == {0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


# --- the folder of a local workspace

ROOT = NotionId("11111111-1111-4111-8111-111111111111")


@pytest.fixture(params=["beside", "named"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> StateSetting | None:
    named = StateSetting(SecretStr(str(tmp_path / "named")), Source.ENVIRONMENT, "NOTION_PM_STATE")
    return named if request.param == "named" else None


def test_a_copy_of_a_workspace_has_a_memory_of_its_own(
    tmp_path: Path, setting: StateSetting | None
) -> None:
    files = [tmp_path / name for name in ("w.sqlite", "copy.sqlite", "third.sqlite")]
    for file in files:
        file.touch()
    folders = [state_folder(file, ROOT, setting) for file in files]
    assert len(set(folders)) == 3
    assert [state_folder(file, ROOT, setting) for file in reversed(files)] == folders[::-1]


def test_a_workspace_that_was_renamed_finds_its_memory(
    tmp_path: Path, setting: StateSetting | None
) -> None:
    first, second = tmp_path / "w.sqlite", tmp_path / "renamed.sqlite"
    first.touch()
    folder = state_folder(first, ROOT, setting)
    first.rename(second)
    assert state_folder(second, ROOT, setting) == folder


def test_the_memory_from_before_such_folders_is_found(
    tmp_path: Path, setting: StateSetting | None
) -> None:
    (tmp_path / "w.sqlite").touch()
    before = (tmp_path / "named" if setting else tmp_path / ".notion-pm") / ROOT
    before.mkdir(parents=True)
    assert state_folder(tmp_path / "w.sqlite", ROOT, setting) == before


def test_a_folder_that_is_copied_as_a_whole_keeps_its_memory(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    (one / "w.sqlite").touch()
    state_folder(one / "w.sqlite", ROOT, None)
    shutil.copytree(one, tmp_path / "two")
    assert (
        state_folder(tmp_path / "two" / "w.sqlite", ROOT, None)
        == tmp_path / "two" / ".notion-pm" / ROOT
    )


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    setting = StateSetting(
        SecretStr(str(tmp_path / "taken")), Source.ENVIRONMENT, "NOTION_PM_STATE"
    )
    with pytest.raises(NotionPmError, match="taken") as refused:
        state_folder(None, ROOT, setting)
    assert "NOTION_PM_STATE" in refused.value.advice


def test_a_full_disk_names_the_file_and_leaves_the_memory_as_it_was(
    filled: Path, tmp_path: Path
) -> None:
    home = tmp_path / "state"
    shutil.copytree(filled, home)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    many = [replace(SHOWN, id=NotionId(f"{number}"), title="x" * 1_000) for number in range(1_000)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(FileUnusable, match=FILE), State(home, "product") as state:
            state.save_reading(many, {}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with State(home, "product") as state:
        assert list(state.pages.read().pages["features"]) == [PAGE]
