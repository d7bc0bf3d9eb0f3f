"""Limit the work of one formula.

Formulas come with templates, and templates may come from strangers. A few characters can ask for
years of work: a regular expression that repeats a repetition, `map()` in `map()` in `map()`, or
thirty formulas that each use the previous one twice. So the work of a formula is counted, including
that of the formulas that it reads. A formula above the limit has no value.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from notion_pm.emulator.formulas.error import FormulaError

# A step computes one value. A formula over 100 related pages needs some thousand.
MOST_STEPS = 50_000
_SECONDS = 0.25  # processor time
_STEPS_PER_TIME_CHECK = 200
MOST_CHARACTERS = 100_000
MOST_ITEMS = 10_000
LONGEST_FORMULA = 20_000  # characters
# A formula that exceeds the limit more often is not evaluated again: a table has thousands of
# pages.
_SECOND_CHANCES = 5


class _Budget(threading.local):
    """The work of the formula that this thread is evaluating."""

    is_open = False
    steps = 0
    until = 0.0


_budget = _Budget()
_failures: Counter[str] = Counter()


@contextmanager
def limit_effort(expression: str) -> Iterator[None]:
    """Limit the work inside the block. A formula that another one reads shares its limit.

    Raises FormulaError for an expression that has exceeded the limit too often.
    """
    if len(expression) > LONGEST_FORMULA:
        raise FormulaError(f"The formula has more than {LONGEST_FORMULA} characters.")
    if _budget.is_open:
        yield
        return
    if _failures[expression] > _SECOND_CHANCES:
        raise _too_much()
    _budget.is_open = True
    _budget.steps = 0
    _budget.until = time.thread_time() + _SECONDS
    try:
        yield
    finally:
        _budget.is_open = False
        if _budget.steps > MOST_STEPS:
            _failures[expression] += 1


def spend(steps: int = 1) -> None:
    """Count work. Raises FormulaError if it is too much."""
    if not _budget.is_open:
        return
    before = _budget.steps
    _budget.steps += steps
    # Reading the clock is slower than most steps.
    is_time_to_check = before // _STEPS_PER_TIME_CHECK != _budget.steps // _STEPS_PER_TIME_CHECK
    if is_time_to_check and seconds_left() <= 0:
        give_up()
    if _budget.steps > MOST_STEPS:
        raise _too_much()


def seconds_left() -> float:
    """Return the processor time that the formula has left."""
    return _budget.until - time.thread_time() if _budget.is_open else _SECONDS


def give_up() -> None:
    """Stop the formula. Raises FormulaError."""
    _budget.steps = MOST_STEPS + 1
    raise _too_much()


def check_size(value: object) -> None:
    """Refuse a text or list that is too long. Raises FormulaError."""
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        raise FormulaError(f"The text would have more than {MOST_CHARACTERS} characters.")
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        raise FormulaError(f"The list would have more than {MOST_ITEMS} items.")


def _too_much() -> FormulaError:
    return FormulaError("The formula takes too long.")
