"""Notion's formula language (2.0): parsing, types, evaluation.

Pure: the page and the moment are arguments.

result = check('prop("Votes") / prop("Effort")', properties)        # raises FormulaError, else
number evaluate('prop("Votes") / prop("Effort")', row, now, result)        # {"type": "number",
"number": 1.5}
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
    """Return the type of a formula among these properties (by name or id).

    Raises FormulaError, which names the part at fault.
    """
    with _within_limits(expression):
        return Checker(properties).of(parse(expression))


def evaluate(
    expression: str, row: Row, now: datetime, expected: FormulaType = ANY
) -> dict[str, Any]:
    """Return the content of a formula property: `{"type": "string", "string": "late"}`.

    `expected` is what `check` gave: it types a result that is empty. Raises FormulaError.
    """
    with _within_limits(expression):
        return to_api(Evaluator(row, now.astimezone(UTC)).of(parse(expression)), expected)


@contextmanager
def _within_limits(expression: str) -> Iterator[None]:
    try:
        with limit_effort(expression):
            yield
    except RecursionError:
        raise FormulaError("The formula is nested too deeply.") from None
