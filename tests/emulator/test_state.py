"""A workspace file as a whole: count, copy, and fill it with sample rows."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from notion_pm.emulator import ApiError, LocalWorkspace, ManualClock, open_workspace, sample_data
from notion_pm.emulator.sample_data import EVERY_KIND
from notion_pm.emulator.schema.properties import COMPUTED, TYPES
from tests.conftest import client_of

from .conftest import Notion, text

Json = dict[str, Any]


def rows_of(notion: Notion, source: str, **query: Any) -> list[Json]:
    rows: list[Json] = []
    cursor: Json = {}
    while True:
        page = notion.post(f"/data_sources/{source}/query", **query, **cursor)
        rows += page["results"]
        if not page["has_more"]:
            return rows
        cursor = {"start_cursor": page["next_cursor"]}


def test_counts(workspace: LocalWorkspace, notion: Notion) -> None:
    source = notion.database()
    row = notion.row(source, "One")
    notion.patch(
        f"/blocks/{row['id']}/children", children=[{"paragraph": {"rich_text": text("Words")}}]
    )
    notion.post("/comments", parent={"page_id": row["id"]}, rich_text=text("Well"))
    assert workspace.counts() == {
        "pages": 1,
        "rows": 1,
        "databases": 1,
        "data_sources": 1,
        "views": 1,
        "blocks": 1,
        "comments": 1,
        "file_uploads": 0,
        "users": 2,
    }


def test_copy_is_the_same_workspace_and_independent(
    workspace: LocalWorkspace, notion: Notion, tmp_path: Path
) -> None:
    source = notion.database()
    row = notion.row(source, "One")
    workspace.copy(tmp_path / "copy.sqlite")
    notion.row(source, "Two")
    copied = open_workspace(tmp_path / "copy.sqlite")
    assert (copied.token, copied.root_page_id) == (workspace.token, workspace.root_page_id)
    with client_of(copied) as client:
        assert [each["id"] for each in rows_of(Notion(client, copied.root_page_id), source)] == [
            row["id"]
        ]
    copied.close()


def test_copy_of_a_busy_workspace_is_whole(
    workspace: LocalWorkspace, notion: Notion, tmp_path: Path
) -> None:
    source = notion.database(ID={"unique_id": {"prefix": None}})
    ended = threading.Event()

    def write() -> None:
        while not ended.is_set():
            notion.row(source)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            workspace.copy(tmp_path / f"{number}.sqlite")
    finally:
        ended.set()
        writer.join()
    for number in range(5):
        copied = open_workspace(tmp_path / f"{number}.sqlite")
        with client_of(copied) as client:
            rows = rows_of(Notion(client, copied.root_page_id), source)
        numbers = [row["properties"]["ID"]["unique_id"]["number"] for row in rows]
        assert numbers == list(range(len(rows), 0, -1))
        copied.close()


def test_copy_never_overwrites_a_file(workspace: LocalWorkspace, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(FileExistsError):
        workspace.copy(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_filled_rows_have_values_of_every_kind(workspace: LocalWorkspace, notion: Notion) -> None:
    told: list[int] = []
    source = workspace.fill(None, 40, progress=told.append)
    rows = rows_of(notion, source)
    assert (len(rows), told) == (40, [40])
    schema = notion.schema(source)
    assert {prop["type"] for prop in schema.values()} == set(TYPES) - {
        *COMPUTED,
        "relation",
        "verification",
    } | {"unique_id"}
    assert set(schema) == set(EVERY_KIND)
    for name, prop in schema.items():
        assert any(row["properties"][name][prop["type"]] for row in rows), name
    assert {user["created_by"]["id"] for user in rows} == {
        user["id"] for user in notion.get("/users")["results"]
    }


def test_filled_rows_can_be_filtered_and_sorted(workspace: LocalWorkspace, notion: Notion) -> None:
    source = workspace.fill(None, 60)
    done = rows_of(notion, source, filter={"property": "Done", "checkbox": {"equals": True}})
    assert 0 < len(done) < 60
    prices = [
        row["properties"]["Price"]["number"]
        for row in rows_of(notion, source, sorts=[_ascending("Price")])
    ]
    present = [price for price in prices if price is not None]
    assert present == sorted(present)


def _ascending(name: str) -> Json:
    return {"property": name, "direction": "ascending"}


def test_rows_are_a_minute_apart_and_end_now(
    workspace: LocalWorkspace, notion: Notion, clock: ManualClock
) -> None:
    clock.advance(days=1)
    source = workspace.fill(None, 3)
    times = [row["created_time"] for row in rows_of(notion, source)]
    assert times == [f"2026-07-02T08:{minute}:00.000Z" for minute in (59, 58, 57)]
    clock.advance(seconds=90)
    workspace.fill(source, 2)
    again = [row["created_time"] for row in rows_of(notion, source)]
    assert again[2:] == times
    assert again == sorted(again, reverse=True)


def test_the_same_seed_fills_the_same(tmp_path: Path, clock: ManualClock) -> None:
    def titles(name: str, seed: int) -> list[str]:
        workspace = open_workspace(tmp_path / name, clock=clock)
        source = workspace.fill(None, 20, seed=seed)
        with client_of(workspace) as client:
            rows = rows_of(Notion(client, workspace.root_page_id), source)
        workspace.close()
        return [row["properties"]["Name"]["title"][0]["plain_text"] for row in rows]

    assert titles("a", 1) == titles("b", 1) != titles("c", 2)


def test_filling_respects_an_existing_schema(workspace: LocalWorkspace, notion: Notion) -> None:
    goals = workspace.fill(None, 5)
    relation = {
        "relation": {"data_source_id": goals, "dual_property": {"synced_property_name": "Features"}}
    }
    source = notion.database(
        Goals=relation, Stage={"select": {"options": []}}, Twice={"formula": {"expression": 'prop("Score") * 2'}},
        Score={"number": {"format": "percent"}},
    )  # fmt: skip
    workspace.fill(source, 30)
    rows = rows_of(notion, source)
    linked = [row for row in rows if row["properties"]["Goals"]["relation"]]
    assert linked
    assert all(row["properties"]["Stage"]["select"] is None for row in rows)
    far = notion.get(f"/pages/{linked[0]['properties']['Goals']['relation'][0]['id']}")
    assert linked[0]["id"] in [each["id"] for each in far["properties"]["Features"]["relation"]]
    with pytest.raises(ApiError):
        workspace.fill(notion.root, 1)


def test_others_may_write_while_it_fills(
    workspace: LocalWorkspace, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_data, "BATCH", 20)
    source = notion.database()
    between: list[int] = []

    def write_between(done: int) -> None:
        notion.row(source, f"after {done}")
        between.append(done)

    workspace.fill(source, 50, progress=write_between)
    assert between == [20, 40, 50]
    assert workspace.counts()["rows"] == 53
