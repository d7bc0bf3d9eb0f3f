"""What an interrupted run was about to write, seen again by the next one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import NOT_APPLICABLE, BaseValue, RuleValue, Snapshot, SnapshotPage
from notion_pm.rules.intents import Intent, recover_interrupted_writes

PAGE = NotionId("p")
OLD = {"count": BaseValue(1, 1), "status": BaseValue("idea", NOT_APPLICABLE)}
NEW = {"count": BaseValue(2, 2), "status": BaseValue("shipped", NOT_APPLICABLE)}
INTENTS = {
    PAGE: {
        "count": Intent(NEW["count"], before=1),
        "status": Intent(NEW["status"], before="shipped"),
    }
}


@pytest.mark.parametrize(
    ("count", "memory"),
    [
        pytest.param(2, NEW, id="written: all of it counts"),
        pytest.param(1, OLD, id="not written: as before"),
        pytest.param(
            9, {**OLD, "count": NEW["count"]}, id="a person has changed it since: it counts as said"
        ),
    ],
)
def test_interrupted_write_is_recognised_by_the_values_of_the_page(
    count: RuleValue, memory: dict[str, BaseValue]
) -> None:
    page = SnapshotPage(
        PAGE, "features", "Wings", "", datetime.now(UTC), {"count": count, "status": "shipped"}
    )
    snapshot = Snapshot({"features": {PAGE: page}})
    assert recover_interrupted_writes({PAGE: OLD}, INTENTS, snapshot) == {PAGE: memory}


def test_missing_page_recovers_no_memory() -> None:
    assert recover_interrupted_writes({PAGE: OLD}, INTENTS, Snapshot({"features": {}})) == {}
