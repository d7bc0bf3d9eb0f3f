"""Spans of time on the command line: 90s, 15m, 1h30m."""

from __future__ import annotations

import re

import click

_UNITS = (3600, 60, 1)
_PATTERN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def seconds_in(text: str) -> int | None:
    """Return how many seconds a text such as `15m` or `1h30m` means; None for anything else, and for no time."""
    found = _PATTERN.fullmatch(text.strip().lower())
    if not found:
        return None
    parts = (int(each or 0) for each in found.groups())
    return sum(amount * unit for amount, unit in zip(parts, _UNITS, strict=True)) or None


def duration(value: int | str) -> int:
    """Return an option's value in seconds: for `type=` of an option, with the metavar TIME."""
    seconds = value if isinstance(value, int) else seconds_in(value)
    if seconds is None:
        raise click.BadParameter(f"{value!r} is no span of time; write 90s, 15m or 1h30m.")
    return seconds
