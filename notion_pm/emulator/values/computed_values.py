"""Values that are computed when they are read: rollups and formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from notion_pm.emulator import formulas
from notion_pm.emulator.formulas import FormulaError, FormulaType
from notion_pm.emulator.schema.properties import property_of
from notion_pm.emulator.store.records import Page, Property
from notion_pm.emulator.values import rollups

if TYPE_CHECKING:
    from notion_pm.emulator.values.values import Reader

Json = dict[str, Any]

_UNSUPPORTED: Json = {"type": "unsupported", "unsupported": {}}


def rollup(reader: Reader, page: Page, prop: Property) -> Json:
    """Follow the relation and aggregate what stands there; a rollup whose path is broken is unsupported."""
    relation, rolled = reader.rollup_path(page, prop)
    if relation is None or rolled is None:
        return {**_UNSUPPORTED, "function": prop.config["function"]}
    related = reader.related_pages(page, relation)
    return rollups.aggregate(
        prop.config["function"], [_typed(reader, each, rolled) for each in related]
    )


def formula(reader: Reader, page: Page, prop: Property, expected: FormulaType) -> Json:
    """Evaluate a formula over a page; one that does not hold together shows an empty text (recorded)."""
    row = FormulaRow(reader, page)
    try:
        return formulas.evaluate(prop.config["expression"], row, reader.session.moment, expected)
    except FormulaError:
        return {"type": "string", "string": None}


@dataclass(frozen=True, slots=True)
class FormulaRow:
    """A page as formulas see it: values by property id or name, and the pages a relation leads to."""

    reader: Reader
    page: Page

    @property
    def id(self) -> str:
        """The page's id."""
        return self.page.id

    def value(self, key: str) -> Json:
        """Return a value as `{"type": t, t: ...}`; raises KeyError for an unknown property."""
        return _typed(self.reader, self.page, self._property(key))

    def pages(self, key: str) -> Sequence[FormulaRow]:
        """Return the related pages that a formula sees."""
        related = self.reader.related_pages(self.page, self._property(key))
        return [FormulaRow(self.reader, each) for each in related[: formulas.MOST_RELATED]]

    def _property(self, key: str) -> Property:
        found = property_of(self.reader.page_schema(self.page), key)
        if found is None:
            raise KeyError(key)
        return found


def _typed(reader: Reader, page: Page, prop: Property) -> Json:
    return {"type": prop.type, prop.type: reader.value(page, prop)}
