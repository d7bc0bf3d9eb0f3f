"""Every kind of fault at every request of the product template's apply: applying again completes
it.

By default a few requests of each kind, others every day; all of them, and the figures, with

NOTION_PM_MATRIX=all pytest tests/provision/test_interruption_matrix.py
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.emulator.faults import Faults as ServiceWeather
from notion_pm.emulator.faults import Rule
from notion_pm.emulator.faults.rules import NO_FAULTS
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue
from notion_pm.model.schema import DataSource, OptionsConfig, PropertyPatch
from notion_pm.model.template import LoadedTemplate, Row
from notion_pm.notion.client import NotionClient
from notion_pm.notion.retry import Patience
from notion_pm.template import templates
from tests.conftest import client_of
from tests.support.faults import Fault, Killed, Weather, killed
from tests.support.notion_clients import calm, notion_client_for
from tests.support.provisioned import apply_to, manifest_pages, plan_for

_ROWS = {"vision": 3, "insights": 5, "features": 4}
_SAMPLE = 2
_PATIENT = Patience(attempts=3)


def _once(fault: Fault) -> Callable[[int], Weather]:
    return lambda moment: lambda number, _: fault if number == moment else None


TROUBLE: dict[str, Callable[[int], Weather]] = {
    "dropped before": _once(Fault(lost=True)),
    "dropped after the work": _once(Fault(lost=True, after=True)),
    "503 saved": _once(Fault(after=True)),
    "429": _once(Fault(429, "rate_limited", headers={"Retry-After": "5"})),
    "killed before": lambda moment: killed(moment, after=False),
    "killed after the work": lambda moment: killed(moment, after=True),
}


REPEATED: dict[str, Literal["first", "second"]] = {
    "repeated, the second answer arrives": "second",
    "repeated, the first answer arrives": "first",
}
"""A proxy sends a request a second time: what the local workspace calls the trouble `repeated`."""


def _product() -> LoadedTemplate:
    """Return the product template with a few of its starter rows, related to each other as far as
    both are there."""
    loaded = templates.load("product")
    features = loaded.rows["features"][: _ROWS["features"]]
    named = {row.key for row in features}
    heard = [
        row for row in loaded.rows["insights"] if named & set(row.cells["features"].split(";"))
    ]
    kept = {
        "vision": loaded.rows["vision"][: _ROWS["vision"]],
        "insights": tuple(heard[: _ROWS["insights"]]),
        "features": features,
    }
    keys = {row.key for rows in kept.values() for row in rows}
    relations = {
        (database, key)
        for database in loaded.template.databases
        for key in loaded.rows[database][0].cells
        if loaded.template.relation_target(database, key)
    }

    def known(database: str, row: Row) -> Row:
        cells = {
            key: ";".join(each for each in cell.split(";") if each in keys)
            if (database, key) in relations
            else cell
            for key, cell in row.cells.items()
        }
        return row.model_copy(update={"cells": cells})

    return loaded.model_copy(
        update={"rows": {key: tuple(known(key, row) for row in kept[key]) for key in kept}}
    )


@dataclass
class Place:
    """A client's workspace: they have a database and a page of their own."""

    workspace: LocalWorkspace
    clock: ManualClock

    def theirs(self) -> list[Any]:
        """Return all that the client has, as Notion tells it, times of edits and all."""
        with client_of(self.workspace) as api:
            blocks = _get(api, f"blocks/{self.workspace.root_page_id}/children")["results"]
            first = [each for each in blocks if each["type"] in {"child_database", "child_page"}][
                :2
            ]
            database = _get(api, f"databases/{first[0]['id']}")
            source_id = database["data_sources"][0]["id"]
            rows = api.post(f"data_sources/{source_id}/query", json={}).json()["results"]
            views = _get(api, f"views?database_id={database['id']}")["results"]
            return [database, _get(api, f"data_sources/{source_id}"), rows, views, first]


def _get(api: httpx.Client, path: str) -> dict[str, Any]:
    """Return an answer without the mark of its request."""
    answer = api.get(path).json()
    return {key: each for key, each in answer.items() if key != "request_id"}


