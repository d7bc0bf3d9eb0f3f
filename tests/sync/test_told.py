"""What a sync tells those who work in the workspace: one paragraph of the manifest page, written
when there is news.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notion_pm.errors import UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import ChildBlock
from notion_pm.notion.client import NotionClient
from notion_pm.notion.retry import Patience
from notion_pm.sync.run import SyncRun, Timing, run_sync
from notion_pm.sync.sync import SyncOptions
from notion_pm.template import templates
from notion_pm.workspace.record import open_record_page
from notion_pm.workspace.sync_context import SyncContext
from tests.conftest import client_of
from tests.support.faults import Fault
from tests.support.notion_clients import notion_client_for
from tests.support.product_workspace import Product, apply_product
from tests.support.provisioned import apply_to, plan_for

WRITE = "PATCH blocks"
ONCE = SyncOptions()


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(applied, tmp_path)
    wings = opened.add("features", "Wings", status="in_progress")
    opened.add("insights", "Ask", features=[wings])
    yield opened
    opened.close()


def paragraphs(product: Product) -> list[ChildBlock]:
    page = open_record_page(product.notion, product.workspace.root_page_id)
    return [
        each
        for each in product.notion.list_children(page.id)
        if each.type == "paragraph" and not each.in_trash
    ]


def told(product: Product) -> str:
    return paragraphs(product)[-1].text


def sync_once(
    product: Product, notion: NotionClient | None = None, options: SyncOptions = ONCE
) -> SyncRun:
    root = NotionId(product.workspace.root_page_id)
    place = SyncContext(notion or product.notion, root, product.state, product.clock.now)
    return run_sync(place, options, Timing(lambda: 0.0, lambda seconds: None))


def break_too_much(product: Product) -> None:
    wings = product.add("features", "More wings", status="in_progress")
    for number in range(20):
        product.add("insights", f"Ask {number}", status="triaged", features=[wings])


def test_a_sync_that_changed_pages_is_shown_with_one_write(product: Product) -> None:
    assert told(product) == "Sync: has not changed anything yet."
    _, sent = product.requests_of_sync()
    assert sent.count(WRITE) == 1
    assert told(product) == f"Sync: {product.clock.now:%Y-%m-%d %H:%M} UTC. It changed 2 pages."


def test_a_sync_that_changed_nothing_writes_nothing(product: Product) -> None:
    product.sync()
    product.later()
    assert product.requests_of_sync()[1] == ["POST query"] * 3


def test_the_paragraph_is_searched_only_once(product: Product) -> None:
    product.sync()
    product.later()
    product.add(
        "insights", "More", features=[product.add("features", "Tail", status="in_progress")]
    )
    assert "GET children" not in product.requests_of_sync()[1]


def test_conflicts_are_shown_as_well(product: Product) -> None:
    product.sync()
    product.later()
    tail = product.add("features", "Tail", evidence_count=7)
    product.add(
        "insights", "More", features=[tail, product.add("features", "Fin", status="in_progress")]
    )
    product.sync()
    assert told(product).endswith("1 conflict between people and rules: people's values stay.")


def test_a_dry_run_shows_nothing(product: Product) -> None:
    assert WRITE not in product.requests_of_sync(dry_run=True)[1]


def test_people_may_remove_the_paragraph(product: Product) -> None:
    with client_of(product.workspace) as person:
        assert person.delete(f"blocks/{paragraphs(product)[-1].id}").status_code == 200
    assert product.sync().written == 2
    product.later()
    product.add(
        "insights", "More", features=[product.add("features", "Tail", status="in_progress")]
    )
    assert product.sync().written == 2


def test_apply_keeps_the_paragraph_and_plan_reports_no_drift(product: Product) -> None:
    product.sync()
    before = told(product)
    loaded = templates.load("product")
    assert not plan_for(product.notion, product.workspace, loaded).changes
    product.later()
    newer = loaded.template.model_copy(update={"version": loaded.template.version + 1})
    later = loaded.model_copy(update={"template": newer})
    apply_to(product.notion, product.workspace, later, now=product.clock.now)
    assert told(product) == before
    assert f"Last apply: {product.clock.now:%Y-%m-%d %H:%M}" in paragraphs(product)[0].text
    assert paragraphs(product)[0].text.startswith("Template product")


def test_the_first_success_after_a_failure_is_shown_once(product: Product) -> None:
    product.sync()
    product.later()
    down, _ = notion_client_for(
        product.workspace,
        weather=lambda number, request: Fault(503, "down"),
        patience=Patience(attempts=1),
    )
    assert sync_once(product, down).trouble == "Unavailable"
    down.close()
    product.later()
    assert sync_once(product).outcome == "unchanged"
    assert told(product) == f"Sync: {product.clock.now:%Y-%m-%d %H:%M} UTC. It works again."
    product.later()
    assert product.requests_of_sync()[1] == ["POST query"] * 3


def test_the_next_runs_know_of_a_failure(product: Product) -> None:
    product.sync()
    break_too_much(product)
    product.later()
    failed = sync_once(product)
    assert isinstance(failed.error, UnsafeChange)
    assert (failed.trouble, failed.trouble_before) == ("UnsafeChange", "")
    assert sync_once(product).trouble_before == "UnsafeChange", "the second of a kind is no news"
    product.later()
    recovered = sync_once(product, options=SyncOptions(force=True))
    assert (recovered.outcome, recovered.trouble_before) == ("changed", "UnsafeChange")
    assert sync_once(product).trouble_before == ""
