"""Notion's formula language (2.0): parse, check and evaluate. Pure: page and time are arguments.

result = check('prop("Votes") / prop("Effort")', properties)   # NUMBER, or raises FormulaError
evaluate('prop("Votes") / prop("Effort")', row, now, result)   # {"type": "number", "number": 1.5}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from notion_pm.emulator.formulas.checking import Checker
from notion_pm.emulator.formulas.effort import limit_effort
from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.evaluation import Evaluator, to_api
from notion_pm.emulator.formulas.forms import FORMS
from notion_pm.emulator.formulas.library import FUNCTIONS
from notion_pm.emulator.formulas.references import property_ids, to_named, to_stored
from notion_pm.emulator.formulas.syntax import parse
from notion_pm.emulator.formulas.types import (
    ANY,
    BOOLEAN,
    DATE,
    NUMBER,
    PERSON,
    TEXT,
    FormulaType,
    PropertyInfo,
    list_of,
)
from notion_pm.emulator.formulas.values import MOST_RELATED, Row

__all__ = [
    "ANY",
    "BOOLEAN",
    "DATE",
    "MOST_RELATED",
    "NUMBER",
    "PERSON",
    "SUPPORTED",
    "TEXT",
    "FormulaError",
    "FormulaType",
    "PropertyInfo",
    "Row",
    "check",
    "evaluate",
    "list_of",
    "property_ids",
    "to_named",
    "to_stored",
]

SUPPORTED = frozenset({*FUNCTIONS, *FORMS, "add", "prop"})


def check(expression: str, properties: Mapping[str, PropertyInfo]) -> FormulaType:
    """Return the type of a formula that uses these properties (by name or id).

    Raises FormulaError, with a message that names the wrong part.
    """
    with _within_limits(expression):
        return Checker(properties).of(parse(expression))


def evaluate(
    expression: str, row: Row, now: datetime, expected: FormulaType = ANY
) -> dict[str, Any]:
    """Return the value of a formula property: `{"type": "string", "string": "late"}`.

    `expected`: the type that `check` returned. It is the type of an empty result. Raises
    FormulaError.
    """
    with _within_limits(expression):
        return to_api(Evaluator(row, now.astimezone(UTC)).of(parse(expression)), expected)


@contextmanager
def _within_limits(expression: str) -> Iterator[None]:
    """Stop a formula that works too long or nests too deep. Raises FormulaError."""
    try:
        with limit_effort(expression):
            yield
    except RecursionError:
        raise FormulaError("The formula is nested too deeply.") from None
