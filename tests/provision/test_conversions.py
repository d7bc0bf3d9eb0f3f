"""Properties that get another type, and relations that get another target: losses are counted
first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import Option, OptionsConfig, PropertyPatch
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.affected_page_counts import with_affected_page_counts
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.plan.plan_options import DEFAULT_PLAN_OPTIONS, PlanOptions
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import NOW, tables
from tests.support.template_worlds import load

_NAME = {"type": "title", "title": "Name"}
_TAGS = [{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


def _template(
    rows: list[dict[str, str]] | None = None, *, version: int = 1, **properties: dict[str, Any]
) -> LoadedTemplate:
    databases = {
        "features": {"title": "Features", "properties": {"name": _NAME, **properties}},
        "insights": {"title": "Insights", "properties": {"name": _NAME}},
        "risks": {"title": "Risks", "properties": {"name": _NAME}},
    }
    insights = [{"key": "x", "name": "X"}, {"key": "y", "name": "Y"}]
    return load(
        {"version": version, "databases": databases}, {"features": rows or [], "insights": insights}
    )


def _look(
    notion: NotionClient,
    workspace: LocalWorkspace,
    loaded: LoadedTemplate,
    options: PlanOptions = DEFAULT_PLAN_OPTIONS,
) -> tuple[provision.Reading, Plan]:
    reading = provision.read_for(notion, NotionId(workspace.root_page_id), loaded)
    return reading, with_affected_page_counts(notion, provision.plan(reading, options), reading)


def _apply(
    notion: NotionClient, workspace: LocalWorkspace, loaded: LoadedTemplate, **options: Any
) -> None:
    before = notion.requests.logical
    reading, plan = _look(notion, workspace, loaded, options.pop("options", DEFAULT_PLAN_OPTIONS))
    result = provision.apply(notion, plan, reading, provision.ApplySettings(NOW, **options))
    assert result.planned == result.sent == notion.requests.logical - before


def _judged(plan: Plan) -> dict[str, tuple[str, int | None]]:
    return {
        each.address: (each.change_class, each.pages)
        for each in plan.changes
        if each.kind == "property"
    }


def test_only_what_does_not_fit_is_counted(notion: NotionClient, workspace: LocalWorkspace) -> None:
    rows = [
        {"key": "r1", "name": "R1", "size": "12", "tags": "a"},
        {"key": "r2", "name": "R2", "size": "a lot", "tags": "a;b"},
        {"key": "r3", "name": "R3"},
    ]
    tags = {"type": "multi_select", "title": "Tags", "options": _TAGS}
    _apply(
        notion, workspace, _template(rows, size={"type": "rich_text", "title": "Size"}, tags=tags)
    )
    after = _template(
        version=2,
        size={"type": "number", "title": "Weight"},
        tags={"type": "select", "title": "Tags", "options": _TAGS},
    )
    assert _judged(_look(notion, workspace, after)[1]) == {
        "features.size": ("lossy", 1),
        "features.tags": ("lossy", 1),
    }
    with pytest.raises(UnsafeChange, match="1 page affected"):
        _apply(notion, workspace, after)
    _apply(notion, workspace, after, allow_lossy=True)
    assert ("Weight", "number") in tables(notion, workspace)["Features"][0].properties
    assert _look(notion, workspace, after)[1].changes == ()


def test_a_select_becomes_a_multi_select_with_peoples_own_options(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    rows = [{"key": "r1", "name": "R1", "kind": "a"}]
    _apply(
        notion,
        workspace,
        _template(rows, kind={"type": "select", "title": "Kind", "options": _TAGS}),
    )
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    kind = notion.get_data_source(entry.data_source_id).properties[entry.properties["kind"]]
    assert isinstance(kind.config, OptionsConfig)
    theirs = OptionsConfig((*kind.config.options, Option("Theirs", color="pink")))
    notion.update_data_source(
        entry.data_source_id, {kind.id: PropertyPatch(type="select", config=theirs)}
    )
    after = _template(
        rows, version=2, kind={"type": "multi_select", "title": "Kind", "options": _TAGS}
    )
    assert _judged(_look(notion, workspace, after)[1]) == {"features.kind": ("safe", None)}
    _apply(notion, workspace, after)
    now = notion.get_data_source(entry.data_source_id).properties[entry.properties["kind"]]
    assert isinstance(now.config, OptionsConfig)
    assert [(each.name, each.color) for each in now.config.options] == [
        ("A", "default"),
        ("B", "default"),
        ("Theirs", "pink"),
    ]
    page = next(iter(notion.query(entry.data_source_id)))
    assert [each.name for each in page.properties[kind.id].value] == ["A"]  # type: ignore[union-attr]
    assert _look(notion, workspace, after)[1].changes == ()


_ONE_WAY = {"type": "relation", "title": "About", "to": "insights"}
_TWO_WAY = {**_ONE_WAY, "two_way": {"key": "features", "title": "Features"}}
_ELSEWHERE = {**_TWO_WAY, "to": "risks"}
_LINKED = [{"key": "r1", "name": "R1", "about": "x;y"}, {"key": "r2", "name": "R2"}]


@pytest.mark.parametrize("prune", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "mirrors"),
    [
        (_ONE_WAY, _TWO_WAY, ["Insights"]),
        (_TWO_WAY, _ONE_WAY, []),
        (_TWO_WAY, _ELSEWHERE, ["Risks"]),
        (_ONE_WAY, {**_ONE_WAY, "to": "risks"}, []),
    ],
)
def test_a_relation_follows_the_template(
    notion: NotionClient,
    workspace: LocalWorkspace,
    before: dict[str, Any],
    after: dict[str, Any],
    mirrors: list[str],
    prune: bool,
) -> None:
    _apply(notion, workspace, _template(_LINKED, about=before))
    upgrade = _template(_LINKED if after["to"] == "insights" else None, version=2, about=after)
    options = PlanOptions(prune=prune)
    assert _judged(_look(notion, workspace, upgrade, options)[1])["features.about"] == ("lossy", 1)
    with pytest.raises(UnsafeChange):
        _apply(notion, workspace, upgrade, options=options)
    _apply(notion, workspace, upgrade, allow_lossy=True, options=options)
    made = tables(notion, workspace)
    assert [
        title for title in made if ("Features", "relation") in made[title][0].properties
    ] == mirrors
    if after["to"] == "insights":
        assert made["Features"][0].rows[0] == ("R1", (("relation", ("X", "Y")),))
    assert _look(notion, workspace, upgrade, options)[1].changes == ()


def test_a_relation_without_links_is_changed_safely(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    _apply(notion, workspace, _template(about=_ONE_WAY))
    upgrade = _template(version=2, about=_ELSEWHERE)
    assert _judged(_look(notion, workspace, upgrade)[1])["features.about"] == ("safe", 0)
    _apply(notion, workspace, upgrade)
    assert _look(notion, workspace, upgrade)[1].changes == ()
