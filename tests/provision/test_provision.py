"""Templates applied to a local workspace over HTTP: what is made, what it costs, and that it
holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import RecordUnreadable, UnsafeChange, UsageError
from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, RelationValue
from notion_pm.model.schema import Option, OptionsConfig, PropertyPatch
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision import provision
from notion_pm.provision.plan.operation import OperationKind
from notion_pm.provision.plan.plan import make_plan
from notion_pm.provision.plan.plan_options import PlanOptions
from notion_pm.template import templates as template_files
from notion_pm.workspace.record import read_manifest
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import NOW, apply_to, manifest_pages, plan_for, tables
from tests.support.template_worlds import load, templates

_NAME = {"type": "title", "title": "Name"}
_STATUS = {
    "type": "status",
    "title": "Status",
    "options": [
        {"key": "open", "name": "Open"},
        {"key": "done", "name": "Done", "group": "complete"},
    ],
}


@pytest.fixture
def notion(workspace: LocalWorkspace) -> Iterator[NotionClient]:
    opened, _ = notion_client_for(workspace)
    yield opened
    opened.close()


def _two(**features: Any) -> dict[str, Any]:
    """Return a template of features and the insights behind them."""
    relation = {
        "type": "relation",
        "title": "Insights",
        "to": "insights",
        "two_way": {"key": "features", "title": "For"},
    }
    return {
        "databases": {
            "features": {
                "title": "Features",
                "properties": {"name": _NAME, "status": _STATUS, "insights": relation, **features},
            },
            "insights": {"title": "Insights", "properties": {"name": _NAME}},
        }
    }


_ROWS = {
    "features": [
        {"key": "a", "name": "A", "insights": "x;y", "status": "done"},
        {"key": "b", "name": "B"},
    ],
    "insights": [{"key": "x", "name": "X"}, {"key": "y", "name": "Y", "features": ""}],
}


def test_the_product_template_takes_the_planned_number_of_requests(
    workspace: LocalWorkspace,
) -> None:
    notion, transport = notion_client_for(workspace)
    result = apply_to(notion, workspace, template_files.load("product"))
    assert result.planned == result.sent == len(transport.seen) == notion.requests.attempts
    assert len(result.changes) == 385
    assert len(result.applied_rows) == 291
    notion.close()


def test_a_fresh_apply_takes_the_fewest_requests() -> None:
    """One write a database, one for what needs ids, one a view; about these, the record, and the
    proof."""
    loaded = template_files.load("product")
    databases = len(loaded.template.databases)
    views = sum(len(each.views) for each in loaded.template.databases.values())
    plan = make_plan(loaded, Existing(), reads=1, options=PlanOptions(with_rows=False))
    verbs = Counter(each.kind for each in plan.operations)
    made = (
        verbs[OperationKind.CREATE_DATABASE]
        + verbs[OperationKind.APPLY_PROPERTIES]
        + verbs[OperationKind.CREATE_VIEW]
        + verbs[OperationKind.ADOPT_VIEW]
    )
    assert made == 2 * databases + views
    assert (
        verbs[OperationKind.LIST_VIEWS] == databases
    )  # Notion tells the id of its default view nowhere else
    record = 4  # the page, the ids of its blocks, what it tells people, the record itself
    lock = 1  # the step that looks whether the page is the first one
    assert len(plan.operations) == made + databases + record + lock
    twins = databases + 1  # the views of each, and the widgets of the dashboard, once more
    assert plan.proof == 2 + databases + twins
    assert (
        plan.lock == 2
    )  # list the parent page once more, remove the claim that came with the record page
    assert plan.requests == 44


def test_applying_again_only_reads_and_changes_nothing(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    loaded = load(_two(), _ROWS)
    apply_to(notion, workspace, loaded)
    again, transport = notion_client_for(workspace)
    result = apply_to(again, workspace, loaded)
    assert result.changes == ()
    assert {request.method for request in transport.seen} == {"GET"}
    assert (
        result.planned
        == result.sent
        == len(transport.seen)
        == 2 + 2 * len(loaded.template.databases)
    )
    again.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(templates())
def test_any_valid_template_can_be_applied_and_then_needs_no_change(loaded: LoadedTemplate) -> None:
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "workspace.sqlite")
        notion, transport = notion_client_for(workspace)
        result = apply_to(notion, workspace, loaded)
        assert result.planned == result.sent == len(transport.seen)
        made = tables(notion, workspace)
        for database in loaded.template.databases.values():
            assert len(made[database.title]) == 1
            if database.views:
                assert {title for title, _ in made[database.title][0].views} == {
                    view.title for view in database.views.values()
                }
        notion.close()
        workspace.close()


def test_the_request_count_holds_under_a_crowded_parent_page(
    notion: NotionClient, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    blocks = [{"type": "divider", "divider": {}}] * 99
    assert (
        api.patch(
            f"blocks/{workspace.root_page_id}/children", json={"children": blocks}
        ).status_code
        == 200
    )
    result = apply_to(notion, workspace, load(_two(), _ROWS))
    assert result.planned == result.sent


def test_relations_of_rows_are_written_by_key(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, load(_two(), _ROWS))
    made = tables(notion, workspace)
    assert made["Features"][0].rows == (
        ("A", (("relation", ("X", "Y")),)),
        ("B", (("relation", ()),)),
    )
    assert made["Insights"][0].rows == (
        ("X", (("relation", ("A",)),)),
        ("Y", (("relation", ("A",)),)),
    )
    assert ("For", "relation") in made["Insights"][0].properties


def test_databases_that_relate_to_each_other_twice(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    data = _two()
    back = {
        "type": "relation",
        "title": "About",
        "to": "features",
        "two_way": {"key": "notes", "title": "Notes"},
    }
    data["databases"]["insights"]["properties"]["about"] = back
    result = apply_to(notion, workspace, load(data, _ROWS))
    assert result.planned == result.sent
    assert ("Notes", "relation") in tables(notion, workspace)["Features"][0].properties


class _Forgetful(httpx.BaseTransport):
    """Notion as some have seen it: it does not heed the name that a mirror is to have."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.content.replace(b'"synced_property_name"', b'"ignored"').replace(
            b'{"ignored":"For"}', b"{}"
        )
        headers = [
            (key, value) for key, value in request.headers.multi_items() if key != "content-length"
        ]
        return self.inner.handle_request(
            httpx.Request(request.method, request.url, headers=headers, content=body)
        )


