"""Relations, their far sides, and the rollups along them (notion-api.md 3.3)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.emulator import open_workspace
from tests.conftest import client_of

from .conftest import Json, Notion


@pytest.fixture
def pair(notion: Notion) -> tuple[str, str]:
    """Features, and insights that relate to them both ways."""
    features = notion.database("Features")
    relation = {"data_source_id": features, "dual_property": {"synced_property_name": "Insights"}}
    return features, notion.database(
        "Insights", Weight={"number": {}}, Features={"relation": relation}
    )


def related(notion: Notion, page: Json | str, name: str) -> list[str]:
    page_id = page if isinstance(page, str) else page["id"]
    return [target["id"] for target in notion.values(page_id)[name]]


def links(*pages: Json) -> Json:
    return {"relation": [{"id": page["id"]} for page in pages]}


def test_both_sides_know_each_other(notion: Notion, pair: tuple[str, str]) -> None:
    features, insights = pair
    near, far = notion.schema(insights)["Features"], notion.schema(features)["Insights"]
    assert near["relation"]["data_source_id"] == features
    assert near["relation"]["dual_property"] == {
        "synced_property_name": "Insights",
        "synced_property_id": far["id"],
    }
    assert far["relation"]["dual_property"] == {
        "synced_property_name": "Features",
        "synced_property_id": near["id"],
    }


def test_far_side_is_named_after_database_and_property(notion: Notion) -> None:
    target = notion.database("Targets")
    notion.database(
        "Origin",
        Link={"relation": {"data_source_id": target, "type": "dual_property", "dual_property": {}}},
    )
    assert set(notion.schema(target)) == {"Name", "Related to Origin (Link)"}


def test_a_rename_is_seen_on_the_other_side(notion: Notion, pair: tuple[str, str]) -> None:
    features, insights = pair
    notion.patch(f"/data_sources/{features}", properties={"Insights": {"name": "Evidence"}})
    near = notion.schema(insights)["Features"]["relation"]
    assert near["dual_property"]["synced_property_name"] == "Evidence"


def test_writing_one_side_shows_on_the_other(notion: Notion, pair: tuple[str, str]) -> None:
    features, insights = pair
    first, second = notion.row(features, "F1"), notion.row(features, "F2")
    insight = notion.row(insights, "I", Features=links(first, second))
    assert related(notion, first, "Insights") == [insight["id"]]
    notion.patch(f"/pages/{insight['id']}", properties={"Features": links(second)})
    assert related(notion, first, "Insights") == []
    notion.patch(f"/pages/{first['id']}", properties={"Insights": links(insight)})
    assert related(notion, insight, "Features") == [second["id"], first["id"]]


def test_order_is_as_written(notion: Notion, pair: tuple[str, str]) -> None:
    features, insights = pair
    first, second = notion.row(features, "F1"), notion.row(features, "F2")
    insight = notion.row(insights, "I", Features=links(second, first))
    assert related(notion, insight, "Features") == [second["id"], first["id"]]
    notion.patch(f"/pages/{insight['id']}", properties={"Features": links(first, second)})
    assert related(notion, insight, "Features") == [first["id"], second["id"]]


def test_trashed_pages_vanish_from_relations_and_return(
    notion: Notion, pair: tuple[str, str]
) -> None:
    features, insights = pair
    feature = notion.row(features, "F")
    insight = notion.row(insights, "I", Features=links(feature))
    notion.patch(f"/pages/{feature['id']}", in_trash=True)
    assert related(notion, insight, "Features") == []
    notion.patch(f"/pages/{feature['id']}", in_trash=False)
    assert related(notion, insight, "Features") == [feature["id"]]


def test_deleting_one_side_deletes_the_other(notion: Notion, pair: tuple[str, str]) -> None:
    features, insights = pair
    notion.patch(f"/data_sources/{insights}", properties={"Features": None})
    assert list(notion.schema(features)) == ["Name"]


def test_a_relation_made_two_way_later_takes_its_links_along(notion: Notion) -> None:
    target = notion.database("Targets")
    origin = notion.database(
        "Origin", Link={"relation": {"data_source_id": target, "single_property": {}}}
    )
    page = notion.row(target, "T")
    row = notion.row(origin, "O", Link=links(page))
    two_way = {"data_source_id": target, "dual_property": {"synced_property_name": "Back"}}
    notion.patch(f"/data_sources/{origin}", properties={"Link": {"relation": two_way}})
    assert related(notion, page, "Back") == [row["id"]]
    one_way = {"data_source_id": target, "single_property": {}}
    notion.patch(f"/data_sources/{origin}", properties={"Link": {"relation": one_way}})
    assert related(notion, row, "Link") == [page["id"]]
    # The far side stays, as a relation of its own.
    assert notion.schema(target)["Back"]["relation"]["type"] == "single_property"
    assert related(notion, page, "Back") == [row["id"]]
    notion.patch(f"/pages/{row['id']}", properties={"Link": {"relation": []}})
    assert related(notion, page, "Back") == [row["id"]]


def test_two_way_relation_to_itself_becomes_one_way(notion: Notion) -> None:
    source = notion.database()
    relation = {"data_source_id": source, "dual_property": {}}
    notion.patch(f"/data_sources/{source}", properties={"Parent": {"relation": relation}})
    assert notion.schema(source)["Parent"]["relation"]["type"] == "single_property"


def test_page_shows_25_related_pages_and_the_property_all(
    notion: Notion, pair: tuple[str, str]
) -> None:
    features, insights = pair
    rows = [notion.row(features, f"F{n}") for n in range(30)]
    insight = notion.row(insights, "I", Features=links(*rows))
    shown = notion.get(f"/pages/{insight['id']}")["properties"]["Features"]
    assert (len(shown["relation"]), shown["has_more"]) == (25, True)
    path = f"/pages/{insight['id']}/properties/{shown['id']}"
    first = notion.get(path, page_size=20)
    rest = notion.get(path, page_size=20, start_cursor=first["next_cursor"])
    everything = [item["relation"]["id"] for item in first["results"] + rest["results"]]
    assert everything == [row["id"] for row in rows]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert first["property_item"]["next_url"]


@pytest.mark.parametrize("case", ["missing", "elsewhere", "malformed", "too many"])
def test_wrong_targets_are_refused(notion: Notion, pair: tuple[str, str], case: str) -> None:
    _, insights = pair
    stranger = notion.row(insights, "stranger")["id"]
    targets: dict[str, list[Any]] = {
        "missing": [{"id": "7855b161-f63e-4683-b7c7-8ca6e97ee266"}],
        "elsewhere": [{"id": stranger}],
        "malformed": [{"id": "x"}],
        "too many": [{"id": stranger}] * 101,
    }
    error = notion.refused(
        "POST",
        "/pages",
        parent={"data_source_id": insights},
        properties={"Features": {"relation": targets[case]}},
    )
    assert error["status"] == (404 if case == "missing" else 400)


def test_rollup_follows_the_relation(notion: Notion, pair: tuple[str, str]) -> None:
    features, insights = pair
    rollup = {
        "relation_property_name": "Insights",
        "rollup_property_name": "Weight",
        "function": "sum",
    }
    notion.patch(f"/data_sources/{features}", properties={"Evidence": {"rollup": rollup}})
    feature = notion.row(features, "F")
    for weight in (2, 3):
        notion.row(insights, "I", Weight={"number": weight}, Features=links(feature))
    assert notion.values(feature["id"])["Evidence"] == {
        "type": "number",
        "number": 5,
        "function": "sum",
    }
    shown = notion.schema(features)["Evidence"]["rollup"]
    assert (shown["relation_property_name"], shown["rollup_property_name"]) == (
        "Insights",
        "Weight",
    )


def test_rollup_with_a_deleted_relation_is_unsupported(
    notion: Notion, pair: tuple[str, str]
) -> None:
    features, _ = pair
    rollup = {
        "relation_property_name": "Insights",
        "rollup_property_name": "Weight",
        "function": "sum",
    }
    notion.patch(f"/data_sources/{features}", properties={"Evidence": {"rollup": rollup}})
    feature = notion.row(features, "F")
    notion.patch(f"/data_sources/{features}", properties={"Insights": None})
    assert notion.values(feature["id"])["Evidence"]["type"] == "unsupported"


def test_relation_and_rollup_in_one_request(notion: Notion) -> None:
    target = notion.database("Targets", Weight={"number": {}})
    source = notion.database(
        "Origin",
        Sum={
            "rollup": {
                "relation_property_name": "Link",
                "rollup_property_name": "Weight",
                "function": "sum",
            }
        },
        Link={"relation": {"data_source_id": target, "single_property": {}}},
    )
    row = notion.row(source, "x", Link=links(notion.row(target, "t", Weight={"number": 4})))
    assert row["properties"]["Sum"]["rollup"]["number"] == 4


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["near", "far"]),
        st.integers(0, 2),
        st.lists(st.integers(0, 2), unique=True),
    ),
    max_size=6,
)


@given(EDITS)
@settings(max_examples=30, deadline=None)
def test_whatever_is_written_both_sides_agree(edits: list[tuple[str, int, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "w.sqlite")
        with client_of(workspace) as client:
            _check_agreement(Notion(client, workspace.root_page_id), edits)
        workspace.close()


def _check_agreement(notion: Notion, edits: list[tuple[str, int, list[int]]]) -> None:
    far_source = notion.database("Far")
    relation = {"data_source_id": far_source, "dual_property": {"synced_property_name": "Near"}}
    near_source = notion.database("Near", Far={"relation": relation})
    near = [notion.row(near_source, str(number))["id"] for number in range(3)]
    far = [notion.row(far_source, str(number))["id"] for number in range(3)]
    model: set[tuple[str, str]] = set()
    for side, index, targets in edits:
        own, others, name = (near, far, "Far") if side == "near" else (far, near, "Near")
        chosen = [others[target] for target in targets]
        notion.patch(
            f"/pages/{own[index]}", properties={name: {"relation": [{"id": one} for one in chosen]}}
        )
        model = {pair for pair in model if own[index] not in pair}
        model |= {(own[index], one) if side == "near" else (one, own[index]) for one in chosen}
        assert related(notion, own[index], name) == chosen
    assert {(one, other) for one in near for other in related(notion, one, "Far")} == model
    assert {(other, one) for one in far for other in related(notion, one, "Near")} == model
