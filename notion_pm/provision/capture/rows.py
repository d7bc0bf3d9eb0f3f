"""Convert rows to the cells of a CSV file of starter rows."""

from __future__ import annotations

from collections.abc import Mapping

from notion_pm.model.ids import NotionId
from notion_pm.model.page import DateValue, OptionValue, Page, RelationValue, Value
from notion_pm.model.property_types import READ_ONLY_TYPES, TYPES_FILLED_FROM_TEXT
from notion_pm.model.template import PropertySpec
from notion_pm.provision.capture.live import Cells, Remarks
from notion_pm.provision.capture.naming import NamedDatabase, Naming


class RowConverter:
    """Converts the rows of one database. What is not kept is added to the losses."""

    def __init__(self, naming: Naming, database: NamedDatabase, losses: Remarks) -> None:
        self._naming = naming
        self._database = database
        self._losses = losses

    def convert(self, specs: Mapping[str, PropertySpec]) -> tuple[Cells, ...]:
        """Return the rows, with a column for each property that a CSV file can fill in."""
        columns = {}
        for prop in self._database.properties:
            key = self._database.property_key(prop.id)
            if key in specs and prop.type not in READ_ONLY_TYPES:
                columns[prop.id] = key
        return tuple(self._row(page, columns) for page in self._database.live.rows or ())

    def _row(self, page: Page, columns: Mapping[str, str]) -> Cells:
        cells = {"key": self._database.rows[page.id]}
        for property_id, key in columns.items():
            value = page.properties.get(property_id)
            if value is None:
                cells[key] = ""
            elif value.type in TYPES_FILLED_FROM_TEXT:
                cells[key] = self._cell(property_id, key, value.value)
            elif value.value:
                self._lose(key, f"rows do not keep values of the type {value.type}.")
        return cells

    def _cell(self, property_id: str, key: str, value: Value) -> str:
        match value:
            case None | False:
                return ""
            case True:
                return "true"
            case int() | float():
                return repr(value)
            case str():
                return value
            case OptionValue():
                return self._database.option_key(property_id, value) or ""
            case DateValue():
                return self._date(key, value)
            case RelationValue(ids):
                return self._related_rows(key, ids)
            case tuple():
                return self._options(property_id, value)
        return ""

    def _options(self, property_id: str, values: tuple[object, ...]) -> str:
        keys = []
        for value in values:
            if isinstance(value, OptionValue):
                keys.append(self._database.option_key(property_id, value))
        return ";".join(key for key in keys if key)

    def _date(self, key: str, value: DateValue) -> str:
        if value.time_zone:
            self._lose(key, "rows do not keep the time zones of dates.")
        return f"{value.start}/{value.end}" if value.end else value.start

    def _related_rows(self, key: str, page_ids: tuple[NotionId, ...]) -> str:
        row_keys = []
        for page_id in page_ids:
            row_key = self._naming.row_keys.get(page_id)
            if row_key:
                row_keys.append(row_key)
            else:
                self._lose(key, "rows do not keep relations to pages that are not captured.")
        return ";".join(row_keys)

    def _lose(self, key: str, message: str) -> None:
        self._losses.add(f"{self._database.key}.{key}", message)
