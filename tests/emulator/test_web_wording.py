"""A view's filters in words, and the tree of pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from notion_pm.emulator import LocalWorkspace

from .conftest import Notion, text
from .web_fixtures import STATUS, Visitor, path_of, seen, visitor

Json = dict[str, Any]

IDEA = {"property": "Status", "status": {"equals": "Idea"}}
SHIPPED = {"property": "Status", "status": {"equals": "Shipped"}}
LARGE = {"property": "Size", "number": {"greater_than_or_equal_to": 3}}


@pytest.fixture
def site(workspace: LocalWorkspace) -> Iterator[Visitor]:
    yield from visitor(workspace)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (IDEA, "Status is Idea"),
        ({"property": "Status", "status": {"does_not_equal": "Idea"}}, "Status is not Idea"),
        ({"or": [IDEA, SHIPPED]}, "Status is Idea or Shipped"),
        ({"or": [IDEA, LARGE]}, "Status is Idea or Size ≥ 3"),
        ({"and": [LARGE, {"or": [IDEA, SHIPPED]}]}, "Size ≥ 3 and Status is Idea or Shipped"),
        ({"and": [LARGE, {"or": [IDEA, LARGE]}]}, "Size ≥ 3 and (Status is Idea or Size ≥ 3)"),
        ({"property": "Due", "date": {"past_week": {}}}, "Due past week"),
        (
            {"property": "Due", "date": {"on_or_before": "one_week_from_now"}},
            "Due on or before one week from now",
        ),
        ({"property": "Due", "date": {"is_empty": True}}, "Due is empty"),
        ({"property": "Ready", "checkbox": {"equals": False}}, "Ready is not ticked"),
        ({"property": "Double", "formula": {"number": {"less_than": 4}}}, "Double < 4"),
        (
            {"timestamp": "created_time", "created_time": {"this_week": {}}},
            "created time this week",
        ),
        ({"property": "Name", "title": {"contains": "a_b"}}, "Name contains a_b"),
    ],
)
@pytest.mark.usefixtures("formula_filters")
def test_a_filter_is_described_in_words(
    notion: Notion, site: Visitor, condition: Json, words: str
) -> None:
    formula = {"formula": {"expression": 'prop("Size") * 2'}}
    source = notion.database(
        "Things", Status=STATUS, Size={"number": {}}, Due={"date": {}}, Ready={"checkbox": {}}
    )
    notion.patch(f"/data_sources/{source}", properties={"Double": formula})
    parent = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    view = notion.post(
        "/views", database_id=parent, data_source_id=source, name="V", type="list", filter=condition
    )
    assert f"Only {words} " in seen(site.get(path_of(view)))


def test_the_tree_has_pages_inside_blocks(notion: Notion, site: Visitor) -> None:
    inner = [{"paragraph": {"rich_text": text("Here")}}]
    toggle = {"toggle": {"rich_text": text("Folded"), "children": inner}}
    made = notion.patch(f"/blocks/{notion.root}/children", children=[toggle])["results"][0]
    page = notion.post(
        "/pages", parent={"page_id": notion.root}, properties={"title": {"title": text("Outer")}}
    )
    below = notion.post(
        "/pages", parent={"page_id": page["id"]}, properties={"title": {"title": text("Inner")}}
    )
    source = notion.database("Rows")
    notion.row(source, "A row")
    assert made["has_children"]
    html = site.get(path_of(below))
    outline = html.partition('aria-label="Workspace"')[2].partition("</nav>")[0]
    assert "Outer" in outline
    assert path_of(below) in outline
    assert "A row" not in outline
    way = html.partition('aria-label="Breadcrumb"')[2].partition("</nav>")[0]
    assert way.index("Local workspace") < way.index("Outer")
    notion.patch(f"/pages/{page['id']}", in_trash=True)
    assert "Outer" not in seen(site.get("/")).partition("Rows")[0]