def test_a_mirror_gets_its_title_even_if_notion_ignores_it(workspace: LocalWorkspace) -> None:
    notion, transport = notion_client_for(workspace)
    transport.inner = _Forgetful(transport.inner)
    count = {
        "type": "rollup",
        "title": "Count",
        "relation": "features",
        "property": "name",
        "function": "count",
    }
    data = _two()
    data["databases"]["insights"]["properties"]["count"] = count
    result = apply_to(notion, workspace, load(data, _ROWS))
    assert result.planned == result.sent == len(transport.seen)
    assert ("For", "relation") in tables(notion, workspace)["Insights"][0].properties
    notion.close()


def test_rows_that_need_each_other_are_linked_at_the_end(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    after = {"type": "relation", "title": "After", "to": "steps"}
    data = {
        "databases": {"steps": {"title": "Steps", "properties": {"name": _NAME, "after": after}}}
    }
    rows = [{"key": "a", "name": "A", "after": "b"}, {"key": "b", "name": "B", "after": "a"}]
    apply_to(notion, workspace, load(data, {"steps": rows}))
    assert tables(notion, workspace)["Steps"][0].rows == (
        ("A", (("relation", ("B",)),)),
        ("B", (("relation", ("A",)),)),
    )


def test_a_database_without_table_view_loses_notions_default_view(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    data = _two()
    data["databases"]["features"]["views"] = {
        "board": {"title": "Board", "type": "board", "group_by": "status"},
        "list": {"title": "List", "type": "list", "where": {"status": {"category": "todo"}}},
    }
    apply_to(notion, workspace, load(data))
    assert tables(notion, workspace)["Features"][0].views == (("Board", "board"), ("List", "list"))
    assert tables(notion, workspace)["Insights"][0].views == (("Default view", "table"),)


def test_a_new_version_adds_and_renames_and_keeps_the_rest(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, load(_two(size={"type": "number", "title": "Size"}), _ROWS))
    more = {
        **_STATUS,
        "title": "State",
        "options": [*_STATUS["options"], {"key": "beta", "name": "Beta"}],
    }
    after = _two(
        effort={"type": "number", "title": "Effort", "was": "size", "format": "euro"},
        status=more,
        double={"type": "formula", "title": "Double", "expression": 'prop("Effort") * 2'},
        count={
            "type": "rollup",
            "title": "Count",
            "relation": "insights",
            "property": "name",
            "function": "count",
        },
    )
    after["version"] = 2
    after["databases"]["features"]["views"] = {"new": {"title": "New", "type": "list"}}
    loaded = load(
        after,
        {**_ROWS, "features": [*_ROWS["features"], {"key": "c", "name": "C", "insights": "x"}]},
    )
    result = apply_to(notion, workspace, loaded)
    assert [(each.address, each.action) for each in result.changes] == [
        ("features.count", "create"),
        ("features.double", "create"),
        ("features.effort", "update"),
        ("features.rows.c", "create"),
        ("features.status", "update"),
        ("features.status.beta", "create"),
        ("features.views.new", "create"),
        ("manifest", "update"),
    ]
    assert result.planned == result.sent
    features = tables(notion, workspace)["Features"][0]
    assert {"Effort", "Double", "State", "Count"} <= {name for name, _ in features.properties}
    assert [title for title, _ in features.rows] == ["A", "B", "C"]


def test_adding_an_option_keeps_peoples_own_and_their_values(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, load(_two(), _ROWS))
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    status = notion.get_data_source(entry.data_source_id).properties[entry.properties["status"]]
    assert isinstance(status.config, OptionsConfig)
    theirs = OptionsConfig((*status.config.options, Option("Waiting", group="In progress")))
    notion.update_data_source(
        entry.data_source_id, {status.id: PropertyPatch(type="status", config=theirs)}
    )
    more = {**_STATUS, "options": [*_STATUS["options"], {"key": "beta", "name": "Beta"}]}
    apply_to(notion, workspace, load(_two(status=more), _ROWS))
    now = notion.get_data_source(entry.data_source_id).properties[status.id].config
    assert isinstance(now, OptionsConfig)
    assert [each.name for each in now.options] == ["Open", "Done", "Waiting", "Beta"]
    page = notion.get_page(entry.rows["a"])
    assert page.properties[status.id].value == OptionValue(entry.options["status.done"], "Done")


def test_an_option_that_people_added_before_the_template_is_taken_over(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, load(_two(), _ROWS))
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    status = notion.get_data_source(entry.data_source_id).properties[entry.properties["status"]]
    assert isinstance(status.config, OptionsConfig)
    theirs = OptionsConfig((*status.config.options, Option("beta")))
    notion.update_data_source(
        entry.data_source_id, {status.id: PropertyPatch(type="status", config=theirs)}
    )
    more = {**_STATUS, "options": [*_STATUS["options"], {"key": "beta", "name": "Beta"}]}
    result = apply_to(notion, workspace, load(_two(status=more), _ROWS))
    assert [(each.address, each.action) for each in result.changes] == [
        ("features.status.beta", "update")
    ]
    source = notion.get_data_source(entry.data_source_id)
    now = source.properties[status.id].config
    assert isinstance(now, OptionsConfig)
    assert [each.name for each in now.options] == ["Open", "Done", "beta"]
    assert (
        read_manifest(notion, workspace.root_page_id)[1]
        .databases["features"]
        .options["status.beta"]
    )


def test_clients_may_rename_everything(notion: NotionClient, workspace: LocalWorkspace) -> None:
    loaded = load(
        _two(double={"type": "formula", "title": "Double", "expression": 'empty(prop("Status"))'}),
        _ROWS,
    )
    apply_to(notion, workspace, loaded)
    _, manifest = read_manifest(notion, workspace.root_page_id)
    entry = manifest.databases["features"]
    notion.update_database(entry.database_id, title="Funktionen")
    renamed = {
        entry.properties["status"]: PropertyPatch(name="Zustand"),
        "title": PropertyPatch(name="Titel"),
    }
    notion.update_data_source(entry.data_source_id, renamed)
    plan = plan_for(notion, workspace, loaded)
    assert plan.changes == ()
    assert [each.address for each in plan.notes] == ["features", "features.name", "features.status"]
    changed = load(
        _two(
            double={"type": "formula", "title": "Double", "expression": 'not empty(prop("Status"))'}
        ),
        _ROWS,
    )
    assert [each.address for each in apply_to(notion, workspace, changed).changes] == [
        "features.double"
    ]


def test_a_view_follows_the_template_and_loses_a_filter_that_it_no_longer_has(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    data = _two()
    view = {
        "title": "Open",
        "type": "table",
        "where": {"status": "open"},
        "sort": [{"name": "ascending"}],
    }
    data["databases"]["features"]["views"] = {"open": view}
    apply_to(notion, workspace, load(data))
    data["databases"]["features"]["views"] = {"open": {"title": "All", "type": "table"}}
    result = apply_to(notion, workspace, load(data))
    assert [(each.address, each.action) for each in result.changes] == [
        ("features.views.open", "update")
    ]
    _, manifest = read_manifest(notion, workspace.root_page_id)
    changed = notion.get_view(manifest.databases["features"].views["open"].id)
    assert (changed.name, changed.filter, changed.sorts) == ("All", None, ())


def test_without_rows_is_remembered(notion: NotionClient, workspace: LocalWorkspace) -> None:
    loaded = load(_two(), _ROWS)
    root = NotionId(workspace.root_page_id)
    reading = provision.read_for(notion, root, loaded)
    result = provision.apply(
        notion,
        provision.plan(reading, provision.PlanOptions(with_rows=False)),
        reading,
        provision.ApplySettings(NOW),
    )
    assert result.applied_rows == ()
    assert plan_for(notion, workspace, loaded).changes == ()
    reading = provision.read_for(notion, root, loaded)
    later = provision.apply(
        notion,
        provision.plan(reading, provision.PlanOptions(with_rows=True)),
        reading,
        provision.ApplySettings(NOW),
    )
    assert len(later.applied_rows) == 4


def test_applied_rows_contain_what_was_written(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    result = apply_to(notion, workspace, load(_two(), _ROWS))
    row = next(
        each for each in result.applied_rows if (each.database, each.key) == ("features", "a")
    )
    page = notion.get_page(row.page_id)
    for value in row.values.values():
        assert page.properties[value.id] == value or isinstance(value.value, RelationValue)


def test_the_record_page_begins_with_a_text_for_people(
    notion: NotionClient, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    apply_to(notion, workspace, load(_two(), _ROWS))
    page_id, manifest = read_manifest(notion, workspace.root_page_id)
    assert manifest.state == "applied"
    assert manifest_pages(notion, workspace) == {"notion-pm: test": 1}
    callout, told, of_sync, record = notion.list_children(page_id)
    assert callout.text.startswith("This page belongs to notion-pm.")
    assert told.text.startswith(
        "Template test, version 1: 2 databases. Last apply: 2026-11-22 09:00 UTC."
    )
    assert (of_sync.type, record.type) == ("paragraph", "code")


def test_a_damaged_record_does_not_count_as_a_first_apply(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    loaded = load(_two(), _ROWS)
    apply_to(notion, workspace, loaded)
    page_id, _ = read_manifest(notion, workspace.root_page_id)
    (record,) = (each for each in notion.list_children(page_id) if each.type == "code")
    notion.update_text_block(record.id, "code", '{"format": 1', language="json")
    with pytest.raises(RecordUnreadable):
        plan_for(notion, workspace, loaded)


def test_a_trashed_database_stops_the_apply(
    notion: NotionClient, workspace: LocalWorkspace, api: httpx.Client
) -> None:
    loaded = load(_two(), _ROWS)
    apply_to(notion, workspace, loaded)
    _, manifest = read_manifest(notion, workspace.root_page_id)
    database_id = manifest.databases["features"].database_id
    assert api.patch(f"databases/{database_id}", json={"in_trash": True}).status_code == 200
    with pytest.raises(UnsafeChange, match="in the trash"):
        apply_to(notion, workspace, loaded)


def test_a_workspace_without_any_apply_says_so(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    with pytest.raises(UsageError, match="No template was applied to this workspace yet") as error:
        read_manifest(notion, workspace.root_page_id)
    assert "notion-pm apply product" in error.value.advice


def test_two_records_need_a_template_name(notion: NotionClient, workspace: LocalWorkspace) -> None:
    apply_to(notion, workspace, load(_two()))
    other = {
        "template": "other",
        "databases": {"notes": {"title": "Notes", "properties": {"name": _NAME}}},
    }
    apply_to(notion, workspace, load(other))
    assert read_manifest(notion, workspace.root_page_id, "other")[1].template == "other"
    with pytest.raises(UsageError, match="Several templates were applied here: other, test"):
        read_manifest(notion, workspace.root_page_id)


def test_a_lossy_change_is_applied_when_it_is_allowed(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    before = _two(
        size={"type": "rich_text", "title": "Size"}, kind={"type": "rich_text", "title": "Kind"}
    )
    apply_to(notion, workspace, load(before, _ROWS))
    options = [{"key": "a", "name": "A"}]
    kind = {"type": "select", "title": "Kind", "options": options}
    after = load(_two(size={"type": "number", "title": "Size", "format": "euro"}, kind=kind), _ROWS)
    with pytest.raises(UnsafeChange, match="may lose values"):
        apply_to(notion, workspace, after)
    result = apply_to(notion, workspace, after, allow_lossy=True)
    assert [each.address for each in result.changes] == ["features.kind", "features.size"]
    properties = dict(tables(notion, workspace)["Features"][0].properties)
    assert (properties["Size"], properties["Kind"]) == ("number", "select")
    assert plan_for(notion, workspace, after).changes == ()


def test_every_kind_of_setting_follows_the_template(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    def version(
        size: str, prefix: str, function: str, expression: str, description: str
    ) -> LoadedTemplate:
        count = {
            "type": "rollup",
            "title": "Count",
            "relation": "insights",
            "property": "name",
            "function": function,
        }
        data = _two(
            size={"type": "number", "title": "Size", "format": size, "description": description},
            id={"type": "unique_id", "title": "ID", "prefix": prefix},
            count=count,
            double={"type": "formula", "title": "Double", "expression": expression},
            status={**_STATUS, "description": description},
        )
        data["databases"]["features"]["description"] = description
        return load(data, _ROWS)

    apply_to(notion, workspace, version("euro", "FEAT", "count", 'prop("Size") * 2', "One"))
    after = version("dollar", "SPEC", "unique", 'prop("Size") * 3', "Two")
    result = apply_to(notion, workspace, after, force=True)
    assert {each.address: each.action for each in result.changes} == {
        "features": "update",
        "features.count": "update",
        "features.double": "update",
        "features.id": "update",
        "features.size": "update",
        "features.status": "update",
    }
    assert result.planned == result.sent
    _, manifest = read_manifest(notion, workspace.root_page_id)
    source = notion.get_data_source(manifest.databases["features"].data_source_id)
    assert {
        each.name: each.description for each in source.properties.values() if each.description
    } == {
        "Size": "Two",
        "Status": "Two",
    }
    status = source.find_property("Status")
    assert status is not None
    assert isinstance(status.config, OptionsConfig)
    assert [each.name for each in status.config.options] == ["Open", "Done"]


def test_progress_is_shown_in_a_few_phases(notion: NotionClient, workspace: LocalWorkspace) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    loaded = load(_two(), _ROWS)
    apply_to(
        notion,
        workspace,
        loaded,
        progress=lambda what, done, total: told.setdefault(what, []).append((done, total)),
    )
    assert set(told) == {"Databases", "Rows", "Record"}
    assert told["Rows"] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told["Databases"][-1] == (
        2,
        2,
    )  # as the plan counts them, however many requests each takes


def test_a_rollup_is_set_again_with_its_deleted_relation(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    count = {
        "type": "rollup",
        "title": "Count",
        "relation": "insights",
        "property": "name",
        "function": "count",
    }
    back = {
        "type": "rollup",
        "title": "Back",
        "relation": "features",
        "property": "name",
        "function": "count",
    }
    shown = {"type": "formula", "title": "Shown", "expression": 'empty(prop("Insights"))'}
    data = _two(count=count, shown=shown)
    data["databases"]["insights"]["properties"]["back"] = back
    apply_to(notion, workspace, load(data, _ROWS))
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    notion.update_data_source(entry.data_source_id, {entry.properties["insights"]: None})
    result = apply_to(notion, workspace, load(data, _ROWS))
    assert {each.address: each.action for each in result.changes} == {
        "features.count": "update",
        "features.insights": "create",
        "features.shown": "update",
        "insights.back": "update",
        "insights.features": "create",
    }
    assert result.planned == result.sent
    assert plan_for(notion, workspace, load(data, _ROWS)).changes == ()


def test_the_manifest_keeps_the_templates_order(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    apply_to(notion, workspace, load(_two()))
    more = _two(size={"type": "number", "title": "Size"})
    more["databases"]["features"]["properties"] = dict(
        reversed(more["databases"]["features"]["properties"].items())
    )
    apply_to(notion, workspace, load(more))
    manifest = read_manifest(notion, workspace.root_page_id)[1]
    assert list(manifest.databases) == ["features", "insights"]
    assert list(manifest.databases["features"].properties) == ["size", "insights", "status", "name"]


def test_a_database_of_the_same_title_is_noted_and_kept(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    two = _two()
    one = {
        **two,
        "databases": {
            "insights": {
                "title": "Insights",
                "properties": two["databases"]["insights"]["properties"],
            }
        },
    }
    apply_to(notion, workspace, load(one))
    title = {"Name": PropertyPatch(type="title")}
    notion.create_database(workspace.root_page_id, "Features", title, look_up=lambda: None)
    plan = plan_for(notion, workspace, load(two))
    assert [(each.address, each.message) for each in plan.notes] == [
        ("features", "another database here is also called 'Features'; it is left alone")
    ]


def test_a_description_alone_changes_and_leaves_settings_as_they_are(
    notion: NotionClient, workspace: LocalWorkspace
) -> None:
    def version(description: str) -> LoadedTemplate:
        said = {"description": description}
        count = {
            "type": "rollup",
            "title": "Count",
            "relation": "insights",
            "property": "name",
            "function": "count",
        }
        data = _two(
            status={**_STATUS, **said},
            count={**count, **said},
            after={"type": "relation", "title": "After", "to": "features", **said},
            shown={"type": "formula", "title": "Shown", "expression": 'prop("Name")', **said},
            due={"type": "date", "title": "Due", **said},
        )
        data["databases"]["features"]["properties"]["insights"].update(said)
        return load(data, _ROWS)

    apply_to(notion, workspace, version("One"))
    before = tables(notion, workspace)
    result = apply_to(notion, workspace, version("Two"))
    assert len(result.changes) == 6
    assert result.planned == result.sent
    assert tables(notion, workspace) == before
    source = notion.get_data_source(
        read_manifest(notion, workspace.root_page_id)[1].databases["features"].data_source_id
    )
    assert [each.description for each in source.properties.values()].count("Two") == 6
