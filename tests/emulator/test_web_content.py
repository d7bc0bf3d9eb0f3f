"""Every type of block, property and value has a form on the site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.emulator.web import formats
from notion_pm.emulator.web.paging import Paging

from .conftest import Notion, text
from .web_fixtures import Visitor, path_of, seen, visitor

Json = dict[str, Any]

_WEB = {"external": {"url": "https://example.com/file.bin"}}
_TEXTS = (
    "paragraph",
    "bulleted_list_item",
    "numbered_list_item",
    "quote",
    "toggle",
    "callout",
    "heading_1",
)
BLOCKS: list[Json] = [
    *(
        {kind: {"rich_text": text(f"a {kind}")}}
        for kind in (*_TEXTS, "heading_2", "heading_3", "heading_4")
    ),
    {"to_do": {"rich_text": text("a to-do"), "checked": True}},
    {"heading_2": {"rich_text": text("folded"), "is_toggleable": True}},
    {
        "toggle": {
            "rich_text": text("outer"),
            "children": [{"paragraph": {"rich_text": text("inner")}}],
        }
    },
    {"code": {"rich_text": text("x < 1"), "language": "python"}},
    {"equation": {"expression": "e=mc^2"}},
    {"divider": {}},
    {"breadcrumb": {}},
    {"table_of_contents": {}},
    {"bookmark": {"url": "https://example.com/bookmark"}},
    {"embed": {"url": "https://example.com/embed"}},
    *({kind: _WEB} for kind in ("image", "video", "audio", "pdf", "file")),
    {
        "synced_block": {
            "synced_from": None,
            "children": [{"paragraph": {"rich_text": text("synced")}}],
        }
    },
    {"template": {"rich_text": text("a template")}},
    {
        "table": {
            "table_width": 2,
            "has_column_header": True,
            "has_row_header": True,
            "children": [
                {"table_row": {"cells": [text("A"), text("B")]}},
                {"table_row": {"cells": [[], text("D")]}},
            ],
        }
    },
    {
        "column_list": {
            "children": [
                {"column": {"children": [{"paragraph": {"rich_text": text(f"column {number}")}}]}}
                for number in (1, 2)
            ]
        }
    },
]


@pytest.fixture
def site(workspace: LocalWorkspace) -> Iterator[Visitor]:
    yield from visitor(workspace)


def test_every_type_of_block_is_shown(notion: Notion, site: Visitor) -> None:
    linked = {"link_to_page": {"type": "page_id", "page_id": notion.root}}
    page = notion.post(
        "/pages",
        parent={"page_id": notion.root},
        properties={"title": {"title": text("All blocks")}},
    )
    notion.patch(f"/blocks/{page['id']}/children", children=[*BLOCKS, linked])
    html = site.get(path_of(page))
    shown = seen(html)
    for word in (
        "a paragraph",
        "a callout",
        "a to-do",
        "inner",
        "x < 1",
        "e=mc^2",
        "synced",
        "column 2",
        "A B D",
    ):
        assert word in shown
    assert '<th scope="col">A</th>' in html
    assert '<th scope="row"></th>' in html
    assert "<img" not in html
    assert html.count('href="https://example.com/file.bin"') == 5
    assert "Local workspace" in html.partition('class="child"')[2]


def test_heading_levels_begin_below_the_title(notion: Notion, site: Visitor) -> None:
    notion.patch(
        f"/blocks/{notion.root}/children", children=[{"heading_3": {"rich_text": text("Small")}}]
    )
    assert '<h2 class="heading_3 t-default">Small</h2>' in site.get(f"/p/{notion.root}")


def test_rich_text_keeps_its_style_and_loses_unsafe_links(notion: Notion, site: Visitor) -> None:
    styled = {
        "text": {"content": "loud"},
        "annotations": {"bold": True, "code": True, "color": "red"},
    }
    linked = {"text": {"content": "away", "link": {"url": "https://example.com/"}}}
    bad = {"text": {"content": "bad", "link": {"url": "javascript:alert(1)"}}}
    page = {"mention": {"page": {"id": notion.root}}}
    dated = {"mention": {"date": {"start": "2026-07-03"}}}
    notion.patch(
        f"/blocks/{notion.root}/children",
        children=[
            {
                "paragraph": {
                    "rich_text": [
                        styled,
                        linked,
                        bad,
                        page,
                        dated,
                        {"equation": {"expression": "x^2"}},
                    ]
                }
            }
        ],
    )
    html = site.get(f"/p/{notion.root}")
    assert '<strong><code><span class="t-red k-text">loud</span></code></strong>' in html
    assert '<a href="https://example.com/" rel="noreferrer">away</a>' in html
    assert "javascript" not in html
    assert f'<a href="/p/{notion.root.replace("-", "")}" rel="noreferrer">' in html
    assert "3 Jul 2026" in seen(html)


def test_every_type_of_value_is_shown(
    workspace: LocalWorkspace, notion: Notion, site: Visitor
) -> None:
    source = workspace.fill(None, 30)
    parent = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    assert "1–30 of 30" in seen(site.get(f"/p/{parent.replace('-', '')}"))
    row = notion.post(f"/data_sources/{source}/query")["results"][0]
    shown = seen(site.get(path_of(row)))
    assert all(
        name in shown
        for name, value in row["properties"].items()
        if value["type"] not in ("title", "button")
    )


def test_what_is_computed_is_shown(notion: Notion, site: Visitor) -> None:
    needs = notion.database("Needs", Weight={"number": {"format": "percent"}}, When={"date": {}})
    feature = {"relation": {"data_source_id": needs, "single_property": {}}}
    source = notion.database("Features", Needs=feature)
    rolled = {"relation_property_name": "Needs"}
    notion.patch(
        f"/data_sources/{source}",
        properties={
            "Sum": {"rollup": {**rolled, "rollup_property_name": "Weight", "function": "sum"}},
            "Filled": {
                "rollup": {
                    **rolled,
                    "rollup_property_name": "Weight",
                    "function": "percent_not_empty",
                }
            },
            "Latest": {
                "rollup": {**rolled, "rollup_property_name": "When", "function": "latest_date"}
            },
            "Names": {
                "rollup": {**rolled, "rollup_property_name": "Name", "function": "show_original"}
            },
            "Loud": {"formula": {"expression": 'prop("Name") + "!"'}},
            "Long": {"formula": {"expression": 'length(prop("Name")) > 3'}},
        },
    )
    made = [
        notion.row(
            needs, name, Weight={"number": 0.25}, When={"date": {"start": f"2026-07-0{day}"}}
        )["id"]
        for name, day in (("Fast", 1), ("Safe", 2))
    ]
    row = notion.row(source, "Search", Needs={"relation": [{"id": page_id} for page_id in made]})
    html = site.get(path_of(row))
    shown = seen(html)
    for line in ("Sum 0.5", "Filled 100%", "Latest 2 Jul 2026", "Names Fast, Safe", "Loud Search!"):
        assert line in shown
    assert 'role="img" aria-label="Yes"' in html


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [
        (1234567, "number", "1234567"),
        (0.5, "number", "0.5"),
        (1e21, "number", "1000000000000000000000"),
        (1234.5, "number_with_commas", "1,234.5"),
        (0.075, "percent", "7.5%"),
        (-1234.5, "dollar", "-$1,234.50"),
        (12, "euro", "€12"),
        (12, "ringgit", "12 ringgit"),
        (float("inf"), "number", "inf"),
    ],
)
def test_numbers_are_written_in_their_format(number: float, style: str, written: str) -> None:
    assert formats.number_text(number, style) == written


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        ("2026-07-03", "3 Jul 2026"),
        ("2026-07-03T14:05:00.000Z", "3 Jul 2026, 14:05"),
        ("2026-07-03T14:05:00.000+02:00", "3 Jul 2026, 14:05"),
        ("some day", "some day"),
    ],
)
def test_moments_are_written_for_people(moment: str, written: str) -> None:
    assert formats.moment_text(moment) == written


def test_pages_of_a_list_meet_without_gap() -> None:
    things = [str(number) for number in range(250)]
    pages = [Paging(number, 100, 250, is_capped=True, path=str) for number in (1, 2, 3, 4)]
    assert [thing for page in pages[:3] for thing in page.cut(things)] == things
    assert pages[3].number == 3
    assert (pages[0].previous, pages[0].following, pages[2].following) == (None, "2", None)
    assert pages[0].total_text == "250+"
    assert Paging(1, 100, 0, is_capped=False, path=str).pages == 1
