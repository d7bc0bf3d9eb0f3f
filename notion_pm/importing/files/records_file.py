"""Read files of other tools into records: CSV, JSON, JSON Lines, workbooks, Notion exports.

The files come from strangers, so their size and their number of cells are limited (docs/import.md
names the limits). All records are kept in memory, where a cell of two characters takes about 100
bytes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.files.safe_read import MEGABYTE, read_bytes, read_stream
from notion_pm.files.text_encoding import detect_encoding
from notion_pm.importing.files.csv_rows import guess_separator, read_csv_rows, stated_separator
from notion_pm.importing.files.notion_export import is_export, read_export
from notion_pm.importing.files.records import (
    PAGE_BODY,
    PAGE_ID,
    NestedTooDeep,
    Record,
    Records,
    flatten_json,
)
from notion_pm.importing.files.table import TableRow, read_table
from notion_pm.importing.files.workbook import read_sheet

FORMATS = ("csv", "json", "jsonl", "xlsx", "ods")
STDIN = "-"
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_TABLES = frozenset({"csv", "xlsx", "ods"})
_SUFFIXES |= {".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xlsx", ".ods": "ods"}
_LARGEST_FILE = 50 * MEGABYTE
_MOST_LINES = 500_000
_MOST_CELLS = 500_000
_MOST_COLUMNS = 2_000
_LONGEST_LINE = 10_000_000
_SPLIT = "Split the file: rows that were imported before are known again by their keys."
_OF_ONE_VIEW = re.compile(r" [0-9a-f]{32}\.csv$")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file; what is None is detected.

    `path`: the path of the list of rows in JSON, such as `data.items`.
    """

    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    sheet: str | None = None
    path: str | None = None


_DETECT_ALL = ReadOptions()


def read_records(
    path: str, format: str | None = None, options: ReadOptions = _DETECT_ALL
) -> Records:
    """Read a file, or standard input for `-`, in the given format or the one of its extension.

    A file without rows has no records. Raises UsageError when the format is unknown or the file
    has no headers, FileUnusable when it cannot be read.
    """
    # First, since an export of Notion is a folder or a ZIP file, which has no format of its own.
    if format is None and path != STDIN and is_export(path):
        return _records_of_export(path, options)
    found = format or _SUFFIXES.get(Path(path).suffix.lower())
    if found is None:
        raise UsageError(
            f"The format of {path!r} is unknown.", f"Add --format, one of: {', '.join(FORMATS)}."
        )
    records = _READERS[found](path, _bytes(path), options)
    if not records.columns and (records.broken or found in _TABLES):
        problem = records.broken[0][1] if records.broken else "it has no headers"
        raise UsageError(
            f"There is nothing to import in {path}: {problem}.", "Look at its first lines."
        )
    if _OF_ONE_VIEW.search(path):
        note = (
            "This file of a Notion export has only the columns of one view: "
            "import the file that ends with _all.csv instead."
        )
        return replace(records, notes=(note, *records.notes))
    return records


def _records_of_export(path: str, options: ReadOptions) -> Records:
    """Read a database of a Notion export, with the id and the body of each page as two columns."""
    database = read_export(path, options.sheet)
    records = _csv(path, database.csv, options)
    if not records.columns:
        raise UsageError(
            f"There is nothing to import in {database.title}: it has no headers.",
            "Look at the export.",
        )
    rows = []
    for record in records.records:
        title = " ".join(record.first(records.columns[0]).split())
        page = database.find_page(title, record.by_column)
        # An empty page has no file, so its title identifies it.
        # 32 hexadecimal digits, like the ids in the file names of an export.
        page_id = page.id if page else sha256(title.encode()).hexdigest()[:32]
        body = page.body(records.columns) if page else ""
        added = [(PAGE_ID, page_id), *([(PAGE_BODY, body)] if body else [])]
        rows.append(replace(record, cells=(*record.cells, *added)))
    columns = (*records.columns, PAGE_ID, PAGE_BODY)
    return replace(records, records=tuple(rows), columns=columns, source=f"Notion {database.title}")


def _bytes(path: str) -> bytes:
    if path != STDIN:
        return read_bytes(Path(path), limit=_LARGEST_FILE)
    if sys.stdin is None:
        raise FileUnusable("Standard input", "it is closed", "Name a file, or pipe one in.")
    try:
        return read_stream(sys.stdin.buffer, "Standard input", limit=_LARGEST_FILE)
    except OSError as error:
        raise FileUnusable("Standard input", error.strerror or str(error)) from error


