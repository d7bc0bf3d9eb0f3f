"""Something wrong with what a template says, at a place that the reader of the file can turn into a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_SHOWN = 12
Path = tuple[str | int, ...]
"""Keys and indices from the top of the file."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and what to do about it."""

    path: Path
    message: str
    advice: str = ""

    @classmethod
    def unknown(cls, path: Path, what: str, name: str, known: Iterable[str]) -> Fault:
        """Return the fault that `name` is not among the known ones."""
        return cls(path, f"unknown {what} `{name}`.", suggestion(name, known))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question whether the nearest known word was meant; empty when none is near."""
    near = get_close_matches(name, tuple(known), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else ""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the next step for an unknown word: the nearest known one, or all of them."""
    known = tuple(known)
    if near := nearest(name, known):
        return near
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"Possible: {', '.join(known[:_SHOWN])}{more}." if known else ""
