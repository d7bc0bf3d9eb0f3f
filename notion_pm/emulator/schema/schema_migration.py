"""Change the stored pages of a data source when its schema changes.

Values are in the JSON column `properties`, under the property's id. Property ids contain no
character that must be escaped in a JSON path (ids.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any

from notion_pm.emulator.schema import options
from notion_pm.emulator.schema.options import default_status
from notion_pm.emulator.store.records import Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import convert
from notion_pm.emulator.values.richtext import normalize

_NUMBER_PAGES = """
    UPDATE pages SET properties = json_set(properties, ?, counted.number)
    FROM (
        SELECT id, row_number() OVER (ORDER BY created_time, seq) AS number
        FROM pages WHERE parent_id = ?
    ) AS counted
    WHERE pages.id = counted.id
"""


def json_path(property_id: str) -> str:
    """Return the JSON path of a property's value in the column `properties`."""
    return f'$."{property_id}"'


def fill_new_property(session: Session, data_source_id: str, created: Property) -> None:
    """Give existing pages the values of a new property that Notion sets.

    These are the numbers of a unique id, and the default status.
    """
    path = json_path(created.id)
    if created.type == "unique_id":
        session.db.execute(_NUMBER_PAGES, (path, data_source_id))
        count = session.db.execute(
            "SELECT count(*) FROM pages WHERE parent_id = ?", (data_source_id,)
        ).fetchone()[0]
        session.db.execute(
            "INSERT INTO counters VALUES (?, ?, ?)", (data_source_id, created.id, count)
        )
    # A page shows the default status from the start (notion-api.md 3.2).
    default = default_status(created.config) if created.type == "status" else None
    if default is not None:
        session.db.execute(
            "UPDATE pages SET properties = json_set(properties, ?, json(?)) "
            "WHERE parent_id = ? AND json_type(properties, ?) IS NULL",
            (path, json.dumps(options.never_set(default)), data_source_id, path),
        )


def remove_values(session: Session, data_source_id: str, gone: Property) -> dict[str, Any]:
    """Remove a property's values from all pages, and return them by page id."""
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
    return {row[0]: _from_sqlite(row[1], row[2]) for row in rows}


def write_converted(
    session: Session,
    data_source_id: str,
    former: Property,
    changed: Property,
    values: Mapping[str, Any],
) -> None:
    """Write the former values back in the new type. What does not fit is lost, as in Notion."""
    if former.type == "checkbox":
        # A checkbox is never empty: on a page without a value it is No.
        rows = session.db.execute("SELECT id FROM pages WHERE parent_id = ?", (data_source_id,))
        unticked = {row[0]: False for row in rows}
        values = {**unticked, **values}
    path = json_path(changed.id)
    converted = []
    for page_id, value in values.items():
        new_value = _convert_value(session, value, former, changed)
        if new_value is not None:
            converted.append((path, json.dumps(new_value, ensure_ascii=False), page_id))
    session.db.executemany(
        "UPDATE pages SET properties = json_set(properties, ?, json(?)) WHERE id = ?", converted
    )


def _convert_value(session: Session, value: Any, former: Property, changed: Property) -> Any:
    # People become mentions, not names (measured).
    if former.type == "people" and changed.type == "rich_text":
        mentions = [
            {"type": "mention", "mention": {"type": "user", "user": {"id": user_id}}}
            for user_id in value or ()
        ]
        return normalize(session, mentions, "body") or None
    was_set = not (isinstance(value, dict) and value.get("unset"))
    return convert.convert_value(value, former.type, changed, was_set=was_set)


def remove_deleted_options(
    session: Session, data_source_id: str, former: Property, changed: Property
) -> None:
    """Clear the values of options that were removed.

    A status gets another option, and its former one back when an option of that name returns
    (measured, notion-api.md 3.2; see convert.surviving_status).
    """
    before = {option["id"] for option in former.config["options"]}
    after = {option["id"] for option in changed.config["options"]}
    if before == after:
        return
    for page_id, value in _values(session, data_source_id, changed.id):
        surviving = _surviving_value(changed, value, after)
        if surviving != value:
            session.db.execute(
                "UPDATE pages SET properties = json_set(properties, ?, json(?)) WHERE id = ?",
                (json_path(changed.id), json.dumps(surviving, ensure_ascii=False), page_id),
            )


def _surviving_value(changed: Property, value: Any, option_ids: Set[str]) -> Any:
    if changed.type == "multi_select":
        return [option for option in value if option["id"] in option_ids]
    if changed.type == "select":
        return value if value and value["id"] in option_ids else None
    return convert.surviving_status(value, changed.config)


def _values(session: Session, data_source_id: str, property_id: str) -> list[tuple[str, Any]]:
    path = json_path(property_id)
    rows = session.db.execute(
        "SELECT id, json_extract(properties, ?) FROM pages "
        "WHERE parent_id = ? AND json_type(properties, ?) IS NOT NULL",
        (path, data_source_id, path),
    )
    return [(row[0], json.loads(row[1])) for row in rows if row[1] is not None]


def _from_sqlite(value: Any, json_type: str) -> Any:
    """Return a value of json_extract as JSON: it gives containers as text, booleans as numbers."""
    if json_type in ("array", "object"):
        return json.loads(value)
    return bool(value) if json_type in ("true", "false") else value
