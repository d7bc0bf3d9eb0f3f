"""In which order starter rows are written, and which of their relations must follow later."""

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
        """All rows by name, in the order in which they are best written: each after those it relates to."""
        return {_split(name): self._by_text[name] for name in self._arrangement.order}

    def cells(self, name: RowName) -> dict[str, Cell]:
        """Return the cells that are not empty, parsed."""
        return self._cells["/".join(name)]

    def relations(self, name: RowName) -> set[RowName]:
        """Return the rows that a row relates to and that are written before it."""
        return {_split(each) for each in self._needs["/".join(name)]} - {
            each for _, each in self.late_of(name)
        }

    def late_of(self, name: RowName) -> list[tuple[str, RowName]]:
        """Return property and row of the relations that can only be written when both rows are there."""
        return self._late.get("/".join(name), [])

    @cached_property
    def _by_text(self) -> dict[str, Row]:
        return {
            f"{database}/{row.key}": row
            for database, rows in self.loaded.rows.items()
            for row in rows
        }

    @cached_property
    def _cells(self) -> dict[str, dict[str, Cell]]:
        template = self.loaded.template
        return {
            name: {
                key: parse_cell(template, _split(name)[0], key, text)
                for key, text in row.cells.items()
                if text
            }
            for name, row in self._by_text.items()
        }

    @cached_property
    def _needs(self) -> dict[str, set[str]]:
        return {
            name: {
                f"{cell.database}/{key}"
                for cell in cells.values()
                if isinstance(cell, RowKeys)
                for key in cell.keys
            }
            for name, cells in self._cells.items()
        }

    @cached_property
    def _late(self) -> dict[str, list[tuple[str, RowName]]]:
        late: dict[str, list[tuple[str, RowName]]] = {}
        for name, needed in sorted(self._arrangement.deferred):
            for key, cell in self._cells[name].items():
                if isinstance(cell, RowKeys) and needed in {
                    f"{cell.database}/{each}" for each in cell.keys
                }:
                    late.setdefault(name, []).append((key, _split(needed)))
        return late

    @cached_property
    def _arrangement(self) -> Ordering:
        return topological_order(self._needs)


def _split(name: str) -> RowName:
    database, _, key = name.partition("/")
    return database, key
