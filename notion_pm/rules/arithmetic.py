"""Arithmetic over the numbers of a page: `reach * impact * confidence / effort`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_ALLOWED = "use only numbers, property keys, + - * / and brackets."


class BadFormula(ValueError):
    """A formula is not arithmetic. Its text says what is wrong, for a person."""


@cache
def property_names(expression: str) -> tuple[str, ...]:
    """Return the keys of the properties that a formula reads. Raises BadFormula."""
    names: dict[str, None] = {}  # a dict keeps the order and drops repetitions
    for node in ast.walk(_parse(expression)):
        if isinstance(node, ast.Name):
            names[node.id] = None
    return tuple(names)


def calculate(expression: str, numbers: Mapping[str, float | None]) -> float | None:
    """Return the result of a formula. Raises BadFormula.

    None when a number is missing, a divisor is zero, or the result is too large.
    """
    try:
        return _calculate(_parse(expression), numbers)
    # Example: "impact / effort" of a feature without an estimate, or with an estimate of 0.
    except (ZeroDivisionError, OverflowError):
        return None


@cache
def _parse(expression: str) -> ast.expr:
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte
        raise BadFormula(f"{expression!r} is not arithmetic: {_ALLOWED}") from error
    _check(tree)
    return tree


def _check(node: ast.expr) -> None:
    """Refuse everything but the four operations: Python's syntax knows calls, strings and more."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left)
            _check(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand)
        case ast.Constant(value=bool()) | ast.Constant(value=complex()):
            raise BadFormula(f"{ast.unparse(node)!r} is not a number.")
        case ast.Name() | ast.Constant(value=int()) | ast.Constant(value=float()):
            pass
        case _:
            raise BadFormula(f"{ast.unparse(node)!r} is not arithmetic: {_ALLOWED}")


def _calculate(node: ast.expr, numbers: Mapping[str, float | None]) -> float | None:
    """Return the value of a checked expression, None as soon as one of its numbers is missing."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            left_number = _calculate(left, numbers)
            right_number = _calculate(right, numbers)
            if left_number is None or right_number is None:
                return None
            return _OPERATORS[type(op)](left_number, right_number)
        case ast.UnaryOp(operand=operand):
            number = _calculate(operand, numbers)
            return None if number is None else -number
        case ast.Name(id=name):
            return numbers.get(name)
        case _:
            return float(ast.literal_eval(node))
