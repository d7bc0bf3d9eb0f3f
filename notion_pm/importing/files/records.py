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
"""The column that is added for the content of each page, in Markdown."""


@dataclass(frozen=True)
class Record:
    """One row: pairs of a column and its text, in the order of the file.

    A column may occur several times (Jira writes one column per label). Empty cells are left out.
    `line` counts from 1. `original`: the JSON value of the record, None for CSV.
    """

    line: int
    cells: tuple[tuple[str, str], ...]
    original: Any = None

    def all(self, column: str) -> list[str]:
        """Return every text in that column."""
        return [text for name, text in self.cells if name == column]

    def first(self, column: str) -> str:
        """Return the first text in that column; empty when the record has none."""
        return self.by_column.get(column, "")

    @cached_property
    def by_column(self) -> Mapping[str, str]:
        """The first text of each column."""
        # Of several cells with one name the last pair wins in a dict, so they are reversed.
        return dict(reversed(self.cells))


@dataclass(frozen=True)
class Records:
    """A whole file. `broken`: the lines that could not be read, each with the reason."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]
    broken: tuple[tuple[Record, str], ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""
    """The source that the file itself names, such as the title of a Notion database."""

    @property
    def is_sparse(self) -> bool:
        """Whether the file lacks the columns that no row fills, as JSON does."""
        # One record is enough: either all records of a file are JSON, or none.
        return any(record.original is not None for record in self.records[:1])

    def texts(self, column: str) -> Iterator[str]:
        """Yield every text in a column."""
        return iter(self._by_column.get(column, ()))

    @cached_property
    def _by_column(self) -> Mapping[str, list[str]]:
        """Every text by column.

        Built once: a file may have 2,000 columns, and a search for each of them would go through
        all cells.
        """
        texts: defaultdict[str, list[str]] = defaultdict(list)
        for record in self.records:
            for name, text in record.cells:
                texts[name].append(text)
        return texts


_MOST_LEVELS = 20
"""How deep the fields of a JSON object may be nested. Known tools have about five levels."""


class NestedTooDeep(ValueError):
    """The fields of a JSON object are nested too deep to become columns."""

    def __init__(self) -> None:
        super().__init__(f"its fields are nested deeper than {_MOST_LEVELS} levels")


def flatten_json(data: Any, name: str = "", level: int = 0) -> Iterator[tuple[str, str]]:
    """Yield a JSON value as cells: pairs of a column and its text.

    `{"author": {"login": "ann"}, "labels": ["a", "b"]}` becomes author.login = ann, labels = a and
    labels = b. Empty values are left out.

    Raises NestedTooDeep.
    """
    if level > _MOST_LEVELS:
        raise NestedTooDeep
    match data:
        case None | "":
            return
        case dict():
            for key, value in data.items():
                column = f"{name}.{key}" if name else str(key)
                yield from flatten_json(value, column, level + 1)
        case list():
            for item in data:
                yield from flatten_json(item, name, level + 1)
        # Before numbers: in Python True is an int, and would become "True".
        case bool():
            yield name, "true" if data else "false"
        case _:
            yield name, str(data)