@contextmanager
def _place(folder: Path) -> Iterator[Place]:
    clock = ManualClock(datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    workspace = open_workspace(folder / "workspace.sqlite", clock=clock)
    notion, _ = notion_client_for(workspace)
    database = notion.create_database(
        # With the title of one of ours and without a record, apply would refuse to make a second
        # set.
        workspace.root_page_id,
        "Specs of theirs",
        {"Name": PropertyPatch(type="title")},
        look_up=lambda: None,
    )
    name = PropertyValue("title", "title", "Theirs")
    notion.create_row(database.data_source_ids[0], [name], look_up=lambda: None)
    notion.create_page(workspace.root_page_id, "Vision", look_up=lambda: None)
    notion.close()
    clock.advance(days=2)
    yield Place(workspace, clock)
    workspace.close()


def _apply(place: Place, weather: Weather = calm) -> int:
    """Apply the template, and return how many requests that took."""
    notion, transport = notion_client_for(place.workspace, weather=weather, patience=_PATIENT)
    try:
        apply_to(notion, place.workspace, _product(), now=place.clock())
    finally:
        notion.close()
    return len(transport.seen)


def _seen(notion: NotionClient, workspace: LocalWorkspace) -> list[Any]:
    """Return everything under the parent page by names and values, as people see it."""
    blocks = [
        each
        for each in notion.list_children(workspace.root_page_id)
        if each.type == "child_database"
    ]
    databases = [notion.get_database(each.id) for each in blocks]
    sources = [notion.get_data_source(each.data_source_ids[0]) for each in databases]
    rows = {source.id: list(notion.query(source.id)) for source in sources}
    titles = {page.id: page.title for pages in rows.values() for page in pages}
    return sorted(
        [
            source.title,
            sorted(
                (each.name, each.type, _options(each.config)) for each in source.properties.values()
            ),
            [
                (view.name, view.type)
                for view in map(notion.get_view, notion.list_view_ids(database.id))
            ],
            sorted(_row(notion, source, page, titles) for page in rows[source.id]),
        ]
        for database, source in zip(databases, sources, strict=True)
    )


def _options(config: object) -> list[tuple[str, str, str]]:
    options = config.options if isinstance(config, OptionsConfig) else ()
    return [(each.name, each.color, each.group or "") for each in options]


def _row(notion: NotionClient, source: DataSource, page: Page, titles: dict[Any, str]) -> list[Any]:
    values = []
    for key, found in page.properties.items():
        match found.value:
            case RelationValue(ids=ids):
                values.append((source.properties[key].name, sorted(titles[each] for each in ids)))
            case OptionValue(name=name):
                values.append((source.properties[key].name, [name]))
            case DateValue(start=start):
                values.append((source.properties[key].name, [start]))
            case tuple() as several if found.type == "multi_select":
                values.append((source.properties[key].name, sorted(each.name for each in several)))
            case str() | bool() | int() | float() as plain if found.type not in {
                "created_time",
                "last_edited_time",
            }:
                values.append((source.properties[key].name, [str(plain)]))
    return [page.title, sorted(values), notion.page_markdown(page.id).markdown]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[Any]]:
    """How many requests an undisturbed apply takes, and what is there afterwards."""
    with _place(tmp_path_factory.mktemp("undisturbed")) as place:
        requests = _apply(place)
        notion, _ = notion_client_for(place.workspace)
        found = _seen(notion, place.workspace)
        notion.close()
    return requests, found


def _heals(
    folder: Path, weather: Weather, found: list[Any], service: ServiceWeather = NO_FAULTS
) -> None:
    """Apply in that weather, apply again, and hold the workspace against the undisturbed one."""
    with _place(folder) as place:
        theirs = place.theirs()
        place.workspace.faults.change(service)
        with suppress(Killed):
            _apply(place, weather)
        place.workspace.faults.change(NO_FAULTS)
        place.clock.advance(minutes=3)
        _apply(place)
        notion, _ = notion_client_for(place.workspace)
        assert _seen(notion, place.workspace) == found
        assert plan_for(notion, place.workspace, _product()).changes == ()
        assert manifest_pages(notion, place.workspace) == {"Vision": 1, "notion-pm: product": 1}
        assert place.theirs() == theirs
        notion.close()


@pytest.mark.parametrize("trouble", sorted([*TROUBLE, *REPEATED]))
def test_every_request_survives(
    tmp_path: Path,
    undisturbed: tuple[int, list[Any]],
    trouble: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    requests, found = undisturbed
    moments = list(range(1, requests + 1))
    if os.environ.get("NOTION_PM_MATRIX") != "all":
        moments = sorted(
            random.Random(f"{trouble} {datetime.now(UTC).date()}").sample(moments, _SAMPLE)
        )
    failed = []
    for moment in moments:
        folder = tmp_path / str(moment)
        folder.mkdir()
        try:
            if trouble in REPEATED:
                rule = Rule(trouble="repeated", answer=REPEATED[trouble], skip=moment - 1, first=1)
                _heals(folder, calm, found, ServiceWeather(rules=(rule,)))
            else:
                _heals(folder, TROUBLE[trouble](moment), found)
        except AssertionError as error:
            failed.append(f"request {moment}: {error}")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{trouble}: {len(moments)} of {requests} requests, {len(failed)} failures\n"
        )
    assert not failed, "\n".join(failed)
