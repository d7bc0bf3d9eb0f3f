"""Starter rows in the model's terms: what is written to a page, once ids are known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from notion_pm.model.cells import Cell, OptionKeys, RowKeys
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, PropertyValue, RelationValue, Value
from notion_pm.model.property_lookup import property_type
from notion_pm.model.template import Template

_PLACEHOLDER = re.compile(r"\{([a-z0-9_-]+)\}")


class Ids(Protocol):
    """The ids of what exists by now."""

    def property_id(self, database: str, key: str) -> str:
        """Return the id of a property."""

    def option(self, database: str, key: str, option: str) -> OptionValue:
        """Return an option by its key."""

    def row_id(self, database: str, row: str) -> NotionId | None:
        """Return the page of a starter row, None when it is not there yet."""


def row_values(
    template: Template, database: str, cells: Mapping[str, Cell], ids: Ids
) -> dict[str, PropertyValue]:
    """Return the values of a row by property key. Relations name the rows that exist by now."""
    return {
        key: PropertyValue(
            ids.property_id(database, key),
            property_type(template, database, key) or "",
            _value(template, database, key, cell, ids),
        )
        for key, cell in cells.items()
    }


def _value(template: Template, database: str, key: str, cell: Cell, ids: Ids) -> Value:
    if isinstance(cell, RowKeys):
        pages = (ids.row_id(cell.database, each) for each in cell.keys)
        return RelationValue(tuple(page for page in pages if page is not None))
    if isinstance(cell, OptionKeys):
        chosen = (
            *(ids.option(database, key, each) for each in cell.keys),
            *(OptionValue("", name) for name in cell.free),
        )
        return chosen if property_type(template, database, key) == "multi_select" else chosen[0]
    return cell


def fill_in(body: str, cells: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """Return a body with `{problem}` replaced by the row's cell of that property; other braces stay."""
    return _PLACEHOLDER.sub(
        lambda found: cells.get(found[1], "") if found[1] in keys else found[0], body
    )
