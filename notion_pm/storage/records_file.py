"""Files of other tools: CSV in any encoding and with any separator, JSON, JSON Lines; read into records.

They come from strangers, so a file is limited in size and in cells (docs/import.md names the limits): what is read is
kept in memory, where a cell of two characters takes about a hundred bytes.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.importing.records import NestedTooDeep, Record, Records, flattened
from notion_pm.model.spreadsheet import unguarded
from notion_pm.safe_read import MEGABYTE, read_bytes, read_stream

FORMATS = ("csv", "json", "jsonl")
STDIN = "-"
_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SEPARATORS = ",;\t|"
_LARGEST_FILE = 50 * MEGABYTE
_MOST_LINES = 500_000
_MOST_CELLS = 500_000
_MOST_COLUMNS = 2_000
_LONGEST_CELL = 1_000_000
_LONGEST_LINE = 10_000_000
_SPLIT = "Split the file: rows that were imported before are known again by their keys."
_OF_ONE_VIEW = re.compile(r" [0-9a-f]{32}\.csv$")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def read_records(path: str, format: str | None = None) -> Records:
    """Read a file, or standard input as `-`, in the format that is given or that its ending says.

    Raises UsageError when the format is not clear or there is nothing in it, FileUnusable when it cannot be read.
    """
    found = format or _SUFFIXES.get(Path(path).suffix.lower())
    if found is None:
        raise UsageError(f"{path!r} does not say its format.", f"Name it with --format: {', '.join(FORMATS)}.")
    data = _bytes(path)
    encoding, notes = _encoding_of(data)
    records = _READERS[found](path, data, encoding)
    if not (records.records or records.broken):
        raise UsageError(f"There is nothing to import in {path}.", "It has no rows below its headers.")
    if not records.columns:
        problem = records.broken[0][1] if records.broken else "its first line names no columns"
        raise UsageError(f"There is nothing to import in {path}: {problem}.", "Look at its first lines.")
    if _OF_ONE_VIEW.search(path):
        notes = (
            *notes,
            "Notion puts only the columns of one view into this file: take the one that ends with _all.csv.",
        )
    return Records(records.columns, records.records, records.broken, (*notes, *records.notes))


def _bytes(path: str) -> bytes:
    if path != STDIN:
        return read_bytes(Path(path), limit=_LARGEST_FILE)
    if sys.stdin is None:
        raise FileUnusable("Standard input", "it is closed", "Name a file, or pipe one in.")
    try:
        return read_stream(sys.stdin.buffer, "Standard input", limit=_LARGEST_FILE)
    except OSError as error:
        raise FileUnusable("Standard input", error.strerror or str(error)) from error


def _encoding_of(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return how the text is encoded, and what to look at: the last resort reads any bytes, rightly or wrongly."""
    for encoding in _encodings(data):
        if _is_encoded_as(encoding, data):
            return encoding, ()
    note = "The file is not UTF-8; it was read as Windows-1252. Look whether accented letters are right."
    return "cp1252", (note,)


def _encodings(data: bytes) -> Iterator[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "utf-16"
    yield "utf-8-sig"
    if b"\x00" in data[:400]:
        yield "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"


def _is_encoded_as(encoding: str, data: bytes) -> bool:
    """Whether the bytes can be read so. In pieces: the whole text would take up to four times the file's size."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), MEGABYTE):
            decoder.decode(data[start : start + MEGABYTE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _text_lines(path: str, data: bytes, encoding: str, newline: str) -> Iterator[str]:
    """Yield the lines with their ends. Raises FileUnusable for a file with too many of them, or too long ones."""
    stream = TextIOWrapper(BytesIO(data), encoding=encoding, errors="replace", newline=newline)
    number = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise FileUnusable(f"{path}:{number}", f"the line has more than {_LONGEST_LINE:,} characters", _SPLIT)
        if number > _MOST_LINES:
            raise FileUnusable(path, f"it has more than {_MOST_LINES:,} lines", _SPLIT)
        yield line


class _CellCount:
    """Counts cells, and refuses a file with too many."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._cells = 0

    def add(self, record: Record) -> Record:
        self._cells += len(record.cells)
        if self._cells > _MOST_CELLS:
            raise FileUnusable(self._path, f"it has more than {_MOST_CELLS:,} cells that are not empty", _SPLIT)
        return record


def _csv(path: str, data: bytes, encoding: str) -> Records:
    csv.field_size_limit(_LONGEST_CELL)
    separator = _separator(path, data, encoding)
    reader = csv.reader(_text_lines(path, data, encoding, ""), delimiter=separator, strict=True)
    counted = _CellCount(path)
    header: list[str] = []
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    short = 0
    line = 1
    try:
        header = [column.strip() for column in next(reader, [])]
        if len(header) > _MOST_COLUMNS:
            raise FileUnusable(path, f"it has more than {_MOST_COLUMNS:,} columns", "Leave out those not to import.")
        line = reader.line_num + 1
        for values in reader:
            if any(each.strip() for each in values):
                record = counted.add(_record(header, values, line))
                if len(values) > len(header) and any(each.strip() for each in values[len(header) :]):
                    broken.append((record, f"{len(values)} cells, but {len(header)} headers"))
                else:
                    records.append(record)
                    short += len(values) < len(header)
            line = reader.line_num + 1
    except csv.Error as error:
        broken.append((Record(line, ()), f"from here on this is not CSV: {error}"))
    notes = (f"{short} rows have fewer cells than headers; the rest of them is taken for empty.",) if short else ()
    return Records(tuple(dict.fromkeys(filter(None, header))), tuple(records), tuple(broken), notes)


def _record(header: list[str], values: list[str], line: int) -> Record:
    cells = zip(header, map(unguarded, values), strict=False)
    named = ((name, value) for name, value in cells if name and value.strip())
    return Record(line, tuple(named))


def _separator(path: str, data: bytes, encoding: str) -> str:
    """The separator that makes most columns of the header line."""
    first = next((line for line in _text_lines(path, data, encoding, "") if line.strip()), "").rstrip("\r\n")
    widths = {each: _width(first, each) for each in _SEPARATORS}
    return max(_SEPARATORS, key=lambda each: widths[each])


def _width(header: str, separator: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=separator), []))
    except csv.Error:
        return 0


