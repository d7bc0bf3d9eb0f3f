"""What becomes of each row: created, updated, left as it is. What people changed since the last import is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from notion_pm.importing.interpret import ImportRow
from notion_pm.importing.target import Field, Target
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import Item
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue

Reason = Literal["changed", "cleared", "not remembered"]
"""Why a value is left as it is: a person changed or cleared it, or nothing is known of an earlier import."""
LOCKED = "locked"
OVERTAKEN = "overtaken"
"""Other things would become of the row than were shown before somebody agreed."""

Memory = Mapping[str, Item]
"""What the last import said of the fields of a page, whether it was written or a person's value was kept."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value that is written."""

    field: Field
    before: Item
    after: Item


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A value that is left as it is although the file says another."""

    field: Field
    current: Item
    in_file: Item
    reason: Reason


@dataclass(frozen=True, slots=True)
class CreateRow:
    """A row that is not there yet."""

    row: ImportRow


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """A row that is there. Without changes it is as the file says, apart from what is kept.

    `memory`: what it was compared with, for another comparison with the page as it is later.
    """

    row: ImportRow
    page: Page
    changes: tuple[FieldChange, ...]
    kept: tuple[KeptValue, ...] = ()
    memory: Memory | None = None


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is not to be written: LOCKED, OVERTAKEN, or why people's page is no longer there."""

    row: ImportRow
    reason: str


Decision = CreateRow | UpdateRow | SkippedRow


def compare_row(
    target: Target, row: ImportRow, page: Page, memory: Memory | None, *, overwrite: bool
) -> UpdateRow | SkippedRow:
    """Return what becomes of a row that is there. An empty cell never empties a property.

    A page is locked by Notion's own lock, or by the checkbox that the template names.
    """
    if page.is_locked or (
        target.lock and value_on_page(page, target.fields.get(target.lock)) is True
    ):
        return SkippedRow(row, LOCKED)
    judged = [
        compare_value(
            target.fields[key],
            value_on_page(page, target.fields[key]),
            said,
            (memory or {}).get(key),
            overwrite=overwrite,
        )
        for key, said in row.values.items()
    ]
    changes = tuple(each for each in judged if isinstance(each, FieldChange))
    kept = tuple(each for each in judged if isinstance(each, KeptValue))
    return UpdateRow(row, page, changes, kept, memory)


def compare_value(
    field: Field, now: Item, said: Item, before: Item | None, *, overwrite: bool
) -> FieldChange | KeptValue | None:
    """Compare what a page holds, what the file says now, and what the last import put there (None: not known).

    A list gets what is new in the file and loses what the file no longer has; what people added stays.
    """
    if isinstance(said, tuple):
        merged = _merged(
            now if isinstance(now, tuple) else (), said, before if isinstance(before, tuple) else ()
        )
        return FieldChange(field, now, merged) if merged != now else None
    if said == now or (said == before and not overwrite):
        return None
    if overwrite or before == now or (before is None and now == ""):
        return FieldChange(field, now, said)
    if before is None:
        return KeptValue(field, now, said, "not remembered")
    return KeptValue(field, now, said, "cleared" if now == "" else "changed")


def _merged(now: Sequence[str], said: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
    stays = [each for each in now if each in said or each not in before]
    return tuple(dict.fromkeys([*stays, *said]))


def value_on_page(page: Page, field: Field | None) -> Item:
    """Return what a page holds in a field, in the terms of an import; an empty text where it holds nothing."""
    found = page.properties.get(field.id) if field else None
    match found:
        case None | PropertyValue(value=None):
            return ""
        case PropertyValue(value=OptionValue(name=name)):
            return name
        case PropertyValue(value=DateValue(start=start)):
            return start[:10]
        case PropertyValue(value=RelationValue(ids=ids)):
            return tuple(ids)
        case PropertyValue(value=tuple() as several):
            return tuple(each.name for each in several if isinstance(each, OptionValue))
        case PropertyValue(value=str() | bool() | int() | float() as plain):
            return plain
    return ""


def property_value(field: Field, item: Item) -> PropertyValue:
    """Return an item as what is written to Notion; new options go by name, and Notion makes them."""
    match field.type:
        case "select" | "status":
            return PropertyValue(field.id, field.type, _option(field, str(item)))
        case "multi_select":
            assert isinstance(item, tuple)
            return PropertyValue(field.id, field.type, tuple(_option(field, each) for each in item))
        case "relation":
            assert isinstance(item, tuple)
            return PropertyValue(
                field.id, field.type, RelationValue(tuple(NotionId(each) for each in item))
            )
        case "date":
            return PropertyValue(field.id, field.type, DateValue(str(item)))
        case _:
            return PropertyValue(field.id, field.type, item)


def _option(field: Field, name: str) -> OptionValue:
    found = next((each for each in field.choices if each.name == name), None)
    return OptionValue(found.id if found else "", name)
