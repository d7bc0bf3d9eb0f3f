"""`notion-pm undo import` undoes the last import, except for pages that people edited since."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.emulator import open_workspace
from notion_pm.importing.find_target import open_destination
from notion_pm.importing.plan import ImportRequest, plan_import
from notion_pm.importing.undo import plan_import_undo, undo_import
from notion_pm.importing.writing import run_import
from notion_pm.model.ids import NotionId
from notion_pm.model.import_map import ImportMap
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import Page, PropertyValue, RelationValue
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.state.state import State
from notion_pm.template import templates
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.progress import no_progress
from notion_pm.workspace.record import read_manifest
from notion_pm.workspace.sync_context import SyncContext
from tests.support.faults import Killed, Weather, killed
from tests.support.import_world import records
from tests.support.notion_clients import calm, notion_client_for

MAP = """\
source: helpdesk
key: {from: id, prefix: "help:"}
fill: {name: title, customer: customer, importance: {from: prio, words: {high: critical, low: nice}}, observed_on: day}
"""
FIRST = "id,title,customer,prio,day\n1,One,Acme,high,2026-11-02\n2,Two,Acme,low,2026-11-03\n3,Three,Beta,,\n"
SECOND = (
    "id,title,customer,prio,day\n1,One again,Gamma,low,2026-11-02\n2,Two,Acme,low,2026-11-20\n"
    "3,Three,Beta,,\n4,Four,Gamma,,\n"
)


class World:
    """A workspace with the discovery template, and the program."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--local", str(self.file), *arguments])

    def data(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def import_text(self, text: str) -> Any:
        Path("rows.csv").write_text(text)
        return self.data("import", "rows.csv", "--map", "ours.yaml", "--yes")

    def content(self) -> dict[str, list[dict[str, Any]]]:
        """Return all insights and customers as people see them."""
        found = {}
        for database in ("insights", "customers"):
            done = self.run("export", database, "-o", "-", "--format", "json")
            assert done.exit_code == 0, done.output
            rows = [row["properties"] for row in json.loads(done.stdout)]
            found[database] = sorted((_lasting(row) for row in rows), key=str)
        return found

    def edit(
        self,
        change: Callable[[NotionClient, Manifest, Page], None],
        title: str,
        database: str = "insights",
    ) -> None:
        workspace = open_workspace(self.file)
        notion, _ = notion_client_for(workspace)
        _, manifest = read_manifest(notion, NotionId(workspace.root_page_id))
        pages = notion.query(manifest.databases[database].data_source_id)
        (page,) = [page for page in pages if page.title == title]
        change(notion, manifest, page)
        notion.close()
        workspace.close()


def _lasting(row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row, with titles of related pages: a recreated page has another id."""
    return {name: _titles(value) for name, value in row.items() if name not in {"Number", "ID"}}


def _titles(value: Any) -> Any:
    is_relation = isinstance(value, list) and all(
        isinstance(item, dict) and "title" in item for item in value
    )
    return sorted(item["title"] for item in value) if is_relation else value


def titles(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row.get("Insight") or row.get("Customer") or row.get("Name")) for row in rows)


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("undo-import") / "workspace.sqlite"
    done = CliRunner().invoke(
        main, ["--local", str(file), "apply", "discovery", "--yes", "--no-rows"]
    )
    assert done.exit_code == 0, done.output
    return file


@pytest.fixture
def world(applied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return _copy(applied, tmp_path, monkeypatch)


def _copy(applied: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    folder.mkdir(exist_ok=True)
    for each in applied.parent.glob("workspace.sqlite*"):
        shutil.copy(each, folder / each.name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NOTION_PM_STATE", str(folder / "state"))
    Path("ours.yaml").write_text(MAP)
    return World(folder / "workspace.sqlite")


def test_an_import_is_a_run_in_the_history(world: World) -> None:
    world.import_text(FIRST)
    (run,) = [run for run in world.data("history")["runs"] if run["kind"] == "import"]
    assert (run["outcome"], run["source"]) == ("changed", "helpdesk")
    assert (run["created"], run["updated"], run["made"]) == (3, 0, 2)


def test_undone_import_leaves_nothing_and_can_be_repeated(world: World) -> None:
    before = world.content()
    world.import_text(FIRST)
    imported = world.content()
    dry = world.data("undo", "import", "--dry-run")
    assert world.content() == imported and not dry["done"]
    done = world.data("undo", "import", "--yes")
    assert len(done["trashed"]) == len(dry["trashed"]) == 5 and done["left"] == []
    assert world.content() == before
    assert world.data("undo", "import", "--yes")["done"] is False
    assert len(world.import_text(FIRST)["created"]) == 3
    assert world.content() == imported


def test_undo_restores_updated_values(world: World) -> None:
    world.import_text(FIRST)
    before = world.content()
    world.import_text(SECOND)
    assert world.content() != before
    done = world.data("undo", "import", "--yes")
    assert len(done["updates"]) == 2
    assert sorted(page["title"] for page in done["trashed"]) == ["Four", "Gamma"]
    assert world.content() == before
    # What was remembered of the first import is remembered again.
    again = world.import_text(SECOND)
    assert (len(again["updated"]), again["kept"], again["left_alone"]) == (2, [], [])


def test_undo_asks_for_confirmation(world: World) -> None:
    world.import_text(FIRST)
    assert world.run("undo", "import").exit_code == 1
    assert len(world.content()["insights"]) == 3


def test_nothing_to_undo_is_an_error(world: World) -> None:
    assert world.run("undo", "import", "--yes").exit_code == 1


def test_pages_edited_by_people_are_kept(world: World) -> None:
    world.import_text(FIRST)

    def rename(notion: NotionClient, _: Manifest, page: Page) -> None:
        notion.update_page(page.id, [PropertyValue("title", "title", "Mine")])

    world.edit(rename, "One")
    done = world.data("undo", "import", "--yes")
    assert sorted(left["title"] for left in done["left"]) == [
        "Acme",
        "Mine",
    ]  # its customer is still linked
    content = world.content()
    assert titles(content["insights"]) == ["Mine"] and titles(content["customers"]) == ["Acme"]


def test_value_set_by_people_after_an_update_is_kept(world: World) -> None:
    world.import_text(FIRST)
    world.import_text(SECOND)

    def rename(notion: NotionClient, _: Manifest, page: Page) -> None:
        notion.update_page(page.id, [PropertyValue("title", "title", "Mine")])

    world.edit(rename, "One again")
    done = world.data("undo", "import", "--yes")
    assert [left["property"] for left in done["left"]] == ["Insight"]
    (mine,) = [row for row in world.content()["insights"] if row["Insight"] == "Mine"]
    assert mine["Importance"] == "3 Critical"


def test_customer_linked_from_other_pages_is_kept(world: World) -> None:
    world.import_text(FIRST)

    def link(notion: NotionClient, manifest: Manifest, page: Page) -> None:
        entry = manifest.databases["insights"]
        values = [
            PropertyValue("title", "title", "By hand"),
            PropertyValue(entry.properties["customer"], "relation", RelationValue((page.id,))),
        ]
        notion.create_row(entry.data_source_id, values, look_up=lambda: None)

    world.edit(link, "Beta", "customers")
    done = world.data("undo", "import", "--yes")
    assert [left["title"] for left in done["left"]] == ["Beta"]
    assert titles(world.content()["customers"]) == ["Beta"]


class Killable:
    """An import and its undo without the command line. The process can be killed at any request."""

    def __init__(self, world: World) -> None:
        self.workspace = open_workspace(world.file)
        self.state = world.file.parent / "state-of-the-killed"
        self.runs = 0

    def _place(self, notion: NotionClient) -> tuple[SyncContext, Catalogue]:
        def load(reference: str, values: Mapping[str, str] | None) -> Template:
            return templates.load(reference, values).template

        root = NotionId(self.workspace.root_page_id)
        self.runs += 1
        now = datetime.now(UTC) + timedelta(seconds=self.runs)
        place = SyncContext(notion, root, self.state, now, jobs=1)
        return place, Catalogue(notion, lambda: root, load)

    def _work(self, work: Callable[[SyncContext, Catalogue], None], weather: Weather) -> int:
        """Run an action until it ends or is killed. Return how many requests were sent."""
        notion, transport = notion_client_for(self.workspace, weather=weather)
        with suppress(Killed):
            work(*self._place(notion))
        notion.close()
        return len(transport.seen)

    def import_rows(self, weather: Weather = calm) -> int:
        def work(place: SyncContext, catalogue: Catalogue) -> None:
            destination = open_destination(place.notion, catalogue, "insights")
            with State(self.state, destination.memory) as state:
                prepared = plan_import(
                    place.notion, state, destination, ImportRequest(ROWS, BY_ID, place.now), 1
                )
                run_import(place, place.notion, state, prepared, 1, no_progress)

        return self._work(work, weather)

    def undo(self, weather: Weather = calm) -> int:
        def work(place: SyncContext, catalogue: Catalogue) -> None:
            undo_import(place, plan_import_undo(place, catalogue, None))

        return self._work(work, weather)

    def titles(self) -> list[str]:
        notion, _ = notion_client_for(self.workspace)
        _, manifest = read_manifest(notion, NotionId(self.workspace.root_page_id))
        sources = [manifest.databases[key].data_source_id for key in ("insights", "customers")]
        found = [page.title for source in sources for page in notion.query(source)]
        notion.close()
        return sorted(found)


BY_ID = ImportMap.model_validate(
    {
        "source": "t",
        "key": {"from": "id", "prefix": "t:"},
        "fill": {"name": "title", "customer": "customer"},
    }
)
ROWS = records(
    {"id": "1", "title": "One", "customer": "Acme"}, {"id": "2", "title": "Two", "customer": "Beta"}
)


@pytest.mark.parametrize("after", [False, True])
def test_import_killed_at_any_request_can_be_undone(
    world: World, tmp_path: Path, after: bool
) -> None:
    for moment in range(6, 11):
        other = _killable(world, tmp_path / f"{moment}")
        if other.import_rows(killed(moment, after=after)) < moment:
            break
        if other.titles():
            other.undo()
        assert other.titles() == [], moment
        other.workspace.close()


@pytest.mark.parametrize("after", [False, True])
def test_import_killed_and_repeated_is_undone_as_one(
    world: World, tmp_path: Path, after: bool
) -> None:
    other = _killable(world, tmp_path / "other")
    other.import_rows(killed(8, after=after))
    other.import_rows()
    assert other.titles() == ["Acme", "Beta", "One", "Two"]
    other.undo()
    assert other.titles() == []
    other.workspace.close()


@pytest.mark.parametrize("after", [False, True])
def test_undo_killed_at_any_request_can_be_continued(
    world: World, tmp_path: Path, after: bool
) -> None:
    for moment in itertools.count(1):
        other = _killable(world, tmp_path / f"{moment}")
        other.import_rows()
        was_killed = other.undo(killed(moment, after=after)) >= moment
        other.undo()
        assert other.titles() == [], moment
        other.import_rows()
        assert other.titles() == ["Acme", "Beta", "One", "Two"], moment
        other.workspace.close()
        if not was_killed:
            break


def _killable(world: World, folder: Path) -> Killable:
    folder.mkdir()
    for each in world.file.parent.glob("workspace.sqlite*"):
        shutil.copy(each, folder / each.name)
    return Killable(World(folder / "workspace.sqlite"))
