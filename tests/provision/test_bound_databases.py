"""Databases that the client has already: matched by title, related to, and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import RelationConfig
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision.destroy import plan_destroy
from notion_pm.provision.plan.binding import UnsuitableBinding
from tests.conftest import client_of
from tests.support.faults import Killed, Weather, killed
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import apply_to, plan_for, tables
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}
_STATE = {
    "type": "status",
    "title": "State",
    "options": [
        {"key": "open", "name": "Not started"},
        {"key": "done", "name": "Done", "group": "complete"},
        {"key": "odd", "name": "Nobody has this"},
    ],
}


def _template(bind: str, **tasks: Any) -> LoadedTemplate:
    relation = {"type": "relation", "title": "Tasks", "to": "tasks"}
    count = {
        "type": "rollup",
        "title": "Task count",
        "relation": "tasks",
        "property": "name",
        "function": "count",
    }
    features = {
        "name": _NAME,
        "tasks": relation,
        "task_count": count,
        "built": {"type": "number", "title": "Built"},
    }
    bound = {
        "title": "Tasks",
        "bind": bind,
        "properties": {"name": {"type": "title", "title": "Task"}, **tasks},
    }
    share = {"share": "tasks", "where": {"state": "done"}}
    rules = (
        {"T1": {"why": "Built.", "set": "features.built", "value": share}}
        if "state" in tasks
        else {}
    )
    databases = {"features": {"title": "Features", "properties": features}, "tasks": bound}
    return load({"databases": databases, "sync": rules})


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


@pytest.fixture
def theirs(api: httpx.Client, workspace: LocalWorkspace) -> dict[str, Any]:
    """What engineering has: a database of tasks, as Notion shows it."""
    return _made(api, workspace)


def _made(api: httpx.Client, workspace: LocalWorkspace) -> dict[str, Any]:
    body = {
        "parent": {"type": "page_id", "page_id": workspace.root_page_id},
        "title": [{"text": {"content": "Engineering tasks"}}],
        "initial_data_source": {
            "properties": {"Task": {"title": {}}, "State": {"status": {}}, "Points": {"number": {}}}
        },
    }
    made: dict[str, Any] = api.post("/databases", json=body).raise_for_status().json()
    return made


def _shown(api: httpx.Client, theirs: dict[str, Any]) -> list[Any]:
    source = theirs["data_sources"][0]["id"]
    views = {"database_id": theirs["id"]}
    asked = (
        api.get(f"/databases/{theirs['id']}"),
        api.get(f"/data_sources/{source}"),
        api.get("/views", params=views),
    )
    return [
        {key: value for key, value in each.json().items() if key != "request_id"} for each in asked
    ]


@pytest.mark.parametrize("named", ["id", "url", "title"])
def test_a_bound_database_is_related_to_and_left_as_it_is(
    named: str,
    notion: NotionClient,
    workspace: LocalWorkspace,
    api: httpx.Client,
    theirs: dict[str, Any],
) -> None:
    before = _shown(api, theirs)
    loaded = _template(
        {"id": theirs["id"], "url": theirs["url"], "title": "engineering tasks"}[named],
        state=_STATE,
    )
    plan = plan_for(notion, workspace, loaded)
    assert {each.database for each in plan.changes} == {"features"}
    assert [each.message for each in plan.notes] == [
        "'Engineering tasks' has no option 'Nobody has this'"
    ]
    result = apply_to(notion, workspace, loaded)
    assert result.planned == result.sent
    assert result.manifest is not None
    ours = result.manifest.databases["features"]
    relation = (
        notion.get_data_source(ours.data_source_id).properties[ours.properties["tasks"]].config
    )
    assert isinstance(relation, RelationConfig)
    assert (relation.data_source_id, relation.two_way) == (theirs["data_sources"][0]["id"], False)
    assert _shown(api, theirs) == before
    again = plan_for(notion, workspace, loaded)
    assert (again.changes, again.requests) == ((), 2 + 2 * 2)


def test_what_is_bound_by_title_stays_bound_when_it_is_renamed(
    notion: NotionClient, workspace: LocalWorkspace, theirs: dict[str, Any]
) -> None:
    loaded = _template("Engineering tasks")
    apply_to(notion, workspace, loaded)
    notion.update_database(theirs["id"], title="Work")
    assert plan_for(notion, workspace, loaded).changes == ()


def test_a_later_binding_is_recorded(
    notion: NotionClient, workspace: LocalWorkspace, theirs: dict[str, Any]
) -> None:
    apply_to(notion, workspace, _template(theirs["id"]))
    more = _template(theirs["id"], state=_STATE)
    (change,) = plan_for(notion, workspace, more).changes
    assert (change.address, change.kind) == ("tasks", "manifest")
    result = apply_to(notion, workspace, more)
    assert result.planned == result.sent
    assert result.manifest is not None
    assert set(result.manifest.databases["tasks"].options) == {"state.open", "state.done"}


def test_a_database_that_is_no_longer_bound_leaves_the_record(
    notion: NotionClient, workspace: LocalWorkspace, api: httpx.Client, theirs: dict[str, Any]
) -> None:
    before = _shown(api, theirs)
    apply_to(notion, workspace, _template(theirs["id"]))
    own = {
        key: {**each, "bind": None}
        for key, each in _template("x")
        .template.model_dump(exclude_defaults=True)["databases"]
        .items()
    }
    own["features"]["properties"]["tasks"]["type"] = "relation"
    changes = plan_for(notion, workspace, load({"databases": own})).changes
    assert ("tasks", "create") in {(str(each.address), each.action) for each in changes}
    root = NotionId(workspace.root_page_id)
    assert [each.key for each in plan_destroy(notion, root).databases] == ["features"], (
        "a bound one is not ours"
    )
    assert _shown(api, theirs) == before


@pytest.mark.parametrize(
    ("bind", "tasks", "error", "message"),
    [
        (
            "No such tasks",
            {},
            UsageError,
            "No database is called 'No such tasks' under the parent page",
        ),
        ("0" * 32, {}, UsageError, "that the template is bound to cannot be read"),
        (
            "Engineering tasks",
            {"due": {"type": "date", "title": "Due"}},
            UnsuitableBinding,
            r"lacks .*: Due \(date\)",
        ),
        (
            "Engineering tasks",
            {"points": {"type": "date", "title": "Points"}},
            UnsuitableBinding,
            r"lacks .*: Points \(date\)",
        ),
    ],
)
def test_what_cannot_be_bound(
    bind: str,
    tasks: dict[str, Any],
    error: type[UsageError],
    message: str,
    notion: NotionClient,
    workspace: LocalWorkspace,
    theirs: dict[str, Any],
) -> None:
    assert theirs
    with pytest.raises(error, match=message):
        plan_for(notion, workspace, _template(bind, **tasks))


@pytest.mark.parametrize("after", [False, True])
def test_every_request_of_an_apply_beside_a_bound_database_survives(
    tmp_path: Path, *, after: bool
) -> None:
    moment, whole = 0, False
    while not whole:
        moment += 1
        workspace = open_workspace(tmp_path / f"{moment}.sqlite")
        with client_of(workspace) as api:
            theirs = _made(api, workspace)
            before, loaded = _shown(api, theirs), _template(theirs["id"], state=_STATE)
            whole = _struck(workspace, loaded, killed(moment, after=after))
            notion, _ = notion_client_for(workspace)
            apply_to(notion, workspace, loaded)
            made = tables(notion, workspace)
            assert {title: len(each) for title, each in made.items()} == {
                "Features": 1,
                "Engineering tasks": 1,
            }, moment
            assert ("Task count", "rollup") in made["Features"][0].properties
            assert plan_for(notion, workspace, loaded).changes == ()
            assert _shown(api, theirs) == before
            notion.close()
        workspace.close()
    assert moment > len(loaded.template.databases)


def _struck(workspace: LocalWorkspace, loaded: LoadedTemplate, weather: Weather) -> bool:
    """Apply in this weather, and return whether it came to its end."""
    notion, _ = notion_client_for(workspace, weather=weather)
    try:
        apply_to(notion, workspace, loaded)
    except Killed:
        return False
    finally:
        notion.close()
    return True
