"""Sizes on the command line: 500k, 200MB, 1.5 GB."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_PATTERN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", re.ASCII)


def bytes_in(text: str) -> int | None:
    """Return the bytes of a text like `200MB` or `1.5g`, None if it is invalid or zero."""
    found = _PATTERN.fullmatch(text.strip().lower())
    if not found:
        return None
    return int(float(found[1]) * _UNITS[found[2]]) or None


def size(value: int | str) -> int:
    """Return the value of an option in bytes. For `type=` of an option with metavar SIZE."""
    found = value if isinstance(value, int) else bytes_in(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not a size; write 500k, 200MB or 1.5GB.")
    return found
