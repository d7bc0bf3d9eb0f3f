"""Files of other tools: CSV in any encoding and with any separator, JSON, JSON Lines, workbooks; read into records.

They come from strangers, so a file is limited in size and in cells (docs/import.md names the limits): what is read is
kept in memory, where a cell of two characters takes about a hundred bytes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
    """What a person says of a file that would else be found out.

    `path` leads to the list of rows in JSON, such as `data.items`.
    """

    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    sheet: str | None = None
    path: str | None = None


_FOUND_OUT = ReadOptions()


def read_records(
    path: str, format: str | None = None, options: ReadOptions = _FOUND_OUT
) -> Records:
    """Read a file, or standard input as `-`, in the format that is given or that its ending says.

    A file without rows has no records. Raises UsageError when the format is not clear or it holds no rows at all,
    FileUnusable when it cannot be read.
    """
    if format is None and path != STDIN and is_export(path):
        return _records_of_export(path, options)
    found = format or _SUFFIXES.get(Path(path).suffix.lower())
    if found is None:
        raise UsageError(
            f"{path!r} does not say its format.", f"Name it with --format: {', '.join(FORMATS)}."
        )
    records = _READERS[found](path, _bytes(path), options)
    if not records.columns and (records.broken or found in _TABLES):
        problem = records.broken[0][1] if records.broken else "it has no headers"
        raise UsageError(
            f"There is nothing to import in {path}: {problem}.", "Look at its first lines."
        )
    if _OF_ONE_VIEW.search(path):
        note = "Notion puts only the columns of one view into this file: take the one that ends with _all.csv."
        return replace(records, notes=(note, *records.notes))
    return records


def _records_of_export(path: str, options: ReadOptions) -> Records:
    """Read a database of Notion's own export, with the id and the body of each page as two columns more."""
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
        page = database.page_of(title, record.by_column)
        # A page without a file of its own is known by its title.
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
    """Yield the lines with their ends. Raises FileUnusable for a file with too many of them, or too long ones."""
    stream = TextIOWrapper(BytesIO(data), encoding=encoding, errors="replace", newline=newline)
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise FileUnusable(
                f"{path}:{number}", f"the line has more than {_LONGEST_LINE:,} characters", _SPLIT
            )
        if number > _MOST_LINES:
            raise FileUnusable(path, f"it has more than {_MOST_LINES:,} lines", _SPLIT)
        yield line.replace("\0", "")


class _CellCount:
    """Counts cells, and refuses a file with too many."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cells = 0

    def add(self, cells: int) -> None:
        """Count the cells of a row that are not empty. Raises FileUnusable."""
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
                "Leave out those not to import.",
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
        document = _parsed(
            data.decode(encoding, errors="replace"), may_have_surrogates=_SURROGATE.search(data)
        )
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        place = f"{path}:{line}" if line else path
        raise FileUnusable(
            place,
            f"it is not JSON ({_reason(error)})",
            "For a JSON document a line, say --format jsonl.",
        ) from None
    found, note = _list_in(document, options.path)
    if found is None:
        raise UsageError(
            f"{path} holds no list of objects.",
            "Give a file whose JSON is a list, or has one inside.",
        )
    return _of_objects(path, enumerate(found, start=1), (*notes, note) if note else notes)


def _refuse_too_many_values(path: str, data: bytes) -> None:
    """Refuse a document whose values would fill the memory, judged by the signs that start one."""
    if sum(data.count(sign) for sign in (b"[", b"{", b",")) > _MOST_CELLS:
        raise FileUnusable(path, f"it has more than {_MOST_CELLS:,} values", _SPLIT)


def _parsed(text: str, *, may_have_surrogates: object) -> Any:
    """Return the value of a JSON text. Raises ValueError or RecursionError when it is none."""
    document = json.loads(text, parse_constant=_constant)
    return _with_whole_characters(document) if may_have_surrogates else document


def _constant(name: str) -> Any:
    """Python's tools write NaN for an empty cell, which JSON does not know; an infinity stays a word."""
    return None if name == "NaN" else name


