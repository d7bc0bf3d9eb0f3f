"""The trash as a property of the ancestry: what a trashed page does to everything below it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Notion, text


def _page(notion: Notion, parent: Json, title: str) -> str:
    made = notion.post("/pages", parent=parent, properties={"title": text(title)})
    return str(made["id"])


@pytest.fixture
def tree(notion: Notion) -> dict[str, str]:
    """A page, pages and a database with a row below it; and the page in the trash."""
    top = _page(notion, {"page_id": notion.root}, "Top")
    below = _page(notion, {"page_id": top}, "Below")
    deep = _page(notion, {"page_id": below}, "Deep")
    made = notion.post(
        "/databases",
        parent={"type": "page_id", "page_id": below},
        title=text("D"),
        initial_data_source={"properties": {"Name": {"title": {}}}},
    )
    source = made["data_sources"][0]["id"]
    row = notion.row(source, "R")["id"]
    block = notion.patch(
        f"/blocks/{deep}/children", children=[{"paragraph": {"rich_text": text("x")}}]
    )["results"][0]
    notion.patch(f"/pages/{top}", in_trash=True)
    names = {
        "top": top,
        "below": below,
        "deep": deep,
        "database": made["id"],
        "source": source,
        "row": row,
    }
    return {**names, "block": block["id"]}


@pytest.mark.parametrize("name", ["top", "below", "deep", "row"])
def test_pages_below_a_trashed_page_are_in_the_trash(
    notion: Notion, tree: dict[str, str], name: str
) -> None:
    assert notion.get(f"/pages/{tree[name]}")["in_trash"] is True


def test_a_database_below_a_trashed_page_is_not_in_the_trash(
    notion: Notion, tree: dict[str, str]
) -> None:
    assert notion.get(f"/databases/{tree['database']}")["in_trash"] is False


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/pages/{below}", {"properties": {"title": text("z")}}),
        ("PATCH", "/pages/{deep}", {"in_trash": True}),
        ("PATCH", "/pages/{row}", {"properties": {"Name": {"title": text("z")}}}),
        ("PATCH", "/databases/{database}", {"title": text("z")}),
        ("PATCH", "/databases/{database}", {"in_trash": True}),
        ("POST", "/pages", {"parent": {"page_id": "{deep}"}, "properties": {"title": text("z")}}),
        ("POST", "/pages", {"parent": {"page_id": "{top}"}, "properties": {"title": text("z")}}),
        ("POST", "/databases", {"parent": {"page_id": "{deep}"}}),
        ("PATCH", "/blocks/{deep}/children", {"children": [{"divider": {}}]}),
        ("PATCH", "/blocks/{block}", {"paragraph": {"rich_text": []}}),
        ("DELETE", "/blocks/{block}", {}),
        ("POST", "/pages/{deep}/move", {"parent": {"page_id": "{below}"}}),
    ],
)
def test_nothing_is_written_below_a_trashed_page(
    notion: Notion, tree: dict[str, str], method: str, path: str, body: Json
) -> None:
    error = notion.refused(method, path.format(**tree), **_filled(body, tree))
    assert (error["status"], error["code"]) == (400, "validation_error")
    assert "archived ancestor" in error["message"]


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, names) for key, each in value.items()}
    return value.format(**names) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/data_sources/{source}"),
        ("PATCH", "/data_sources/{source}"),
        ("POST", "/data_sources/{source}/query"),
        ("GET", "/blocks/{below}/children"),
        ("GET", "/blocks/{top}/children"),
    ],
)
def test_data_sources_and_contents_below_a_trashed_page_are_not_found(
    notion: Notion, tree: dict[str, str], method: str, path: str
) -> None:
    error = notion.refused(method, path.format(**tree))
    assert (error["status"], error["code"]) == (404, "object_not_found")


def test_search_leaves_out_what_is_below_a_trashed_page(
    notion: Notion, tree: dict[str, str]
) -> None:
    found = {each["id"] for each in notion.post("/search")["results"]}
    assert not found & {tree["below"], tree["deep"], tree["row"], tree["source"]}


def test_everything_is_back_when_the_page_is(notion: Notion, tree: dict[str, str]) -> None:
    notion.patch(f"/pages/{tree['top']}", in_trash=False)
    assert notion.get(f"/pages/{tree['deep']}")["in_trash"] is False
    assert len(notion.post(f"/data_sources/{tree['source']}/query")["results"]) == 1
    notion.patch(f"/pages/{tree['row']}", properties={"Name": {"title": text("again")}})


def test_rows_and_sources_go_with_their_database(notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source, "R")["id"]
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    assert notion.patch(f"/databases/{database}", in_trash=True)["in_trash"] is True
    assert notion.get(f"/pages/{row}")["in_trash"] is True
    error = notion.refused("PATCH", f"/pages/{row}", properties={"Name": {"title": text("z")}})
    assert "archived ancestor" in error["message"]
