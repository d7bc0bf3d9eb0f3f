"""Read the rows of a table as records: find the headers, and leave out lines that are not rows.

People and tools put titles above the headers, totals and notes below the rows, and repeat the
headers for each group. Such lines are left out, and a note names them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from notion_pm.importing.files.records import Record, Records
from notion_pm.text import quantity

_SAMPLE = 60
"""Rows that decide where the headers are."""
_LIKE_A_HEADER = 0.6
"""Headers fill at least this share of the cells that a usual row fills."""
_TOTALS = re.compile(
    r"(?:grand |sub)?totals?(?: g[eé]n[eé]rale?s?)?|sum|summe|gesamt(?:summe)?|zwischensumme"
    r"|somme|suma|soma|totale|总计|合計|итого|всего",
    re.IGNORECASE,
)
_AFTER_TOTAL = re.compile(r"[\s:=]*(?:\(.*\))?[\s:=]*[\d.,\s]*")
_MOST_LINES_NAMED = 8
_COMPARED_ROWS = 20
"""Earlier rows that the last line of a short group is compared with."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of a table with its cells; a blank line has none."""

    line: int
    cells: tuple[str, ...]
    problem: str | None = None
    """Why the line could not be read."""

    @property
    def filled(self) -> int:
        """The number of cells that are not empty."""
        return sum(1 for cell in self.cells if cell.strip())

    @property
    def is_blank(self) -> bool:
        """Whether all cells are empty."""
        return not self.filled and self.problem is None


def read_table(rows: Sequence[TableRow], header_line: int | None = None) -> Records:
    """Return the records of a table.

    `header_line`: the line of the headers, from 1; None to find them.
    """
    place = _find_header(rows, header_line)
    if place is None:
        return Records((), ())
    header_row = rows[place]
    header = _column_names(header_row, rows[place + 1 :])
    body = _TableBody(header, [cell.strip() for cell in header_row.cells], rows[place + 1 :])
    kept, left_out = body.split()

    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    short = 0
    for row in kept:
        record = _record(header, row)
        has_more_cells = any(cell.strip() for cell in row.cells[len(header) :])
        if row.problem is not None:
            broken.append((record, row.problem))
        elif has_more_cells:
            broken.append((record, f"{len(row.cells)} cells, but {len(header)} headers"))
        else:
            records.append(record)
            if len(row.cells) < len(header):
                short += 1

    notes = []
    if not all(row.is_blank for row in rows[:place]):
        notes.append(f"The headers are on line {header_row.line}; the lines above were skipped.")
    if left_out:
        notes.append(_left_out_note(left_out))
    if short:
        notes.append(
            f"{quantity(short, 'row has', 'rows have')} fewer cells than headers; "
            "the missing cells are taken as empty."
        )
    columns = tuple(dict.fromkeys(name for name in header if name))
    return Records(columns, tuple(records), tuple(broken), tuple(notes))


def _find_header(rows: Sequence[TableRow], header_line: int | None) -> int | None:
    """Return the index of the header row: the first row that is nearly as full as usual rows."""
    if header_line is not None:
        for index, row in enumerate(rows):
            if row.line >= header_line:
                return index
        return None

    candidates = [index for index, row in enumerate(rows) if row.filled and row.problem is None]
    candidates = candidates[:_SAMPLE]
    widths = Counter(rows[index].filled for index in candidates)
    # A width that occurs once may be a single long line, such as a note with many separators.
    repeated = [width for width, number in widths.items() if number > 1]
    usual = max(repeated or widths, default=0)
    for index in candidates:
        if rows[index].filled >= usual * _LIKE_A_HEADER:
            return index
    return None


def _column_names(header: TableRow, body: Sequence[TableRow]) -> list[str]:
    """Return the headers. A column without header is named by its place if any row fills it."""
    names = [cell.strip() for cell in header.cells]
    for place, name in enumerate(names):
        if not name and any(place < len(row.cells) and row.cells[place].strip() for row in body):
            names[place] = f"Column {place + 1}"
    # Spreadsheets often write separators for empty columns at the right.
    while names and not names[-1]:
        names.pop()
    return names if header.filled else []


def _record(header: Sequence[str], row: TableRow) -> Record:
    pairs = zip(header, row.cells, strict=False)
    # Not strict: a row may have fewer cells than there are headers, and the rest is empty.
    return Record(row.line, tuple((name, cell) for name, cell in pairs if name and cell.strip()))


