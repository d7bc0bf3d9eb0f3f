"""The rows of a table as records: where its headers are, and which lines are no rows.

People and tools put titles above the headers, totals and notes below the rows, and repeat the
headers for each group. Such lines are left out, and a note names them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from notion_pm.importing.files.records import Record, Records

_SAMPLE = 60
"""Rows that decide where the headers are."""
_LIKE_A_HEADER = 0.6
"""Headers fill at least this part of the cells that a usual row fills."""
_TOTALS = re.compile(
    r"(?:grand |sub)?totals?(?: g[eé]n[eé]rale?s?)?|sum|summe|gesamt(?:summe)?|zwischensumme|somme|suma|soma|totale"
    r"|总计|合計|итого|всего",
    re.IGNORECASE,
)
_AFTER_TOTAL = re.compile(r"[\s:=]*(?:\(.*\))?[\s:=]*[\d.,\s]*")
_MOST_LINES_NAMED = 8


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of a table with its cells; a blank line has none."""

    line: int
    cells: tuple[str, ...]
    problem: str | None = None
    """Why the line could not be read."""

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return sum(bool(cell.strip()) for cell in self.cells)

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return not self.filled and self.problem is None


def read_table(rows: Sequence[TableRow], header_line: int | None = None) -> Records:
    """Return the records of a table.

    `header_line` names the line of the headers; without it they are looked for.
    """
    place = _header_place(rows, header_line)
    if place is None:
        return Records((), ())
    body = rows[place + 1 :]
    header = _column_names(rows[place], body)
    body, left_out = _without_other_lines(
        header, [name.strip() for name in rows[place].cells], body
    )
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    short = 0
    for row in body:
        record = _record(header, row)
        if row.problem is not None:
            broken.append((record, row.problem))
        elif any(cell.strip() for cell in row.cells[len(header) :]):
            broken.append((record, f"{len(row.cells)} cells, but {len(header)} headers"))
        else:
            records.append(record)
            short += len(row.cells) < len(header)
    notes = []
    above = [row for row in rows[:place] if not row.is_blank]
    if above:
        notes.append(f"The headers are on line {rows[place].line}; what is above them was skipped.")
    if left_out:
        notes.append(_left_out_note(left_out))
    if short:
        notes.append(
            f"{short} rows have fewer cells than headers; the rest of them is taken for empty."
        )
    columns = tuple(dict.fromkeys(filter(None, header)))
    return Records(columns, tuple(records), tuple(broken), tuple(notes))


def _header_place(rows: Sequence[TableRow], header_line: int | None) -> int | None:
    """Return where the headers are among the rows: the first row that fills nearly as much as a usual one."""
    if header_line is not None:
        return next((place for place, row in enumerate(rows) if row.line >= header_line), None)
    places = [place for place, row in enumerate(rows) if row.filled and row.problem is None][
        :_SAMPLE
    ]
    widths = Counter(rows[place].filled for place in places)
    common = [width for width, number in widths.items() if number > 1]
    usual = max(common or widths, default=0)
    return next((place for place in places if rows[place].filled >= usual * _LIKE_A_HEADER), None)


def _column_names(header: TableRow, body: Sequence[TableRow]) -> list[str]:
    """Return the headers. A column without one is named by its place where any row fills it."""
    names = [cell.strip() for cell in header.cells]
    for place, name in enumerate(names):
        if not name and any(place < len(row.cells) and row.cells[place].strip() for row in body):
            names[place] = f"Column {place + 1}"
    while names and not names[-1]:
        names.pop()
    return names if any(names) and header.filled else []


def _record(header: Sequence[str], row: TableRow) -> Record:
    pairs = zip(header, row.cells, strict=False)
    return Record(row.line, tuple((name, cell) for name, cell in pairs if name and cell.strip()))


def _without_other_lines(
    header: Sequence[str], written_header: Sequence[str], rows: Sequence[TableRow]
) -> tuple[list[TableRow], list[TableRow]]:
    """Return the rows, and the lines that are no rows: repeated headers, titles of groups, totals, notes at the end."""
    kept: list[TableRow] = []
    left_out: list[TableRow] = []
    blocks = _blocks(rows)
    sparse = max(2, len(header) // 2) if len(header) > 2 else 0
    footer = _footer_start(blocks, sparse)
    has_groups = any(_is_header(row, written_header) for block in blocks for row in block)
    # In a table of groups the last line of each may sum up several columns; elsewhere it may be a row without its id.
    most = max(2, len(header) // 3) if has_groups else 1
    for block in blocks[:footer]:
        for place, row in enumerate(block):
            following = block[place + 1] if place + 1 < len(block) else None
            if (
                _is_header(row, written_header)
                or _is_group_title(row, following, written_header)
                or _is_total(row, len(header))
                or (
                    following is None
                    and row.filled <= most
                    and _is_summary(row, block, kept, len(header))
                )
            ):
                left_out.append(row)
            else:
                kept.append(row)
    left_out += [row for block in blocks[footer:] for row in block]
    return kept, left_out


def _footer_start(blocks: Sequence[Sequence[TableRow]], sparse: int) -> int:
    """Return the place of the first block of a footer: it and all below are much emptier than the rows above."""
    start = len(blocks)
    while start > 1 and all(
        row.problem is None and row.filled <= sparse for row in blocks[start - 1]
    ):
        start -= 1
    above = [row.filled for block in blocks[:start] for row in block]
    return start if max(above, default=0) > sparse else len(blocks)


def _blocks(rows: Sequence[TableRow]) -> list[list[TableRow]]:
    """Return the rows in the parts that blank lines separate."""
    blocks: list[list[TableRow]] = [[]]
    for row in rows:
        if row.is_blank:
            blocks.append([])
        else:
            blocks[-1].append(row)
    return [block for block in blocks if block]


def _is_header(row: TableRow | None, header: Sequence[str]) -> bool:
    return (
        row is not None and len(header) > 1 and [cell.strip() for cell in row.cells] == list(header)
    )


def _is_group_title(row: TableRow, following: TableRow | None, header: Sequence[str]) -> bool:
    return row.filled == 1 and len(header) > 2 and _is_header(following, header)


def _is_total(row: TableRow, columns: int) -> bool:
    """Whether a row is one of totals: its first text is such a word, and most of its cells are empty."""
    if columns < 3 or row.problem is not None or row.filled > max(2, columns // 2):
        return False
    first = next((cell.strip() for cell in row.cells if cell.strip()), "")
    word = _TOTALS.match(first)
    return word is not None and _AFTER_TOTAL.fullmatch(first[word.end() :]) is not None


def _is_summary(
    row: TableRow, block: Sequence[TableRow], kept: Sequence[TableRow], columns: int
) -> bool:
    """Whether the last row of a group sums it up: it lacks the first cell, which all others have, and most else."""
    others = [
        other for other in (kept[-20:] if len(block) < 3 else block[:-1]) if other.problem is None
    ]
    if columns < 4 or row.problem is not None or len(others) < 2 or row.cells[0].strip():
        return False
    return all(other.cells and other.cells[0].strip() for other in others)


def _left_out_note(left_out: Sequence[TableRow]) -> str:
    lines = [str(row.line) for row in left_out]
    named = ", ".join(lines[:_MOST_LINES_NAMED]) + (
        ", ..." if len(lines) > _MOST_LINES_NAMED else ""
    )
    what = (
        "1 line was left out as it is no row"
        if len(lines) == 1
        else f"{len(lines)} lines were left out as no rows"
    )
    return f"{what} but a title, total or footer: line {named}."
