"""What imports put into pages, one row for each of theirs: by it the next import tells a person's edit from its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import Item
from notion_pm.state.plain_json import object_from_json
from notion_pm.state.rows import Rows
from notion_pm.state.tables import IMPORTED

_SPELLING = "\x1f"
"""A sign that no text of a file begins with: it is before the names that are remembered."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """The page of an imported row, and what the last import said of its fields."""

    page_id: NotionId
    said: Mapping[str, Item]


def read_imported(rows: Rows, source_id: NotionId) -> dict[str, ImportedRow]:
    """Return what was imported into a data source, by key."""
    found = rows.all(IMPORTED, "key page said", IMPORTED.c.source == source_id)
    return {key: ImportedRow(NotionId(page), _items(said)) for key, page, said in found}


def put_imported(
    rows: Rows, source_id: NotionId, imported: Iterable[tuple[str, ImportedRow]]
) -> None:
    """Remember what was imported into a data source."""
    rows.put(
        IMPORTED,
        (
            (source_id, key, each.page_id, json.dumps(each.said, ensure_ascii=False))
            for key, each in imported
        ),
    )


def spelling_key(source: str, name: str) -> str:
    """Return under which key it is remembered what page a source means by a name. No key of a row is such a one."""
    return f"{_SPELLING}{source}{_SPELLING}{name}"


def spellings_of(imported: Mapping[str, ImportedRow], source: str) -> dict[str, NotionId]:
    """Return the pages that a source means by names, of what is remembered of the pages' database."""
    start = spelling_key(source, "")
    return {
        key.removeprefix(start): each.page_id
        for key, each in imported.items()
        if key.startswith(start)
    }


def _items(said: str) -> dict[str, Item]:
    items = object_from_json(said)
    if any(isinstance(item, dict) for item in items.values()):
        raise ValueError("not an item")
    return {key: tuple(item) if isinstance(item, list) else item for key, item in items.items()}