class _TableBody:
    """The lines below the headers.

    `header`: the names of the columns; `written_header`: the header cells as they are in the file.
    """

    def __init__(
        self, header: Sequence[str], written_header: Sequence[str], rows: Sequence[TableRow]
    ) -> None:
        self._width = len(header)
        self._written_header = list(written_header)
        self._blocks = _blocks(rows)
        self._has_groups = any(map(self._is_header, chain.from_iterable(self._blocks)))
        """Whether the headers are repeated for groups of rows."""

    def split(self) -> tuple[list[TableRow], list[TableRow]]:
        """Return the rows, and the lines that are not rows."""
        kept: list[TableRow] = []
        left_out: list[TableRow] = []
        footer = self._footer_start()
        for block in self._blocks[:footer]:
            for place, row in enumerate(block):
                following = block[place + 1] if place + 1 < len(block) else None
                is_other = (
                    self._is_header(row)
                    or self._is_group_title(row, following)
                    or self._is_total(row)
                    or (following is None and self._is_summary(row, block, kept))
                )
                (left_out if is_other else kept).append(row)
        for block in self._blocks[footer:]:
            left_out += block
        return kept, left_out

    def _footer_start(self) -> int:
        """Return the index of the first block of the footer.

        The footer is at the end, behind a blank line, and much emptier than the rows above.
        """
        # With one or two columns a footer looks like any row, so none is left out.
        most_filled = max(2, self._width // 2) if self._width > 2 else 0
        start = len(self._blocks)
        while start > 1 and all(
            row.problem is None and row.filled <= most_filled for row in self._blocks[start - 1]
        ):
            start -= 1
        rows_above = chain.from_iterable(self._blocks[:start])
        fullest = max((row.filled for row in rows_above), default=0)
        return start if fullest > most_filled else len(self._blocks)

    def _is_header(self, row: TableRow | None) -> bool:
        if row is None or len(self._written_header) <= 1:
            return False
        return [cell.strip() for cell in row.cells] == self._written_header

    def _is_group_title(self, row: TableRow, following: TableRow | None) -> bool:
        """Whether a row is a single cell above repeated headers."""
        is_single = row.filled == 1 and len(self._written_header) > 2
        return is_single and self._is_header(following)

    def _is_total(self, row: TableRow) -> bool:
        """Whether a row starts with a word such as "Total", and most of its cells are empty."""
        is_sparse = self._width >= 3 and row.filled <= max(2, self._width // 2)
        if not is_sparse or row.problem is not None:
            return False
        first = next((cell.strip() for cell in row.cells if cell.strip()), "")
        word = _TOTALS.match(first)
        return word is not None and _AFTER_TOTAL.fullmatch(first[word.end() :]) is not None

    def _is_summary(
        self, row: TableRow, block: Sequence[TableRow], kept: Sequence[TableRow]
    ) -> bool:
        """Whether the last row of a block is a sum: it lacks the first cell, which all others have.

        In a table of groups it may sum up several columns. Elsewhere a row with several cells may
        be a row without its id.
        """
        most_filled = max(2, self._width // 3) if self._has_groups else 1
        if row.filled > most_filled or self._width < 4:
            return False
        if row.problem is not None or row.cells[0].strip():
            return False
        others = kept[-_COMPARED_ROWS:] if len(block) < 3 else block[:-1]
        others = [other for other in others if other.problem is None]
        return len(others) >= 2 and all(other.cells and other.cells[0].strip() for other in others)


def _blocks(rows: Sequence[TableRow]) -> list[list[TableRow]]:
    """Return the rows in the blocks that blank lines separate."""
    blocks: list[list[TableRow]] = [[]]
    for row in rows:
        if row.is_blank:
            blocks.append([])
        else:
            blocks[-1].append(row)
    return [block for block in blocks if block]


def _left_out_note(left_out: Sequence[TableRow]) -> str:
    lines = ", ".join(str(row.line) for row in left_out[:_MOST_LINES_NAMED])
    if len(left_out) > _MOST_LINES_NAMED:
        lines += ", ..."
    if len(left_out) == 1:
        return f"1 line was left out: it is a title, total or footer, not a row: line {lines}."
    return (
        f"{len(left_out)} lines were left out: they are titles, totals or footers, not rows: "
        f"line {lines}."
    )
