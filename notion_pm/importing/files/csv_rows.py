"""Read CSV as rows. A line that is not CSV does not affect the lines after it."""

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
"""Characters. The limit of Python's csv module, 131,072, is too low for long conversations."""
_SEPARATORS = ",;\t|"
_SAMPLE = 50
"""Filled lines that decide which separator it is."""
_STATED = re.compile(r'\s*"?sep=(?P<separator>.)"?[;,\s]*$', re.IGNORECASE)
"""A first line that names the separator for Excel: `sep=;`."""
_MOST_UNREADABLE = 200
"""After this many unreadable lines the file is not CSV, and its other lines are not read."""


def stated_separator(line: str) -> str | None:
    """Return the separator that a line such as `sep=;` states."""
    found = _STATED.match(line.rstrip("\r\n"))
    return found["separator"] if found else None


def guess_separator(lines: Iterable[str]) -> str:
    """Return the separator that cuts most lines into the same number of cells."""
    # Blank lines decide nothing; a file that begins with many of them is read a bit further.
    filled = [line for line in islice(lines, _SAMPLE * 4) if line.strip()]
    sample = filled[:_SAMPLE]
    return max(_SEPARATORS, key=lambda separator: _consistency(sample, separator))


def _consistency(sample: list[str], separator: str) -> tuple[int, int]:
    """Return how many lines have the commonest number of cells, and that number."""
    widths = Counter(len(cells) for cells in _loose_rows(sample, separator) if len(cells) > 1)
    if not widths:
        return (0, 0)
    width, lines = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (lines, width)


def _loose_rows(sample: list[str], separator: str) -> list[list[str]]:
    """Return the rows up to the first line that is not CSV."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(csv.reader(sample, delimiter=separator))
    return rows


class _RewindableLines:
    """The lines of a file. All but the first of a record can be returned, to be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._returned: list[str] = []
        self.record_lines: list[str] = []
        """The lines of the record that is being read."""
        self.lines_before = 0
        """The number of lines before that record."""

    def __iter__(self) -> _RewindableLines:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._lines)
        self.record_lines.append(line)
        return line

    def begin_record(self) -> None:
        """Start a new record behind the lines that were read."""
        self.lines_before += len(self.record_lines)
        self.record_lines = []

    def rewind_to_first_line(self) -> str:
        """Return the first line of the record; the others will be read again."""
        first, *others = self.record_lines
        self._returned.extend(reversed(others))
        self.record_lines = [first]
        return first


def read_csv_rows(lines: Iterator[str], separator: str) -> Iterator[TableRow]:
    """Yield the rows of CSV, blank lines among them.

    A line that is not CSV becomes a row with a problem, and reading continues with the next line.
    """
    csv.field_size_limit(LONGEST_CELL)
    source = _RewindableLines(lines)
    reader = csv.reader(source, delimiter=separator, strict=True)
    usual_width = 0
    unreadable = 0
    while True:
        source.begin_record()
        line = source.lines_before + 1
        cells: list[str] = []
        try:
            cells = next(reader)
            problem = _unclosed_quote(source.record_lines, cells, usual_width, separator)
        except StopIteration:
            return
        except csv.Error as error:
            problem = str(error)

        if problem is None:
            if len(source.record_lines) == 1 and cells:
                usual_width = len(cells)
            yield TableRow(line, tuple(map(unescape_formula, cells)))
            continue

        unreadable += 1
        if unreadable > _MOST_UNREADABLE:
            yield TableRow(line, (), f"from here on this is not CSV: {problem}")
            return
        # A quote that is never closed takes all following lines into one cell: only its own line
        # is wrong, so the others are read again. The reader keeps its state after an error, so a
        # new one reads on.
        text = source.rewind_to_first_line().rstrip("\r\n")
        yield TableRow(line, tuple(text.split(separator)), f"this is not CSV: {problem}")
        reader = csv.reader(source, delimiter=separator, strict=True)


def _unclosed_quote(
    record_lines: list[str], cells: list[str], usual_width: int, separator: str
) -> str | None:
    """Return a problem if a record of several lines has swallowed other rows, else None.

    Example: `1,"open` followed by `2,b"c`: the record has another width than the rows before, and
    its second line alone has that width, so it is a row.
    """
    if len(record_lines) < 2 or usual_width < 2 or len(cells) == usual_width:
        return None
    second_row = _loose_rows(record_lines[1:2], separator)
    if second_row and len(second_row[0]) == usual_width:
        return "a quote is not closed"
    return None
