"""Evaluate a formula for a page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from notion_pm.emulator.formulas.checking import EQUALITY, ORDER
from notion_pm.emulator.formulas.effort import check_size, spend
from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.forms import FORMS
from notion_pm.emulator.formulas.functions.numbers import ARITHMETIC
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
from notion_pm.emulator.formulas.types import FormulaType
from notion_pm.emulator.formulas.values import Date, Person, Row, Value, as_text, is_empty, read


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Computes the values of nodes, for one page at one time."""

    row: Row
    now: datetime
    names: Mapping[str, Value] = field(default_factory=dict)

    def of(self, node: Node, **bound: Value) -> Value:
        """Return the value of a node, with more names bound. Raises FormulaError."""
        if bound:
            return replace(self, names={**self.names, **bound}).of(node)
        spend()
        value = self._value(node)
        # After every step, so that a large value is stopped before it is used.
        check_size(value)
        return value

    def _value(self, node: Node) -> Value:
        match node:
            case Literal(value):
                return value
            case Reference(key, owner):
                return self._reference(key, owner)
            case Variable(name):
                return self._variable(name)
            case ListOf(items):
                return [self.of(item) for item in items]
            case Unary(operator, operand):
                return self._unary(operator, self.of(operand))
            # The right side is evaluated only if it decides, so it is a form.
            case Binary("and" | "or" as name, left, right):
                return FORMS[name].run((left, right), self)
            case Binary(operator, left, right):
                return _binary(operator, self.of(left), self.of(right))
            case Call(name, arguments):
                return self._call(name, arguments)

    def _reference(self, key: str, owner: Node | None) -> Value:
        page = self.row if owner is None else self.of(owner)
        if page is None:
            return None
        if isinstance(page, str | float | int | list | Date | Person):
            raise FormulaError(f'Type mismatch: .prop("{key}") is not asked of a page.')
        return read(page, key)

    def _variable(self, name: str) -> Value:
        if name not in self.names:
            raise FormulaError(f"Undefined variable {name}.")
        return self.names[name]

    def _unary(self, operator: str, operand: Value) -> Value:
        if operator == "not":
            return is_empty(operand)
        number = _number(operator, operand)
        return -number if operator == "-" else number

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Value:
        if name in FORMS:
            return FORMS[name].run(arguments, self)
        values = [self.of(argument) for argument in arguments]
        if name == "add" and len(values) == 2:
            return _plus(*values)
        if name not in FUNCTIONS:
            raise FormulaError(f"Undefined function {name}().")
        return FUNCTIONS[name](values)


def _binary(operator: str, left: Value, right: Value) -> Value:
    function_name = ORDER.get(operator) or EQUALITY.get(operator)
    if function_name:
        return FUNCTIONS[function_name]((left, right))
    if operator == "+":
        return _plus(left, right)
    return ARITHMETIC[operator](_number(operator, left), _number(operator, right))


def _plus(left: Value, right: Value) -> Value:
    """Add two numbers, with an empty one as zero. Join all other values as text."""
    if all(value is None or _is_number(value) for value in (left, right)):
        return (left or 0.0) + (right or 0.0)
    return as_text(left) + as_text(right)


def _number(operator: str, value: Value) -> float:
    """Return a number, 0 for an empty value. Raises FormulaError for anything else."""
    if value is None:
        return 0.0
    if not _is_number(value):
        raise FormulaError(f"Type mismatch: {operator} takes numbers, not {as_text(value)!r}.")
    return float(value)


def _is_number(value: Value) -> bool:
    # In Python a boolean is an int too.
    return isinstance(value, float | int) and not isinstance(value, bool)


def to_api(value: Value, expected: FormulaType) -> dict[str, Any]:
    """Return a formula value in the API's form: `{"type": "number", "number": 3}`.

    An infinite number, or one that is not a number, is null.
    """
    kind = _kind(value)
    if value is None or expected.kind == "text":
        kind = expected.kind
    if kind == "number":
        has_number = value is not None and math.isfinite(value)
        return {"type": "number", "number": _plain(value) if has_number else None}
    if kind == "boolean":
        return {"type": "boolean", "boolean": value}
    if kind == "date":
        return {"type": "date", "date": None if value is None else date_to_api(value)}
    # Lists, pages and people are shown as text.
    return {"type": "string", "string": None if value is None else as_text(value)}


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if _is_number(value):
        return "number"
    return "date" if isinstance(value, Date) else "text"


def _plain(number: float) -> float | int:
    """Return a whole number as an int, so that JSON has 3 and not 3.0."""
    # Above 2^53 a double has no exact whole numbers.
    is_exact_integer = float(number).is_integer() and abs(number) < 2**53
    return int(number) if is_exact_integer else float(number)


def date_to_api(date: Date) -> dict[str, Any]:
    """Return a date in the API's form: a day, or a time with milliseconds (recorded)."""
    start = _format_moment(date.start, timed=date.timed)
    end = None if date.end is None else _format_moment(date.end, timed=date.timed)
    return {"start": start, "end": end, "time_zone": None}


def _format_moment(moment: datetime, *, timed: bool) -> str:
    return moment.isoformat(timespec="milliseconds") if timed else moment.date().isoformat()
