"""Single facts about the real service that were measured or recorded, and that are easily got
wrong.
"""

from __future__ import annotations

import pytest

from notion_pm.emulator import ManualClock

from .conftest import Json, Notion, text


def _append(notion: Notion, block: Json) -> Json:
    made: Json = notion.patch(f"/blocks/{notion.root}/children", children=[block])["results"][0]
    return made


def test_empty_arrays_of_children_are_taken(notion: Notion) -> None:
    _append(
        notion,
        {"column_list": {"children": [{"column": {"children": []}}, {"column": {"children": []}}]}},
    )
    todo = _append(notion, {"to_do": {"rich_text": text("x")}})
    sent = {"children": [], "rich_text": text("y"), "checked": True}
    assert notion.patch(f"/blocks/{todo['id']}", to_do=sent)["to_do"]["checked"] is True
    sent["children"] = [{"divider": {}}]
    notion.refused("PATCH", f"/blocks/{todo['id']}", to_do=sent)


def test_a_mentioned_date_is_shown_as_a_date_property_shows_it(notion: Notion) -> None:
    date = {"start": "2022-01-01T00:00:00", "time_zone": "Europe/Berlin"}
    block = _append(
        notion, {"paragraph": {"rich_text": [{"type": "mention", "mention": {"date": date}}]}}
    )
    shown = block["paragraph"]["rich_text"][0]["mention"]["date"]
    assert shown == {"start": "2022-01-01T00:00:00.000+01:00", "end": None, "time_zone": None}


@pytest.mark.parametrize("url", ["docs/x.md", "x", "", "https://"])
def test_a_text_links_to_urls_only(notion: Notion, url: str) -> None:
    linked = [{"text": {"content": "l", "link": {"url": url}}}]
    notion.refused(
        "PATCH", f"/blocks/{notion.root}/children", children=[{"paragraph": {"rich_text": linked}}]
    )


@pytest.mark.parametrize("url", ["https://example.com", "mailto:a@example.com", "/a1b2", "#here"])
def test_a_text_links_to_every_kind_of_url(notion: Notion, url: str) -> None:
    _append(
        notion, {"paragraph": {"rich_text": [{"text": {"content": "l", "link": {"url": url}}}]}}
    )


def test_pictures_and_icons_need_an_address(notion: Notion) -> None:
    for url in ("foo", "ftp://example.com/a.png", ""):
        image = {"image": {"external": {"url": url}}}
        notion.refused("PATCH", f"/blocks/{notion.root}/children", children=[image])
        page = {
            "parent": {"page_id": notion.root},
            "icon": {"type": "external", "external": {"url": url}},
        }
        notion.refused("POST", "/pages", **page)


def test_a_url_is_cleared_by_null_and_not_by_an_empty_text(notion: Notion) -> None:
    source = notion.database(U={"url": {}})
    row = notion.row(source, "R", U={"url": "any text"})["id"]
    notion.refused("PATCH", f"/pages/{row}", properties={"U": {"url": ""}})
    notion.patch(f"/pages/{row}", properties={"U": {"url": None}})
    assert notion.values(row)["U"] is None


def test_comments_on_a_page_are_one_discussion(notion: Notion) -> None:
    def comment(content: str) -> str:
        made = notion.post("/comments", parent={"page_id": notion.root}, rich_text=text(content))
        return str(made["discussion_id"])

    assert comment("a") == comment("b")


def test_a_moved_data_source_is_listed_last(notion: Notion) -> None:
    first, second = notion.database("A"), notion.database("B")
    database = notion.get(f"/data_sources/{second}")["parent"]["database_id"]
    notion.patch(f"/data_sources/{first}", parent={"type": "database_id", "database_id": database})
    assert [each["id"] for each in notion.get(f"/databases/{database}")["data_sources"]] == [
        second,
        first,
    ]


