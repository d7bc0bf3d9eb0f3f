"""Rows in the words of a CSV file of starter rows: the way back of `planning.cells`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from notion_pm.model.page import DateValue, OptionValue, Page, RelationValue, Value
from notion_pm.model.property_types import READ_ONLY_TYPES, TYPES_FILLED_FROM_TEXT
from notion_pm.model.template import PropertySpec
from notion_pm.provision.capture.live import Cells, Losses
from notion_pm.provision.capture.naming import NamedDatabase, Naming


class Rows:
    """Restates the rows of one database."""

    def __init__(self, naming: Naming, of: NamedDatabase, losses: Losses) -> None:
        self._naming = naming
        self._of = of
        self._losses = losses

    def cells(self, specs: Mapping[str, PropertySpec]) -> tuple[Cells, ...]:
        """Return the rows with a column for each property that a file can fill; others are told where they hold."""
        columns = {
            prop.id: key
            for prop in self._of.properties
            if (key := self._of.property_key(prop.id)) in specs and prop.type not in READ_ONLY_TYPES
        }
        return tuple(self._row(page, columns) for page in self._of.live.rows or ())

    def _row(self, page: Page, columns: Mapping[str, str]) -> Cells:
        cells = {"key": self._of.rows[page.id]}
        for property_id, key in columns.items():
            held = page.properties.get(property_id)
            if held is None or held.type in TYPES_FILLED_FROM_TEXT:
                cells[key] = self._cell(property_id, key, held.value) if held else ""
            elif held.value:
                self._losses.tell(
                    f"{self._of.key}.{key}", f"rows do not keep what they hold of {held.type}."
                )
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
                return self._of.option_key(property_id, value) or ""
            case DateValue():
                return self._date(key, value)
            case RelationValue(ids):
                return ";".join(self._related(property_id, key, ids))
            case tuple():
                chosen = (
                    self._of.option_key(property_id, each)
                    for each in value
                    if isinstance(each, OptionValue)
                )
                return ";".join(filter(None, chosen))
        return ""

    def _date(self, key: str, value: DateValue) -> str:
        if value.time_zone:
            self._losses.tell(f"{self._of.key}.{key}", "rows do not keep the time zones of dates.")
        return "/".join(filter(None, (value.start, value.end)))

    def _related(self, property_id: str, key: str, ids: tuple[str, ...]) -> Iterator[str]:
        for page_id in ids:
            if row := self._naming.row_keys.get(page_id):
                yield row
            else:
                self._losses.tell(
                    f"{self._of.key}.{key}",
                    "rows do not keep relations to pages that are not captured.",
                )
