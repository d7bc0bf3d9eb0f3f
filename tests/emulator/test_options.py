"""Options of select, multi-select and status properties (notion-api.md 3.2 and 3.3)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Notion

STAGES = [
    {"name": "Idea", "color": "gray"},
    {"name": "Building", "color": "blue", "group": "In progress"},
    {"name": "Shipped", "color": "green", "group": "Complete"},
]


def options(notion: Notion, source: str, name: str) -> list[Json]:
    prop = notion.schema(source)[name]
    found: list[Json] = prop[prop["type"]]["options"]
    return found


def put(notion: Notion, source: str, kind: str, wanted: list[Json]) -> None:
    notion.patch(f"/data_sources/{source}", properties={"Stage": {kind: {"options": wanted}}})


def test_bare_status_has_notions_three_options(notion: Notion) -> None:
    source = notion.database(Stage={"status": {}})
    status = notion.schema(source)["Stage"]["status"]
    assert [(option["name"], option["color"]) for option in status["options"]] == [
        ("Not started", "default"),
        ("In progress", "blue"),
        ("Done", "green"),
    ]
    assert [
        (group["name"], group["color"], len(group["option_ids"])) for group in status["groups"]
    ] == [
        ("To-do", "gray", 1),
        ("In progress", "blue", 1),
        ("Complete", "green", 1),
    ]
    assert notion.row(source)["properties"]["Stage"]["status"]["name"] == "Not started"


def test_status_options_are_in_the_groups_they_name(notion: Notion) -> None:
    source = notion.database(Stage={"status": {"options": STAGES}})
    status = notion.schema(source)["Stage"]["status"]
    names = {option["id"]: option["name"] for option in status["options"]}
    grouped = {
        group["name"]: [names[one] for one in group["option_ids"]] for group in status["groups"]
    }
    assert grouped == {"To-do": ["Idea"], "In progress": ["Building"], "Complete": ["Shipped"]}


def test_unknown_group_is_refused(notion: Notion) -> None:
    wrong = {"Stage": {"status": {"options": [{"name": "Idea", "group": "Parking"}]}}}
    error = notion.refused("PATCH", f"/data_sources/{notion.database()}", properties=wrong)
    assert '"To-do"' in error["message"]


@pytest.mark.parametrize("kind", ["select", "multi_select", "status"])
def test_a_list_of_options_replaces_the_old_one(notion: Notion, kind: str) -> None:
    source = notion.database(
        Stage={kind: {"options": [{"name": "A", "color": "red"}, {"name": "B"}]}}
    )
    former = {option["name"]: option for option in options(notion, source, "Stage")}
    put(notion, source, kind, [{"name": "C"}, {"id": former["A"]["id"], "name": "Renamed"}])
    # Renaming an option is silently ignored (3.2).
    assert [(one["name"], one["color"]) for one in options(notion, source, "Stage")] == [
        ("C", "default"),
        ("A", "red"),
    ]
    assert options(notion, source, "Stage")[1]["id"] == former["A"]["id"]


@pytest.mark.parametrize("kind", ["select", "status"])
def test_a_colour_cannot_change(notion: Notion, kind: str) -> None:
    source = notion.database(Stage={kind: {"options": [{"name": "A", "color": "red"}]}})
    changed = {"Stage": {kind: {"options": [{"name": "A", "color": "blue"}]}}}
    error = notion.refused("PATCH", f"/data_sources/{source}", properties=changed)
    assert error["message"].startswith("Cannot update color of select with id/name: A")


def test_removed_select_options_leave_the_pages(notion: Notion) -> None:
    source = notion.database(
        Stage={"select": {"options": [{"name": "A"}, {"name": "B"}]}},
        Tags={"multi_select": {"options": [{"name": "A"}, {"name": "B"}]}},
    )
    row = notion.row(
        source,
        "x",
        Stage={"select": {"name": "A"}},
        Tags={"multi_select": [{"name": "A"}, {"name": "B"}]},
    )
    put(notion, source, "select", [{"name": "B"}])
    notion.patch(
        f"/data_sources/{source}",
        properties={"Tags": {"multi_select": {"options": [{"name": "B"}]}}},
    )
    values = notion.values(row["id"])
    assert values["Stage"] is None
    assert [option["name"] for option in values["Tags"]] == ["B"]


def test_removed_status_shows_another_until_its_name_returns(notion: Notion) -> None:
    source = notion.database(Stage={"status": {"options": STAGES}})
    row = notion.row(source, "x", Stage={"status": {"name": "Shipped"}})
    put(notion, source, "status", STAGES[:2])
    assert notion.values(row["id"])["Stage"]["name"] == "Building"  # measured: not the default
    put(
        notion,
        source,
        "status",
        [*STAGES[:2], {"name": "Shipped", "color": "pink", "group": "Complete"}],
    )
    assert {k: notion.values(row["id"])["Stage"][k] for k in ("name", "color")} == {
        "name": "Shipped",
        "color": "pink",
    }


def test_writing_null_resets_a_status(notion: Notion) -> None:
    source = notion.database(Stage={"status": {"options": STAGES}})
    row = notion.row(source, "x", Stage={"status": {"name": "Shipped"}})
    notion.patch(f"/pages/{row['id']}", properties={"Stage": {"status": None}})
    assert notion.values(row["id"])["Stage"]["name"] == "Idea"


def test_unknown_status_is_refused(notion: Notion) -> None:
    source = notion.database(Stage={"status": {}})
    values = {"Stage": {"status": {"name": "Parked"}}}
    error = notion.refused("POST", "/pages", parent={"data_source_id": source}, properties=values)
    assert error["message"] == 'Invalid status option. Status option "Parked" does not exist".'


def test_page_write_makes_new_select_options(notion: Notion) -> None:
    source = notion.database(Stage={"select": {}}, Tags={"multi_select": {}})
    notion.row(
        source,
        "x",
        Stage={"select": {"name": "New"}},
        Tags={"multi_select": [{"name": "a"}, {"name": "b"}]},
    )
    assert [one["name"] for one in options(notion, source, "Stage")] == ["New"]
    assert [one["name"] for one in options(notion, source, "Tags")] == ["a", "b"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([{"name": "a, b"}], "Invalid select option, commas not allowed: a, b"),
        ([{"name": "a"}, {"name": "A"}], "duplicate"),
        ([{"color": "red"}], "body.properties.Stage.select.options[0].name should be defined"),
        (
            [{"name": "a", "color": "beige"}],
            "body.properties.Stage.select.options[0].color should be",
        ),
        (
            [{"name": str(n)} for n in range(101)],
            "options.length should be ≤ `100`, instead was `101`",
        ),
        ("a", "body.properties.Stage.select.options should be an array"),
    ],
)
def test_wrong_options_are_refused(notion: Notion, wanted: Any, message: str) -> None:
    body = {"Stage": {"select": {"options": wanted}}}
    error = notion.refused("PATCH", f"/data_sources/{notion.database()}", properties=body)
    assert message in error["message"]


def test_a_status_added_later_gives_rows_its_default(notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source, "x")
    notion.patch(f"/data_sources/{source}", properties={"Stage": {"status": {"options": STAGES}}})
    assert notion.values(row["id"])["Stage"]["name"] == "Idea"
    found = notion.post(
        f"/data_sources/{source}/query", filter={"property": "Stage", "status": {"equals": "Idea"}}
    )
    assert [one["id"] for one in found["results"]] == [row["id"]]
