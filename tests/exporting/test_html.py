"""The HTML document of an export: its content, and text of strangers is harmless in it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.exporting.formats.html import write_html
from notion_pm.exporting.table import ExportContext, Table
from tests.support.exporter_tables import (
    CELLS,
    COLUMNS,
    EMPTY,
    NOW,
    page_id,
    row,
    table,
    titles_only,
)


def written(*tables: Table) -> str:
    stream = StringIO()
    write_html(tables, stream, ExportContext(NOW, ZoneInfo("Europe/Berlin"), BytesIO()))
    return stream.getvalue()


class Reader(HTMLParser):
    """Counts tags, and collects the texts of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_every_kind_of_cell() -> None:
    html = written(table([row(1), row(2, EMPTY)]))
    body = re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("<tbody>")[1].split("</tbody>")[0])
    )
    for shown in (
        "Provision",
        "Spec",
        "api",
        "€1,234.50",
        "2026-03-01",
        "2026-03-14",
        "2026-07-04 09:08",
        "✓",
        "Ada",
    ):
        assert shown in body
    assert "Untitled" in body
    assert f'href="https://app.notion.com/p/{page_id(7).replace("-", "")}"' in html


def test_nothing_is_loaded_and_a_policy_says_so() -> None:
    html = written(table([row(1)]))
    assert "default-src 'none'" in html
    assert {"img", "link", "iframe", "object"}.isdisjoint(read(html).tags)


def test_exported_related_pages_are_linked_inside_the_document() -> None:
    insights = replace(table([row(7, ("Retry",))], COLUMNS[:1]), title="Insights")
    html = written(table([row(1)]), insights)
    anchor = f"p-{page_id(7).replace('-', '')}"
    assert f'href="#{anchor}"' in html
    assert f'<tr id="{anchor}">' in html


def test_scripts_in_titles_texts_and_addresses_are_escaped() -> None:
    evil = "<script>alert(1)</script>"
    cells = (evil, *CELLS[1:8], "javascript:alert(1)", *CELLS[9:])
    html = written(table([row(1, cells)], title=evil))
    assert read(html).tags.count("script") == 1  # ours
    assert not [each for each in read(html).links if each.startswith("javascript")]


@settings(deadline=None)  # a busy machine is no fault
@given(st.text())
def test_no_title_changes_the_structure_of_the_page(title: str) -> None:
    def shape(text: str) -> list[str]:
        return read(written(titles_only(text))).tags

    assert shape(title) == shape("plain")


def test_one_page_is_an_article_with_its_body() -> None:
    body = "## Problem\n<img src=x onerror=alert(1)>\n![chart](https://example.com/a.png)\n- [ ] one\n\t- two"
    html = written(replace(table([row(1, markdown=body)]), is_page=True))
    assert "<h2>Problem</h2>" in html
    assert "<dt>Status</dt>" in html
    assert "&lt;img src=x" in html
    assert '<a href="https://example.com/a.png">chart</a>' in html
    assert "table" not in read(html).tags
