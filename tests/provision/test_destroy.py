"""`destroy` trashes what the template made, nothing else, and only after the name is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.ids import NotionId
from notion_pm.model.page import PropertyValue
from notion_pm.model.schema import PropertyPatch
from notion_pm.notion.client import NotionClient
from notion_pm.provision.destroy import destroy, plan_destroy
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import apply_to, plan_for
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}
_DATABASES = {
    key: {"title": key.title(), "properties": {"name": _NAME}} for key in ("features", "insights")
}
_LOADED = load({"databases": _DATABASES}, {"features": [{"key": "a", "name": "A"}]})


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, NOTION_PM_LOCAL="w.sqlite")


def _titles(notion: NotionClient, workspace: LocalWorkspace) -> list[str]:
    return [
        each.title for each in notion.list_children(workspace.root_page_id) if not each.in_trash
    ]


def test_destroy_trashes_only_what_the_template_made(
    workspace: LocalWorkspace,
) -> None:
    notion, _ = notion_client_for(workspace)
    root = NotionId(workspace.root_page_id)
    notion.create_database(
        root, "Features of old", {"Name": PropertyPatch(type="title")}, look_up=lambda: None
    )
    notion.create_page(root, "Theirs", look_up=lambda: None)
    apply_to(notion, workspace, _LOADED)
    source_id = read_manifest(notion, root)[1].databases["features"].data_source_id
    notion.create_row(source_id, [PropertyValue("title", "title", "Own")], look_up=lambda: None)
    doomed = plan_destroy(notion, root)
    assert [(each.key, each.page_count, each.pages_of_people) for each in doomed.databases] == [
        ("features", 2, 1),
        ("insights", 0, 0),
    ]
    destroy(notion, doomed)
    assert _titles(notion, workspace) == ["Features of old", "Theirs"]
    assert len(plan_for(notion, workspace, _LOADED).changes) == 5
    notion.close()


def test_an_interrupted_destroy_can_be_continued(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    root = NotionId(workspace.root_page_id)
    apply_to(notion, workspace, _LOADED)
    notion.trash_database(plan_destroy(notion, root).databases[0].database_id)
    rest = plan_destroy(notion, root)
    assert [each.key for each in rest.databases] == ["insights"]
    destroy(notion, rest)
    assert _titles(notion, workspace) == []
    notion.close()


def test_destroy_needs_the_name_of_the_template(program: Program) -> None:
    nothing = program("destroy")
    assert (nothing.code, "No template was applied" in nothing.err) == (1, True)
    assert program("apply", "product", "--yes", "--no-rows").code == 0
    silent = program("destroy", "product")
    assert silent.code == 1
    assert "--confirm product" in silent.err
    assert "Feature specs (features): 0 pages" in silent.out
    assert program("destroy", "product", "--confirm", "produkt").code == 1
    assert program("plan", "product", "--exit-code").code == 0
    done = program("destroy", "product", "--confirm", "product", "--json")
    assert (done.code, done.json["template"], len(done.json["databases"])) == (0, "product", 3)
    assert program("plan", "product", "--exit-code").code == 2
