"""How much one run may change before a person has to agree.

A wrong rule, a wrong template or a lost connection must not rewrite a workspace without anybody
noticing. So a run stops when it would change more than a share of something.
"""

from __future__ import annotations

MAX_SHARE = 0.3
"""The share of pages or properties that one run may change without `--force`."""

MIN_TOTAL = 10
"""A smaller total is not limited: one of three pages is 33 %, but no cause for alarm."""


def is_over_limit(count: int, total: int) -> bool:
    """Return whether changing `count` of `total` things needs a person's consent."""
    return total >= MIN_TOTAL and count > MAX_SHARE * total
