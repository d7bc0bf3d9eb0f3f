"""Compare a row of a file with its page: which values to write, and which to leave to people.

What people changed since the last import stays, unless `overwrite` is set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from notion_pm.importing.interpret import ImportRow
from notion_pm.importing.target import Field, Target
from notion_pm.model.ids import NotionId
from notion_pm.model.import_write import Item
from notion_pm.model.page import DateValue, OptionValue, Page, PropertyValue, RelationValue

KeptReason = Literal["changed", "cleared", "not remembered"]
"""Why a value stays: a person changed or cleared it, or no earlier import of it is remembered."""

LOCKED = "locked"
OVERTAKEN = "overtaken"
"""The row would be written in another way than the preview showed."""

Memory = Mapping[str, Item]
"""The values that the last import read from the file, by field key. They are remembered whether
they were written or a person's value was kept."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value to write."""

    field: Field
    before: Item
    after: Item


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A value that stays as it is although the file has another one."""

    field: Field
    current: Item
    in_file: Item
    reason: KeptReason


@dataclass(frozen=True, slots=True)
class CreateRow:
    """A row without a page."""

    row: ImportRow


@dataclass(frozen=True, slots=True)
class UpdateRow:
    """A row with a page. Without changes the page is up to date, apart from kept values.

    `memory`: what the page was compared with, to compare it again when it was edited.
    """

    row: ImportRow
    page: Page
    changes: tuple[FieldChange, ...]
    kept: tuple[KeptValue, ...] = ()
    memory: Memory | None = None


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row whose page is not written. `reason`: LOCKED, OVERTAKEN, or why the page is missing."""

    row: ImportRow
    reason: str


Decision = CreateRow | UpdateRow | SkippedRow


def compare_row(
    target: Target, row: ImportRow, page: Page, memory: Memory | None, *, overwrite: bool
) -> UpdateRow | SkippedRow:
    """Return what to write of a row that has a page. An empty cell never clears a property.

    A page is locked by Notion's own lock, or by the checkbox that the template names.
    """
    lock = target.fields.get(target.lock) if target.lock else None
    if page.is_locked or (lock is not None and value_on_page(page, lock) is True):
        return SkippedRow(row, LOCKED)

    changes: list[FieldChange] = []
    kept: list[KeptValue] = []
    for key, in_file in row.values.items():
        field = target.fields[key]
        current = value_on_page(page, field)
        last = memory.get(key) if memory else None
        result = compare_value(field, current, in_file, last, overwrite=overwrite)
        if isinstance(result, FieldChange):
            changes.append(result)
        elif result is not None:
            kept.append(result)
    return UpdateRow(row, page, tuple(changes), tuple(kept), memory)


def compare_value(
    field: Field, current: Item, in_file: Item, last: Item | None, *, overwrite: bool
) -> FieldChange | KeptValue | None:
    """Compare the value on a page, the value in the file, and the value of the last import.

    `last` is None when no earlier import is remembered. Returns None when nothing is to do.

    Example with the file "Open", the page "Done":
      last "Done"  the file is new         -> change
      last "Open"  a person set "Done"     -> nothing to do, the file says nothing new
      last "New"   both changed            -> keep the person's value, and report it
      last None    unknown who changed it  -> keep it, and report it
    """
    # Lists are merged, also with `overwrite`: each item has its own history, so there is no
    # conflict to resolve.
    if isinstance(in_file, tuple):
        current_items = current if isinstance(current, tuple) else ()
        last_items = last if isinstance(last, tuple) else ()
        merged = _merge_list(current_items, in_file, last_items)
        return FieldChange(field, current, merged) if merged != current else None

    if in_file == current:
        return None
    if overwrite:
        return FieldChange(field, current, in_file)
    if in_file == last:
        return None
    if last == current or (last is None and current == ""):
        return FieldChange(field, current, in_file)

    if last is None:
        return KeptValue(field, current, in_file, "not remembered")
    return KeptValue(field, current, in_file, "cleared" if current == "" else "changed")


def _merge_list(
    current: Sequence[str], in_file: Sequence[str], last: Sequence[str]
) -> tuple[str, ...]:
    """Add what is new in the file, and remove what the file no longer has. People's items stay."""
    # Example: last import [A, B], a person added C, the file has [B, D]. A goes, B and C stay, D is
    # added: [B, C, D].
    stays = [item for item in current if item in in_file or item not in last]
    return tuple(dict.fromkeys([*stays, *in_file]))


def value_on_page(page: Page, field: Field) -> Item:
    """Return the value of a field as an import writes it; an empty text when there is none."""
    held = page.properties.get(field.id)
    match held.value if held is not None else None:
        case OptionValue(name=name):
            return name
        case DateValue(start=start):
            return start[:10]  # an import writes days only
        case RelationValue(ids=ids):
            return tuple(ids)
        case tuple() as values:
            return tuple(value.name for value in values if isinstance(value, OptionValue))
        case str() | bool() | int() | float() as value:
            return value
    return ""


def property_value(field: Field, item: Item) -> PropertyValue:
    """Return an item as a value to send. A new option goes by name, and Notion creates it."""
    match field.type:
        case "select" | "status":
            return PropertyValue(field.id, field.type, _option_value(field, str(item)))
        case "multi_select":
            assert isinstance(item, tuple)
            options = tuple(_option_value(field, name) for name in item)
            return PropertyValue(field.id, field.type, options)
        case "relation":
            assert isinstance(item, tuple)
            ids = tuple(NotionId(page_id) for page_id in item)
            return PropertyValue(field.id, field.type, RelationValue(ids))
        case "date":
            return PropertyValue(field.id, field.type, DateValue(str(item)))
        case _:
            return PropertyValue(field.id, field.type, item)


def _option_value(field: Field, name: str) -> OptionValue:
    for choice in field.choices:
        if choice.name == name:
            return OptionValue(choice.id, name)
    return OptionValue("", name)
