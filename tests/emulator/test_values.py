"""Property values: accepted, shown and refused ones (notion-api.md 3.5 and 4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from notion_pm.emulator import ManualClock

from .conftest import Notion, text

TAKEN: list[tuple[str, Any, Any]] = [
    ("number", 3.5, 3.5),
    ("number", None, None),
    ("checkbox", True, True),
    ("url", "https://a.example", "https://a.example"),
    ("url", None, None),
    ("email", "pm@example.com", "pm@example.com"),
    ("phone_number", "", None),
    ("date", {"start": "2026-07-01"}, {"start": "2026-07-01", "end": None, "time_zone": None}),
    (
        "date",
        {"start": "2026-07-01T10:00:00", "end": "2026-07-01T12:00:00+02:00"},
        {
            "start": "2026-07-01T10:00:00.000+00:00",
            "end": "2026-07-01T12:00:00.000+02:00",
            "time_zone": None,
        },
    ),
    (
        "date",
        {"start": "2026-07-01T10:00:00", "time_zone": "Europe/Berlin"},
        {"start": "2026-07-01T10:00:00.000+02:00", "end": None, "time_zone": None},
    ),
    (
        "files",
        [{"name": "a.pdf", "external": {"url": "https://a.example/a.pdf"}}],
        [{"name": "a.pdf", "type": "external", "external": {"url": "https://a.example/a.pdf"}}],
    ),
    (
        "place",
        {"lat": 1.5, "lon": 2, "name": "Here"},
        {
            "lat": 1.5,
            "lon": 2,
            "name": "Here",
            "address": None,
            "aws_place_id": None,
            "google_place_id": None,
        },
    ),
]


@pytest.mark.parametrize(("kind", "sent", "shown"), TAKEN)
def test_values_as_written_and_shown(notion: Notion, kind: str, sent: Any, shown: Any) -> None:
    source = notion.database(P={kind: {}})
    row = notion.row(source, "x", P={kind: sent})
    assert row["properties"]["P"][kind] == shown
    assert notion.values(row["id"])["P"] == shown


@pytest.mark.parametrize(
    ("kind", "sent", "message"),
    [
        ("number", "3", "P.number should be a number"),
        ("number", True, "P.number should be a number"),
        ("checkbox", "yes", "P.checkbox should be a boolean"),
        ("url", "x" * 2001, "P.url.length should be ≤ `2000`, instead was `2001`"),
        ("email", "x" * 201, "P.email.length should be ≤ `200`"),
        ("date", {"start": "soon"}, "P.date.start should be a valid ISO 8601 date string"),
        ("date", {"end": "2026-07-01"}, "P.date.start should be defined"),
        (
            "date",
            {"start": "2026-07-01", "time_zone": "Mars/Base"},
            "P.date.time_zone should be a valid time zone",
        ),
        ("people", [{"id": "7855b161-f63e-4683-b7c7-8ca6e97ee266"}], "Could not find user with ID"),
        ("people", {}, "P.people should be an array"),
        ("rich_text", "text", "P.rich_text should be an array"),
        ("files", [{"name": "x"}], "P.files[0].external should be defined"),
        ("place", {"lat": 1}, "P.place.lon should be defined"),
    ],
)
def test_wrong_values_are_refused(notion: Notion, kind: str, sent: Any, message: str) -> None:
    body = {
        "parent": {"data_source_id": notion.database(P={kind: {}})},
        "properties": {"P": {kind: sent}},
    }
    error = notion.refused("POST", "/pages", **body)
    assert error["code"] == "validation_error"
    assert message in error["message"]


def test_wrong_type_names_the_right_one(notion: Notion) -> None:
    source = notion.database(P={"rich_text": {}})
    for sent in ({"number": 1}, {"type": "number", "number": 1}, {}):
        error = notion.refused(
            "POST", "/pages", parent={"data_source_id": source}, properties={"P": sent}
        )
        assert error["message"] == "P is expected to be rich_text."


@pytest.mark.parametrize("kind", ["created_time", "last_edited_by", "unique_id", "button"])
def test_computed_values_cannot_be_written(notion: Notion, kind: str) -> None:
    source = notion.database(P={kind: {}})
    error = notion.refused(
        "POST", "/pages", parent={"data_source_id": source}, properties={"P": {kind: "x"}}
    )
    assert "cannot be written" in error["message"]


def test_stamps(notion: Notion, clock: ManualClock) -> None:
    source = notion.database(
        Created={"created_time": {}}, By={"created_by": {}}, Edited={"last_edited_time": {}}
    )
    row = notion.row(source)
    clock.advance(minutes=2)
    notion.patch(f"/pages/{row['id']}", properties={"Name": {"title": text("x")}})
    values = notion.values(row["id"])
    assert (values["Created"], values["Edited"]) == (
        "2026-07-01T09:00:00.000Z",
        "2026-07-01T09:02:00.000Z",
    )
    # A bot is shown without its particulars in values (recorded).
    assert (values["By"]["type"], values["By"]["bot"]) == ("bot", {})


def test_people(notion: Notion) -> None:
    person = next(user for user in notion.get("/users")["results"] if user["type"] == "person")
    row = notion.row(
        notion.database(Owner={"people": {}}), "x", Owner={"people": [{"id": person["id"]}]}
    )
    assert row["properties"]["Owner"]["people"] == [person]


def test_properties_are_found_by_id_too(notion: Notion) -> None:
    source = notion.database(P={"number": {}})
    encoded = notion.schema(source)["P"]["id"]
    row = notion.post(
        "/pages",
        parent={"data_source_id": source},
        properties={encoded: {"number": 1}, "title": {"title": text("x")}},
    )
    assert row["properties"]["P"]["number"] == 1


def test_rich_text_is_filled_in(notion: Notion) -> None:
    sent = [
        {
            "text": {"content": "bold", "link": {"url": "https://a.example"}},
            "annotations": {"bold": True},
        },
        {"equation": {"expression": "E = mc^2"}},
    ]
    row = notion.row(notion.database(T={"rich_text": {}}), "x", T={"rich_text": sent})
    first, second = row["properties"]["T"]["rich_text"]
    assert first == {
        "type": "text",
        "text": {"content": "bold", "link": {"url": "https://a.example"}},
        "annotations": {
            "bold": True,
            "italic": False,
            "strikethrough": False,
            "underline": False,
            "code": False,
            "color": "default",
        },
        "plain_text": "bold",
        "href": "https://a.example",
    }
    assert (second["type"], second["plain_text"], second["href"]) == ("equation", "E = mc^2", None)


def test_mentions_are_resolved(notion: Notion) -> None:
    person = next(user for user in notion.get("/users")["results"] if user["type"] == "person")
    page = notion.row(notion.database(), "Target")
    sent = [
        {"mention": {"user": {"id": person["id"]}}},
        {"mention": {"page": {"id": page["id"]}}},
        {"mention": {"date": {"start": "2026-07-01"}}},
    ]
    row = notion.row(notion.database(T={"rich_text": {}}), "x", T={"rich_text": sent})
    shown = row["properties"]["T"]["rich_text"]
    assert [item["plain_text"] for item in shown] == [f"@{person['name']}", "Target", "2026-07-01"]
    assert shown[0]["mention"]["user"] == person
    assert shown[1]["href"] == f"https://app.notion.com/p/{page['id'].replace('-', '')}"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            text("x" * 2001),
            "P.rich_text[0].text.content.length should be ≤ `2000`, instead was `2001`",
        ),
        (text("🧩" * 1001), "instead was `2002`"),
        (text("x") * 101, "P.rich_text.length should be ≤ `100`, instead was `101`"),
        ([{"text": {}}], "P.rich_text[0].text.content should be defined"),
        ([{}], "P.rich_text[0].text should be defined"),
        (
            [{"text": {"content": "x"}, "annotations": {"color": "beige"}}],
            "annotations.color should be",
        ),
        (
            [{"equation": {"expression": "x" * 1001}}],
            "equation.expression.length should be ≤ `1000`",
        ),
    ],
)
def test_wrong_rich_text_is_refused(notion: Notion, sent: Any, message: str) -> None:
    source = notion.database(P={"rich_text": {}})
    body = {"parent": {"data_source_id": source}, "properties": {"P": {"rich_text": sent}}}
    assert message in notion.refused("POST", "/pages", **body)["message"]


def test_property_items(notion: Notion) -> None:
    source = notion.database(N={"number": {}}, T={"rich_text": {}})
    row = notion.row(source, "x", N={"number": 1}, T={"rich_text": text("a") + text("b")})
    schema = notion.schema(source)
    number = notion.get(f"/pages/{row['id']}/properties/{schema['N']['id']}")
    assert {k: v for k, v in number.items() if k != "request_id"} == {
        "object": "property_item",
        "type": "number",
        "id": schema["N"]["id"],
        "number": 1,
    }
    title = notion.get(f"/pages/{row['id']}/properties/title")
    assert (title["type"], title["property_item"]["type"], len(title["results"])) == (
        "property_item",
        "title",
        1,
    )
    assert title["results"][0]["title"]["plain_text"] == "x"
    error = notion.refused("GET", f"/pages/{row['id']}/properties/gone")
    assert error["message"] == "Could not find property with name or id: gone"


def test_property_item_of_a_rollup_lists_what_it_shows(notion: Notion) -> None:
    target = notion.database("Targets")
    source = notion.database(
        "Origin",
        Link={"relation": {"data_source_id": target, "single_property": {}}},
        Names={
            "rollup": {
                "relation_property_name": "Link",
                "rollup_property_name": "Name",
                "function": "show_original",
            }
        },
        Count={
            "rollup": {
                "relation_property_name": "Link",
                "rollup_property_name": "Name",
                "function": "count",
            }
        },
    )
    pages = [notion.row(target, name) for name in ("a", "b")]
    row = notion.row(source, "x", Link={"relation": [{"id": page["id"]} for page in pages]})
    schema = notion.schema(source)
    names = notion.get(f"/pages/{row['id']}/properties/{schema['Names']['id']}")
    assert [item["title"]["plain_text"] for item in names["results"]] == ["a", "b"]
    assert names["property_item"]["rollup"] == {
        "type": "array",
        "array": [],
        "function": "show_original",
    }
    count = notion.get(f"/pages/{row['id']}/properties/{schema['Count']['id']}")
    assert count["property_item"]["rollup"] == {"type": "number", "number": 2, "function": "count"}


@pytest.mark.parametrize(
    ("size", "refused"), [("101", True), ("-1", True), ("x", True), ("0", False), ("100", False)]
)
def test_page_size_has_limits(notion: Notion, size: str, refused: bool) -> None:
    response = notion.client.get("/users", params={"page_size": size})
    assert response.status_code == (400 if refused else 200)
