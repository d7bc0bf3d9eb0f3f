"""What an apply knows while it does several things at once."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import Database, View
from notion_pm.provision.apply.apply_state import ApplyState
from tests.support.template_worlds import load

ID = NotionId("00000000-0000-4000-8000-000000000000")


def test_no_view_is_lost_when_many_are_recorded_at_once() -> None:
    keys = [f"v{number}" for number in range(100)]
    views = {key: {"title": key, "type": "table"} for key in keys}
    name = {"name": {"type": "title", "title": "Name"}}
    loaded = load(
        {"databases": {"features": {"title": "Features", "properties": name, "views": views}}}
    )
    ledger = ApplyState(
        loaded, Existing(), started=datetime(2026, 11, 22, tzinfo=UTC), with_rows=False
    )
    ledger.note_database("features", Database(ID, "Features", (ID,)))

    def note(key: str) -> None:
        ledger.note_view("features", key, View(ID, key, "table", ID))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(note, keys))
    finally:
        sys.setswitchinterval(before)
    assert set(ledger.manifest("applied").databases["features"].views) == set(keys)
