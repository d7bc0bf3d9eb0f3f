"""Functions of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from statistics import fmean, median

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.library import function
from notion_pm.emulator.formulas.number_format import format_number
from notion_pm.emulator.formulas.types import BOOLEAN, NUMBER, TEXT
from notion_pm.emulator.formulas.values import Date, Value, as_text, order_key

_MOST_PLACES = 100  # as in JavaScript, although a double has only 17 digits


def _one(name: str, compute: Callable[[float], float]) -> None:
    """Register a function of one number. Outside its domain it is NaN, as in JavaScript."""

    def run(number: float) -> float:
        try:
            return compute(number)
        except (ValueError, OverflowError):
            return math.nan

    function(name, "number", returns=NUMBER)(run)


def _log(base: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: -math.inf if number == 0 else base(number)


_one("abs", abs)
_one("ceil", math.ceil)
_one("floor", math.floor)
_one("sqrt", math.sqrt)
_one("cbrt", lambda number: math.copysign(abs(number) ** (1 / 3), number))
_one("exp", math.exp)
# `_log`, because Python raises an error for the logarithm of 0; in JavaScript it is -Infinity.
_one("ln", _log(math.log))
_one("log10", _log(math.log10))
_one("log2", _log(math.log2))
_one("sign", lambda number: (number > 0) - (number < 0))
_one("unaryMinus", lambda number: -number)
_one("unaryPlus", lambda number: number)


@function("round", "number", "number?", returns=NUMBER)
def round_number(number: float, places: float = 0) -> float:
    """Round a number. Halves are rounded up, as in JavaScript."""
    if not math.isfinite(number) or abs(places) > _MOST_PLACES:
        return number
    scale = 10.0 ** int(places)
    if not math.isfinite(number * scale):
        return number
    return math.floor(number * scale + 0.5) / scale


@function("formatNumber", "number", "text?", "number?", returns=TEXT)
def number_in_style(number: float, style: str = "commas", places: float | None = None) -> str:
    return format_number(number, style, None if places is None else int(places))


@function("pi", returns=NUMBER)
def pi() -> float:
    return math.pi


@function("e", returns=NUMBER)
def e() -> float:
    return math.e


def add(left: float, right: float) -> float:
    return left + right


def subtract(left: float, right: float) -> float:
    return left - right


def multiply(left: float, right: float) -> float:
    return left * right


def divide(left: float, right: float) -> float:
    """Divide two numbers. Division by zero is infinite, as in JavaScript; the API shows null."""
    if right:
        return left / right
    # 0 / 0 is not a number.
    return math.nan if not left or math.isnan(left) else math.copysign(math.inf, left)


def remainder(left: float, right: float) -> float:
    """Return the remainder, with the sign of the dividend."""
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


def power(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except (OverflowError, ZeroDivisionError):
        return math.inf
    # Python has complex results, such as (-8) ^ 0.5; in JavaScript they are NaN.
    return math.nan if isinstance(result, complex) else result


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "^": power,
}
for _name, _operator in {
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "mod": "%",
    "pow": "^",
}.items():
    function(_name, "number", "number", returns=NUMBER)(ARITHMETIC[_operator])


def _of_numbers(
    name: str, compute: Callable[[list[float]], float], *, of_nothing: float | None
) -> None:
    """Register a function of any number of numbers and lists of numbers."""

    def run(*arguments: Value) -> float | None:
        numbers: list[float] = []
        for argument in arguments:
            numbers += _numbers_in(argument, name)
        return compute(numbers) if numbers else of_nothing

    function(name, "any*", returns=NUMBER)(run)


def _numbers_in(argument: Value, name: str) -> list[float]:
    items = argument if isinstance(argument, list) else [argument]
    present = [item for item in items if item is not None]
    for item in present:
        # In Python a boolean is an int too.
        if isinstance(item, bool) or not isinstance(item, float | int):
            raise FormulaError(
                f"Type mismatch: {name}() takes numbers and lists of numbers, "
                f"not {as_text(item)!r}."
            )
    return present


_of_numbers("min", min, of_nothing=None)
_of_numbers("max", max, of_nothing=None)
_of_numbers("sum", sum, of_nothing=0)
_of_numbers("mean", fmean, of_nothing=None)
_of_numbers("median", median, of_nothing=None)


@function("toNumber", "any", returns=NUMBER)
def to_number(value: Value) -> float | None:
    """Return the number at the start of a text. For a date it is the timestamp."""
    if isinstance(value, Date):
        return value.start.timestamp() * 1000
    # true is 1, as in JavaScript.
    if isinstance(value, bool | float | int):
        return float(value)
    found = re.match(r"\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)", as_text(value))
    return float(found[1]) if found else None


def _comparison(
    name: str, compare: Callable[[tuple[object, ...], tuple[object, ...]], bool]
) -> None:
    def run(left: Value, right: Value) -> bool:
        # An empty value is neither larger nor smaller than another.
        if left is None or right is None:
            return False
        return compare(order_key(left), order_key(right))

    function(name, "any", "any", returns=BOOLEAN)(run)
    COMPARISONS[name] = run


COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {}
_comparison("larger", lambda left, right: left > right)
_comparison("largerEq", lambda left, right: left >= right)
_comparison("smaller", lambda left, right: left < right)
_comparison("smallerEq", lambda left, right: left <= right)
