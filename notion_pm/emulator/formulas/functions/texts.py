"""Functions of text."""

from __future__ import annotations

import re

from ..error import FormulaError
from ..library import function
from ..types import BOOLEAN, NUMBER, TEXT, list_of
from ..values import Date, Person, Row, Value, as_text, is_empty, same

_MOST_CHARACTERS = 100_000  # a formula is no way to fill the machine's memory


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
    return same(left, right)


@function("unequal", "any", "any", returns=BOOLEAN)
def unequal(left: Value, right: Value) -> bool:
    return not same(left, right)


@function("substring", "text", "number", "number?", returns=TEXT)
def substring(text: str, start: float, end: float | None = None) -> str:
    return text[max(0, int(start)) : None if end is None else max(0, int(end))]


@function("contains", "text", "text", returns=BOOLEAN)
def contains(text: str, sought: str) -> bool:
    return sought in text


@function("test", "text", "text", returns=BOOLEAN)
def test(text: str, pattern: str) -> bool:
    return _compiled(pattern).search(text) is not None


@function("match", "text", "text", returns=list_of(TEXT))
def match(text: str, pattern: str) -> list[str]:
    return [found[0] for found in _compiled(pattern).finditer(text)]


@function("replace", "text", "text", "text", returns=TEXT)
def replace(text: str, pattern: str, replacement: str) -> str:
    return _compiled(pattern).sub(_template(replacement), text, count=1)


@function("replaceAll", "text", "text", "text", returns=TEXT)
def replace_all(text: str, pattern: str, replacement: str) -> str:
    return _compiled(pattern).sub(_template(replacement), text)


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
    return _bounded(text, int(times)) * max(0, int(times))


@function("padStart", "text", "number", "text", returns=TEXT)
def pad_start(text: str, width: float, padding: str) -> str:
    return _padding(text, width, padding) + text


@function("padEnd", "text", "number", "text", returns=TEXT)
def pad_end(text: str, width: float, padding: str) -> str:
    return text + _padding(text, width, padding)


@function("split", "text", "text?", returns=list_of(TEXT))
def split(text: str, separator: str = " ") -> list[str]:
    return text.split(separator) if separator else list(text)


@function("link", "text", "text", returns=TEXT)
def link(label: str, url: str) -> str:
    """The API gives a formula's text without its links and styles."""
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
    """Returns what `id()` shows: an id without its dashes."""
    if isinstance(owner, str | float | int | list | Date):
        raise FormulaError("Type mismatch: id() takes a page or a person.")
    return str(owner.id).replace("-", "")


def _padding(text: str, width: float, padding: str) -> str:
    missing = int(width) - len(text)
    return (_bounded(padding, missing) * missing)[:missing] if missing > 0 else ""


def _bounded(text: str, times: int) -> str:
    if len(text) * times > _MOST_CHARACTERS:
        raise FormulaError(f"The text would have more than {_MOST_CHARACTERS} characters.")
    return text


def _compiled(pattern: str) -> re.Pattern[str]:
    """Reads a JavaScript pattern; named groups are written otherwise in Python."""
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern))
    except re.error as fault:
        raise FormulaError(f"Invalid regular expression {pattern!r}: {fault}.") from None


def _template(replacement: str) -> str:
    """Turns `$1`, `$<name>` and `$&` into Python's form; backslashes stand for themselves."""
    escaped = replacement.replace("\\", r"\\")
    return re.sub(r"\$(?:(\d{1,2})|<(\w+)>|(&))", lambda found: rf"\g<{found[1] or found[2] or 0}>", escaped)
