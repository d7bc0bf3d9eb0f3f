"""The fewest requests that Notion's API allows, itemised: an apply makes them and no others, and
side by side.

For D databases and V views that is a create a database, an update a database for all that needs ids
of others (the same request that tells the ids), a look at the views that Notion made, whose first
is taken over, and a request a view.
"""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.model.existing import Existing
from notion_pm.model.template import (
    DatabaseSpec,
    LoadedTemplate,
    PropertySpec,
    RelationProperty,
    RollupProperty,
    Template,
)
from notion_pm.provision.plan.plan import make_plan
from notion_pm.provision.plan.plan_options import PlanOptions
from notion_pm.template import templates
from notion_pm.template.references import check_references
from tests.support.notion_clients import notion_client_for
from tests.support.provisioned import apply_to, plan_for


def _smaller(databases: set[str], views: int) -> LoadedTemplate:
    """Return the full template without some of its databases, and with so many views a database."""
    full = templates.load("full").template
    kept = {
        key: _without_others(full, key, databases, views)
        for key in full.databases
        if key in databases
    }
    smaller = full.model_copy(update={"databases": kept, "sync": {}, "exports": {}})
    assert check_references(smaller) == []
    return LoadedTemplate(template=smaller)


def _without_others(full: Template, key: str, databases: set[str], views: int) -> DatabaseSpec:
    spec = full.databases[key]
    properties = {
        each: prop for each, prop in spec.properties.items() if _stays(full, key, prop, databases)
    }
    plain = {
        each: view.model_copy(update={"show": (), "sort": (), "where": {}, "quick": {}})
        for each, view in spec.views.items()
        if view.type in {"table", "board", "gallery", "timeline"}
        and view.group_by in {None, *properties}
    }
    chosen = dict(list(plain.items())[:views])
    return spec.model_copy(
        update={"properties": properties, "views": chosen, "rows": None, "body": None}
    )


def _stays(full: Template, database: str, prop: PropertySpec, databases: set[str]) -> bool:
    if isinstance(prop, RollupProperty):
        return full.relation_target(database, prop.relation) in databases
    return not isinstance(prop, RelationProperty) or prop.to in databases


def _sent(requests: list[httpx.Request]) -> Counter[str]:
    """Count requests by what they do."""
    return Counter(f"{each.method} {each.url.path.split('/')[2]}" for each in requests)


@pytest.mark.parametrize(
    ("loaded", "databases", "views"),
    [
        (templates.load("full").model_copy(update={"rows": {}}), 9, 39),
        (
            _smaller(
                {
                    "vision",
                    "objectives",
                    "opportunities",
                    "insights",
                    "features",
                    "releases",
                    "experiments",
                },
                2,
            ),
            7,
            14,
        ),
    ],
    ids=["full", "seven databases"],
)
def test_an_apply_sends_the_fewest_requests(
    workspace: LocalWorkspace, loaded: LoadedTemplate, databases: int, views: int
) -> None:
    specs = loaded.template.databases.values()
    assert (len(specs), sum(len(each.views) for each in specs)) == (databases, views)
    notion, transport = notion_client_for(workspace)
    result = apply_to(notion, workspace, loaded)
    sent = _sent(transport.seen)
    settled = (
        sent["PATCH data_sources"] + sent["GET data_sources"] - databases
    )  # the proof reads each once
    made = {
        "databases": sent["POST databases"],
        "what needs ids of others": settled,
        "views": sent["POST views"] + sent["PATCH views"],
        "the views that Notion made, and a search for twins": sent["GET views"],
    }
    assert made == {
        "databases": databases,
        "what needs ids of others": databases,
        "views": views,
        "the views that Notion made, and a search for twins": 2 * databases,
    }
    record = {"the page": sent["POST pages"], "what it says at the end": sent["PATCH blocks"]}
    assert record == {"the page": 1, "what it says at the end": 2}
    reads = "the parent before, after the record page, and at the end; the record's blocks; the proof's record"
    assert sent["GET blocks"] == 5, reads
    assert sent["DELETE blocks"] == 1, "the claim"
    assert result.sent == sum(made.values()) + 3 + 5 + 1 + databases
    notion.close()


def test_a_plan_without_changes_reads_each_database_and_its_views(
    workspace: LocalWorkspace,
) -> None:
    loaded = templates.load("full").model_copy(update={"rows": {}})
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, loaded)
    again, transport = notion_client_for(workspace)
    assert plan_for(again, workspace, loaded).changes == ()
    assert _sent(transport.seen) == {
        "GET blocks": 2,
        "GET data_sources": 9,
        "GET views": 9 + 1,  # the dashboard tells its widgets
    }
    notion.close()
    again.close()


@pytest.mark.parametrize(("with_rows", "share"), [(False, 0.65), (True, 0.35)])
def test_independent_requests_run_side_by_side(*, with_rows: bool, share: float) -> None:
    """Four workers, and requests that take equally long: how many rounds there are instead of
    requests."""
    operations = make_plan(
        templates.load("full"), Existing(), options=PlanOptions(with_rows=with_rows)
    ).operations
    rounds, done, waiting = 0, set[str](), list(operations)
    while waiting:
        ready = [each for each in waiting if each.needs <= done][:4]
        done |= {each.name for each in ready}
        waiting = [each for each in waiting if each.name not in done]
        rounds += 1
    assert rounds < share * len(operations)