def _json(path: str, data: bytes, encoding: str) -> Records:
    _refuse_too_many_values(path, data)
    try:
        document = _parsed(data.decode(encoding, errors="replace"), may_have_surrogates=_SURROGATE.search(data))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        place = f"{path}:{line}" if line else path
        raise FileUnusable(
            place, f"it is not JSON ({_reason(error)})", "For a JSON document a line, say --format jsonl."
        ) from None
    found, note = _list_in(document)
    if found is None:
        raise UsageError(f"{path} holds no list of objects.", "Give a file whose JSON is a list, or has one inside.")
    return _of_objects(path, enumerate(found, start=1), (note,) if note else ())


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
        return value.encode("utf-8", errors="replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        return [_with_whole_characters(each) for each in value]
    if isinstance(value, dict):
        return {_with_whole_characters(key): _with_whole_characters(each) for key, each in value.items()}
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it nests too deep"
    if "integer string conversion" in str(error):  # Python advises to raise its limit
        return "a number has thousands of digits"
    return str(error)


def _list_in(data: Any) -> tuple[list[Any] | None, str]:
    """The list of a document: itself, or the longest list of objects directly inside."""
    if isinstance(data, list):
        return data, ""
    lists = {name: each for name, each in data.items() if isinstance(each, list)} if isinstance(data, dict) else {}
    objects = {name: each for name, each in lists.items() if any(isinstance(item, dict) for item in each)}
    if not objects:
        return None, ""
    name = max(objects, key=lambda each: len(objects[each]))
    return objects[name], f"The rows are those of `{name}`."


def _json_lines(path: str, data: bytes, encoding: str) -> Records:
    _refuse_too_many_values(path, data)
    may_have_surrogates = _SURROGATE.search(data)
    broken: list[tuple[Record, str]] = []

    def objects() -> Iterator[tuple[int, Any]]:
        for line, each in enumerate(_text_lines(path, data, encoding, "\n"), start=1):
            if each.strip():
                try:
                    yield line, _parsed(each, may_have_surrogates=may_have_surrogates)
                except (ValueError, RecursionError) as error:
                    broken.append((Record(line, (), each.rstrip("\r\n")), f"this is not JSON: {_reason(error)}"))

    read = _of_objects(path, objects())
    return Records(read.columns, read.records, (*read.broken, *broken), read.notes)


def _of_objects(path: str, objects: Iterable[tuple[int, Any]], notes: tuple[str, ...] = ()) -> Records:
    """Records of JSON objects; `line` is the line, or in one document the place in its list."""
    counted = _CellCount(path)
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    for line, each in objects:
        if not isinstance(each, dict):
            broken.append((Record(line, (), each), "this is not an object with fields"))
            continue
        try:
            records.append(counted.add(Record(line, tuple(flattened(each)), each)))
        except NestedTooDeep as error:
            broken.append((Record(line, (), each), str(error)))
    columns = dict.fromkeys(name for record in records for name, _ in record.cells)
    if len(columns) > _MOST_COLUMNS:
        raise FileUnusable(path, f"its objects have more than {_MOST_COLUMNS:,} different fields", "Leave some out.")
    return Records(tuple(columns), tuple(records), tuple(broken), notes)


_READERS: dict[str, Callable[[str, bytes, str], Records]] = {"csv": _csv, "json": _json, "jsonl": _json_lines}
