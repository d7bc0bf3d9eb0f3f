"""The records of a file: rows of cells with text, whatever its format."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

PAGE_ID = "_notion_id"
"""The column that is added to a database of Notion's own export for the id of each page."""
PAGE_BODY = "_notion_body"
"""The column that is added for what each page holds, in Markdown."""


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


@dataclass(frozen=True)
class Records:
    """A whole file. `broken` are lines that could not be read: where, what they say, and why."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]
    broken: tuple[tuple[Record, str], ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""
    """What the file itself says that it comes from, such as a database of Notion."""

    @property
    def is_sparse(self) -> bool:
        """Whether a column that no row fills is not in the file at all, as in JSON."""
        return any(record.original is not None for record in self.records[:1])

    def texts(self, column: str) -> Iterator[str]:
        """Yield every text in a column."""
        return iter(self._by_column.get(column, ()))

    @cached_property
    def _by_column(self) -> Mapping[str, list[str]]:
        """Every text by column, gathered once: each of 2,000 columns would else go through all cells."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for record in self.records:
            for name, text in record.cells:
                found[name].append(text)
        return found


_MOST_LEVELS = 20
"""How deep the fields of a JSON object may be nested. Those of known tools have about five levels."""


class NestedTooDeep(ValueError):
    """The fields of a JSON object are nested too deep to become columns."""

    def __init__(self) -> None:
        super().__init__(f"its fields are nested deeper than {_MOST_LEVELS} levels")


def flatten_json(data: Any, name: str = "", level: int = 0) -> Iterator[tuple[str, str]]:
    """Yield a JSON value as cells: `author.login` for what is inside, one cell for each item of a list.

    Raises NestedTooDeep.
    """
    if level > _MOST_LEVELS:
        raise NestedTooDeep
    match data:
        case None | "":
            return
        case dict():
            for key, value in data.items():
                yield from flatten_json(value, f"{name}.{key}" if name else str(key), level + 1)
        case list():
            for each in data:
                yield from flatten_json(each, name, level + 1)
        case bool():
            yield name, "true" if data else "false"
        case _:
            yield name, str(data)
