"""A limit on the work that one formula may make.

Formulas come with templates, and templates come from strangers. A few characters can ask for years:
a regular expression that repeats a repetition, `map()` in `map()` in `map()`, or thirty formulas
that each use the one before twice. So whatever a formula does is counted, formulas that it reads
included; beyond the limit it has no value.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from notion_pm.emulator.formulas.error import FormulaError

MOST_STEPS = 50_000
"""A step is a value that is computed. A formula over 100 related pages needs some thousand."""
_SECONDS = 0.25
"""Of the processor."""
_STEPS_BETWEEN_LOOKS = 200
MOST_CHARACTERS = 100_000
MOST_ITEMS = 10_000
LONGEST_FORMULA = 20_000
"""Characters of an expression."""
_SECOND_CHANCES = 5
"""How often a formula may meet the limit before it is not tried again: a table has thousands of pages."""


class _Account(threading.local):
    """What the formula that this thread computes has left."""

    is_open = False
    steps = 0
    until = 0.0


_account = _Account()
_failures: Counter[str] = Counter()


@contextmanager
def limit_effort(expression: str) -> Iterator[None]:
    """Count the work that is done meanwhile.

    A formula that is read by another shares the other's limit.

    Raises FormulaError for an expression that has met the limit too often.
    """
    if len(expression) > LONGEST_FORMULA:
        raise FormulaError(f"The formula has more than {LONGEST_FORMULA} characters.")
    if _account.is_open:
        yield
        return
    if _failures[expression] > _SECOND_CHANCES:
        raise _too_much()
    _account.is_open, _account.steps, _account.until = True, 0, time.thread_time() + _SECONDS
    try:
        yield
    finally:
        _account.is_open = False
        if _account.steps > MOST_STEPS:
            _failures[expression] += 1


def spend(steps: int = 1) -> None:
    """Count work. Raises FormulaError when it is too much."""
    if not _account.is_open:
        return
    before = _account.steps
    _account.steps += steps
    if (
        before // _STEPS_BETWEEN_LOOKS != _account.steps // _STEPS_BETWEEN_LOOKS
        and seconds_left() <= 0
    ):
        give_up()
    if _account.steps > MOST_STEPS:
        raise _too_much()


def seconds_left() -> float:
    """Return how long the formula may still take."""
    return _account.until - time.thread_time() if _account.is_open else _SECONDS


def give_up() -> None:
    """End the formula. Raises FormulaError."""
    _account.steps = MOST_STEPS + 1
    raise _too_much()


def check_size(value: object) -> None:
    """Raise FormulaError for a text or list that is too long to go on with."""
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        raise FormulaError(f"The text would have more than {MOST_CHARACTERS} characters.")
    if isinstance(value, list) and len(value) > MOST_ITEMS:
        raise FormulaError(f"The list would have more than {MOST_ITEMS} items.")


def _too_much() -> FormulaError:
    return FormulaError("The formula takes too long.")
