"""Search: by words of the title, the last edited first, behind an index that may lag (recorded)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from notion_pm.emulator import ManualClock, open_workspace
from tests.conftest import client_of

from .conftest import Notion, text


def found(notion: Notion, query: str = "", **body: Any) -> list[str]:
    return [hit["id"] for hit in notion.post("/search", query=query, **body)["results"]]


def subpage(notion: Notion, title: str) -> str:
    page = notion.post(
        "/pages", parent={"page_id": notion.root}, properties={"title": {"title": text(title)}}
    )
    return str(page["id"])


def test_any_word_finds_singular_or_plural(notion: Notion) -> None:
    markdown, tests = subpage(notion, "Markdown Test"), subpage(notion, "Tests")
    subpage(notion, "Something else")
    assert set(found(notion, "markdown tests")) == {markdown, tests}
    assert found(notion, "this has no results") == []


def test_kinds_and_order(notion: Notion, clock: ManualClock) -> None:
    source = notion.database("Feature specs")
    clock.advance(minutes=1)
    row = notion.row(source, "A feature")["id"]
    assert found(notion, "feature") == [row, source]
    assert found(
        notion, "feature", sort={"timestamp": "last_edited_time", "direction": "ascending"}
    ) == [source, row]
    for kind, hit in (("page", row), ("data_source", source)):
        assert found(notion, "feature", filter={"property": "object", "value": kind}) == [hit]


def test_older_word_for_data_sources_is_refused(notion: Notion) -> None:
    error = notion.refused("POST", "/search", filter={"property": "object", "value": "database"})
    assert '"page"` or `"data_source"' in error["message"]


def test_trash(notion: Notion) -> None:
    page, source = subpage(notion, "Gone page"), notion.database("Gone base")
    database = notion.get(f"/data_sources/{source}")["parent"]["database_id"]
    notion.patch(f"/pages/{page}", in_trash=True)
    notion.patch(f"/databases/{database}", in_trash=True)
    # A data source in a trashed database is still found (recorded).
    assert found(notion, "gone") == [source]
    assert set(found(notion, "gone", filter={"in_trash": True})) == {page, source}
    assert found(notion, "gone", filter={"in_trash": False}) == []


def test_paging(notion: Notion) -> None:
    pages = {subpage(notion, f"Paged {number}") for number in range(5)}
    first = notion.post("/search", query="paged", page_size=3)
    rest = notion.post("/search", query="paged", page_size=3, start_cursor=first["next_cursor"])
    assert {hit["id"] for hit in first["results"] + rest["results"]} == pages
    assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
    assert (
        "start_cursor provided is invalid"
        in notion.refused("POST", "/search", start_cursor="x")["message"]
    )


def test_index_may_lag(tmp_path: Path) -> None:
    clock = ManualClock()
    workspace = open_workspace(tmp_path / "w.sqlite", clock=clock, search_lag=timedelta(seconds=5))
    with client_of(workspace) as client:
        notion = Notion(client, workspace.root_page_id)
        page = subpage(notion, "Fresh")
        assert found(notion, "fresh") == []
        clock.advance(seconds=5)
        assert found(notion, "fresh") == [page]
    workspace.close()
