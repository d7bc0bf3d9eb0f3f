"""The Notion client on a local workspace: reads, writes, and retries after failures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import islice

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock
from notion_pm.errors import (
    NotShared,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unavailable,
)
from notion_pm.model.ids import NotionId
from notion_pm.model.page import (
    DateValue,
    OptionValue,
    Page,
    PropertyValue,
    RelationValue,
)
from notion_pm.model.schema import (
    DataSource,
    FormulaConfig,
    NumberConfig,
    Option,
    OptionsConfig,
    PropertyPatch,
    RelationConfig,
    RollupConfig,
)
from notion_pm.notion.client import NotionClient
from notion_pm.notion.retry import Patience
from tests.support.faults import Fault
from tests.support.notion_clients import PatientClock, notion_client_for


def nothing() -> None:
    """A look-up that finds nothing."""


def make_table(
    notion: NotionClient,
    workspace: LocalWorkspace,
    title: str = "Features",
    **extra: PropertyPatch,
) -> DataSource:
    properties = {"Name": PropertyPatch(type="title"), **extra}
    database = notion.create_database(workspace.root_page_id, title, properties, look_up=nothing)
    return notion.get_data_source(database.data_source_ids[0])


def row(notion: NotionClient, table: DataSource, name: str, *values: PropertyValue) -> Page:
    return notion.create_row(
        table.id, [PropertyValue("title", "title", name), *values], look_up=nothing
    )


def only(number: int, fault: Fault) -> Callable[[int, httpx.Request], Fault | None]:
    """A fault for one request, counted from 1."""
    return lambda seen, request: fault if seen == number else None


STATUS = OptionsConfig(
    (
        Option("Idea", color="gray", group="To-do"),
        Option("Shipped", color="green", group="Complete"),
    )
)


def test_a_database_is_read_as_it_was_written(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    table = make_table(
        notion,
        workspace,
        Effort=PropertyPatch(
            type="number", config=NumberConfig("percent"), description="Share of a week"
        ),
        Status=PropertyPatch(type="status", config=STATUS),
    )
    effort, status = table.find_property("Effort"), table.find_property("Status")
    assert (
        effort is not None
        and effort.config == NumberConfig("percent")
        and effort.description == "Share of a week"
    )
    assert status is not None and isinstance(status.config, OptionsConfig)
    assert [(each.name, each.color, each.group) for each in status.config.options] == [
        ("Idea", "gray", "To-do"),
        ("Shipped", "green", "Complete"),
    ]
    assert table.properties["title"].name == "Name"


def test_values_come_back_as_they_were_written(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    table = make_table(
        notion,
        workspace,
        Status=PropertyPatch(type="status", config=STATUS),
        Tags=PropertyPatch(type="multi_select", config=OptionsConfig((Option("a"), Option("b")))),
        Target=PropertyPatch(type="date"),
        Note=PropertyPatch(type="rich_text"),
        Ready=PropertyPatch(type="checkbox"),
        Link=PropertyPatch(type="url"),
    )
    ids = {each.name: each.id for each in table.properties.values()}
    written = [
        PropertyValue(ids["Status"], "status", OptionValue("", "Shipped")),
        PropertyValue(ids["Tags"], "multi_select", (OptionValue("", "b"), OptionValue("", "a"))),
        PropertyValue(ids["Target"], "date", DateValue("2026-11-22", "2026-11-30")),
        PropertyValue(ids["Note"], "rich_text", "x" * 4500 + "😀"),
        PropertyValue(ids["Ready"], "checkbox", value=True),
        PropertyValue(ids["Link"], "url", "https://example.com"),
    ]
    page = notion.get_page(row(notion, table, "A", *written).id)
    read = {each.id: each.value for each in page.properties.values()}
    assert page.title == "A"
    assert isinstance(read[ids["Status"]], OptionValue) and read[ids["Status"]].name == "Shipped"  # type: ignore[union-attr]
    assert [each.name for each in read[ids["Tags"]]] == ["b", "a"]  # type: ignore[union-attr]
    for each in written[2:]:
        assert read[each.id] == each.value

    cleared = [PropertyValue(ids["Link"], "url", ""), PropertyValue(ids["Target"], "date", None)]
    page = notion.update_page(page.id, [*cleared, PropertyValue(ids["Tags"], "multi_select", ())])
    assert [page.properties[ids[name]].value for name in ("Link", "Target", "Tags")] == [
        None,
        None,
        (),
    ]


def test_relations_beyond_25_are_read_completely(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    insights = make_table(notion, workspace, "Insights")
    features = make_table(notion, workspace)
    patch = PropertyPatch(
        type="relation",
        config=RelationConfig(insights.id, two_way=True, synced_property_name="Features"),
    )
    features = notion.update_data_source(features.id, {"Insights": patch})
    relation = features.find_property("Insights")
    assert relation is not None and isinstance(relation.config, RelationConfig)
    assert relation.config.two_way and relation.config.synced_property_name == "Features"
    ids = tuple(row(notion, insights, f"I{number}").id for number in range(30))
    page = row(notion, features, "F", PropertyValue(relation.id, "relation", RelationValue(ids)))
    assert notion.get_page(page.id).properties[relation.id].value == RelationValue(ids)
    assert next(iter(notion.query(features.id))).properties[relation.id].value == RelationValue(ids)


def test_rollups_and_formulas_name_properties_by_id(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    insights = make_table(
        notion, workspace, "Insights", Weight=PropertyPatch(type="number", config=NumberConfig())
    )
    weight = insights.find_property("Weight")
    features = make_table(
        notion,
        workspace,
        Insights=PropertyPatch(type="relation", config=RelationConfig(insights.id)),
    )
    relation = features.find_property("Insights")
    assert weight is not None and relation is not None
    features = notion.update_data_source(
        features.id,
        {
            "Sum": PropertyPatch(type="rollup", config=RollupConfig(relation.id, weight.id, "sum")),
            "Double": PropertyPatch(
                type="formula", config=FormulaConfig('length(prop("Name")) * 2')
            ),
        },
    )
    rollup, formula = features.find_property("Sum"), features.find_property("Double")
    assert rollup is not None and rollup.config == RollupConfig(relation.id, weight.id, "sum")
    assert formula is not None and isinstance(formula.config, FormulaConfig)
    heavy = [
        row(notion, insights, "I", PropertyValue(weight.id, "number", number)).id
        for number in (2, 3)
    ]
    page = row(
        notion,
        features,
        "abc",
        PropertyValue(relation.id, "relation", RelationValue(tuple(heavy))),
    )
    read = notion.get_page(page.id).properties
    assert read[rollup.id].value == 5
    assert read[formula.id].value == 6


def test_a_query_reads_every_row_oldest_first(workspace: LocalWorkspace) -> None:
    notion, transport = notion_client_for(workspace)
    table = make_table(notion, workspace)
    for number in range(120):
        row(notion, table, f"{number:03}")
    before = len(transport.seen)
    assert [page.title for page in notion.query(table.id)] == [
        f"{number:03}" for number in range(120)
    ]
    assert len(transport.seen) - before == 2
    assert notion.requests.logical == notion.requests.attempts == len(transport.seen)


def test_recent_edits_come_first_and_are_read_only_as_needed(
    workspace: LocalWorkspace, clock: ManualClock
) -> None:
    notion, transport = notion_client_for(workspace)
    table = make_table(notion, workspace)
    pages = [row(notion, table, f"{number:03}") for number in range(120)]
    clock.advance(minutes=5)
    notion.update_page(pages[3].id, [PropertyValue("title", "title", "edited")])
    moment = clock().replace(second=59)
    assert [each.title for each in notion.edited_since(table.id, moment)] == ["edited"]
    before = len(transport.seen)
    found = notion.edited_since(table.id, moment - timedelta(minutes=5))
    assert next(found).title == "edited"
    assert len(list(islice(found, 99))) == 99
    assert len(transport.seen) - before == 1
    assert len(list(found)) == 20


def test_errors_have_types_and_advice(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    with pytest.raises(NotShared) as caught:
        notion.get_page("00000000-0000-4000-8000-000000000000")
    assert caught.value.status == 404 and caught.value.facts.request_id
    with pytest.raises(RequestRefused, match="not a property"):
        notion.create_row(
            make_table(notion, workspace).id, [PropertyValue("Nope", "number", 1)], look_up=nothing
        )
    stranger, _ = notion_client_for(workspace, token="ntn_secret_of_somebody_else")
    with pytest.raises(Unauthorized) as refused:
        stranger.me()
    assert "ntn_secret" not in str(refused.value) + refused.value.advice


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, "rate_limited", {"Retry-After": "7"}),
        Fault(529, "service_overload"),
        Fault(409, "conflict_error"),
        Fault(500, "internal_server_error"),
        Fault(502, html=True),
        Fault(503),
        Fault(504, "gateway_timeout"),
        Fault(lost=True),
        Fault(lost=True, after=True),
    ],
    ids=lambda fault: f"{'lost' if fault.lost else fault.status}{'-after' if fault.after else ''}",
)
def test_reads_survive_temporary_failures(workspace: LocalWorkspace, fault: Fault) -> None:
    clock = PatientClock()
    notion, transport = notion_client_for(workspace, weather=only(1, fault), clock=clock)
    assert notion.me().type == "bot"
    assert (notion.requests.logical, notion.requests.attempts, len(transport.seen)) == (1, 2, 2)
    if "Retry-After" in fault.headers:
        assert sum(clock.naps) == 7


def test_a_wait_longer_than_a_minute_is_kept_or_refused(workspace: LocalWorkspace) -> None:
    fault = Fault(
        429, "rate_limited", {"Retry-After": "240"}, additional_data={"rate_limit_reason": "x"}
    )
    clock = PatientClock()
    notion, _ = notion_client_for(workspace, weather=only(1, fault), clock=clock)
    notion.me()
    assert sum(clock.naps) == 240
    hasty, _ = notion_client_for(workspace, weather=only(1, fault), patience=Patience(max_wait=60))
    with pytest.raises(RateLimited) as caught:
        hasty.me()
    assert caught.value.retry_after == 240


def test_a_blocked_connection_is_not_asked_again(workspace: LocalWorkspace) -> None:
    reason = {"rate_limit_reason": "public_api_request_blocked"}
    fault = Fault(429, "rate_limited", {"Retry-After": "1"}, additional_data=reason)
    notion, transport = notion_client_for(workspace, weather=lambda number, request: fault)
    with pytest.raises(RateLimited):
        notion.me()
    assert len(transport.seen) == 1


def test_a_request_fails_when_notion_stays_unavailable(workspace: LocalWorkspace) -> None:
    notion, transport = notion_client_for(
        workspace, weather=lambda number, request: Fault(500), patience=Patience(attempts=3)
    )
    with pytest.raises(Unavailable):
        notion.me()
    assert len(transport.seen) == 3


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "fault",
    [Fault(503), Fault(500), Fault(504), Fault(lost=True)],
    ids=["503", "500", "504", "lost"],
)
def test_a_create_of_unknown_outcome_is_looked_up_first(
    workspace: LocalWorkspace, fault: Fault, after: bool
) -> None:
    struck = Fault(fault.status, fault.code, lost=fault.lost, after=after)
    notion, transport = notion_client_for(
        workspace,
        weather=lambda number, request: struck if creates(request) and number == 1 else None,
    )

    def find() -> Page | None:
        found = [
            each for each in notion.list_children(workspace.root_page_id) if each.title == "Once"
        ]
        return notion.get_page(found[0].id) if found else None

    page = notion.create_page(workspace.root_page_id, "Once", look_up=find)
    children = notion.list_children(workspace.root_page_id)
    assert [each.id for each in children if each.title == "Once"] == [page.id]
    assert sum(creates(request) for request in transport.seen) == (1 if after else 2)


def creates(request: httpx.Request) -> bool:
    return request.method == "POST" and request.url.path == "/v1/pages"


def test_a_create_that_was_refused_is_sent_again_at_once(workspace: LocalWorkspace) -> None:
    def find() -> Page | None:
        raise AssertionError("nothing happened: there is nothing to look for")

    notion, transport = notion_client_for(
        workspace, weather=only(1, Fault(429, "rate_limited", {"Retry-After": "1"}))
    )
    notion.create_page(workspace.root_page_id, "Once", look_up=find)
    assert len(transport.seen) == 2


def test_a_create_whose_outcome_stays_unknown_says_so(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(
        workspace,
        weather=lambda number, request: Fault(503) if creates(request) else None,
        patience=Patience(attempts=2),
    )
    with pytest.raises(OutcomeUnknown):
        notion.create_page(workspace.root_page_id, "Once", look_up=nothing)


@pytest.mark.parametrize("after", [False, True])
def test_a_view_is_deleted_although_the_response_is_lost(
    workspace: LocalWorkspace, after: bool
) -> None:
    deletes: list[httpx.Request] = []

    def weather(_: int, request: httpx.Request) -> Fault | None:
        deletes.extend([request] if request.method == "DELETE" else [])
        return (
            Fault(lost=True, after=after)
            if request.method == "DELETE" and len(deletes) == 1
            else None
        )

    notion, _ = notion_client_for(workspace, weather=weather)
    title = {"Name": PropertyPatch(type="title")}
    database = notion.create_database(workspace.root_page_id, "Views", title, look_up=lambda: None)
    source_id = database.data_source_ids[0]
    view = notion.create_view(database.id, source_id, "Second", "list", look_up=lambda: None)
    notion.delete_view(view.id)
    assert len(deletes) == 2
    assert view.id not in notion.list_view_ids(database.id)
    notion.delete_view(view.id)  # one that is gone is what was wanted: a proxy may repeat a DELETE
    notion.close()


def test_a_query_that_times_out_uses_smaller_pages(workspace: LocalWorkspace) -> None:
    notion, transport = notion_client_for(workspace)
    table = make_table(notion, workspace)
    for number in range(60):
        row(notion, table, str(number))

    def too_much(number: int, request: httpx.Request) -> Fault | None:
        heavy = request.url.path.endswith("/query") and b'"page_size":25' not in request.content
        return Fault(504, "gateway_timeout") if heavy else None

    transport.choose = too_much
    assert len(list(notion.query(table.id))) == 60


def test_the_budget_of_a_window_is_kept(workspace: LocalWorkspace) -> None:
    clock = PatientClock()
    notion, _ = notion_client_for(workspace, clock=clock, budget=3)
    for _ in range(7):
        notion.me()
    assert clock.now == 120


def test_ids_are_accepted_with_or_without_dashes(workspace: LocalWorkspace) -> None:
    notion, _ = notion_client_for(workspace)
    bare = NotionId(workspace.root_page_id.replace("-", ""))
    assert notion.get_page(bare).id == workspace.root_page_id
