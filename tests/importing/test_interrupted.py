"""An import interrupted at any request continues there: nothing is created twice or lost."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.errors import NotionPmError
from notion_pm.importing.find_target import open_destination
from notion_pm.importing.plan import ImportPlan, ImportRequest, plan_import
from notion_pm.importing.writing import ImportResult, write_import
from notion_pm.model.ids import NotionId
from notion_pm.model.import_map import ImportMap
from notion_pm.model.page import OptionValue, Page, PropertyValue, RelationValue
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.notion.retry import Patience
from notion_pm.provision import provision
from notion_pm.state.state import State
from notion_pm.template import templates
from notion_pm.workspace import fresh_updates
from notion_pm.workspace.catalogue import Catalogue
from tests.support.faults import Fault, FaultyTransport, Killed, Weather, killed
from tests.support.import_world import records
from tests.support.notion_clients import calm, notion_client_for
from tests.support.provisioned import NOW

MAP = ImportMap.model_validate(
    {
        "source": "test",
        "key": {"from": "id", "prefix": "t:"},
        "fill": {
            "name": "title",
            "customer": "customer",
            "tags": "tags",
            "importance": "importance",
        },
        "body": "text",
    }
)
ROWS = records(
    {"id": "1", "title": "One", "customer": "Acme", "tags": ["new", "api"], "text": "# Body"},
    {"id": "2", "title": "Two", "customer": "acme", "tags": ["new"], "importance": "critical"},
    {"id": "3", "title": "Three", "customer": "beta.example"},
)
JOBS = 1  # so that the same request comes at the same place


@dataclass
class World:
    """A workspace with the discovery template, the state of imports, and the faults to come."""

    workspace: LocalWorkspace
    state: Path

    def run(
        self, weather: Weather = calm, *, rows: Any = ROWS
    ) -> tuple[ImportResult | None, FaultyTransport]:
        """Import once. Faults end it as they would end the program."""
        notion, transport = notion_client_for(
            self.workspace, weather=weather, patience=Patience(attempts=3)
        )
        done = None
        try:
            with suppress(Killed, NotionPmError), State(self.state, "discovery") as state:
                prepared = self.prepared(notion, state, rows)
                done = write_import(notion, state, prepared, JOBS)
        finally:
            notion.close()
        return done, transport

    def prepared(self, notion: NotionClient, state: State, rows: Any = ROWS) -> ImportPlan:
        def load(reference: str, values: Mapping[str, str] | None) -> Template:
            return templates.load(reference, values).template

        catalogue = Catalogue(notion, lambda: NotionId(self.workspace.root_page_id), load)
        order = ImportRequest(rows, MAP, datetime.now(UTC))
        return plan_import(
            notion, state, open_destination(notion, catalogue, "insights"), order, JOBS
        )

    def content(self) -> dict[str, list[Any]]:
        """Return all insights and customers as people see them."""
        notion, _ = notion_client_for(self.workspace)
        blocks = notion.list_children(self.workspace.root_page_id)
        sources = {
            each.title: notion.get_database(each.id).data_source_ids[0]
            for each in blocks
            if each.title in {"Customer insights", "Customers"}
        }
        pages = {title: list(notion.query(source)) for title, source in sources.items()}
        titles = {page.id: page.title for each in pages.values() for page in each}
        found = {
            title: sorted(_seen(notion, page, titles) for page in those)
            for title, those in pages.items()
        }
        notion.close()
        return found


def _seen(notion: NotionClient, page: Page, titles: Mapping[NotionId, str]) -> list[str]:
    values = [page.title, notion.page_markdown(page.id).markdown]
    for each in page.properties.values():
        match each.value:
            case RelationValue(ids):
                values.append(" ".join(sorted(titles.get(id, "?") for id in ids)))
            case OptionValue(name=name):
                values.append(name)
            case tuple() as several:
                values.append(" ".join(getattr(item, "name", "") for item in several))
    return values


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("discovery") / "workspace.sqlite"
    workspace = open_workspace(file)
    notion, _ = notion_client_for(workspace)
    reading = provision.read(notion, NotionId(workspace.root_page_id), "discovery", {}, jobs=4)
    provision.apply(
        notion,
        provision.plan(reading, provision.PlanOptions(with_rows=False)),
        reading,
        provision.ApplySettings(NOW),
    )
    notion.close()
    workspace.close()
    return file


def world_in(folder: Path, applied: Path) -> World:
    folder.mkdir(exist_ok=True)
    for each in applied.parent.glob("workspace.sqlite*"):
        shutil.copy(each, folder / each.name)
    return World(open_workspace(folder / "workspace.sqlite"), folder / "state")


@pytest.fixture
def world(tmp_path: Path, applied: Path) -> Iterator[World]:
    made = world_in(tmp_path, applied)
    yield made
    made.workspace.close()


def struck(moment: int, fault: Fault) -> Weather:
    """One request fails; the next attempt succeeds."""
    return lambda number, _: fault if number == moment else None


TROUBLES: dict[str, Callable[[int], Weather]] = {
    "killed before": lambda moment: killed(moment, after=False),
    "killed after": lambda moment: killed(moment, after=True),
    "answer lost": lambda moment: struck(moment, Fault(lost=True, after=True)),
    "never arrived": lambda moment: struck(moment, Fault(lost=True)),
    "saved, but 503": lambda moment: struck(moment, Fault(after=True)),
    "rate limited": lambda moment: struck(moment, Fault(429, "rate_limited", {"Retry-After": "1"})),
}


def test_every_write_survives_every_fault(world: World, tmp_path: Path, applied: Path) -> None:
    done, transport = world.run()
    assert done is not None
    assert (len(done.created), len(done.new_pages)) == (3, 2)
    wanted, requests = world.content(), len(transport.seen)
    assert [each[0] for each in wanted["Customers"]] == ["Acme", "beta.example"]
    for moment in range(1, requests + 1):
        writes = transport.seen[moment - 1].url.path.endswith("/pages")
        for name, weather in (
            TROUBLES.items() if writes else [("killed before", TROUBLES["killed before"])]
        ):
            other = world_in(tmp_path / f"{moment} {name}", applied)
            other.run(weather(moment))
            again, _ = other.run()
            assert again is not None
            assert other.content() == wanted, (moment, name, str(transport.seen[moment - 1].url))
            quiet, sent = other.run()
            assert quiet is not None and not (quiet.created or quiet.updated or quiet.new_pages)
            assert not [each for each in sent.seen if each.method == "PATCH"]
            other.workspace.close()


def test_import_needs_few_requests(world: World) -> None:
    """Five reads: parent page, manifest, database, customers, existing rows. Then one per write."""
    _, transport = world.run()
    reads = [
        each for each in transport.seen if each.method == "GET" or each.url.path.endswith("/query")
    ]
    assert (len(reads), len(transport.seen)) == (5, 5 + 2 + 3)
    many = records(*({"id": str(number), "title": f"Row {number}"} for number in range(250)))
    _, first = world.run(rows=many)
    _, second = world.run(rows=many)
    assert (
        len(second.seen) == 3 + 3
    )  # a request for each hundred keys; no relation is filled, so none is read
    assert (
        len(first.seen) == len(second.seen) + 250 + 1
    )  # once what people edited, before three updates


def test_row_that_notion_refuses_is_reported_and_others_are_imported(world: World) -> None:
    def refusing(number: int, request: httpx.Request) -> Fault | None:
        is_two = (
            request.method == "POST"
            and b'"Two"' in request.content
            and b"data_source_id" in request.content
        )
        return Fault(400, "validation_error") if is_two else None

    done, _ = world.run(refusing)
    assert done is not None
    assert [row.key for row, _ in done.created] == ["t:1", "t:3"]
    assert [(each.record.line, each.problem) for each in done.rejects] == [
        (3, done.rejects[0].problem)
    ]
    assert done.rejects[0].problem.startswith("Notion refused it: ")
    again, _ = world.run()
    assert again is not None
    assert [row.key for row, _ in again.created] == ["t:2"]


def test_value_set_by_a_person_before_an_update_is_kept(world: World) -> None:
    """This also holds while the updates wait for the rate limit."""
    made, _ = world.run()
    assert made is not None
    pages = {row.key: page.id for row, page in made.created}
    person, _ = notion_client_for(world.workspace)
    edited: list[NotionId] = []

    def weather(_: int, request: httpx.Request) -> Fault | None:
        if (
            request.method != "PATCH"
            or edited
            or not any(each in request.url.path for each in pages.values())
        ):
            return None
        edited.append(next(each for each in pages.values() if each not in request.url.path))
        person.update_page(edited[0], [PropertyValue("title", "title", "Mine")])
        return Fault(429, "rate_limited", {"Retry-After": "2"})

    done, _ = world.run(
        weather, rows=records(*({"id": each, "title": f"Row {each}"} for each in "123"))
    )
    titles = {page_id: person.get_page(page_id).title for page_id in pages.values()}
    person.close()
    assert titles.pop(edited[0]) == "Mine"
    assert all(title.startswith("Row ") for title in titles.values())
    assert done is not None and list(done.overtaken) == edited


def test_pages_are_read_again_when_updating_rows_takes_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh_updates, "FRESH_SECONDS", 0.15)
    numbers = [str(number) for number in range(12)]
    made, _ = world.run(rows=records(*({"id": each, "title": "Old"} for each in numbers)))
    assert made is not None
    last = max(page.id for _, page in made.created)  # pages of one minute are updated in this order
    person, _ = notion_client_for(world.workspace)
    edited: list[NotionId] = []

    def slow(_: int, request: httpx.Request) -> Fault | None:
        if request.method == "PATCH" and not edited:
            edited.append(last)
            person.update_page(last, [PropertyValue("title", "title", "Mine")])
        time.sleep(0.05 if request.method == "PATCH" else 0)
        return None

    done, _ = world.run(slow, rows=records(*({"id": each, "title": "New"} for each in numbers)))
    titles = Counter(person.get_page(page.id).title for _, page in made.created)
    person.close()
    assert titles == {"New": 11, "Mine": 1}
    assert done is not None and list(done.overtaken) == [last]
