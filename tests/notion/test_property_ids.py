"""Property ids are sent in the form in which Notion gave them; older records still work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.emulator.faults import read_faults
from notion_pm.emulator.store import ids
from notion_pm.errors import RequestRefused
from notion_pm.model.page import PropertyValue
from notion_pm.model.schema import DataSource, NumberConfig, PropertyPatch
from notion_pm.notion.client import NotionClient
from notion_pm.provision import journal_files as journals
from tests.conftest import client_of
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.property_ids import decoded_ids_in


@pytest.fixture
def strange_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every new property an id that looks different when it is encoded."""
    numbers = iter(range(100, 10_000))
    monkeypatch.setattr(ids, "new_property_id", lambda taken: f"{{{next(numbers)}")


def _table(
    notion: NotionClient, workspace: LocalWorkspace, **properties: PropertyPatch
) -> DataSource:
    made = notion.create_database(
        workspace.root_page_id,
        "Features",
        {"Name": PropertyPatch(type="title"), **properties},
        look_up=lambda: None,
    )
    return notion.get_data_source(made.data_source_ids[0])


def _id(table: DataSource, name: str) -> str:
    return next(each.id for each in table.properties.values() if each.name == name)


def _everything(notion: NotionClient, workspace: LocalWorkspace) -> None:
    """Name properties by id in every kind of request, and check that each has worked."""
    table = _table(
        notion, workspace, Effort=PropertyPatch(type="number"), Due=PropertyPatch(type="date")
    )
    effort, due = _id(table, "Effort"), _id(table, "Due")
    assert effort == quote(unquote(effort), safe="")
    row = notion.create_row(
        table.id,
        [PropertyValue("title", "title", "A"), PropertyValue(effort, "number", 3)],
        look_up=lambda: None,
    )
    row = notion.update_page(row.id, [PropertyValue(effort, "number", 4)])
    assert row.properties[effort].value == 4
    condition = {"and": [{"property": effort, "number": {"equals": 4}}]}
    (found,) = notion.query(table.id, filter=condition, property_ids=[effort])
    assert found.properties.keys() == {effort}
    changed = notion.update_data_source(
        table.id,
        {effort: PropertyPatch(name="Cost", type="number", config=NumberConfig("percent"))},
    )
    assert changed.properties[effort].name == "Cost"
    assert (
        notion.update_page(row.id, [PropertyValue(effort, "number", 5)]).properties[effort].value
        == 5
    )
    view = notion.create_view(
        table.database_id,
        table.id,
        "By date",
        "calendar",
        filter=condition["and"][0],
        sorts=[{"property": effort, "direction": "ascending"}],
        quick_filters={effort: {"number": {"equals": 5}}},
        configuration={
            "type": "calendar",
            "date_property_id": due,
            "properties": [{"property_id": effort}],
        },
        look_up=lambda: None,
    )
    assert view.configuration["date_property_id"] == due
    assert view.configuration["properties"][0]["property_id"] == effort
    again = notion.update_view(view.id, sorts=[{"property": due, "direction": "descending"}])
    assert again.configuration == view.configuration
    assert effort not in notion.update_data_source(table.id, {effort: None}).properties


@pytest.mark.usefixtures("strange_ids")
@pytest.mark.parametrize("form", ["received", "any", "names"])
def test_every_kind_of_request_works_with_either_form_of_ids(tmp_path: Path, form: str) -> None:
    traffic = tmp_path / "traffic.jsonl"
    weather = read_faults(f"behaviour property_ids={form}")
    workspace = open_workspace(tmp_path / "w.sqlite", record=traffic, faults=weather)
    notion, _ = notion_client_for(workspace)
    _everything(notion, workspace)
    workspace.close()
    decoded, named_by_id = decoded_ids_in(traffic)
    assert decoded == []
    assert named_by_id >= 6


@pytest.mark.usefixtures("strange_ids")
def test_a_run_learns_once_that_names_are_needed(tmp_path: Path) -> None:
    workspace = open_workspace(
        tmp_path / "w.sqlite", faults=read_faults("behaviour property_ids=names")
    )
    notion, _ = notion_client_for(workspace)
    table = _table(notion, workspace, Effort=PropertyPatch(type="number"))
    effort = _id(table, "Effort")
    row = notion.create_row(table.id, [PropertyValue(effort, "number", 0)], look_up=lambda: None)
    before = notion.requests.attempts
    for number in range(5):
        notion.update_page(row.id, [PropertyValue(effort, "number", number)])
    assert notion.requests.attempts - before == 5
    workspace.close()


@pytest.mark.usefixtures("strange_ids")
def test_a_deleted_property_is_not_written_by_a_reused_name(
    tmp_path: Path, workspace: LocalWorkspace
) -> None:
    notion, _ = notion_client_for(workspace)
    table = _table(notion, workspace, Effort=PropertyPatch(type="number"))
    effort = _id(table, "Effort")
    row = notion.create_row(table.id, [PropertyValue(effort, "number", 1)], look_up=lambda: None)
    notion.update_data_source(table.id, {effort: None})
    notion.update_data_source(table.id, {"Effort": PropertyPatch(type="number")})
    with pytest.raises(RequestRefused, match="is not a property that exists"):
        notion.update_page(row.id, [PropertyValue(effort, "number", 2)])
    (page,) = notion.query(table.id)
    assert [each.value for each in page.properties.values() if each.type == "number"] == [None]


