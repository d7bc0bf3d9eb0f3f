"""Something wrong with what a template says, at a place that the reader of the file can turn into a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notion_pm.text import suggest

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
        return cls(path, f"unknown {what} `{name}`.", suggest(name, known))
