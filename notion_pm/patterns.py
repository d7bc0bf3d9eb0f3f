"""Regular expressions from other people, run with a time limit.

Some expressions take exponential time on some texts: `(\\w+\\s?)*$` needs years for a sentence of
60 words. Python's own `re` cannot be stopped. The package `regex` takes the same expressions and
stops after a given time.
"""

from __future__ import annotations

import time
import warnings
from functools import lru_cache

import regex

from notion_pm.errors import UsageError

LONGEST_PATTERN = 1_000
"""Maximum length of an expression in characters: compiling a long one takes time, too."""

_SECONDS_PER_TEXT = 0.25
_SECONDS_IN_ALL = 2.0
"""The limit of one expression for all texts of a run.

Measured: a simple expression reads 100,000 cells in 0.3 s.
"""


class PatternInvalid(ValueError):
    """A text is not a regular expression; the message gives the reason."""


class PatternTooSlow(UsageError):
    """A regular expression takes too long on the texts of a file."""

    def __init__(self, pattern: str) -> None:
        shown = pattern if len(pattern) <= 80 else f"{pattern[:80]}..."
        super().__init__(
            f"The regular expression `{shown}` takes too long on the texts of this file.",
            "Write it without a repetition inside a repetition, such as (a+)+ or (.*,)*.",
        )


class BoundedPattern:
    """A regular expression with a time limit.

    Raises PatternInvalid for a text that is not a regular expression.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST_PATTERN:
            raise PatternInvalid(f"it has more than {LONGEST_PATTERN:,} characters")
        self._text = pattern
        self._seconds_left = _SECONDS_IN_ALL
        try:
            with warnings.catch_warnings():
                # Warnings about syntax that a later version of `regex` may read in another way.
                # They would go to the user, who cannot do anything about them.
                warnings.simplefilter("ignore")
                self._compiled = regex.compile(pattern)
        except (regex.error, RecursionError, OverflowError) as error:
            # The message of a RecursionError speaks about Python, not about the expression.
            reason = "it nests too deep" if isinstance(error, RecursionError) else str(error)
            raise PatternInvalid(f"it is not a regular expression: {reason}") from None

    @property
    def groups(self) -> int:
        """The number of capturing groups."""
        return int(self._compiled.groups)

    def first_group(self, text: str) -> str | None:
        """Return what the first group matches in a text, None if the expression does not match.

        Raises PatternTooSlow.
        """
        # Processor time of this thread: a busy machine must not make a simple expression fail.
        began = time.thread_time()
        try:
            found = self._compiled.search(text, timeout=min(_SECONDS_PER_TEXT, self._seconds_left))
        except TimeoutError:
            raise PatternTooSlow(self._text) from None
        self._seconds_left -= time.thread_time() - began
        if self._seconds_left <= 0:
            raise PatternTooSlow(self._text)
        return None if found is None else found[1]


@lru_cache(maxsize=256)
def compile_bounded(pattern: str) -> BoundedPattern:
    """Return the BoundedPattern of an expression, the same object for each call.

    So its time limit holds for all texts of a run together.
    """
    return BoundedPattern(pattern)
