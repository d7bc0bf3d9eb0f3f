"""Sizes on the command line: 500k, 200MB, 1.5 GB."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_PATTERN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([kmgt]?)i?b?", re.ASCII)


def bytes_in(text: str) -> int | None:
    """Return how many bytes a text such as `200MB` or `1.5g` means; None for anything else, and for none."""
    found = _PATTERN.fullmatch(text.strip().lower())
    return int(float(found[1]) * _UNITS[found[2]]) or None if found else None


def size(value: int | str) -> int:
    """Return an option's value in bytes: for `type=` of an option, with the metavar SIZE."""
    found = value if isinstance(value, int) else bytes_in(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not a size; write 500k, 200MB or 1.5GB.")
    return found
