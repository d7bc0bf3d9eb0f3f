"""What people make in Notion's app: the control routes that do it, and how the API then shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock

from .conftest import Notion, text

Json = dict[str, Any]


@pytest.fixture
def control(workspace: LocalWorkspace) -> Iterator[Notion]:
    """The control routes."""
    headers = {"Authorization": f"Bearer {workspace.token}", "Notion-Version": "2026-03-11"}
    transport = httpx.WSGITransport(app=workspace.app)
    with httpx.Client(
        transport=transport, base_url="http://local/_local", headers=headers
    ) as client:
        yield Notion(client, workspace.root_page_id)


@pytest.fixture
def person(control: Notion) -> str:
    """The id of a person of the workspace."""
    return str(control.post("/users", name="Ada", person={"email": "ada@example.com"})["id"])


def test_a_person_makes_a_page_at_the_top_of_the_workspace(
    notion: Notion, control: Notion, person: str
) -> None:
    top = {"type": "workspace", "workspace": True}
    made = control.post(f"/as/{person}/v1/pages", parent=top, properties={"title": text("Ours")})
    shown = notion.get(f"/pages/{made['id']}")
    assert shown["parent"] == top
    assert (shown["created_by"]["id"], shown["last_edited_by"]["id"]) == (person, person)
    assert (
        notion.refused("POST", "/pages", parent=top, properties={"title": text("Mine")})["status"]
        == 400
    )


def test_an_edit_by_a_person_is_known_as_theirs(
    notion: Notion, control: Notion, person: str
) -> None:
    row = notion.row(notion.database(), "One")
    control.patch(f"/as/{person}/v1/pages/{row['id']}", properties={"Name": {"title": text("Two")}})
    shown = notion.get(f"/pages/{row['id']}")
    assert shown["created_by"]["id"] != person
    assert shown["last_edited_by"]["id"] == person


def test_a_comment_of_a_person_bears_their_name(
    notion: Notion, control: Notion, person: str
) -> None:
    parent = {"page_id": notion.root}
    made = control.post(f"/as/{person}/v1/comments", parent=parent, rich_text=text("Why?"))
    shown = notion.get(f"/comments/{made['id']}")
    assert shown["display_name"] == {"type": "user", "resolved_name": "Ada"}
    assert shown["created_by"]["id"] == person


def test_only_people_of_the_workspace_act(notion: Notion, control: Notion) -> None:
    bot = notion.get("/users/me")["id"]
    for stranger in (bot, "38b9ce7b-60a4-810a-a3e0-d0c7fde33f0c"):
        assert control.client.get(f"/as/{stranger}/v1/users/me").status_code == 404


def test_the_routes_need_the_token(workspace: LocalWorkspace, person: str) -> None:
    transport = httpx.WSGITransport(app=workspace.app)
    with httpx.Client(transport=transport, base_url="http://local/_local") as stranger:
        assert stranger.get(f"/as/{person}/v1/users/me").status_code == 401
        assert stranger.post("/users", json={"name": "Eve"}).status_code == 401
        assert stranger.put("/clock", json={"now": "2026-06-27T17:00:00Z"}).status_code == 401


def test_a_two_way_relation_of_a_database_to_itself(
    notion: Notion, control: Notion, person: str
) -> None:
    """Only the app can make one (recorded). With the API it becomes one-way."""
    source = notion.database()
    relation = {
        "data_source_id": source,
        "type": "dual_property",
        "dual_property": {"synced_property_name": "Parts"},
    }
    control.patch(
        f"/as/{person}/v1/data_sources/{source}", properties={"Whole": {"relation": relation}}
    )
    schema = notion.schema(source)
    assert (
        schema["Whole"]["relation"]["dual_property"]["synced_property_id"] == schema["Parts"]["id"]
    )
    whole = notion.row(source, "Whole")
    part = notion.row(source, "Part", Whole={"relation": [{"id": whole["id"]}]})
    assert notion.values(whole["id"])["Parts"] == [{"id": part["id"]}]
    notion.patch(f"/data_sources/{source}", properties={"Again": {"relation": relation}})
    assert notion.schema(source)["Again"]["relation"]["type"] == "single_property"


def test_a_formula_with_a_mistake_has_no_value(
    notion: Notion, control: Notion, person: str
) -> None:
    source = notion.database(Number={"number": {}})
    wrong = {"Wrong": {"formula": {"expression": '=prop("Number")* 2'}}}
    assert notion.refused("PATCH", f"/data_sources/{source}", properties=wrong)["status"] == 400
    control.patch(f"/as/{person}/v1/data_sources/{source}", properties=wrong)
    row = notion.row(source, "One", Number={"number": 2})
    assert notion.values(row["id"])["Wrong"] == {"type": "string", "string": None}


def test_a_block_that_the_api_does_not_support(
    notion: Notion, control: Notion, person: str
) -> None:
    path, button = f"/blocks/{notion.root}/children", [{"unsupported": {"block_type": "button"}}]
    assert notion.refused("PATCH", path, children=button)["status"] == 400
    control.patch(f"/as/{person}/v1{path}", children=button)
    (block,) = notion.get(path)["results"]
    assert (block["type"], block["unsupported"]) == ("unsupported", {"block_type": "button"})
    assert "<unknown" in notion.get(f"/pages/{notion.root}/markdown")["markdown"]


def test_custom_emojis_are_listed_and_taken(notion: Notion, control: Notion) -> None:
    emoji = control.post("/custom_emojis", name="ship", url="https://example.com/ship.png")
    assert notion.get("/custom_emojis")["results"] == [emoji]
    assert notion.get("/custom_emojis", name="boat")["results"] == []
    named = {"type": "custom_emoji", "custom_emoji": {"id": emoji["id"]}}
    page = notion.patch(f"/pages/{notion.root}", icon=named)
    assert page["icon"] == {"type": "custom_emoji", "custom_emoji": emoji}
    mention = [{"type": "mention", "mention": named}]
    path = f"/blocks/{notion.root}/children"
    made = notion.patch(path, children=[{"paragraph": {"rich_text": mention}}])
    (item,) = made["results"][0]["paragraph"]["rich_text"]
    assert (item["mention"]["custom_emoji"], item["plain_text"]) == (emoji, ":ship:")


def test_a_custom_emoji_that_is_not_there(notion: Notion) -> None:
    emoji = {"id": "38b9ce7b-60a4-810a-a3e0-d0c7fde33f0c"}
    unknown = {"type": "custom_emoji", "custom_emoji": emoji}
    assert notion.patch(f"/pages/{notion.root}", icon=unknown)["icon"] is None
    unknown["custom_emoji"] = {**emoji, "name": "ship", "url": "https://example.com/ship.png"}
    assert notion.patch(f"/pages/{notion.root}", icon=unknown)["icon"] == unknown


def test_pages_of_a_wiki_can_be_verified(notion: Notion, control: Notion) -> None:
    source = notion.database()
    schema = control.post(f"/data_sources/{source}/wiki")["properties"]
    assert (schema["Verification"]["id"], schema["Owner"]["id"]) == (
        "verification",
        "verification_owner",
    )
    verified, other = notion.row(source, "One"), notion.row(source, "Two")
    value = {
        "verification": {"state": "verified", "date": {"start": "2026-07-01", "end": "2026-10-01"}}
    }
    notion.patch(f"/pages/{verified['id']}", properties={"Verification": value})
    shown = notion.values(verified["id"])["Verification"]
    assert (shown["state"], shown["date"]["end"]) == ("verified", "2026-10-01")
    assert shown["verified_by"]["id"] == notion.get("/users/me")["id"]
    unverified = {"state": "unverified", "verified_by": None, "date": None}
    assert notion.values(other["id"])["Verification"] == unverified
    where = {"property": "Verification", "verification": {"status": "verified"}}
    found = notion.post(f"/data_sources/{source}/query", filter=where)["results"]
    assert [row["id"] for row in found] == [verified["id"]]
    notion.patch(
        f"/pages/{verified['id']}",
        properties={"Verification": {"verification": {"state": "unverified"}}},
    )
    assert notion.values(verified["id"])["Verification"] == unverified


def test_a_page_template(notion: Notion, control: Notion, clock: ManualClock) -> None:
    source = notion.database()
    made = control.post(
        f"/data_sources/{source}/templates", name="Bug", markdown="Steps", is_default=True
    )
    assert notion.get(f"/data_sources/{source}/templates")["templates"] == [made]
    row = notion.post("/pages", parent={"data_source_id": source}, template={"type": "default"})
    clock.advance(seconds=2)
    assert "Steps" in notion.get(f"/pages/{row['id']}/markdown")["markdown"]


def test_people_and_bots_are_added(notion: Notion, control: Notion, person: str) -> None:
    picture = "https://example.com/ada.png"
    pictured = control.post(
        "/users", name="Ada", avatar_url=picture, person={"email_verified": True}
    )
    bot = control.post("/users", type="bot", name="Another")
    listed = {user["id"]: user for user in notion.get("/users")["results"]}
    assert listed[person]["person"] == {"email": "ada@example.com"}
    assert (listed[pictured["id"]]["avatar_url"], listed[pictured["id"]]["person"]) == (
        picture,
        {"email_verified": True},
    )
    assert (listed[bot["id"]]["type"], listed[bot["id"]]["bot"]) == ("bot", {})


@pytest.mark.parametrize("moment", ["2020-02-29T12:30:00Z", "2030-01-01T00:00:00+02:00"])
def test_the_clock_is_set_and_runs_on(
    notion: Notion, control: Notion, clock: ManualClock, moment: str
) -> None:
    control.client.put("/clock", json={"now": moment}).raise_for_status()
    clock.advance(minutes=2)
    made = notion.row(notion.database(), "One")["created_time"]
    passed = datetime.fromisoformat(made) - datetime.fromisoformat(moment)
    assert passed.total_seconds() == 120
    control.client.delete("/clock").raise_for_status()
    assert (
        notion.row(notion.database(), "Two")["created_time"][:16]
        == clock().astimezone(UTC).isoformat()[:16]
    )


@pytest.mark.parametrize("moment", ["soon", "9999-12-31T00:00:00Z", "0001-01-01", None])
def test_the_clock_takes_only_times(control: Notion, moment: str | None) -> None:
    assert control.client.put("/clock", json={"now": moment}).status_code == 400