def _text_lines(path: str, data: bytes, encoding: str, newline: str) -> Iterator[str]:
    """Yield the lines with their ends.

    Raises FileUnusable for a file with too many lines, or too long ones.
    """
    stream = TextIOWrapper(BytesIO(data), encoding=encoding, errors="replace", newline=newline)
    # One character more than allowed is read, which shows that a line is too long without reading
    # all of it.
    read_line = partial(stream.readline, _LONGEST_LINE + 1)
    for number, line in enumerate(iter(read_line, ""), start=1):
        if len(line) > _LONGEST_LINE:
            raise FileUnusable(
                f"{path}:{number}", f"the line has more than {_LONGEST_LINE:,} characters", _SPLIT
            )
        if number > _MOST_LINES:
            raise FileUnusable(path, f"it has more than {_MOST_LINES:,} lines", _SPLIT)
        yield line.replace("\0", "")


class _CellCount:
    """Counts the cells of a file and refuses a file with too many."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cells = 0

    def add(self, cells: int) -> None:
        """Add the number of cells in a row that are not empty. Raises FileUnusable."""
        self._cells += cells
        if self._cells > _MOST_CELLS:
            raise FileUnusable(
                self._path, f"it has more than {_MOST_CELLS:,} cells that are not empty", _SPLIT
            )


def _csv(path: str, data: bytes, options: ReadOptions) -> Records:
    encoding, notes = detect_encoding(data, options.encoding)
    first = next(_text_lines(path, data, encoding, ""), "")
    stated = stated_separator(first)
    lines = _text_lines(path, data, encoding, "")
    separator = (
        options.separator or stated or guess_separator(_text_lines(path, data, encoding, ""))
    )
    counted = _CellCount(path)
    rows = []
    for row in read_csv_rows(lines, separator):
        counted.add(row.filled)
        rows.append(row)
        if len(row.cells) > _MOST_COLUMNS and row.problem is None:
            raise FileUnusable(
                path,
                f"it has more than {_MOST_COLUMNS:,} columns",
                "Remove the columns that you do not need.",
            )
    return _of_table(rows[1:] if stated else rows, options, notes)


def _workbook(path: str, data: bytes, options: ReadOptions) -> Records:
    rows, note = read_sheet(path, data, options.sheet)
    counted = _CellCount(path)
    for row in rows:
        counted.add(row.filled)
    return _of_table(rows, options, (note,) if note else ())


def _of_table(rows: Sequence[TableRow], options: ReadOptions, notes: tuple[str, ...]) -> Records:
    found = read_table(rows, options.header_line)
    return replace(found, notes=(*notes, *found.notes))


def _json(path: str, data: bytes, options: ReadOptions) -> Records:
    _refuse_too_many_values(path, data)
    encoding, notes = detect_encoding(data, options.encoding)
    try:
        document = _parse_json(
            data.decode(encoding, errors="replace"), may_have_surrogates=_SURROGATE.search(data)
        )
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        place = f"{path}:{line}" if line else path
        raise FileUnusable(
            place,
            f"it is not JSON ({_reason(error)})",
            "If each line is a JSON document, add --format jsonl.",
        ) from None
    found, note = _list_in(document, options.path)
    if found is None:
        raise UsageError(
            f"{path} holds no list of objects.",
            "The JSON must be a list of objects, or contain one.",
        )
    return _of_objects(path, enumerate(found, start=1), (*notes, note) if note else notes)


def _refuse_too_many_values(path: str, data: bytes) -> None:
    """Refuse a document with too many values, counted by the signs that start a value.

    Parsing it to find out could already fill the memory. Raises FileUnusable.
    """
    if sum(data.count(sign) for sign in (b"[", b"{", b",")) > _MOST_CELLS:
        raise FileUnusable(path, f"it has more than {_MOST_CELLS:,} values", _SPLIT)


def _parse_json(text: str, *, may_have_surrogates: object) -> Any:
    """Return the value of a JSON text. Raises ValueError or RecursionError when it is invalid."""
    document = json.loads(text, parse_constant=_parse_constant)
    return _with_whole_characters(document) if may_have_surrogates else document


def _parse_constant(name: str) -> Any:
    """Return the value of NaN or Infinity, which JSON does not have but Python's tools write.

    NaN is an empty cell there; an infinity stays a word.
    """
    return None if name == "NaN" else name


def _with_whole_characters(value: Any) -> Any:
    """Replace single surrogates such as `\\ud83d`: UTF-8 cannot encode them."""
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\ufffd", value)
    if isinstance(value, list):
        return [_with_whole_characters(item) for item in value]
    if isinstance(value, dict):
        pairs = value.items()
        return {_with_whole_characters(key): _with_whole_characters(item) for key, item in pairs}
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if "integer string conversion" in str(error):  # Python advises to raise its limit
        return "a number has thousands of digits"
    return str(error)


_DEEPEST_LIST = 3
_TITLE_FIELDS = frozenset({"title", "name", "subject", "summary", "headline"})
_TEXT_FIELDS = frozenset(
    {"body", "desc", "description", "text", "message", "content", "comment", "note", "quote"}
)


def _list_in(data: Any, path: str | None) -> tuple[list[Any] | None, str]:
    """Return the list of rows, and a note on where it is.

    It is the list at `path`, the document itself, or the list inside it whose objects look most
    like rows: they have a title and a text. Of several such lists, the longest.
    Raises UsageError when there is no list at the path.
    """
    if path is not None:
        return _list_at(data, path), ""
    if isinstance(data, list):
        return data, ""
    lists = dict(_lists_inside(data, ""))
    if not lists:
        return None, ""
    best = max(lists, key=lambda name: _likeness_to_rows(lists[name]))
    note = f"The rows are the list `{best}`."
    others = [f"`{name}`" for name, items in lists.items() if items and name != best]
    if others:
        note += f" There are also {', '.join(others[:5])}: name one with --path."
    return lists[best], note


def _list_at(data: Any, path: str) -> list[Any]:
    found = data
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if not isinstance(found, list):
        known = ", ".join(name for name, _ in _lists_inside(data, "")) or "none"
        raise UsageError(f"There is no list at {path!r}.", f"Lists in this file: {known}.")
    return found


def _lists_inside(data: Any, name: str, level: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects inside, and empty ones, by their paths."""
    if not isinstance(data, dict) or level >= _DEEPEST_LIST:
        return
    for key, value in data.items():
        path = f"{name}.{key}" if name else str(key)
        if _may_be_rows(value):
            yield path, value
        else:
            yield from _lists_inside(value, path, level + 1)


