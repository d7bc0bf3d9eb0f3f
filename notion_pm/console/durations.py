"""Durations on the command line: 90s, 15m, 1h30m."""

from __future__ import annotations

import re

import click

_UNITS = (3600, 60, 1)
_PATTERN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def seconds_in(text: str) -> int | None:
    """Return the seconds of a text like `15m` or `1h30m`, None if it is invalid or zero."""
    found = _PATTERN.fullmatch(text.strip().lower())
    if not found:
        return None
    parts = (int(digits or 0) for digits in found.groups())
    return sum(amount * unit for amount, unit in zip(parts, _UNITS, strict=True)) or None


def duration(value: int | str) -> int:
    """Return the value of an option in seconds. For `type=` of an option with metavar TIME."""
    seconds = value if isinstance(value, int) else seconds_in(value)
    if seconds is None:
        raise click.BadParameter(f"{value!r} is not a duration; write 90s, 15m or 1h30m.")
    return seconds
