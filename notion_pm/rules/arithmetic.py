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


class BadFormula(ValueError):
    """A formula is not arithmetic. Its text says what, for a person."""


@cache
def names(expression: str) -> tuple[str, ...]:
    """Return the properties that a formula reads. Raises BadFormula."""
    tree = _parse(expression)
    return tuple(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))


def calculate(expression: str, numbers: Mapping[str, float | None]) -> float | None:
    """Return the result, or None when a number is missing or a divisor is zero. Raises BadFormula."""
    try:
        return _value(_parse(expression), numbers)
    except (ZeroDivisionError, OverflowError):
        return None


@cache
def _parse(expression: str) -> ast.expr:
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise BadFormula(
            f"{expression!r} is not arithmetic: numbers, property keys, + - * / and brackets."
        ) from error
    _check(tree)
    return tree


def _check(node: ast.expr) -> None:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left)
            _check(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand)
        case ast.Constant(value=bool()) | ast.Constant(value=complex()):
            raise BadFormula(f"{ast.unparse(node)!r} is no number.")
        case ast.Name() | ast.Constant(value=int()) | ast.Constant(value=float()):
            pass
        case _:
            raise BadFormula(
                f"{ast.unparse(node)!r} is not arithmetic: numbers, property keys, + - * / and brackets."
            )


def _value(node: ast.expr, numbers: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _value(left, numbers), _value(right, numbers)
            return None if one is None or other is None else _OPERATORS[type(op)](one, other)
        case ast.UnaryOp(operand=operand):
            number = _value(operand, numbers)
            return None if number is None else -number
        case ast.Name(id=name):
            return numbers.get(name)
        case _:
            return float(ast.literal_eval(node))