@pytest.mark.usefixtures("strange_ids")
def test_the_local_workspace_refuses_decoded_ids_in_bodies(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    table = _table(notion, workspace, Effort=PropertyPatch(type="number"))
    decoded = unquote(_id(table, "Effort"))
    row = notion.create_row(table.id, [PropertyValue("title", "title", "A")], look_up=lambda: None)
    query, number = f"/data_sources/{table.id}/query", {"number": 1}
    bodies: list[tuple[str, str, dict[str, object]]] = [
        ("PATCH", f"/pages/{row.id}", {"properties": {decoded: number}}),
        (
            "POST",
            "/pages",
            {"parent": {"data_source_id": table.id}, "properties": {decoded: number}},
        ),
        ("POST", query, {"filter": {"property": decoded, "number": {"equals": 1}}}),
        ("POST", query, {"sorts": [{"property": decoded, "direction": "ascending"}]}),
        ("PATCH", f"/data_sources/{table.id}", {"properties": {decoded: {"name": "Cost"}}}),
        ("POST", "/views", _view(table, decoded)),
    ]
    with client_of(workspace) as client:
        assert [
            client.request(method, path, json=body).status_code for method, path, body in bodies
        ] == [400] * 6
        encoded = quote(decoded, safe="")
        texts = [json.loads(json.dumps(body).replace(decoded, encoded)) for _, _, body in bodies]
        answers = [
            client.request(bodies[place][0], bodies[place][1], json=body)
            for place, body in enumerate(texts)
        ]
        assert [each.status_code for each in answers] == [200] * 6


def _view(table: DataSource, property_id: str) -> dict[str, object]:
    configuration = {"type": "table", "properties": [{"property_id": property_id}]}
    head = {
        "database_id": table.database_id,
        "data_source_id": table.id,
        "name": "V",
        "type": "table",
    }
    return {**head, "configuration": configuration}


# --- records of earlier versions, which held ids decoded


def _decoding(workspace: LocalWorkspace) -> Callable[[str], str]:
    """Return what turns JSON text of today into that of an earlier version."""
    notion, _ = notion_client_for(workspace)
    blocks = notion.list_children(workspace.root_page_id)
    databases = [notion.get_database(each.id) for each in blocks if each.type == "child_database"]
    sources = [notion.get_data_source(each.data_source_ids[0]) for each in databases]
    telling = {each for source in sources for each in source.properties if unquote(each) != each}
    assert telling, "some ids must read differently when they are encoded"

    def decode(text: str) -> str:
        for each in telling:
            text = text.replace(f'"{each}"', json.dumps(unquote(each)))
        return text

    return decode


@pytest.fixture
def applied(tmp_path: Path) -> Iterator[tuple[Program, LocalWorkspace]]:
    """A workspace that the program has provisioned."""
    program = Program(tmp_path)
    done = program("--local", "w.sqlite", "apply", "product", "--yes")
    assert done.code == 0, done.err
    workspace = open_workspace(tmp_path / "w.sqlite")
    yield program, workspace
    workspace.close()


def _rewrite_record(workspace: LocalWorkspace, decode: Callable[[str], str]) -> None:
    """Give the record of the workspace the form of an earlier version."""
    with client_of(workspace) as client:
        children = client.get(f"/blocks/{workspace.root_page_id}/children").json()["results"]
        page = next(each["id"] for each in children if each["type"] == "child_page")
        blocks = client.get(f"/blocks/{page}/children").json()["results"]
        block = next(each for each in blocks if each["type"] == "code")
        before = "".join(each["plain_text"] for each in block["code"]["rich_text"])
        text = decode(before)
        assert text != before
        # Records of that time had no checksum.
        content = json.loads(text)
        del content["checksum"]
        text = json.dumps({**content, "format": 2})
        pieces = [
            {"text": {"content": text[place : place + 2000]}} for place in range(0, len(text), 2000)
        ]
        _ok(client.patch(f"/blocks/{block['id']}", json={"code": {"rich_text": pieces}}))


def _ok(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text


def test_records_and_journals_of_earlier_versions_still_work(
    applied: tuple[Program, LocalWorkspace],
) -> None:
    program, workspace = applied
    decode = _decoding(workspace)
    _rewrite_record(workspace, decode)
    for journal in program.folder.rglob("*.jsonl"):
        before = journal.read_text()
        journal.write_text("".join(f"{decode(line)}\n" for line in before.splitlines()))
        assert journal.read_text() != before
        assert journals.read_journal(journal) is not None
    planned = program("--local", "w.sqlite", "plan", "product", "--json")
    assert planned.json["changes"] == []
    synced = program("--local", "w.sqlite", "sync", "--dry-run")
    assert synced.code in {0, 2}, synced.err
    undone = program("--local", "w.sqlite", "undo", "--yes")
    assert undone.code == 0, undone.err + undone.out
    notion, _ = notion_client_for(workspace)
    left = [each.type for each in notion.list_children(workspace.root_page_id) if not each.in_trash]
    assert "child_database" not in left
