"""`capture` returns the template that was applied, and reports what it cannot keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.model.ids import NotionId
from notion_pm.model.template import LoadedTemplate, Template
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.capture import capture as capturing
from notion_pm.provision.capture.live import CapturedTemplate
from notion_pm.template.templates import load
from tests.conftest import client_of
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import NOW, apply_to, plan_for
from tests.support.template_worlds import templates


@contextmanager
def fresh_workspace() -> Iterator[tuple[LocalWorkspace, NotionClient]]:
    """A new workspace, and a client of it."""
    with TemporaryDirectory() as folder, ExitStack() as closing:
        workspace = open_workspace(Path(folder) / "other.sqlite", clock=ManualClock())
        closing.callback(workspace.close)
        notion, _ = notion_client_for(workspace)
        closing.callback(notion.close)
        yield workspace, notion


def captured_from(
    notion: NotionClient, workspace: LocalWorkspace, file: Path, *, with_rows: bool = False
) -> CapturedTemplate:
    """Capture the root page into a file, and check that the file is a valid template."""
    captured = capturing.capture(
        notion, NotionId(workspace.root_page_id), file=file, with_rows=with_rows
    )
    capturing.write(capturing.file_contents(captured, file), replace=True)
    assert load(str(file)).template == captured.template
    return captured


def applied_elsewhere(file: Path) -> CapturedTemplate:
    """Apply a captured template to another workspace, and capture that.

    After the apply nothing may be left to change.
    """
    loaded = load(str(file))
    with fresh_workspace() as (workspace, notion):
        apply_to(notion, workspace, loaded)
        assert plan_for(notion, workspace, loaded).changes == ()
        return captured_from(notion, workspace, file, with_rows=bool(loaded.rows))


def structure(template: Template) -> dict[str, Any]:
    """Return a template's content without the order of its properties."""
    return template.model_dump(mode="json", exclude={"title"})


@pytest.mark.parametrize("name", ["product", "discovery", "full"])
def test_captured_shipped_templates_equal_the_originals(
    name: str, workspace: LocalWorkspace, tmp_path: Path
) -> None:
    notion, _ = notion_client_for(workspace)
    loaded = load(name)
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    plan = provision.plan(reading, provision.PlanOptions(with_rows=False))
    provision.apply(notion, plan, reading, provision.ApplySettings(NOW))
    captured = captured_from(notion, workspace, tmp_path / "captured.yaml")
    notion.close()
    assert captured.losses == ()
    assert list(captured.template.databases) == [*load(name).template.databases]
    for key, database in loaded.template.databases.items():
        back = captured.template.databases[key]
        assert set(back.properties) == set(database.properties)
        assert set(back.views) == set(database.views)
    again = applied_elsewhere(tmp_path / "captured.yaml")
    assert structure(again.template) == structure(captured.template)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(loaded=templates())
def test_any_captured_template_equals_the_original(loaded: LoadedTemplate) -> None:
    with fresh_workspace() as (workspace, notion), TemporaryDirectory() as folder:
        apply_to(notion, workspace, loaded)
        file = Path(folder) / "captured.yaml"
        captured = captured_from(notion, workspace, file, with_rows=True)
        assert {each.address for each in captured.losses} <= {""}
        assert set(captured.template.databases) == set(loaded.template.databases)
        again = applied_elsewhere(file)
        assert structure(again.template) == structure(captured.template)
        assert {key: sorted(row["key"] for row in rows) for key, rows in again.rows.items()} == {
            key: sorted(row["key"] for row in rows) for key, rows in captured.rows.items()
        }


# --- databases that people made


def _title(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text}}]


