"""Tables to the files of a destination: each is there whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from pkgutil import resolve_name
from typing import TextIO

from notion_pm.exporting.destination import Destination, File
from notion_pm.exporting.folders import CannotWrite, staged
from notion_pm.exporting.formats.csv import write_csv
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.formats.json import write_json, write_json_lines
from notion_pm.exporting.table import Table
from notion_pm.files.writing import atomic_path

TextWriter = Callable[[Sequence[Table], TextIO, Surroundings], None]
FileWriter = Callable[[Sequence[Table], Path, Surroundings], int]
"""Writes a file, and returns how many texts it had to cut."""

_MARKDOWN = "notion_pm.exporting.formats.markdown"
_TEXTS: dict[str, TextWriter] = {
    "csv": lambda tables, stream, _: write_csv(tables[0], stream),
    "jsonl": lambda tables, stream, _: write_json_lines(tables[0], stream),
    "json": lambda tables, stream, _: write_json(tables, stream),
    "markdown": lambda tables, stream, _: resolve_name(f"{_MARKDOWN}:write_page")(
        tables[0], stream
    ),
    "html": lambda *what: resolve_name("notion_pm.exporting.formats.html:write_html")(*what),
}
_FILES = {
    "xlsx": "notion_pm.exporting.formats.xlsx:write_xlsx",
    "sqlite": "notion_pm.exporting.formats.sqlite:write_sqlite",
    "parquet": "notion_pm.exporting.formats.parquet:write_parquet",
}
"""FileWriters by their names: their libraries are slow to load, or may be missing. So it is with two of those above."""


def write(destination: Destination, tables: Sequence[Table], surroundings: Surroundings) -> int:
    """Write all files and return how many texts a workbook had to cut, each with a mark that says so.

    Raises CannotWrite, or TooManyRows when a table does not fit on a sheet.
    """
    return sum(
        _write(destination, file, [tables[place] for place in file.tables], surroundings)
        for file in destination.files
    )


def _write(
    destination: Destination, file: File, tables: Sequence[Table], surroundings: Surroundings
) -> int:
    if file.path is None:
        return _to_stdout(destination.format, tables, surroundings)
    try:
        return _to_disk(destination, file.path, tables, surroundings)
    except OSError as error:
        raise CannotWrite(file.path, error.strerror or str(error)) from error


def _to_disk(
    destination: Destination, path: Path, tables: Sequence[Table], surroundings: Surroundings
) -> int:
    if destination.is_folder:
        resolve_name(f"{_MARKDOWN}:write_folder")(tables, path)
        return 0
    with atomic_path(path) as part:
        cut = _to_path(destination.format, tables, part, surroundings)
        for attached in (each.attached for each in tables if each.attached):
            with staged(path.parent / attached.name) as stage:
                shutil.copytree(attached.folder, stage.folder, dirs_exist_ok=True)
                stage.install([])
        return cut


def _to_path(chosen: str, tables: Sequence[Table], path: Path, surroundings: Surroundings) -> int:
    if chosen in _FILES:
        writer: FileWriter = resolve_name(_FILES[chosen])
        return writer(tables, path, surroundings)
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        _TEXTS[chosen](tables, stream, surroundings)
    return 0


def _to_stdout(chosen: str, tables: Sequence[Table], surroundings: Surroundings) -> int:
    if chosen in _FILES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "out"
            cut = _to_path(chosen, tables, path, surroundings)
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, surroundings.stdout)
        return cut
    text = TextIOWrapper(
        surroundings.stdout, encoding="utf-8", errors="replace", newline="", write_through=True
    )
    _TEXTS[chosen](tables, text, surroundings)
    text.detach()  # stdout stays open
    return 0
