"""CSV as rows. A line that is not CSV costs that line alone, and what follows is read on."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from notion_pm.importing.files.table import TableRow
from notion_pm.model.spreadsheet import unescape_formula

LONGEST_CELL = 1_000_000
_SEPARATORS = ",;\t|"
_SAMPLE = 50
"""Lines that decide which separator it is."""
_STATED = re.compile(r'\s*"?sep=(?P<separator>.)"?[;,\s]*$', re.IGNORECASE)
"""The first line by which Excel is told the separator."""
_MOST_LOST = 200
"""Lines that are not CSV after which the rest of a file is given up."""


def stated_separator(line: str) -> str | None:
    """Return the separator that a line such as `sep=;` states."""
    found = _STATED.match(line.rstrip("\r\n"))
    return found["separator"] if found else None


def guess_separator(lines: Iterable[str]) -> str:
    """Return the separator that cuts most lines into the same number of cells."""
    sample = [line for line in islice(lines, _SAMPLE * 4) if line.strip()][:_SAMPLE]
    scores = {separator: _consistency(sample, separator) for separator in _SEPARATORS}
    return max(_SEPARATORS, key=lambda separator: scores[separator])


def _consistency(sample: list[str], separator: str) -> tuple[int, int]:
    widths = Counter(len(cells) for cells in _loose_rows(sample, separator) if len(cells) > 1)
    if not widths:
        return (0, 0)
    # Headers count as much as a row: a sign that only texts hold makes fewer rows of one width.
    width, number = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (number, width)


def _loose_rows(sample: list[str], separator: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):  # what was read until then counts
        rows.extend(csv.reader(sample, delimiter=separator))
    return rows


class _Lines:
    """Lines that can be given back: those of a record that turns out to be none."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._returned: list[str] = []
        self.taken: list[str] = []
        self.before = 0
        """Lines before the record that is being read."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._lines)
        self.taken.append(line)
        return line

    def begin_record(self) -> None:
        """Count what was taken as read."""
        self.before += len(self.taken)
        self.taken = []

    def give_back(self) -> str:
        """Return all lines of the record but the first, which is returned."""
        self._returned.extend(reversed(self.taken[1:]))
        self.taken = self.taken[:1]
        return self.taken[0]


def read_csv_rows(lines: Iterator[str], separator: str) -> Iterator[TableRow]:
    """Yield the rows of CSV, blank lines among them.

    A quote that is never closed, or that swallows the next rows, makes one line unreadable.
    """
    csv.field_size_limit(LONGEST_CELL)
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=separator, strict=True)
    width = 0
    lost = 0
    while True:
        source.begin_record()
        line = source.before + 1
        try:
            cells = next(reader, None)
            problem = None if cells is None else _swallowed(source.taken, cells, width, separator)
        except csv.Error as error:
            cells, problem = [], str(error)
        if cells is None:
            return
        if problem is not None:
            lost += 1
            if lost > _MOST_LOST:
                yield TableRow(line, (), f"from here on this is not CSV: {problem}")
                return
            text = source.give_back().rstrip("\r\n")
            yield TableRow(line, tuple(text.split(separator)), f"this is not CSV: {problem}")
            reader = csv.reader(source, delimiter=separator, strict=True)
            continue
        if len(source.taken) == 1 and cells:
            width = len(cells)
        yield TableRow(line, tuple(map(unescape_formula, cells)))


def _swallowed(taken: list[str], cells: list[str], width: int, separator: str) -> str | None:
    """Return why a record of several lines is none: it has another width than the rows, and its second line has it."""
    if len(taken) < 2 or width < 2 or len(cells) == width:
        return None
    second = _loose_rows(taken[1:2], separator)
    if second and len(second[0]) == width:
        return "a quote is not closed"
    return None
