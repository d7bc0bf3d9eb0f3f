"""A sync of named pages: what it reads, and that nobody's edit is written over for not being named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notion_pm.model.ids import NotionId
from notion_pm.sync.sync import MOST_NAMED_PAGES
from tests.conftest import client_of
from tests.support.product_workspace import Product, apply_product

QUERY = "POST query"


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(applied, tmp_path)
    yield opened
    opened.close()


def a_feature(product: Product, asks: int = 1) -> tuple[NotionId, list[NotionId]]:
    """A feature that is being built, its insights planned; synced a while ago."""
    wings = product.add("features", "Wings", status="in_progress", effort=1)
    insights = [
        product.add("insights", f"Ask {n}", customer=f"C{n}", features=[wings]) for n in range(asks)
    ]
    product.sync()
    product.later()
    product.sync()
    product.later()
    return wings, insights


def test_only_the_named_page_is_read_and_those_that_are_to_be_written(product: Product) -> None:
    wings, (ask,) = a_feature(product)
    for number in range(5):
        product.add("insights", f"Unrelated {number}")
    product.set("features", wings, status="shipped")
    result, sent = product.requests_of_sync(only=frozenset({wings}))
    assert QUERY not in sent
    assert sent[:2] == ["GET pages", "GET pages"], (
        "the feature, then the insight that is to be written"
    )
    assert sent.count("PATCH pages") == 2
    assert result.written == 2
    assert product.get("insights", ask, "status") == "Shipped"


def test_a_named_page_that_has_not_changed_costs_one_request(product: Product) -> None:
    wings, _ = a_feature(product)
    assert product.requests_of_sync(only=frozenset({wings}))[1] == ["GET pages"]
    assert product.requests_of_sync(only=frozenset())[1] == []


def test_edits_on_pages_that_are_not_named_are_kept(product: Product) -> None:
    wings, (ask,) = a_feature(product)
    product.set("insights", ask, status="wont_do")
    product.set("features", wings, status="shipped")
    product.sync(only=frozenset({wings}))
    assert product.get("insights", ask, "status") == "Won't do"


def test_a_page_in_the_trash_counts_no_more_and_counts_again_when_it_is_back(
    product: Product,
) -> None:
    wings, asks = a_feature(product, 3)
    assert product.get("features", wings, "evidence_count") == 3
    product.notion.trash_page(asks[0])
    result = product.sync(only=frozenset({asks[0]}))
    assert [each.page.id for each in result.vanished] == [asks[0]]
    assert product.get("features", wings, "evidence_count") == 2
    assert product.sync(only=frozenset({asks[0]})).vanished == ()
    product.later()
    assert product.sync().written == 0
    with client_of(product.workspace) as api:
        api.patch(f"pages/{asks[0]}", json={"in_trash": False}).raise_for_status()
    product.sync(only=frozenset({asks[0]}))
    assert product.get("features", wings, "evidence_count") == 3


def test_a_page_outside_the_workspace_is_ignored(product: Product) -> None:
    a_feature(product)
    root = NotionId(product.workspace.root_page_id)
    result, sent = product.requests_of_sync(
        only=frozenset({root, NotionId("00000000-0000-4000-8000-000000000000")})
    )
    assert sent == ["GET pages", "GET pages"]
    assert (result.written, result.vanished) == (0, ())


def test_where_nothing_is_known_yet_everything_is_read(product: Product) -> None:
    wings = product.add("features", "Wings", status="in_progress")
    ask = product.add("insights", "Ask", features=[wings])
    _, sent = product.requests_of_sync(only=frozenset({wings}))
    assert sent.count(QUERY) == 3
    assert product.get("insights", ask, "status") == "Planned"


def test_many_pages_are_rather_queried(product: Product) -> None:
    wings, asks = a_feature(product, MOST_NAMED_PAGES + 5)
    product.set("features", wings, status="shipped")
    result, sent = product.requests_of_sync(only=frozenset({wings}), force=True)
    assert (sent.count(QUERY), sent.count("GET pages")) == (3, 1)
    assert result.written == len(asks) + 1
