"""Finds the type of a formula, and with it every fault that can be found before there is a page to compute it for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from notion_pm.emulator.formulas import functions
from notion_pm.emulator.formulas.effort import spend
from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.forms import FORMS
from notion_pm.emulator.formulas.library import FUNCTIONS
from notion_pm.emulator.formulas.nodes import (
    Binary,
    Call,
    ListOf,
    Literal,
    Node,
    Reference,
    Unary,
    Variable,
)
from notion_pm.emulator.formulas.types import (
    ANY,
    BOOLEAN,
    NUMBER,
    TEXT,
    FormulaType,
    PropertyInfo,
    common,
    list_of,
    type_of,
)

assert functions  # imported for what it registers

LOGIC = ("and", "or")
ORDER = {">": "larger", ">=": "largerEq", "<": "smaller", "<=": "smallerEq"}
EQUALITY = {"==": "equal", "!=": "unequal"}


@dataclass(frozen=True, slots=True)
class Checker:
    """Types of nodes, among the properties of a data source and the names bound."""

    properties: Mapping[str, PropertyInfo]
    names: Mapping[str, FormulaType] = field(default_factory=dict)

    def of(self, node: Node, **bound: FormulaType) -> FormulaType:
        """Return the type of a node. Raises FormulaError for what cannot be."""
        if bound:
            return replace(self, names={**self.names, **bound}).of(node)
        spend()
        match node:
            case Literal(value):
                return (
                    BOOLEAN
                    if isinstance(value, bool)
                    else TEXT
                    if isinstance(value, str)
                    else NUMBER
                )
            case Reference():
                return self._reference(node)
            case Variable(name):
                return self._variable(name)
            case ListOf(items):
                return list_of(self._common(items))
            case Unary(operator, operand):
                return self._unary(operator, self.of(operand))
            case Binary(operator, left, right):
                return self._binary(operator, self.of(left), self.of(right))
            case Call(name, arguments):
                return self._call(name, arguments)

    def _reference(self, node: Reference) -> FormulaType:
        properties: Mapping[str, PropertyInfo] | None = self.properties
        if node.owner is not None:
            owner = self.of(node.owner)
            if owner.kind not in ("page", "any"):
                raise FormulaError(
                    f'Type mismatch: .prop("{node.key}") is asked of a {owner}, not of a page.'
                )
            properties = owner.properties
        if properties is None:
            return ANY
        found = find(properties, node.key)
        if found is None:
            raise FormulaError(f'Undefined property "{node.key}".')
        return type_of(found)

    def _variable(self, name: str) -> FormulaType:
        if name not in self.names:
            raise FormulaError(f"Undefined variable {name}.")
        return self.names[name]

    def _common(self, items: tuple[Node, ...]) -> FormulaType:
        types = [self.of(item) for item in items]
        joined = types[0] if types else ANY
        for one in types[1:]:
            joined = common(joined, one)
        return joined

    def _unary(self, operator: str, operand: FormulaType) -> FormulaType:
        if operator == "not":
            return BOOLEAN
        _need_number(operator, operand)
        return NUMBER

    def _binary(self, operator: str, left: FormulaType, right: FormulaType) -> FormulaType:
        if operator in LOGIC or operator in EQUALITY:
            return BOOLEAN
        if operator in ORDER:
            if left.kind != right.kind and "any" not in (left.kind, right.kind):
                raise FormulaError(
                    f"Type mismatch: a {left} cannot be compared ({operator}) with a {right}."
                )
            return BOOLEAN
        if operator == "+":
            return _sum(left, right)
        _need_number(operator, left)
        _need_number(operator, right)
        return NUMBER

    def _call(self, name: str, arguments: tuple[Node, ...]) -> FormulaType:
        if name in FORMS:
            return FORMS[name].check(name, arguments, self)
        if name == "add" and len(arguments) == 2:
            return self.of(Binary("+", *arguments))
        if name not in FUNCTIONS:
            raise FormulaError(f"Undefined function {name}().")
        return FUNCTIONS[name].check([self.of(argument) for argument in arguments])


def find(properties: Mapping[str, PropertyInfo], key: str) -> PropertyInfo | None:
    """Return the property of that name or id, in a mapping by name or by id."""
    return properties.get(key) or next(
        (one for one in properties.values() if key in (one.name, one.id)), None
    )


def _need_number(operator: str, operand: FormulaType) -> None:
    if operand.kind not in ("number", "any"):
        raise FormulaError(f"Type mismatch: {operator} takes numbers, not a {operand}.")


def _sum(left: FormulaType, right: FormulaType) -> FormulaType:
    """Two numbers add up; anything else is joined as text."""
    if left.kind == right.kind == "number":
        return NUMBER
    return (
        ANY
        if "any" in (left.kind, right.kind) and {left.kind, right.kind} <= {"any", "number"}
        else TEXT
    )