def _may_be_rows(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return not value or any(isinstance(item, dict) for item in value)


def _likeness_to_rows(items: list[Any]) -> tuple[int, int]:
    """Return a sort key: how much the objects of a list look like rows, then how many they are."""
    if not items:
        return (-1, 0)
    fields: set[str] = set()
    # The first 20 objects are enough: rows of one list mostly have the same fields.
    for item in items[:20]:
        if isinstance(item, dict):
            fields.update(str(key).casefold() for key in item)
    return (bool(fields & _TITLE_FIELDS) + bool(fields & _TEXT_FIELDS), len(items))


def _json_lines(path: str, data: bytes, options: ReadOptions) -> Records:
    _refuse_too_many_values(path, data)
    encoding, notes = detect_encoding(data, options.encoding)
    may_have_surrogates = _SURROGATE.search(data)
    broken: list[tuple[Record, str]] = []

    def objects() -> Iterator[tuple[int, Any]]:
        for line, text in enumerate(_text_lines(path, data, encoding, "\n"), start=1):
            if not text.strip():
                continue
            try:
                yield line, _parse_json(text, may_have_surrogates=may_have_surrogates)
            except (ValueError, RecursionError) as error:
                record = Record(line, (), text.rstrip("\r\n"))
                broken.append((record, f"this is not JSON: {_reason(error)}"))

    read = _of_objects(path, objects())
    return Records(read.columns, read.records, (*read.broken, *broken), (*notes, *read.notes))


def _of_objects(
    path: str, objects: Iterable[tuple[int, Any]], notes: tuple[str, ...] = ()
) -> Records:
    """Return the records of JSON objects, each with its line (or its place in the list)."""
    counted = _CellCount(path)
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    columns: dict[str, None] = {}
    for line, value in objects:
        if not isinstance(value, dict):
            broken.append((Record(line, (), value), "this is not an object with fields"))
            continue
        try:
            cells = tuple(flatten_json(value))
        except NestedTooDeep as error:
            broken.append((Record(line, (), value), str(error)))
            continue
        counted.add(len(cells))
        records.append(Record(line, cells, value))
        columns.update((name, None) for name, _ in cells)
    if len(columns) > _MOST_COLUMNS:
        raise FileUnusable(
            path,
            f"its objects have more than {_MOST_COLUMNS:,} different fields",
            "Remove the fields that you do not need.",
        )
    return Records(tuple(columns), tuple(records), tuple(broken), notes)


_READERS: dict[str, Callable[[str, bytes, ReadOptions], Records]] = {
    "csv": _csv,
    "json": _json,
    "jsonl": _json_lines,
    "xlsx": _workbook,
    "ods": _workbook,
}
