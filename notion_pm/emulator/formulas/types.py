"""The types of formula values, and the types of properties in formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from notion_pm.emulator.formulas.error import FormulaError

Kind = Literal["text", "number", "boolean", "date", "person", "page", "list", "any"]


@dataclass(frozen=True, slots=True)
class FormulaType:
    """The type of a value.

    A list knows the type of its items, a page its properties. `any` is known only after computing.
    """

    kind: Kind
    item: FormulaType | None = None
    properties: Mapping[str, PropertyInfo] | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"list of {self.item}" if self.item and self.item.kind != "any" else self.kind


@dataclass(frozen=True, slots=True)
class PropertyInfo:
    """What a formula needs to know of a property.

    `result`: returns the type of a formula's or rollup's value, if it is known. `target`: returns
    the properties of a relation's data source. They are called only if the formula needs them.
    """

    id: str
    name: str
    type: str
    result: Callable[[], FormulaType] | None = None
    target: Callable[[], Mapping[str, PropertyInfo]] | None = None


TEXT = FormulaType("text")
NUMBER = FormulaType("number")
BOOLEAN = FormulaType("boolean")
DATE = FormulaType("date")
PERSON = FormulaType("person")
ANY = FormulaType("any")

_PLAIN = {
    **dict.fromkeys(
        ("title", "rich_text", "select", "status", "url", "email", "phone_number", "unique_id"),
        TEXT,
    ),
    "number": NUMBER,
    "checkbox": BOOLEAN,
    **dict.fromkeys(("date", "created_time", "last_edited_time"), DATE),
    **dict.fromkeys(("created_by", "last_edited_by"), PERSON),
}


def list_of(item: FormulaType) -> FormulaType:
    """Return the type of a list with items of a type."""
    return FormulaType("list", item)


def type_of(info: PropertyInfo) -> FormulaType:
    """Return the type of a property in a formula.

    Raises FormulaError for a property that formulas cannot use.
    """
    if info.type in _PLAIN:
        return _PLAIN[info.type]
    # ANY if the type is not known before the value is computed.
    if info.type in ("formula", "rollup"):
        return info.result() if info.result else ANY
    # Options are given by their names, files by their URLs.
    if info.type in ("multi_select", "files"):
        return list_of(TEXT)
    if info.type == "people":
        return list_of(PERSON)
    if info.type == "relation":
        properties = info.target() if info.target else None
        return list_of(FormulaType("page", properties=properties))
    raise FormulaError(
        f'The property "{info.name}" is of type {info.type}, which formulas cannot use.'
    )


def common(first: FormulaType, second: FormulaType) -> FormulaType:
    """Return the type of a value that may be of either type."""
    if first.kind == second.kind == "list" and first.item and second.item:
        return list_of(common(first.item, second.item))
    # Example: `if(a, 1, "x")` is a number or a text, which only evaluation can tell.
    return first if first.kind == second.kind else ANY


def common_of(types: Sequence[FormulaType]) -> FormulaType:
    """Return the type of a value that may be of any of these types (at least one)."""
    result = types[0]
    for other in types[1:]:
        result = common(result, other)
    return result
