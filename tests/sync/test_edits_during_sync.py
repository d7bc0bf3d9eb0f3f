"""What people set while a sync runs stays: pages are read again before they are written, and after
every pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from notion_pm.model.ids import NotionId
from notion_pm.sync.summary import SyncReport
from notion_pm.sync.undo import CHANGED_SINCE, plan_undo, undo_sync
from notion_pm.workspace import fresh_updates
from tests.support.faults import Fault
from tests.support.notion_clients import notion_client_for
from tests.support.product_workspace import READ_AGAIN, Product, apply_product, is_read_again

Weather = Callable[[int, httpx.Request], Fault | None]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apply_product(tmp_path_factory.mktemp("applied"))


@pytest.fixture
def product(applied: Path, tmp_path: Path) -> Iterator[Product]:
    opened = Product.copied(applied, tmp_path)
    yield opened
    opened.close()


def shipped_feature(product: Product, asks: int) -> tuple[NotionId, list[NotionId]]:
    """A feature that shipped since the last sync, so that the insights behind it are to become
    Shipped.
    """
    wings = product.add("features", "Wings", status="in_progress")
    insights = [
        product.add("insights", f"Ask {number}", features=[wings]) for number in range(asks)
    ]
    product.sync()
    product.later()
    product.set("features", wings, status="shipped")
    return wings, insights


def once(
    when: Callable[[httpx.Request], bool], do: Callable[[], object], fault: Fault | None = None
) -> Weather:
    """Let people do something right before the first request of a kind, which may then fail."""
    done: list[bool] = []

    def weather(_: int, request: httpx.Request) -> Fault | None:
        if done or not when(request):
            return None
        done.append(True)
        do()
        return fault

    return weather


def writes(page_id: NotionId) -> Callable[[httpx.Request], bool]:
    return lambda request: request.method == "PATCH" and page_id in request.url.path


def test_a_value_set_after_the_reading_stays_and_is_reported(product: Product) -> None:
    wings, _ = shipped_feature(product, 0)
    product.add("insights", "Ask", features=[wings])
    notion, _ = notion_client_for(
        product.workspace,
        weather=once(is_read_again, lambda: product.set("features", wings, evidence_count=9)),
    )
    result = product.sync(notion)
    notion.close()
    assert product.get("features", wings, "evidence_count") == 9
    (conflict,) = result.evaluation.conflicts
    assert (conflict.property, conflict.value, conflict.derived, conflict.new) == (
        "evidence_count",
        9,
        1,
        True,
    )
    product.later()
    again = product.sync()
    assert not again.evaluation.updates
    assert [each.new for each in again.evaluation.conflicts] == [False]


@pytest.mark.parametrize(
    "fault",
    [Fault(429, "rate_limited", {"Retry-After": "3"}), Fault(503), Fault(lost=True)],
    ids=["rate limit", "not available", "lost"],
)
def test_a_write_that_has_to_be_sent_again_is_decided_again(product: Product, fault: Fault) -> None:
    _, (ask, other) = shipped_feature(product, 2)
    weather = once(writes(ask), lambda: product.set("insights", ask, status="wont_do"), fault)
    notion, _ = notion_client_for(product.workspace, weather=weather)
    result = product.sync(notion)
    notion.close()
    assert product.get("insights", ask, "status") == "Won't do"
    assert product.get("insights", other, "status") == "Shipped"
    assert ask not in {update.page.id for update in result.evaluation.updates}
    assert any(
        "Won't do" in text and page and page.id == ask for text, page in SyncReport(result).notes()
    )


def test_pages_that_wait_beside_it_are_decided_again(product: Product) -> None:
    """A rate limit delays every page that is not yet written, not only the one that was refused."""
    _, asks = shipped_feature(product, 12)
    last = max(asks)  # pages of one minute are written in the order of their ids
    patches = iter(range(10**6))
    weather = once(
        lambda request: request.method == "PATCH" and next(patches) == 5,
        lambda: product.set("insights", last, status="wont_do"),
        Fault(429, "rate_limited", {"Retry-After": "3"}),
    )
    notion, _ = notion_client_for(product.workspace, weather=weather)
    product.sync(notion, force=True)
    notion.close()
    assert product.get("insights", last, "status") == "Won't do"
    assert sum(product.get("insights", each, "status") == "Shipped" for each in asks) == 11


def test_pages_are_read_again_when_writing_a_batch_takes_long(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With slow answers a person may edit a page long before its turn comes."""
    monkeypatch.setattr(fresh_updates, "FRESH_SECONDS", 0.15)
    _, asks = shipped_feature(product, 12)
    last = max(asks)  # pages of one minute are written in the order of their ids
    edit = once(
        lambda request: request.method == "PATCH" and min(asks) in request.url.path,
        lambda: product.set("insights", last, status="wont_do"),
    )

    def slow(number: int, request: httpx.Request) -> Fault | None:
        edit(number, request)
        time.sleep(0.05 if request.method == "PATCH" else 0)
        return None

    notion, transport = notion_client_for(product.workspace, weather=slow)
    result = product.sync(notion, force=True)
    notion.close()
    assert product.get("insights", last, "status") == "Won't do"
    assert sum(product.get("insights", each, "status") == "Shipped" for each in asks) == 11
    assert any(
        "Won't do" in text and page and page.id == last for text, page in SyncReport(result).notes()
    )
    # Two at a time: about six insights are written after each reading.
    assert 3 <= sum(map(is_read_again, transport.seen)) <= 6


def test_a_write_whose_answer_was_lost_is_found_and_not_sent_twice(product: Product) -> None:
    _, (ask,) = shipped_feature(product, 1)
    notion, transport = notion_client_for(
        product.workspace, weather=once(writes(ask), lambda: None, Fault(lost=True, after=True))
    )
    result = product.sync(notion)
    notion.close()
    assert len([each for each in transport.seen if writes(ask)(each)]) == 1
    assert ask in {update.page.id for update in result.evaluation.updates}
    product.later()
    again = product.sync()
    assert (again.evaluation.updates, again.evaluation.conflicts) == ((), ())


def test_pages_that_depend_on_an_edit_are_decided_again(product: Product) -> None:
    """A customer is added to an insight that is about to be written; its feature counts them in the
    same run.
    """
    wings, (ask, _) = shipped_feature(product, 2)
    weather = once(is_read_again, lambda: product.set("insights", ask, customer="Acme"))
    notion, _ = notion_client_for(product.workspace, weather=weather)
    product.sync(notion)
    notion.close()
    assert product.get("features", wings, "customers") == 1


def test_undo_keeps_values_set_after_the_question(product: Product) -> None:
    wings, (ask, other) = shipped_feature(product, 2)
    product.sync()
    product.later()
    undo = plan_undo(product.place(), None)
    product.set("insights", ask, status="wont_do")
    done = undo_sync(product.place(), undo)
    assert product.get("insights", ask, "status") == "Won't do"
    assert product.get("insights", other, "status") == "Planned"
    left = {(each.change.page, each.change.property): each.reason for each in done.not_undone}
    assert left == {(ask, "status"): CHANGED_SINCE}
    assert wings


def test_a_query_for_each_batch_of_pages(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_updates, "BATCH", 4)
    wings = product.add("features", "Wings", status="in_progress")
    for number in range(9):
        product.later(minutes=1)
        product.add("insights", f"Ask {number}", features=[wings])
    product.later()
    _, sent = product.requests_of_sync()
    assert sent.count("PATCH pages") == 10
    assert sent.count(READ_AGAIN) == 1 + 3, "one for the feature, three for nine insights"
    product.later()
    assert READ_AGAIN not in product.requests_of_sync()[1]
