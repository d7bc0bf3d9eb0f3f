"""Dashboards and quick filters from a template: created once, changed, and kept as people arranged
them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.ids import NotionId
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.provision import PlanOptions
from tests.support.faults import Fault
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import NOW, apply_to, plan_for
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}
_STATUS = {
    "type": "status",
    "title": "Status",
    "options": [
        {"key": "open", "name": "Open"},
        {"key": "going", "name": "Going", "group": "in_progress"},
        {"key": "done", "name": "Done", "group": "complete"},
    ],
}
_ROWS = [["features.stages", "insights.sources"], ["features.list"]]


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


def _chart(**more: Any) -> dict[str, Any]:
    return {"type": "chart", "chart": "column", "group_by": "status", **more}


def _template(rows: list[list[str]] = _ROWS, **features: Any) -> LoadedTemplate:
    """Return a template of two databases and a dashboard that shows both."""
    views = {
        "board": {"title": "Overview", "type": "dashboard", "widgets": rows},
        "stages": _chart(title="Stages"),
        "list": {
            "title": "Live",
            "type": "table",
            "quick": {"status": {"category": ["todo", "doing"]}},
        },
        "all": {"title": "All", "type": "table"},
        **features,
    }
    properties = {"name": _NAME, "status": _STATUS}
    insights = {"sources": _chart(title="Sources")}
    return load(
        {
            "databases": {
                "features": {"title": "Features", "properties": properties, "views": views},
                "insights": {"title": "Insights", "properties": properties, "views": insights},
            }
        }
    )


def _dashboard(notion: NotionClient, workspace: LocalWorkspace) -> list[list[str]]:
    """Return the names of the widgets as they stand."""
    return [[notion.get_view(each).name for each in row] for row in _widget_ids(notion, workspace)]


def _widget_ids(
    notion: NotionClient, workspace: LocalWorkspace
) -> tuple[tuple[NotionId, ...], ...]:
    views = [
        notion.get_view(each) for each in notion.list_view_ids(_database_id(notion, workspace))
    ]
    (dashboard,) = (each for each in views if each.type == "dashboard")
    return dashboard.rows


def _database_id(
    notion: NotionClient, workspace: LocalWorkspace, title: str = "Features"
) -> NotionId:
    return next(
        each.id for each in notion.list_children(workspace.root_page_id) if each.title == title
    )


def _tabs(notion: NotionClient, workspace: LocalWorkspace) -> list[str]:
    ids = notion.list_view_ids(_database_id(notion, workspace))
    return [notion.get_view(each).name for each in ids]


def test_widgets_are_placed_in_rows_and_are_not_tabs(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    result = apply_to(notion, workspace, _template())
    assert result.planned == result.sent
    assert _dashboard(notion, workspace) == [["Stages", "Sources"], ["Live"]]
    assert sorted(_tabs(notion, workspace)) == ["All", "Overview"], (
        "a table widget does not take over Notion's own view"
    )
    (_, sources), _ = _widget_ids(notion, workspace)
    insights = next(
        each for each in notion.list_children(workspace.root_page_id) if each.title == "Insights"
    )
    assert (
        notion.get_view(sources).data_source_id in notion.get_database(insights.id).data_source_ids
    )
    again = plan_for(notion, workspace, _template())
    assert (again.changes, again.notes) == ((), ())
    assert again.reads == 2 + 2 * 2 + 1


@pytest.mark.parametrize("after", [False, True])
def test_a_widget_is_created_once_if_the_answer_was_lost(
    workspace: LocalWorkspace, *, after: bool
) -> None:
    def weather(number: int, request: httpx.Request) -> Fault | None:
        if seen or b'"placement"' not in request.content or b"Sources" not in request.content:
            return None
        seen.append(number)
        return Fault(lost=True, after=after)

    seen: list[int] = []
    notion, _ = notion_client_for(workspace, weather=weather)
    apply_to(notion, workspace, _template())
    assert len(seen) == 1
    assert _dashboard(notion, workspace) == [["Stages", "Sources"], ["Live"]]
    notion.close()


class _Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("moment", range(8, 18))
def test_an_apply_interrupted_among_the_widgets_continues(
    workspace: LocalWorkspace, moment: int
) -> None:
    class LastBreath(Fault):
        def strike(self, request: httpx.Request) -> httpx.Response:
            raise _Killed

    def weather(number: int, _: httpx.Request) -> Fault | None:
        if number > moment:
            raise _Killed
        return LastBreath(after=True) if number == moment else None

    notion, _ = notion_client_for(workspace, weather=weather)
    with pytest.raises(_Killed):
        apply_to(notion, workspace, _template(), jobs=1)
    notion.close()
    healing, _ = notion_client_for(workspace)
    apply_to(healing, workspace, _template())
    assert _dashboard(healing, workspace) == [["Stages", "Sources"], ["Live"]]
    assert plan_for(healing, workspace, _template()).changes == ()
    healing.close()


def test_a_new_widget_is_placed_beside_its_neighbours(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template())
    added = {"more": _chart(title="More"), "new": _chart(title="New")}
    wider = _template([[*_ROWS[0], "features.more"], ["features.new"], _ROWS[1]], **added)
    assert len(apply_to(notion, workspace, wider).changes) == 2
    assert _dashboard(notion, workspace) == [["Stages", "Sources", "More"], ["New"], ["Live"]]
    assert plan_for(notion, workspace, wider).changes == ()


def test_views_that_the_api_cannot_move_are_noted(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template())
    turned = plan_for(notion, workspace, _template([_ROWS[1], _ROWS[0]]))
    assert (turned.changes, [str(each.address) for each in turned.notes]) == (
        (),
        ["features.views.board"],
    )
    assert "cannot move them" in turned.notes[0].message
    off = plan_for(notion, workspace, _template([["features.stages", "insights.sources"]]))
    assert off.changes == ()
    assert [each.message for each in off.notes] == [
        "the template has it as a tab of its own; Notion's API cannot move a view, people can"
    ]


def test_a_widget_that_people_deleted_is_noted_and_not_created_again(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template())
    notion.delete_view(_widget_ids(notion, workspace)[0][0])
    plan = plan_for(notion, workspace, _template())
    assert plan.changes == ()
    assert [each.message for each in plan.notes] == [
        "the view 'Stages' was deleted in Notion; not created again"
    ]
    notion.delete_view(next(_dashboard_ids(notion, workspace)))
    gone = plan_for(
        notion, workspace, _template([*_ROWS, ["features.new"]], new=_chart(title="New"))
    )
    assert gone.changes == ()
    assert "the dashboard features.board was deleted in Notion; not created" in {
        each.message for each in gone.notes
    }


def _dashboard_ids(notion: NotionClient, workspace: LocalWorkspace) -> Iterator[NotionId]:
    ids = notion.list_view_ids(_database_id(notion, workspace))
    return (each for each in ids if notion.get_view(each).type == "dashboard")


def test_a_dashboard_is_pruned_after_its_widgets_and_not_while_it_holds_one(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template())
    kept = {
        key: {"title": title, "type": "table"} for key, title in (("all", "All"), ("list", "Live"))
    }
    bare = {"title": "Features", "properties": {"name": _NAME, "status": _STATUS}}
    insights = {"title": "Insights", "properties": {"name": _NAME, "status": _STATUS}}
    holding = load({"databases": {"features": {**bare, "views": kept}, "insights": insights}})
    assert "features.views.board" not in _pruned(notion, workspace, holding)
    without = load(
        {"databases": {"features": {**bare, "views": {"all": kept["all"]}}, "insights": insights}}
    )
    assert _pruned(notion, workspace, without) == ["features.views.board", "features.views.list"]
    assert _tabs(notion, workspace) == ["All"]


def _pruned(notion: NotionClient, workspace: LocalWorkspace, loaded: LoadedTemplate) -> list[str]:
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    plan = provision.plan(reading, PlanOptions(prune=True))
    provision.apply(notion, plan, reading, provision.ApplySettings(NOW))
    return [str(each.address) for each in plan.changes if each.action == "delete"]


def test_quick_filters_are_set_changed_and_removed_and_those_of_people_stay(
    notion: NotionClient, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    apply_to(notion, workspace, _template())
    view_id = _widget_ids(notion, workspace)[1][0]

    def quick() -> Any:
        return api.get(f"views/{view_id}").json()["quick_filters"]

    assert quick() == {"Status": {"status": {"equals": ["Open", "Going"]}}}
    theirs = {"title": {"contains": "x"}}
    api.patch(f"views/{view_id}", json={"quick_filters": {"Name": theirs}}).raise_for_status()
    live = {"title": "Live", "type": "table"}
    apply_to(notion, workspace, _template(list={**live, "quick": {"status": {"not": "done"}}}))
    assert quick() == {"Status": {"status": {"does_not_equal": "Done"}}, "Name": theirs}
    apply_to(notion, workspace, _template(list=live))
    assert quick() == {"Name": theirs}
