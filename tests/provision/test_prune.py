"""What the template no longer has, and what people renamed: kept by default, changed on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import ChangedDuringRun, UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import OptionsConfig, PropertyPatch
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.provision import ApplyResult, PlanOptions
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import NOW, apply_to, plan_for, tables
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}
_KIND = {
    "type": "select",
    "title": "Kind",
    "options": [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}, {"key": "c", "name": "C"}],
}
_TAGS = {
    "type": "multi_select",
    "title": "Tags",
    "options": [{"key": "x", "name": "X"}, {"key": "y", "name": "Y"}],
}
_PRUNE = PlanOptions(prune=True)


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


def _template(
    features: dict[str, Any], views: tuple[str, ...] = ("all",), rows: int = 3
) -> LoadedTemplate:
    relation = {
        "type": "relation",
        "title": "For",
        "to": "features",
        "two_way": {"key": "heard", "title": "Heard"},
    }
    insights = {"name": _NAME, **({"for": relation} if "heard" in features else {})}
    properties = {key: each for key, each in features.items() if key != "heard"}
    shown = {key: {"title": key.title(), "type": "table"} for key in views}
    data = {
        "databases": {
            "features": {
                "title": "Features",
                "properties": {"name": _NAME, **properties},
                "views": shown,
            },
            "insights": {"title": "Insights", "properties": insights},
        }
    }
    cells = {"kind": "ab"[0], "size": "7", "tags": "x;y"}
    filled = {key: cell for key, cell in cells.items() if key in features}
    return load(
        data, {"features": [{"key": f"r{n}", "name": f"R{n}", **filled} for n in range(rows)]}
    )


def _look(
    notion: NotionClient, workspace: LocalWorkspace, loaded: LoadedTemplate, options: PlanOptions
) -> Plan:
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    return with_affected_page_counts(notion, provision.plan(reading, options), reading)


def _prune(
    notion: NotionClient, workspace: LocalWorkspace, loaded: LoadedTemplate, **options: Any
) -> ApplyResult:
    before = notion.requests.logical
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    plan = with_affected_page_counts(notion, provision.plan(reading, _PRUNE), reading)
    result = provision.apply(notion, plan, reading, provision.ApplySettings(NOW, **options))
    assert result.planned == result.sent == notion.requests.logical - before
    return result


_FULL = {"kind": _KIND, "size": {"type": "number", "title": "Size"}, "tags": _TAGS, "heard": True}


def test_properties_views_and_mirrors_are_pruned_and_the_rest_stays(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template(_FULL, ("all", "old")))
    fewer = _template({"kind": _KIND})
    assert plan_for(notion, workspace, fewer).changes == ()
    found = {each.address: each for each in _look(notion, workspace, fewer, _PRUNE).changes}
    assert {
        address: (each.action, each.change_class, each.pages) for address, each in found.items()
    } == {
        "features.heard": ("delete", "safe", 0),
        "features.size": ("delete", "lossy", 3),
        "features.tags": ("delete", "lossy", 3),
        "features.views.old": ("delete", "safe", None),
        "insights.for": ("delete", "safe", 0),
    }
    with pytest.raises(UnsafeChange, match="may lose values"):
        _prune(notion, workspace, fewer)
    _prune(notion, workspace, fewer, allow_lossy=True, force=True)
    made = tables(notion, workspace)
    assert {name for name, _ in made["Features"][0].properties} == {"Name", "Kind"}
    assert made["Features"][0].views == (("All", "table"),)
    assert [title for title, _ in made["Features"][0].rows] == ["R0", "R1", "R2"]
    assert {name for name, _ in made["Insights"][0].properties} == {"Name"}
    assert _look(notion, workspace, fewer, _PRUNE).changes == ()


def test_unused_options_are_pruned_safely_and_those_of_people_stay(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template(_FULL))
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    kind = notion.get_data_source(entry.data_source_id).properties[entry.properties["kind"]]
    assert isinstance(kind.config, OptionsConfig)
    theirs = {"type": "select", "title": "Kind", "options": [_KIND["options"][1]]}
    loaded = _template({**_FULL, "kind": theirs}, rows=0)
    found = {
        each.address: (each.change_class, each.pages)
        for each in _look(notion, workspace, loaded, _PRUNE).changes
    }
    assert found == {"features.kind.a": ("lossy", 3), "features.kind.c": ("safe", 0)}
    kept = {"type": "select", "title": "Kind", "options": _KIND["options"][:2]}
    _prune(notion, workspace, _template({**_FULL, "kind": kept}))
    now = notion.get_data_source(entry.data_source_id).properties[kind.id].config
    assert isinstance(now, OptionsConfig)
    assert [each.name for each in now.options] == ["A", "B"]
    assert (
        "kind.c"
        not in read_manifest(notion, workspace.root_page_id)[1].databases["features"].options
    )


def test_many_pages_at_once_need_force(notion: NotionClient, workspace: LocalWorkspace) -> None:
    apply_to(notion, workspace, _template(_FULL, rows=12))
    fewer = _template({key: each for key, each in _FULL.items() if key != "size"}, rows=12)
    with pytest.raises(
        UnsafeChange, match=r"12 of 12 pages of features would lose features.size \(100% > 30%\)"
    ):
        _prune(notion, workspace, fewer, allow_lossy=True)
    _prune(notion, workspace, fewer, allow_lossy=True, force=True)


def test_the_last_view_and_the_title_are_never_pruned(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, _template({}))
    plan = _look(notion, workspace, _template({}, ()), _PRUNE)
    assert plan.changes == ()
    assert [each.address for each in plan.notes] == ["features.views.all"]


@pytest.mark.parametrize(
    "edit", [{"name": "Ours"}, {"sorts": [{"property": "title", "direction": "ascending"}]}]
)
def test_a_view_that_people_changed_since_the_plan_is_not_pruned(
    notion: NotionClient, workspace: LocalWorkspace, edit: dict[str, Any]
) -> None:
    apply_to(notion, workspace, _template({}, ("all", "mine")))
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), _template({}))
    plan = with_affected_page_counts(notion, provision.plan(reading, _PRUNE), reading)
    view_id = reading.existing.owned["features"].views["mine"].id
    notion.update_view(view_id, **edit)
    assert not _look(notion, workspace, _template({}), _PRUNE).is_same_as(plan)
    with pytest.raises(ChangedDuringRun):
        provision.apply(notion, plan, reading, provision.ApplySettings(NOW))
    assert view_id in notion.list_view_ids(reading.existing.owned["features"].database_id)


def test_titles_are_reset_on_request(notion: NotionClient, workspace: LocalWorkspace) -> None:
    loaded = _template(_FULL)
    apply_to(notion, workspace, loaded)
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    notion.update_database(entry.database_id, title="Funktionen")
    notion.update_data_source(
        entry.data_source_id, {entry.properties["kind"]: PropertyPatch(name="Art")}
    )
    assert plan_for(notion, workspace, loaded).changes == ()
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    plan = provision.plan(reading, PlanOptions(reset_titles=True))
    result = provision.apply(notion, plan, reading, provision.ApplySettings(NOW))
    assert [each.address for each in result.changes] == ["features", "features.kind"]
    assert result.planned == result.sent
    assert "Kind" in dict(tables(notion, workspace)["Features"][0].properties)
    assert plan_for(notion, workspace, loaded).notes == ()


@pytest.mark.parametrize("kind", ["status", "select", "multi_select"])
def test_a_plan_says_what_happens_to_the_pages_of_a_removed_option(
    notion: NotionClient, workspace: LocalWorkspace, kind: str
) -> None:
    options = [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]
    apply_to(
        notion, workspace, _template({"kind": {"type": kind, "title": "Kind", "options": options}})
    )
    fewer = _template({"kind": {"type": kind, "title": "Kind", "options": options[1:]}}, rows=0)
    change = next(
        each for each in _look(notion, workspace, fewer, _PRUNE).changes if each.kind == "option"
    )
    assert (change.change_class, change.pages) == ("lossy", 3)
    fates = {
        "status": "another status",
        "select": "become empty",
        "multi_select": "keep their other values",
    }
    assert fates[kind] in " ".join(change.details)
