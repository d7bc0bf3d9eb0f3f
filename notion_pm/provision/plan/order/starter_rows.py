"""The order in which starter rows are written, and which of their relations must follow later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from notion_pm.model.cells import Cell, RowKeys, parse_cell
from notion_pm.model.template import LoadedTemplate, Row
from notion_pm.template.topological_order import Ordering, topological_order

RowName = tuple[str, str]
"""A starter row: database key and row key."""


@dataclass(frozen=True)
class StarterRows:
    """The starter rows of a template, parsed and in order."""

    loaded: LoadedTemplate

    @cached_property
    def rows(self) -> Mapping[RowName, Row]:
        """All rows, each after those it relates to, as far as that is possible."""
        return {_parse(text): self._by_text[text] for text in self._order.order}

    def cells(self, name: RowName) -> dict[str, Cell]:
        """Return the cells that are not empty, parsed."""
        return self._cells[_text(name)]

    def relations(self, name: RowName) -> set[RowName]:
        """Return the rows that a row relates to and that are written before it."""
        related = {_parse(text) for text in self._related[_text(name)]}
        deferred = {row for _, row in self.deferred_relations(name)}
        return related - deferred

    def deferred_relations(self, name: RowName) -> list[tuple[str, RowName]]:
        """Return property and row of the relations that are written only after both rows exist.

        Two rows that relate to each other cannot each be written after the other.
        """
        return self._deferred.get(_text(name), [])

    # Below, a row is named by one text, `database/row`, as the ordering wants it.

    @cached_property
    def _by_text(self) -> dict[str, Row]:
        found = {}
        for database, rows in self.loaded.rows.items():
            for row in rows:
                found[_text((database, row.key))] = row
        return found

    @cached_property
    def _cells(self) -> dict[str, dict[str, Cell]]:
        parsed: dict[str, dict[str, Cell]] = {}
        for text, row in self._by_text.items():
            database, _ = _parse(text)
            parsed[text] = {
                key: parse_cell(self.loaded.template, database, key, cell)
                for key, cell in row.cells.items()
                if cell
            }
        return parsed

    @cached_property
    def _related(self) -> dict[str, set[str]]:
        related: dict[str, set[str]] = {}
        for text, cells in self._cells.items():
            related[text] = set()
            for cell in cells.values():
                related[text] |= _related_rows(cell)
        return related

    @cached_property
    def _deferred(self) -> dict[str, list[tuple[str, RowName]]]:
        deferred: dict[str, list[tuple[str, RowName]]] = {}
        for text, other in sorted(self._order.deferred):
            for key, cell in self._cells[text].items():
                if other in _related_rows(cell):
                    deferred.setdefault(text, []).append((key, _parse(other)))
        return deferred

    @cached_property
    def _order(self) -> Ordering:
        return topological_order(self._related)


def _related_rows(cell: Cell) -> set[str]:
    """Return the rows that a cell relates to; none for other cells than relations."""
    if not isinstance(cell, RowKeys):
        return set()
    return {_text((cell.database, key)) for key in cell.keys}


def _text(name: RowName) -> str:
    return "/".join(name)


def _parse(text: str) -> RowName:
    database, _, key = text.partition("/")
    return database, key