def _database(
    api: httpx.Client, parent: str, title: str, properties: dict[str, Any]
) -> dict[str, Any]:
    body = {
        "parent": {"type": "page_id", "page_id": parent},
        "title": _title(title),
        "initial_data_source": {
            "properties": {"Name": {"type": "title", "title": {}}, **properties}
        },
    }
    answer = api.post("databases", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _source(database: dict[str, Any]) -> str:
    source: str = database["data_sources"][0]["id"]
    return source


@pytest.fixture
def messy(workspace: LocalWorkspace, api: httpx.Client) -> dict[str, dict[str, Any]]:
    """A client's page: repeated titles, emoji, quotes, braces, empty lists, a database elsewhere."""
    root = workspace.root_page_id
    page = {
        "parent": {"type": "page_id", "page_id": root},
        "properties": {"title": {"title": _title("Engineering")}},
    }
    elsewhere = api.post("pages", json=page).json()["id"]
    tasks = _database(api, elsewhere, "Tasks", {"Points": {"type": "number", "number": {}}})
    select = {
        "options": [
            {"name": "Größe"},
            {"name": "{{ big }}", "color": "red"},
            {"name": "🔥", "color": "blue"},
        ]
    }
    first = _database(
        api,
        root,
        "🧩 Ideen",
        {
            "Status": {"type": "select", "select": select},
            "status": {"type": "multi_select", "multi_select": {"options": []}},
            "Größe (m²)": {"type": "number", "number": {"format": "euro"}},
            "顧客": {"type": "rich_text", "rich_text": {}},
            "{% key %}": {"type": "date", "date": {}},
            'Say "hi"': {"type": "number", "number": {}},
            "Twice": {"type": "formula", "formula": {"expression": 'prop("Say \\"hi\\"") * 2'}},
            "Press": {"type": "button", "button": {}},
            "Tasks": {
                "type": "relation",
                "relation": {
                    "data_source_id": _source(tasks),
                    "type": "single_property",
                    "single_property": {},
                },
            },
        },
    )
    second = _database(api, root, "🧩 Ideen", {"Key": {"type": "url", "url": {}}})
    rollup = {
        "relation_property_name": "Tasks",
        "rollup_property_name": "Points",
        "function": "sum",
    }
    change = {"properties": {"Effort": {"type": "rollup", "rollup": rollup}}}
    assert api.patch(f"data_sources/{_source(first)}", json=change).status_code == 200
    return {"first": first, "second": second, "tasks": tasks}


def test_a_messy_page_becomes_a_valid_template(
    messy: dict[str, dict[str, Any]], workspace: LocalWorkspace, tmp_path: Path
) -> None:
    notion, _ = notion_client_for(workspace)
    file = tmp_path / "messy.yaml"
    captured = captured_from(notion, workspace, file)
    databases = captured.template.databases
    assert list(databases) == ["ideen", "ideen_2", "tasks"]
    assert databases["tasks"].bind == messy["tasks"]["url"]
    assert databases["ideen_2"].title == "🧩 Ideen (2)"
    ideas = databases["ideen"].properties
    assert {"status", "status_2", "grosse_m2", "guke", "key_2", "say_hi", "effort"} <= set(ideas)
    assert "key_2" in databases["ideen_2"].properties, "`key` is the first column of starter rows"
    told = {each.address: each.message for each in captured.losses}
    assert "a title must not be empty or used twice" in told["ideen_2"]
    notion.close()


def test_a_messy_template_is_applied_elsewhere(
    messy: dict[str, dict[str, Any]], workspace: LocalWorkspace, tmp_path: Path
) -> None:
    notion, _ = notion_client_for(workspace)
    file = tmp_path / "messy.yaml"
    captured = captured_from(notion, workspace, file)
    loaded = load(str(file))
    with client_of(workspace) as api:
        body = {"parent": {"type": "page_id", "page_id": workspace.root_page_id}}
        other = api.post(
            "pages", json=body | {"properties": {"title": {"title": _title("Globex")}}}
        ).json()["id"]
    parent = NotionId(other)
    reading = provision.read_for(notion, parent, loaded)
    provision.apply(notion, provision.plan(reading), reading, provision.ApplySettings(NOW))
    assert provision.plan(provision.read_for(notion, parent, loaded)).changes == ()
    again = capturing.capture(notion, parent, file=file)
    assert structure(again.template) == structure(captured.template)
    notion.close()


def test_what_a_template_cannot_express_is_reported(
    messy: dict[str, dict[str, Any]], workspace: LocalWorkspace, api: httpx.Client, tmp_path: Path
) -> None:
    source, database = _source(messy["first"]), messy["first"]["id"]
    either = {
        "or": [
            {"property": 'Say "hi"', "number": {"equals": 1}},
            {"property": "Name", "title": {"equals": "x"}},
        ]
    }
    wide = {
        "type": "table",
        "properties": [{"property_id": "title", "visible": True, "width": 400}],
    }
    made = {"database_id": database, "data_source_id": source, "type": "table"}
    for said in ({"name": "Either", "filter": either}, {"name": "Wide", "configuration": wide}):
        assert api.post("views", json=made | said).status_code == 200
    people = {
        "Name": {"title": _title("Row")},
        "Status": {"select": {"name": "🔥"}},
        'Say "hi"': {"number": 2.5},
    }
    row = {"parent": {"type": "data_source_id", "data_source_id": source}, "properties": people}
    assert api.post("pages", json=row).status_code == 200
    notion, _ = notion_client_for(workspace)
    captured = captured_from(notion, workspace, tmp_path / "messy.yaml", with_rows=True)
    notion.close()
    told = {each.address: each.message for each in captured.losses}
    assert (
        told["ideen.press"]
        == "the property 'Press' is left out: templates do not have the type button."
    )
    assert (
        "it shows all pages: it has alternatives on different properties"
        in told["ideen.views.either"]
    )
    assert told["ideen.views.wide"] == "templates do not keep its properties.width."
    assert captured.template.databases["ideen"].views["wide"].show == ("name",)
    (cells,) = captured.rows["ideen"]
    assert (cells["key"], cells["status"], cells["say_hi"]) == ("row", "fire", "2.5")
    text = (tmp_path / "messy.yaml").read_text(encoding="utf-8")
    assert all(each.message.split()[0] in text for each in captured.losses)
    assert text.count("# Not kept:") == len(captured.losses)
