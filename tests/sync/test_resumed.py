"""A full read that was broken off goes on where it ended, and comes to what one whole read comes
to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from notion_pm.errors import UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, SnapshotPage
from notion_pm.state.state import State
from notion_pm.sync.reading import MOST_LOST_PAGES_FETCHED
from notion_pm.sync.sync import SyncOptions, SyncResult, sync
from tests.conftest import client_of
from tests.support.faults import Fault, Killed, killed
from tests.support.notion_clients import notion_client_for
from tests.support.product_workspace import Product, apply_product, is_read_again

FEATURES, INSIGHTS = 250, 450
QUERIES = 3 + 5 + 1  # of one whole read: pages of a hundred of features, insights and the vision

Pages = Mapping[str, Mapping[NotionId, SnapshotPage]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which much happened before anybody synced."""
    folder = tmp_path_factory.mktemp("filled")
    file = apply_product(folder)
    product = Product.copied(file, tmp_path_factory.mktemp("copied"))
    for database, count in (("features", FEATURES), ("insights", INSIGHTS)):
        product.workspace.fill(product.manifest.databases[database].data_source_id, count, seed=5)
    product.close()
    return product.workspace.path


@pytest.fixture
def product(filled: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(filled, tmp_path)
    yield opened
    opened.close()


def broken_off(product: Product, after: int, *, lost: bool = False) -> None:
    """Sync until so many queries are answered; then the process ends, at once or between Notion's
    work and answer.
    """
    queries = iter(range(10**6))

    def weather(number: int, request: httpx.Request) -> Fault | None:
        if "query" in request.url.path and next(queries) >= after:
            return killed(0, after=lost)(0, request)
        return None

    notion, _ = notion_client_for(product.workspace, weather=weather)
    with pytest.raises(Killed):
        sync(replace(product.place(notion), jobs=1), SyncOptions(force=True))
    notion.close()


def queries_of(product: Product, **options: Any) -> tuple[SyncResult, list[httpx.Request]]:
    """Sync, and return the queries of its read; not those that look at pages again before they are
    written.
    """
    before = len(product.transport.seen)
    result = product.sync(force=True, **options)
    queries = [each for each in product.transport.seen[before:] if "query" in each.url.path]
    return result, [each for each in queries if not is_read_again(each)]


def pages_known(product: Product) -> Pages:
    with State(product.state, "product") as state:
        return state.pages.read().pages


def pages_there(product: Product, folder: Path) -> Pages:
    """What one whole read gives that remembers nothing."""
    place = replace(product.place(), state_directory=folder)
    seen = sync(place, SyncOptions(dry_run=True)).snapshot.databases
    return {key: dict(pages) for key, pages in seen.items() if pages}


def oldest(product: Product, database: str) -> NotionId:
    return next(product.notion.query(product.manifest.databases[database].data_source_id)).id


@pytest.mark.parametrize("after", range(1, QUERIES))
def test_a_resumed_read_sees_edits_made_in_between(
    product: Product, tmp_path: Path, after: int
) -> None:
    broken_off(product, after, lost=after % 2 == 0)
    product.later()
    product.set(
        "features",
        oldest(product, "features"),
        status="shipped",
        insights=[oldest(product, "insights")],
    )
    product.add("insights", "Come meanwhile", features=[oldest(product, "features")])
    product.later()
    expected = sync(
        replace(product.place(), state_directory=tmp_path / "new"),
        SyncOptions(dry_run=True, force=True),
    )
    result, sent = queries_of(product)
    assert [each.page.id for each in result.evaluation.updates] == [
        each.page.id for each in expected.evaluation.updates
    ]
    rest = (
        QUERIES - after + 3
    )  # each database may have had one query more to its end, and one for later edits
    assert len(sent) <= rest + 1
    product.later()
    assert product.sync(force=True).evaluation.updates == ()
    assert pages_known(product) == pages_there(product, tmp_path / "another")


def test_it_gets_to_its_end_however_often_it_is_broken_off(
    product: Product, tmp_path: Path
) -> None:
    for _ in range(6):
        broken_off(product, 3)
        product.later(minutes=10)
    queries_of(product)
    product.later()
    product.sync(force=True)
    assert pages_known(product) == pages_there(product, tmp_path / "another")


def test_stored_parts_are_deleted_at_the_end(product: Product) -> None:
    broken_off(product, 6)
    with State(product.state, "product") as state:
        assert sum(len(each.pages) for each in state.pages.parts().values()) >= 300
        assert state.pages.read().pages == {}, "a part never passes as the whole"
    product.sync(force=True)
    with State(product.state, "product") as state:
        assert state.pages.parts() == {}


def test_a_dry_run_neither_uses_nor_leaves_a_part(product: Product) -> None:
    _, sent = queries_of(product, dry_run=True)
    assert len(sent) == QUERIES
    with State(product.state, "product") as state:
        assert state.pages.parts() == {}


@pytest.mark.parametrize("why", ["asked to", "a day has passed"])
def test_it_starts_from_the_beginning(product: Product, why: str) -> None:
    broken_off(product, 6)
    product.later(days=1 if why == "a day has passed" else 0)
    _, sent = queries_of(product, full=why == "asked to")
    assert len(sent) == QUERIES
    assert not any(b'last_edited_time": {' in each.read() for each in sent)


def test_pages_deleted_in_between_are_noticed_a_day_after_the_first_part(
    product: Product,
) -> None:
    # A page that this sync does not write: a write would be refused, and tell at once.
    insight = oldest(product, "insights")
    broken_off(product, QUERIES - 1)
    product.later(hours=20)
    product.notion.trash_page(insight)
    product.sync(force=True)
    product.later(hours=3)
    product.sync()
    product.later(hours=2)
    result = product.sync()
    assert [(each.page.id, each.reason) for each in result.vanished] == [(insight, "trashed")]


def restore(product: Product, *pages: NotionId) -> None:
    """Take pages out of the trash, without a mark of an edit: whether Notion leaves one is not
    known.
    """
    with client_of(product.workspace) as person:
        for page in pages:
            assert person.patch(f"pages/{page}", json={"in_trash": False}).status_code == 200
    with closing(sqlite3.connect(product.workspace.path)) as file, file:
        file.executemany(
            "UPDATE pages SET last_edited_time = created_time WHERE id = ?",
            ((each,) for each in pages),
        )


def named_by_none(product: Product, database: str) -> list[NotionId]:
    """The pages that no relation names, oldest first: nobody asks for them by their ids."""
    known = [page for pages in pages_known(product).values() for page in pages.values()]
    named = {
        id
        for page in known
        for held in page.values.values()
        if isinstance(held, RelatedPages)
        for id in held.ids
    }
    rows = product.notion.query(product.manifest.databases[database].data_source_id)
    return [row.id for row in rows if row.id not in named]


@pytest.mark.parametrize("number", [1, MOST_LOST_PAGES_FETCHED + 1])
def test_that_pages_are_gone_does_not_come_from_a_part(product: Product, number: int) -> None:
    product.sync(force=True)
    pages = named_by_none(product, "insights")[:number]
    assert len(pages) == number
    product.later(days=1)
    for each in pages:
        product.notion.trash_page(each)
    broken_off(product, QUERIES - 2)
    restore(product, *pages)
    assert product.sync(force=True).vanished == ()
    assert set(pages) <= pages_known(product)["insights"].keys()


def test_a_threshold_that_stops_a_run_does_not_cost_the_read(product: Product) -> None:
    wings = product.add("features", "Wings", status="in_progress")
    for page in product.notion.query(product.manifest.databases["insights"].data_source_id):
        product.set("insights", page.id, status="triaged", features=[wings])
    product.later()
    with pytest.raises(UnsafeChange):
        product.sync()
    _, sent = queries_of(product)
    assert len(sent) < QUERIES
