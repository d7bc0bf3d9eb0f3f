"""Files of other tools: CSV in any encoding and with any separator, JSON, JSON Lines; read into records."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.importing.records import Record, Records, flattened
from notion_pm.model.spreadsheet import unguarded

FORMATS = ("csv", "json", "jsonl")
STDIN = "-"
_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_SEPARATORS = ",;\t|"
_LONGEST_CELL = 10_000_000
_OF_ONE_VIEW = re.compile(r" [0-9a-f]{32}\.csv$")


def read_records(path: str, format: str | None = None) -> Records:
    """Read a file, or standard input as `-`, in the format that is given or that its ending says.

    Raises UsageError when the format is not clear or there is nothing in it, FileUnusable when it cannot be read.
    """
    found = format or _SUFFIXES.get(Path(path).suffix.lower())
    if found is None:
        raise UsageError(f"{path!r} does not say its format.", f"Name it with --format: {', '.join(FORMATS)}.")
    text, notes = _decoded(_bytes(path))
    records = _READERS[found](path, text)
    if not (records.records or records.broken):
        raise UsageError(f"There is nothing to import in {path}.", "It has no rows below its headers.")
    if _OF_ONE_VIEW.search(path):
        notes = (
            *notes,
            "Notion puts only the columns of one view into this file: take the one that ends with _all.csv.",
        )
    return Records(records.columns, records.records, records.broken, (*notes, *records.notes))


def _bytes(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise FileUnusable(path, error.strerror or str(error), "Look at the path and your rights to it.") from error


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text, and what to look at: the last resort reads any bytes, rightly or wrongly."""
    for encoding in _encodings(data):
        try:
            return data.decode(encoding), ()
        except UnicodeDecodeError:
            continue
    text = data.decode("cp1252", errors="replace")
    return text, ("The file is not UTF-8; it was read as Windows-1252. Look whether accented letters are right.",)


def _encodings(data: bytes) -> Iterator[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "utf-16"
    yield "utf-8-sig"
    if b"\x00" in data[:400]:
        yield "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"


def _csv(path: str, text: str) -> Records:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    header: list[str] = []
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    short = 0
    line = 1
    try:
        header = [column.strip() for column in next(reader, [])]
        line = reader.line_num + 1
        for values in reader:
            if any(each.strip() for each in values):
                record = _record(header, values, line)
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


def _separator(text: str) -> str:
    """The separator that makes most columns of the header line."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    widths = {each: len(next(csv.reader([first], delimiter=each), [])) for each in _SEPARATORS}
    return max(_SEPARATORS, key=lambda each: widths[each])


def _json(path: str, text: str) -> Records:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        place = f"{path}:{line}" if line else path
        raise FileUnusable(
            place, f"it is not JSON ({error})", "For a JSON document a line, say --format jsonl."
        ) from None
    found, note = _list_in(data)
    if found is None:
        raise UsageError(f"{path} holds no list of objects.", "Give a file whose JSON is a list, or has one inside.")
    return _of_objects(enumerate(found, start=1), (note,) if note else ())


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


def _json_lines(path: str, text: str) -> Records:
    broken: list[tuple[Record, str]] = []

    def objects() -> Iterator[tuple[int, Any]]:
        for line, each in enumerate(text.split("\n"), start=1):
            if each.strip():
                try:
                    yield line, json.loads(each)
                except (ValueError, RecursionError) as error:
                    broken.append((Record(line, (), each), f"this is not JSON: {error}"))

    read = _of_objects(objects())
    return Records(read.columns, read.records, (*read.broken, *broken), read.notes)


def _of_objects(objects: Iterable[tuple[int, Any]], notes: tuple[str, ...] = ()) -> Records:
    """Records of JSON objects; `line` is the line, or in one document the place in its list."""
    records: list[Record] = []
    broken: list[tuple[Record, str]] = []
    for line, each in objects:
        if isinstance(each, dict):
            records.append(Record(line, tuple(flattened(each)), each))
        else:
            broken.append((Record(line, (), each), "this is not an object with fields"))
    columns = dict.fromkeys(name for record in records for name, _ in record.cells)
    return Records(tuple(columns), tuple(records), tuple(broken), notes)


_READERS: dict[str, Callable[[str, str], Records]] = {"csv": _csv, "json": _json, "jsonl": _json_lines}
