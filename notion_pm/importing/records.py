"""The records of a file: rows of cells with text, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Record:
    """One row: pairs of a column and its text, in the order of the file.

    A column may occur several times (Jira writes a column per label), and empty cells are left out. `line` counts from
    1; `original` is the JSON that it came from, None for CSV.
    """

    line: int
    cells: tuple[tuple[str, str], ...]
    original: Any = None

    def all(self, column: str) -> list[str]:
        """Return every text in that column."""
        return [text for name, text in self.cells if name == column]

    def first(self, column: str) -> str:
        """Return the first text in that column, an empty one where there is none."""
        return self.by_column.get(column, "")

    @cached_property
    def by_column(self) -> Mapping[str, str]:
        """The first text of each column."""
        return dict(reversed(self.cells))


@dataclass(frozen=True, slots=True)
class Records:
    """A whole file. `broken` are lines that could not be read: where, what they say, and why."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]
    broken: tuple[tuple[Record, str], ...] = ()
    notes: tuple[str, ...] = ()

    def texts(self, column: str) -> Iterator[str]:
        """Yield every text in a column."""
        return (text for each in self.records for name, text in each.cells if name == column)


def flattened(data: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield a JSON value as cells: `author.login` for what is inside, one cell for each item of a list."""
    match data:
        case None | "":
            return
        case dict():
            for key, value in data.items():
                yield from flattened(value, f"{name}.{key}" if name else str(key))
        case list():
            for each in data:
                yield from flattened(each, name)
        case bool():
            yield name, "true" if data else "false"
        case _:
            yield name, str(data)
