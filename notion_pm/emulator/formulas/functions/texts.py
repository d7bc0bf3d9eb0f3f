"""Functions of text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import TypeVar

import regex

from notion_pm.emulator.formulas.effort import (
    MOST_CHARACTERS,
    MOST_ITEMS,
    check_size,
    give_up,
    seconds_left,
    spend,
)
from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.library import function
from notion_pm.emulator.formulas.types import BOOLEAN, NUMBER, TEXT, list_of
from notion_pm.emulator.formulas.values import (
    Date,
    Person,
    Row,
    Value,
    are_equal,
    as_text,
    is_empty,
)

T = TypeVar("T")
_LONGEST_PATTERN = 1_000


@function("length", "any", returns=NUMBER)
def length(value: Value) -> float:
    return len(value) if isinstance(value, list) else len(as_text(value))


@function("empty", "any?", returns=BOOLEAN)
def empty(value: Value = None) -> bool:
    return is_empty(value)


@function("format", "any", returns=TEXT)
def text_of(value: Value) -> str:
    return as_text(value)


@function("equal", "any", "any", returns=BOOLEAN)
def equal(left: Value, right: Value) -> bool:
    return are_equal(left, right)


@function("unequal", "any", "any", returns=BOOLEAN)
def unequal(left: Value, right: Value) -> bool:
    return not are_equal(left, right)


@function("substring", "text", "number", "number?", returns=TEXT)
def substring(text: str, start: float, end: float | None = None) -> str:
    # A negative position is 0, as in JavaScript; Python would count from the end.
    return text[max(0, int(start)) : None if end is None else max(0, int(end))]


@function("contains", "text", "text", returns=BOOLEAN)
def contains(text: str, sought: str) -> bool:
    return sought in text


@function("test", "text", "text", returns=BOOLEAN)
def test(text: str, pattern: str) -> bool:
    return _run_with_timeout(_compile(pattern).search, text) is not None


@function("match", "text", "text", returns=list_of(TEXT))
def match(text: str, pattern: str) -> list[str]:
    return _run_with_timeout(
        lambda text, timeout: _find_all(_compile(pattern), text, timeout), text
    )


@function("replace", "text", "text", "text", returns=TEXT)
def replace(text: str, pattern: str, replacement: str) -> str:
    return _replace(text, pattern, replacement, count=1)


@function("replaceAll", "text", "text", "text", returns=TEXT)
def replace_find_all(text: str, pattern: str, replacement: str) -> str:
    return _replace(text, pattern, replacement, count=0)


@function("lower", "text", returns=TEXT)
def lower(text: str) -> str:
    return text.lower()


@function("upper", "text", returns=TEXT)
def upper(text: str) -> str:
    return text.upper()


@function("trim", "text", returns=TEXT)
def trim(text: str) -> str:
    return text.strip()


@function("repeat", "text", "number", returns=TEXT)
def repeat(text: str, times: float) -> str:
    return _check_length(text, int(times)) * max(0, int(times))


@function("padStart", "text", "number", "text", returns=TEXT)
def pad_start(text: str, width: float, padding: str) -> str:
    return _padding(text, width, padding) + text


@function("padEnd", "text", "number", "text", returns=TEXT)
def pad_end(text: str, width: float, padding: str) -> str:
    return text + _padding(text, width, padding)


@function("split", "text", "text?", returns=list_of(TEXT))
def split(text: str, separator: str = " ") -> list[str]:
    # Work on long texts counts as more than one step.
    spend(len(text) // 1000)
    return text.split(separator, MOST_ITEMS) if separator else list(text[: MOST_ITEMS + 1])


@function("link", "text", "text", returns=TEXT)
def link(label: str, url: str) -> str:
    """Return the label only: the API shows the text of a formula without links and styles."""
    return label


@function("style", "text", "text*", returns=TEXT)
def style(text: str, *styles: str) -> str:
    return text


@function("unstyle", "text", "text*", returns=TEXT)
def unstyle(text: str, *styles: str) -> str:
    return text


@function("name", "person", returns=TEXT)
def name(person: Person) -> str:
    return person.name


@function("email", "person", returns=TEXT)
def email(person: Person) -> str:
    return person.email


def identity(owner: Person | Row | Value) -> str:
    """Return the value of `id()`: an id without dashes."""
    if isinstance(owner, str | float | int | list | Date):
        raise FormulaError("Type mismatch: id() takes a page or a person.")
    return str(owner.id).replace("-", "")


def _padding(text: str, width: float, padding: str) -> str:
    missing = int(width) - len(text)
    return (_check_length(padding, missing) * missing)[:missing] if missing > 0 else ""


def _check_length(text: str, times: int) -> str:
    if len(text) * times > MOST_CHARACTERS:
        raise FormulaError(f"The text would have more than {MOST_CHARACTERS} characters.")
    return text


def _replace(text: str, pattern: str, replacement: str, count: int) -> str:
    template = _template(replacement)

    def run(text: str, timeout: float) -> str:
        return str(_compile(pattern).sub(template, text, count=count, timeout=timeout))

    # Each match adds the replacement, and each `$` in it at most the whole text.
    matches = 1 if count else len(match(text, pattern))
    _check_length(replacement, matches + replacement.count("$") * len(text))
    return _run_with_timeout(run, text)


def _find_all(pattern: regex.Pattern[str], text: str, timeout: float) -> list[str]:
    matches = islice(pattern.finditer(text, timeout=timeout), MOST_ITEMS + 1)
    found = [match[0] for match in matches]
    check_size(found)
    return found


def _run_with_timeout(run: Callable[..., T], text: str) -> T:
    """Run a regular expression over a text, at most for the time that the formula has left."""
    spend(1 + len(text) // 1000)
    try:
        return run(text, timeout=max(seconds_left(), 0.001))
    except TimeoutError:
        give_up()
        raise
    except (regex.error, IndexError, ValueError) as fault:
        # The replacement names a group that does not exist.
        raise FormulaError(f"Invalid replacement: {fault}.") from None


@lru_cache(maxsize=256)
def _compile(pattern: str) -> regex.Pattern[str]:
    """Compile a JavaScript pattern. Python writes named groups differently.

    The package `regex` accepts the patterns of `re`, and can be stopped: some patterns need years
    for a short text.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise FormulaError(f"A regular expression has more than {_LONGEST_PATTERN} characters.")
    try:
        with warnings.catch_warnings():
            # Warnings about characters that may get a meaning in a later version.
            warnings.simplefilter("ignore")
            return regex.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern))
    except (regex.error, OverflowError) as fault:
        raise FormulaError(f"Invalid regular expression {pattern!r}: {fault}.") from None


def _template(replacement: str) -> str:
    """Return a JavaScript replacement (`$1`, `$<name>`, `$&`) in Python's form.

    A backslash has no special meaning in JavaScript.
    """
    escaped = replacement.replace("\\", r"\\")
    return re.sub(
        r"\$(?:(\d{1,2})|<(\w+)>|(&))", lambda found: rf"\g<{found[1] or found[2] or 0}>", escaped
    )
