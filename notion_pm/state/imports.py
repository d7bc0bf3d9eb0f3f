"""What imports brought: rows, what a source means by names, and every write, so it can be
undone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import ImportWrite, Item
from notion_pm.state.plain_json import object_from_json
from notion_pm.state.rows import Rows, sortable, transaction
from notion_pm.state.tables import IMPORT_WRITES, IMPORTED

_NAME_MARK = "\x1f"
"""Begins the keys of names, which are in the table of rows. No key of a row begins with it."""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """The page of an imported row, and what the last import said of its fields.

    The next import compares the page with it: what differs was edited by a person.
    """

    page_id: NotionId
    said: Mapping[str, Item]


class ImportStore:
    """What imports into one template's databases have done."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    # --- rows

    def imported(self, source_id: NotionId) -> dict[str, ImportedRow]:
        """Return what imports put into a data source, by the keys of their rows."""
        is_of_source = IMPORTED.c.source == source_id
        return dict(self._rows.read(IMPORTED, "key page said", _decode_row, is_of_source))

    def save_imported(
        self, source_id: NotionId, imported: Iterable[tuple[str, ImportedRow]]
    ) -> None:
        """Keep rows that were imported, by key, in one transaction."""
        rows = (
            (source_id, key, row.page_id, json.dumps(row.said, ensure_ascii=False))
            for key, row in imported
        )
        with transaction(self._rows.connection):
            self._rows.put(IMPORTED, rows)

    def forget_imported(self, source_id: NotionId, key: str) -> None:
        """Forget a row that was imported."""
        self._rows.drop(IMPORTED, source=source_id, key=key)

    # --- names of pages in a source

    def spellings(self, source_id: NotionId, *, source: str) -> dict[str, NotionId]:
        """Return the pages of a data source by the names that the source of an import gives them.

        Example: a person has chosen once that "ACME Inc." in the files of Jira is the page "Acme".
        """
        prefix = _name_key(source, "")
        pages = {}
        for key, row in self.imported(source_id).items():
            if key.startswith(prefix):
                pages[key.removeprefix(prefix)] = row.page_id
        return pages

    def save_spellings(
        self, source_id: NotionId, source: str, pages: Mapping[str, NotionId]
    ) -> None:
        """Keep which pages of a data source the source of an import means by names."""
        known = self.spellings(source_id, source=source)
        changed = {name: page_id for name, page_id in pages.items() if known.get(name) != page_id}
        self.save_imported(
            source_id,
            ((_name_key(source, name), ImportedRow(page, {})) for name, page in changed.items()),
        )

    # --- writes, for undo

    def save_writes(self, run: str, at: datetime, writes: Iterable[ImportWrite]) -> None:
        """Keep what an import is about to write, or has written, in one transaction."""
        moment = sortable(at)
        rows = (
            (run, write.entry, moment, json.dumps(asdict(write), ensure_ascii=False))
            for write in writes
        )
        with transaction(self._rows.connection):
            self._rows.put(IMPORT_WRITES, rows)

    def forget_write(self, run: str, entry: str) -> None:
        """Forget a write that Notion refused."""
        self._rows.drop(IMPORT_WRITES, run=run, entry=entry)

    def writes(self, run: str) -> list[ImportWrite]:
        """Return what an import wrote, or was about to write when it was interrupted."""
        is_of_run = IMPORT_WRITES.c.run == run
        return self._rows.read(IMPORT_WRITES, "written", _decode_write, is_of_run)

    def drop_writes_before(self, moment: datetime) -> None:
        """Forget writes before a moment."""
        self._rows.drop_before(IMPORT_WRITES, "at", moment)


def _name_key(source: str, name: str) -> str:
    return f"{_NAME_MARK}{source}{_NAME_MARK}{name}"


def _decode_row(key: str, page_id: str, said: str) -> tuple[str, ImportedRow]:
    items = object_from_json(said)
    if any(isinstance(item, dict) for item in items.values()):
        raise ValueError("not an item")
    return key, ImportedRow(NotionId(page_id), _with_tuples(items))


def _decode_write(text: str) -> ImportWrite:
    data = object_from_json(text)
    for name in ("after", "before"):
        values = data[name]
        if values is not None:
            data[name] = {str(key): (str(kind), value) for key, (kind, value) in values.items()}
    if data["memory"] is not None:
        data["memory"] = _with_tuples(data["memory"])
    found_by, text_found = data["found_by"]
    data["found_by"] = (str(found_by), str(text_found))
    return ImportWrite(**data)


def _with_tuples(items: Mapping[str, Item | list[str]]) -> dict[str, Item]:
    """Return items as they were before JSON, which knows no tuples."""
    return {key: tuple(item) if isinstance(item, list) else item for key, item in items.items()}
