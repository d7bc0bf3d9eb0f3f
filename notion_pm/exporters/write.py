"""Tables to the files of a destination: each is there whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

from xlsxwriter.exceptions import FileCreateError

from notion_pm.exporters.csv import write_csv
from notion_pm.exporters.destination import Destination, File
from notion_pm.exporters.files import CannotWrite, atomic
from notion_pm.exporters.json import write_json, write_json_lines
from notion_pm.exporters.markdown import write_folder, write_page
from notion_pm.exporters.table import Table
from notion_pm.exporters.xlsx import write_xlsx


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What writing needs to know: the time, the zone in which a workbook shows times, and where `-` goes."""

    now: datetime
    zone: tzinfo
    stdout: BinaryIO


_TEXTS: dict[str, Callable[[Sequence[Table], TextIO], None]] = {
    "csv": lambda tables, stream: write_csv(tables[0], stream),
    "jsonl": lambda tables, stream: write_json_lines(tables[0], stream),
    "json": write_json,
    "markdown": lambda tables, stream: write_page(tables[0], stream),
}


def write(destination: Destination, tables: Sequence[Table], surroundings: Surroundings) -> int:
    """Write all files and return how many texts a workbook had to cut, each with a mark that says so.

    Raises CannotWrite, or TooManyRows when a table does not fit on a sheet.
    """
    return sum(
        _write(destination, file, [tables[place] for place in file.tables], surroundings) for file in destination.files
    )


def _write(destination: Destination, file: File, tables: Sequence[Table], surroundings: Surroundings) -> int:
    if file.path is None:
        return _to_stdout(destination.format, tables, surroundings)
    try:
        return _to_disk(destination, file.path, tables, surroundings)
    except (OSError, FileCreateError) as error:
        cause = error.args[0] if isinstance(error, FileCreateError) else error
        raise CannotWrite(file.path, getattr(cause, "strerror", None) or str(cause)) from error


def _to_disk(destination: Destination, path: Path, tables: Sequence[Table], surroundings: Surroundings) -> int:
    if destination.is_folder:
        write_folder(tables, path)
        return 0
    with atomic(path) as part:
        return _to_path(destination.format, tables, part, surroundings)


def _to_path(chosen: str, tables: Sequence[Table], path: Path, surroundings: Surroundings) -> int:
    if chosen == "xlsx":
        return write_xlsx(tables, path, now=surroundings.now, zone=surroundings.zone)
    with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
        _TEXTS[chosen](tables, stream)
    return 0


def _to_stdout(chosen: str, tables: Sequence[Table], surroundings: Surroundings) -> int:
    if chosen == "xlsx":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "out.xlsx"
            cut = _to_path(chosen, tables, path, surroundings)
            with path.open("rb") as stream:
                shutil.copyfileobj(stream, surroundings.stdout)
        return cut
    text = TextIOWrapper(surroundings.stdout, encoding="utf-8", errors="replace", newline="", write_through=True)
    _TEXTS[chosen](tables, text)
    text.detach()  # stdout stays open
    return 0
