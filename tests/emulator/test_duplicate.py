"""Duplicating a page as people do in Notion's app."""

from __future__ import annotations

from typing import Any

import httpx

from notion_pm.emulator import LocalWorkspace


def _created(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    found: dict[str, Any] = response.json()
    return found


def _database(
    api: httpx.Client, parent_id: str, title: str, properties: dict[str, Any]
) -> dict[str, Any]:
    body = {
        "parent": {"type": "page_id", "page_id": parent_id},
        "title": [{"text": {"content": title}}],
        "initial_data_source": {"properties": {"Name": {"title": {}}, **properties}},
    }
    return _created(api.post("databases", json=body))


def _children(api: httpx.Client, page_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _created(api.get(f"blocks/{page_id}/children"))["results"]
    return found


def test_everything_gets_a_new_id_and_texts_stay(
    workspace: LocalWorkspace, api: httpx.Client
) -> None:
    code = {
        "type": "code",
        "code": {"language": "json", "rich_text": [{"text": {"content": "the id of A"}}]},
    }
    parent = {"type": "page_id", "page_id": workspace.root_page_id}
    title = {"title": {"title": [{"text": {"content": "A"}}]}}
    page = _created(
        api.post("pages", json={"parent": parent, "properties": title, "children": [code]})
    )["id"]
    goals = _database(api, page, "Goals", {})
    goal_source = goals["data_sources"][0]["id"]
    relation = {
        "Goal": {
            "relation": {
                "data_source_id": goal_source,
                "type": "single_property",
                "single_property": {},
            }
        }
    }
    tasks = _database(api, page, "Tasks", relation)
    task_source = tasks["data_sources"][0]["id"]
    goal = _created(
        api.post("pages", json={"parent": {"data_source_id": goal_source}, "properties": {}})
    )["id"]
    linked = {"Goal": {"relation": [{"id": goal}]}}
    _created(
        api.post("pages", json={"parent": {"data_source_id": task_source}, "properties": linked})
    )

    copy = workspace.duplicate(page)
    assert (
        _created(api.get(f"pages/{copy}"))["properties"]["title"]["title"][0]["plain_text"]
        == "A (1)"
    )
    text, copied_goals, copied_tasks = _children(api, copy)
    assert text["code"]["rich_text"][0]["plain_text"] == "the id of A"
    assert [copied_goals["child_database"]["title"], copied_tasks["child_database"]["title"]] == [
        "Goals",
        "Tasks",
    ]
    ids = {block["id"] for block in _children(api, page)}
    assert not ids & {text["id"], copied_goals["id"], copied_tasks["id"]}

    source_of = {
        block["id"]: _created(api.get(f"databases/{block['id']}"))["data_sources"][0]["id"]
        for block in (copied_goals, copied_tasks)
    }
    row = _created(api.post(f"data_sources/{source_of[copied_tasks['id']]}/query", json={}))[
        "results"
    ][0]
    copied_goal = _created(
        api.post(f"data_sources/{source_of[copied_goals['id']]}/query", json={})
    )["results"][0]
    assert (
        [each["id"] for each in row["properties"]["Goal"]["relation"]]
        == [copied_goal["id"]]
        != [goal]
    )
    schema = _created(api.get(f"data_sources/{source_of[copied_tasks['id']]}"))["properties"]
    assert schema["Goal"]["relation"]["data_source_id"] == source_of[copied_goals["id"]]
    assert len(_children(api, workspace.root_page_id)) == 2
