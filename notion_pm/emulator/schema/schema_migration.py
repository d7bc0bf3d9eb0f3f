"""What a change of schema does to the stored pages of a data source.

Values stand in the JSON column `properties`, under the property's id; property ids hold no character that a JSON path
would have to escape (ids.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from notion_pm.emulator.schema import options
from notion_pm.emulator.schema.options import default_status
from notion_pm.emulator.store.records import Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import convert as conversion
from notion_pm.emulator.values.richtext import normalized

_NUMBERED = """
    UPDATE pages SET properties = json_set(properties, ?, counted.number)
    FROM (SELECT id, row_number() OVER (ORDER BY created_time, seq) AS number FROM pages WHERE parent_id = ?) AS counted
    WHERE pages.id = counted.id
"""


def json_path(property_id: str) -> str:
    """Return where a property's value stands in the column `properties`."""
    return f'$."{property_id}"'


def fill(session: Session, data_source_id: str, created: Property) -> None:
    """Give existing pages what a new property says without being written: a number, a default status."""
    path = json_path(created.id)
    if created.type == "unique_id":
        session.db.execute(_NUMBERED, (path, data_source_id))
        count = session.db.execute(
            "SELECT count(*) FROM pages WHERE parent_id = ?", (data_source_id,)
        ).fetchone()[0]
        session.db.execute(
            "INSERT INTO counters VALUES (?, ?, ?)", (data_source_id, created.id, count)
        )
    if created.type == "status" and (default := default_status(created.config)):
        session.db.execute(
            "UPDATE pages SET properties = json_set(properties, ?, json(?)) "
            "WHERE parent_id = ? AND json_type(properties, ?) IS NULL",
            (path, json.dumps(options.never_set(default)), data_source_id, path),
        )


def take(session: Session, data_source_id: str, gone: Property) -> dict[str, Any]:
    """Remove a property's values from all pages and return them by page id."""
    path = json_path(gone.id)
    rows = session.db.execute(
        "SELECT id, json_extract(properties, ?), json_type(properties, ?) FROM pages "
        "WHERE parent_id = ? AND json_type(properties, ?) IS NOT NULL",
        (path, path, data_source_id, path),
    ).fetchall()
    session.db.execute(
        "UPDATE pages SET properties = json_remove(properties, ?) WHERE parent_id = ?",
        (path, data_source_id),
    )
    session.db.execute(
        "DELETE FROM counters WHERE data_source_id = ? AND property_id = ?",
        (data_source_id, gone.id),
    )
    return {row[0]: _parsed(row[1], row[2]) for row in rows}


def convert(
    session: Session,
    data_source_id: str,
    former: Property,
    changed: Property,
    values: Mapping[str, Any],
) -> None:
    """Write back what a conversion keeps of the former values; what does not fit is lost, as in Notion."""
    if former.type == "checkbox":  # it has no empty state: what nobody has ticked is a No
        rows = session.db.execute(
            "SELECT id FROM pages WHERE parent_id = ?", (data_source_id,)
        ).fetchall()
        values = {**{row[0]: False for row in rows}, **values}
    kept = {
        page_id: _converted(session, value, former, changed) for page_id, value in values.items()
    }
    session.db.executemany(
        "UPDATE pages SET properties = json_set(properties, ?, json(?)) WHERE id = ?",
        [
            (json_path(changed.id), json.dumps(v, ensure_ascii=False), page_id)
            for page_id, v in kept.items()
            if v is not None
        ],
    )


def _converted(session: Session, value: Any, former: Property, changed: Property) -> Any:
    if former.type == "people" and changed.type == "rich_text":
        users = [
            {"type": "mention", "mention": {"type": "user", "user": {"id": each}}}
            for each in value or ()
        ]
        return normalized(session, users, "body") or None
    was_set = not (isinstance(value, dict) and value.get("unset"))
    return conversion.converted(value, former.type, changed, was_set=was_set)


def drop_options(
    session: Session, data_source_id: str, former: Property, changed: Property
) -> None:
    """Clear page values whose option is gone, and give status values back whose option has returned by name.

    The return was measured on the real service (notion-api.md 3.2): hence a status remembers in `was` what it had been.
    """
    before = {option["id"] for option in former.config["options"]}
    after = {option["id"]: option for option in changed.config["options"]}
    if before == after.keys():
        return
    for page_id, value in _values(session, data_source_id, changed.id):
        kept = _kept(changed, value, after)
        if kept != value:
            session.db.execute(
                "UPDATE pages SET properties = json_set(properties, ?, json(?)) WHERE id = ?",
                (json_path(changed.id), json.dumps(kept, ensure_ascii=False), page_id),
            )


def _kept(changed: Property, value: Any, options: Mapping[str, Any]) -> Any:
    if changed.type == "multi_select":
        return [option for option in value if option["id"] in options]
    if changed.type == "select":
        return value if value and value["id"] in options else None
    return conversion.surviving_status(value, changed.config)


def _values(session: Session, data_source_id: str, property_id: str) -> list[tuple[str, Any]]:
    path = json_path(property_id)
    rows = session.db.execute(
        "SELECT id, json_extract(properties, ?) FROM pages "
        "WHERE parent_id = ? AND json_type(properties, ?) IS NOT NULL",
        (path, data_source_id, path),
    )
    return [(row[0], json.loads(row[1])) for row in rows if row[1] is not None]


def _parsed(value: Any, json_type: str) -> Any:
    """Undo what SQLite's json_extract does: containers come as text, booleans as numbers."""
    if json_type in ("array", "object"):
        return json.loads(value)
    return bool(value) if json_type in ("true", "false") else value
