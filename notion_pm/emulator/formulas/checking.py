"""Find the type of a formula, and all errors that can be found without a page."""

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
    common_of,
    list_of,
    type_of,
)

assert functions  # importing the module registers the functions

LOGIC = ("and", "or")
ORDER = {">": "larger", ">=": "largerEq", "<": "smaller", "<=": "smallerEq"}
EQUALITY = {"==": "equal", "!=": "unequal"}


@dataclass(frozen=True, slots=True)
class Checker:
    """Finds the types of nodes, with the properties of a data source and the bound names."""

    properties: Mapping[str, PropertyInfo]
    names: Mapping[str, FormulaType] = field(default_factory=dict)

    def of(self, node: Node, **bound: FormulaType) -> FormulaType:
        """Return the type of a node, with more names bound. Raises FormulaError."""
        if bound:
            return replace(self, names={**self.names, **bound}).of(node)
        spend()
        match node:
            case Literal(value):
                if isinstance(value, bool):
                    return BOOLEAN
                return TEXT if isinstance(value, str) else NUMBER
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
        # A page of unknown type: its properties are known only when it is evaluated.
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
        return common_of(types) if types else ANY

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
        # `add(a, b)` is `a + b`, which also joins texts.
        if name == "add" and len(arguments) == 2:
            return self.of(Binary("+", *arguments))
        if name not in FUNCTIONS:
            raise FormulaError(f"Undefined function {name}().")
        return FUNCTIONS[name].check([self.of(argument) for argument in arguments])


def find(properties: Mapping[str, PropertyInfo], key: str) -> PropertyInfo | None:
    """Return the property of a name or id, in a mapping by either of them."""
    if key in properties:
        return properties[key]
    for prop in properties.values():
        if key in (prop.name, prop.id):
            return prop
    return None


def _need_number(operator: str, operand: FormulaType) -> None:
    if operand.kind not in ("number", "any"):
        raise FormulaError(f"Type mismatch: {operator} takes numbers, not a {operand}.")


def _sum(left: FormulaType, right: FormulaType) -> FormulaType:
    """Return the type of `left + right`. Two numbers are added, all other values joined as text."""
    if left.kind == right.kind == "number":
        return NUMBER
    # `any` may turn out to be a number. With another kind on the other side the sum is a text.
    may_be_number = {left.kind, right.kind} <= {"any", "number"}
    return ANY if may_be_number else TEXT