def _with_whole_characters(value: Any) -> Any:
    """Replace halves of characters (`\\ud83d` alone): no file and no request can hold them."""
    if isinstance(value, str):
        return _HALF_CHARACTER.sub("\ufffd", value)
    if isinstance(value, list):
        return [_with_whole_characters(each) for each in value]
    if isinstance(value, dict):
        return {
            _with_whole_characters(key): _with_whole_characters(each) for key, each in value.items()
        }
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it nests too deep"
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

    It is the document itself, what `path` leads to, or the list inside whose objects look most like rows: they have a
    title and a text. Of several the longest. Raises UsageError where the path leads to no list.
    """
    if path is not None:
        return _list_at(data, path), ""
    if isinstance(data, list):
        return data, ""
    lists = dict(_lists_inside(data, ""))
    if not lists:
        return None, ""
    name = max(lists, key=lambda each: _likeness_to_rows(lists[each]))
    others = [each for each in lists if each != name and lists[each]]
    more = (
        f" There are also {', '.join(f'`{each}`' for each in others[:5])}: name one with --path."
        if others
        else ""
    )
    return lists[name], f"The rows are those of `{name}`.{more}"


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
        if isinstance(value, list) and (not value or any(isinstance(item, dict) for item in value)):
            yield path, value
        else:
            yield from _lists_inside(value, path, level + 1)


def _likeness_to_rows(items: list[Any]) -> tuple[int, int]:
    fields = {str(key).casefold() for item in items[:20] if isinstance(item, dict) for key in item}
    looks = bool(fields & _TITLE_FIELDS) + bool(fields & _TEXT_FIELDS)
    return (looks if len(items) > 0 else -1, len(items))


def _json_lines(path: str, data: bytes, options: ReadOptions) -> Records:
    _refuse_too_many_values(path, data)
    encoding, notes = detect_encoding(data, options.encoding)
    may_have_surrogates = _SURROGATE.search(data)
    broken: list[tuple[Record, str]] = []

    def objects() -> Iterator[tuple[int, Any]]:
        for line, each in enumerate(_text_lines(path, data, encoding, "\n"), start=1):
            if each.strip():
                try:
                    yield line, _parsed(each, may_have_surrogates=may_have_surrogates)
                except (ValueError, RecursionError) as error:
                    broken.append(
                        (
                            Record(line, (), each.rstrip("\r\n")),
                            f"this is not JSON: {_reason(error)}",
                        )
                    )

    read = _of_objects(path, objects())
    return Records(read.columns, read.records, (*read.broken, *broken), (*notes, *read.notes))


def _of_objects(
    path: str, objects: Iterable[tuple[int, Any]], notes: tuple[str, ...] = ()
) -> Records:
    """Records of JSON objects; `line` is the line, or in one document the place in its list."""
    counted = _CellCount(path)
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    for line, each in objects:
        if not isinstance(each, dict):
            broken.append((Record(line, (), each), "this is not an object with fields"))
            continue
        try:
            record = Record(line, tuple(flatten_json(each)), each)
            counted.add(len(record.cells))
            records.append(record)
        except NestedTooDeep as error:
            broken.append((Record(line, (), each), str(error)))
    columns = dict.fromkeys(name for record in records for name, _ in record.cells)
    if len(columns) > _MOST_COLUMNS:
        raise FileUnusable(
            path,
            f"its objects have more than {_MOST_COLUMNS:,} different fields",
            "Leave some out.",
        )
    return Records(tuple(columns), tuple(records), tuple(broken), notes)


_READERS: dict[str, Callable[[str, bytes, ReadOptions], Records]] = {
    "csv": _csv,
    "json": _json,
    "jsonl": _json_lines,
    "xlsx": _workbook,
    "ods": _workbook,
}
