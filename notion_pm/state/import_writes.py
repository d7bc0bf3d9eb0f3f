"""What each import wrote, page by page. `undo import` reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime

from notion_pm.model.import_write import ImportWrite
from notion_pm.state.plain_json import object_from_json
from notion_pm.state.rows import Rows
from notion_pm.state.tables import IMPORT_WRITES


def put_import_writes(rows: Rows, run: str, at: datetime, writes: Iterable[ImportWrite]) -> None:
    """Remember what a run is about to write, or has written."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    rows.put(
        IMPORT_WRITES,
        (
            (run, write.entry, moment, json.dumps(asdict(write), ensure_ascii=False))
            for write in writes
        ),
    )


def read_import_writes(rows: Rows, run: str) -> list[ImportWrite]:
    """Return what a run wrote, or was about to write."""
    return [
        _decoded(written)
        for (written,) in rows.all(IMPORT_WRITES, "written", IMPORT_WRITES.c.run == run)
    ]


def _decoded(text: str) -> ImportWrite:
    held = object_from_json(text)
    for name in ("after", "before"):
        if held[name] is not None:
            held[name] = {str(key): (str(kind), value) for key, (kind, value) in held[name].items()}
    if held["memory"] is not None:
        held["memory"] = {
            key: tuple(item) if isinstance(item, list) else item
            for key, item in held["memory"].items()
        }
    found_by, text_held = held["found_by"]
    return ImportWrite(**{**held, "found_by": (str(found_by), str(text_held))})
