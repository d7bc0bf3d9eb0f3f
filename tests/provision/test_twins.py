"""What an apply created twice goes to the trash, and never what people created."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.emulator.faults import Faults, Rule
from notion_pm.errors import CreatedTwice, RecordLost
from notion_pm.model.ids import NotionId
from notion_pm.model.page import PropertyValue
from notion_pm.model.schema import PropertyPatch, WidgetPlace
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.record import read_manifest
from tests.support.faults import Killed
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import apply_to, plan_for
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[LocalWorkspace]:
    opened = open_workspace(tmp_path / "workspace.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def person(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    """Somebody else, who works under the same page."""
    opened, _ = notion_client_for(
        workspace, token=workspace.connect("a person", shared=[workspace.root_page_id])
    )
    yield opened
    opened.close()


def _template(name: str = "small", *rows: str) -> LoadedTemplate:
    databases = {"features": {"title": "Features", "properties": {"name": _NAME}}}
    return load(
        {"template": name, "databases": databases},
        {"features": [{"key": row.lower(), "name": row} for row in rows]},
    )


def _databases(notion: NotionClient, workspace: LocalWorkspace) -> list[NotionId]:
    blocks = notion.list_children(workspace.root_page_id)
    return [each.id for each in blocks if each.type == "child_database"]


def _add_database(notion: NotionClient, workspace: LocalWorkspace) -> NotionId:
    properties = {"Name": PropertyPatch(type="title")}
    return notion.create_database(
        workspace.root_page_id, "Features", properties, look_up=lambda: None
    ).id


def test_databases_of_two_templates_made_in_one_minute_both_stay(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, _template("one"))
    result = apply_to(notion, workspace, _template("two"))
    assert result.twins == ()
    assert len(_databases(notion, workspace)) == 2
    notion.close()


def test_a_database_that_was_created_twice_goes_to_the_trash(workspace: LocalWorkspace) -> None:
    repeated = Rule(methods=("POST",), path="/v1/databases", trouble="repeated", first=1)
    workspace.faults.change(Faults(rules=(repeated,)))
    notion, _ = notion_client_for(workspace)
    result = apply_to(notion, workspace, _template())
    assert len(result.twins) == 1
    assert len(_databases(notion, workspace)) == 1
    notion.close()


def test_a_database_that_a_person_adds_during_an_apply_stays(
    workspace: LocalWorkspace, person: NotionClient
) -> None:
    added: list[NotionId] = []

    def weather(number: int, request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path == "/v1/databases" and not added:
            added.append(_add_database(person, workspace))

    notion, _ = notion_client_for(workspace, weather=weather)
    result = apply_to(notion, workspace, _template())
    assert result.twins == ()
    assert added[0] in _databases(notion, workspace)
    assert len(_databases(notion, workspace)) == 2
    notion.close()


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_row_that_a_person_adds_stays(
    workspace: LocalWorkspace, person: NotionClient, moment: str
) -> None:
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, _template("small", "A"))
    source_id = (
        read_manifest(notion, workspace.root_page_id)[1].databases["features"].data_source_id
    )
    added: list[NotionId] = []

    def add() -> None:
        name = PropertyValue("title", "title", "B")
        added.append(person.create_row(source_id, [name], look_up=lambda: None).id)

    def weather(number: int, request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path == "/v1/pages" and not added:
            add()

    if moment == "before":
        add()
    working, _ = notion_client_for(workspace, weather=weather)
    result = apply_to(working, workspace, _template("small", "A", "B"))
    assert result.twins == ()
    assert not notion.get_page(added[0]).in_trash
    assert [page.title for page in notion.query(source_id)].count("B") == 2
    for each in (notion, working):
        each.close()


def _insights(*, wide: bool) -> LoadedTemplate:
    properties = (
        {"name": _NAME, "source": {"type": "rich_text", "title": "Source"}}
        if wide
        else {"name": _NAME}
    )
    return load(
        {
            "template": "small",
            "databases": {"insights": {"title": "Insights", "properties": properties}},
        }
    )


@pytest.mark.parametrize("wide", [True, False])
def test_a_database_that_a_person_made_after_an_interruption_is_not_ours(
    workspace: LocalWorkspace, person: NotionClient, wide: bool
) -> None:
    """The title and the time of a database do not make it the one that an interrupted apply
    created."""

    def weather(number: int, request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path == "/v1/databases":
            raise Killed

    interrupted, _ = notion_client_for(workspace, weather=weather)
    with pytest.raises(Killed):
        apply_to(interrupted, workspace, _insights(wide=wide))
    theirs = person.create_database(
        workspace.root_page_id,
        "Insights",
        {"Name": PropertyPatch(type="title")},
        look_up=lambda: None,
    )
    for title in ("A", "B", "C"):
        name = PropertyValue("title", "title", title)
        person.create_row(theirs.data_source_ids[0], [name], look_up=lambda: None)

    notion, _ = notion_client_for(workspace)
    with pytest.raises(RecordLost) as stopped:
        apply_to(notion, workspace, _insights(wide=wide))
    assert "notion-pm adopt small" in stopped.value.advice
    assert _databases(notion, workspace) == [theirs.id]

    person.update_database(theirs.id, title="Interviews")
    apply_to(notion, workspace, _insights(wide=wide))
    recorded = read_manifest(notion, workspace.root_page_id)[1].databases["insights"].database_id
    assert recorded != theirs.id
    assert set(_databases(notion, workspace)) == {theirs.id, recorded}
    for each in (interrupted, notion):
        each.close()


_ALL = {"title": "All", "type": "list"}
_WIDGET = {"title": "All", "type": "table"}
_BOARD = {"title": "Board", "type": "dashboard", "widgets": [["features.all"], ["features.more"]]}


def _with_views(**views: Any) -> LoadedTemplate:
    database = {"title": "Features", "properties": {"name": _NAME}, "views": views}
    return load({"template": "small", "databases": {"features": database}})


@pytest.mark.parametrize("recorded", [True, False])
def test_a_tab_that_a_person_copied_after_an_interruption_stays(
    workspace: LocalWorkspace, person: NotionClient, recorded: bool
) -> None:
    notion, _ = notion_client_for(workspace)
    late = {"title": "Late", "type": "gallery"}
    before, wanted = (
        _with_views(**{"all": _ALL} if recorded else {}),
        _with_views(all=_ALL, late=late),
    )
    apply_to(notion, workspace, before)
    _interrupt_at_view(workspace, wanted, "Late")
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    copy = person.create_view(
        entry.database_id, entry.data_source_id, "All", "list", look_up=lambda: None
    )

    planned = plan_for(notion, workspace, wanted).requests
    working, transport = notion_client_for(workspace)
    with pytest.raises(CreatedTwice):
        apply_to(working, workspace, wanted)
    assert len(transport.seen) == planned
    views = [notion.get_view(each) for each in notion.list_view_ids(entry.database_id)]
    assert [view.name for view in views].count("All") == 2
    assert copy.id in {view.id for view in views}
    assert apply_to(working, workspace, wanted).changes == ()
    for each in (notion, working):
        each.close()


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_widget_that_a_person_copied_stays(
    workspace: LocalWorkspace, person: NotionClient, interrupted: bool
) -> None:
    notion, _ = notion_client_for(workspace)
    more = {"title": "More", "type": "table"}
    wanted = _with_views(board=_BOARD, all=_WIDGET, more=more)
    apply_to(
        notion,
        workspace,
        _with_views(board={**_BOARD, "widgets": [["features.all"]]}, all=_WIDGET),
    )
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    if interrupted:
        _interrupt_at_view(workspace, wanted, "More")
    place = WidgetPlace(entry.views["board"].id, None, beside=False)
    copy = person.create_view(
        entry.database_id, entry.data_source_id, "All", "table", place=place, look_up=lambda: None
    )
    if interrupted:
        with pytest.raises(CreatedTwice):
            apply_to(notion, workspace, wanted)
    else:
        assert apply_to(notion, workspace, wanted).twins == ()
    rows = notion.get_view(entry.views["board"].id).rows
    assert copy.id in {view_id for row in rows for view_id in row}
    notion.close()


def test_a_view_that_was_created_twice_is_deleted(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, _with_views(all=_ALL))
    workspace.faults.change(
        Faults(rules=(Rule(methods=("POST",), path="/v1/views", trouble="repeated", first=1),))
    )
    result = apply_to(
        notion, workspace, _with_views(all=_ALL, late={"title": "Late", "type": "gallery"})
    )
    assert len(result.twins) == 1
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    names = [notion.get_view(each).name for each in notion.list_view_ids(entry.database_id)]
    assert names.count("Late") == 1
    notion.close()


@pytest.mark.parametrize("answer", ["first", "second"])
def test_a_dashboard_that_was_created_twice_is_deleted(
    workspace: LocalWorkspace, answer: Literal["first", "second"]
) -> None:
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, _with_views(all=_ALL))
    repeated = Rule(methods=("POST",), path="/v1/views", trouble="repeated", answer=answer, first=1)
    workspace.faults.change(Faults(rules=(repeated,)))
    board = {**_BOARD, "widgets": [["features.widget"]]}
    result = apply_to(notion, workspace, _with_views(all=_ALL, board=board, widget=_WIDGET))
    assert len(result.twins) == 1
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    views = [notion.get_view(each) for each in notion.list_view_ids(entry.database_id)]
    boards = [view for view in views if view.type == "dashboard"]
    assert [view.id for view in boards] == [entry.views["board"].id]
    assert any(boards[0].rows)
    notion.close()


def _interrupt_at_view(workspace: LocalWorkspace, loaded: LoadedTemplate, title: str) -> None:
    """Begin an apply that dies before it creates this view."""

    def weather(number: int, request: httpx.Request) -> None:
        is_create = request.method == "POST" and request.url.path == "/v1/views"
        if is_create and json.loads(request.content)["name"] == title:
            raise Killed

    interrupted, _ = notion_client_for(workspace, weather=weather)
    with pytest.raises(Killed):
        apply_to(interrupted, workspace, loaded)
    interrupted.close()