def test_title_and_icon_of_a_database_are_those_of_its_only_data_source(notion: Notion) -> None:
    source = notion.database("Old")
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    notion.patch(f"/databases/{database}", title=text("New"), icon={"emoji": "🧩"})
    shown = notion.get(f"/data_sources/{source}")
    assert shown["title"][0]["plain_text"] == "New"
    assert shown["icon"]["emoji"] == "🧩"
    notion.patch(f"/data_sources/{source}", icon={"emoji": "🎯"})
    assert notion.get(f"/databases/{database}")["icon"]["emoji"] == "🧩"


def test_formulas_cannot_be_filtered(notion: Notion) -> None:
    source = notion.database(F={"formula": {"expression": "1 + 1"}})
    condition = {"property": "F", "formula": {"number": {"equals": 2}}}
    error = notion.refused("POST", f"/data_sources/{source}/query", filter=condition)
    assert (error["status"], error["code"]) == (400, "validation_error")


def test_an_option_keeps_its_name_and_colour(notion: Notion) -> None:
    source = notion.database(S={"select": {"options": [{"name": "A", "color": "red"}]}})
    option = notion.schema(source)["S"]["select"]["options"][0]

    def change(**facets: str) -> Json:
        return {"properties": {"S": {"select": {"options": [{"id": option["id"], **facets}]}}}}

    notion.patch(f"/data_sources/{source}", **change(name="B"))
    assert notion.schema(source)["S"]["select"]["options"] == [option]
    notion.refused("PATCH", f"/data_sources/{source}", **change(name="A", color="blue"))


def test_properties_beside_the_initial_data_source_are_passed_over(notion: Notion) -> None:
    made = notion.post(
        "/databases", parent={"page_id": notion.root}, properties={"N": {"number": {}}}
    )
    assert list(notion.schema(made["data_sources"][0]["id"])) == ["Name"]


def test_a_data_source_has_the_description_of_its_database(notion: Notion) -> None:
    source = notion.database()
    error = notion.refused("PATCH", f"/data_sources/{source}", description=text("d"))
    assert "update database" in error["message"]
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    notion.patch(f"/databases/{database}", description=text("d"))
    assert notion.get(f"/data_sources/{source}")["description"][0]["plain_text"] == "d"


def test_groups_of_a_status_cannot_be_changed(notion: Notion) -> None:
    source = notion.database(S={"status": {}})
    groups = notion.schema(source)["S"]["status"]["groups"]
    notion.refused(
        "PATCH", f"/data_sources/{source}", properties={"S": {"status": {"groups": groups}}}
    )


def test_a_page_moves_to_another_parent_only(notion: Notion) -> None:
    page = notion.post("/pages", parent={"page_id": notion.root}, properties={"title": text("P")})[
        "id"
    ]
    error = notion.refused("POST", f"/pages/{page}/move", parent={"page_id": notion.root})
    assert "must be different from the current parent" in error["message"]


def test_the_newest_version_does_not_know_archived(notion: Notion) -> None:
    page = notion.post("/pages", parent={"page_id": notion.root}, properties={"title": text("P")})[
        "id"
    ]
    notion.refused("PATCH", f"/pages/{page}", archived=True)
    block = {"archived": False, "paragraph": {"rich_text": []}}
    error = notion.refused("PATCH", f"/blocks/{page}/children", children=[block])
    assert "body.children[0].archived should be not present" in error["message"]


def test_an_unknown_custom_emoji_becomes_no_icon(notion: Notion) -> None:
    emoji = {"type": "custom_emoji", "custom_emoji": {"id": "11111111-1111-4111-8111-111111111111"}}
    assert notion.patch(f"/pages/{notion.root}", icon=emoji)["icon"] is None


def test_a_change_of_a_database_does_not_move_its_time(notion: Notion, clock: ManualClock) -> None:
    """Recorded of its icon, description, place on the page and lock."""
    source = notion.database()
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    clock.advance(minutes=5)
    icon = {"type": "emoji", "emoji": "🔥"}
    changed = notion.patch(
        f"/databases/{database}", icon=icon, is_inline=True, is_locked=True, description=text("All")
    )
    assert changed["icon"] == icon
    assert changed["last_edited_time"] == changed["created_time"]
