"""The index for filters and sorts: a small row (a cell) for each value of each page in it.

Triggers keep it up to date, whatever statement writes the pages. `cells_of` defines the cells of a
value; an empty value has none. Relations need no cells, because they are in the table `links`, and
times and authors are columns of `pages`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from notion_pm.emulator.query.dates import milliseconds
from notion_pm.emulator.query.values import fold, plain_text

Cell = str | float

_CELLS_OF_PAGE = """
    SELECT
        source.seq, json_extract(cell.value, '$[0]'), json_extract(cell.value, '$[1]'), {page}.seq
    FROM data_sources source, json_each(notion_cells({page}.properties)) cell
    WHERE {page}.parent_type = 'data_source_id' AND source.id = {page}.parent_id
"""
_FILL = f"INSERT OR IGNORE INTO cells {_CELLS_OF_PAGE.format(page='NEW')}"

_FILL_FROM_ALL_PAGES = _CELLS_OF_PAGE.format(page="pages").replace("FROM", "FROM pages,")

INDEX_TABLES = f"""
    CREATE TABLE cells (
        source INTEGER NOT NULL, property TEXT NOT NULL, value NOT NULL, page INTEGER NOT NULL,
        PRIMARY KEY (source, property, value, page)
    ) WITHOUT ROWID;
    CREATE INDEX cells_of_page ON cells (page, property, value);
    CREATE INDEX pages_in_order ON pages (parent_id, parent_type, in_trash, is_archived, seq);
    INSERT OR IGNORE INTO cells {_FILL_FROM_ALL_PAGES};
    CREATE TRIGGER page_inserted AFTER INSERT ON pages BEGIN
        {_FILL};
    END;
    CREATE TRIGGER page_updated AFTER UPDATE OF properties, parent_id, parent_type ON pages
    WHEN NEW.properties IS NOT OLD.properties OR NEW.parent_id IS NOT OLD.parent_id BEGIN
        DELETE FROM cells WHERE page = OLD.seq;
        {_FILL};
    END;
    CREATE TRIGGER page_deleted AFTER DELETE ON pages BEGIN
        DELETE FROM cells WHERE page = OLD.seq;
    END;
"""


def prepare(db: sqlite3.Connection) -> None:
    """Register the SQL function that the triggers call."""
    db.create_function("notion_cells", 1, _cells, deterministic=True)


def _cells(properties: str) -> str:
    stored: Mapping[str, Any] = json.loads(properties)
    cells = []
    for property_id, value in stored.items():
        cells += [(property_id, cell) for cell in cells_of(value)]
    return json.dumps(cells, ensure_ascii=False)


def cells_of(value: Any) -> Iterator[Cell]:
    """Return the cells of a stored value. Its type is recognized by its form.

    The cells are: folded text; a number; the start of a date in milliseconds; the id of an option
    or person; the name of a file; 1 for a ticked checkbox.
    """
    if isinstance(value, bool):
        if value:
            yield 1
    elif isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, str):
        if value:
            yield fold(value)
    elif isinstance(value, Mapping):
        yield from _cells_of_object(value)
    elif isinstance(value, list) and value:
        yield from _cells_of_list(value)


def _cells_of_object(value: Mapping[str, Any]) -> Iterator[Cell]:
    if "start" in value:
        yield milliseconds(value["start"])
    elif "id" in value:
        yield value["id"]


def _cells_of_list(items: list[Any]) -> Iterator[Cell]:
    if isinstance(items[0], Mapping) and "plain_text" in items[0]:
        text = fold(plain_text(items))
        if text:
            yield text
        return
    for item in items:
        if isinstance(item, str):  # the id of a person
            yield item
        else:  # an option has an id, a file only a name
            yield item.get("id") or item["name"]
