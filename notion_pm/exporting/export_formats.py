"""The export formats: one record for each. To add a format, add its record here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Literal, TextIO

from notion_pm.exporting.table import ExportContext, Table

Bodies = Literal["every", "pages", "none"]
"""Which bodies a format shows: of every row, of pages that were requested by themselves, none."""

TextWriter = Callable[[Sequence[Table], TextIO, ExportContext], None]
FileWriter = Callable[[Sequence[Table], Path, ExportContext], int]
"""Writes a file, and returns how many texts it had to cut."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format of exported files.

    `label`: its name in messages. `extensions`: the first is used for new files. `text_writer` or
    `file_writer`: a function as `module:name` below `notion_pm.exporting.formats`. It is imported
    when it is used, because some libraries are slow to load or may be missing. A text writer gets a
    stream, a file writer a path.
    `one_table_per_file`: several tables need several files.
    `package`: a package that is not always installed.
    """

    name: str
    label: str
    extensions: tuple[str, ...]
    text_writer: str | None = None
    file_writer: str | None = None
    one_table_per_file: bool = False
    bodies: Bodies = "none"
    package: str | None = None

    def load_text_writer(self) -> TextWriter:
        """Import and return the text writer."""
        writer: TextWriter = resolve_name(f"{_FORMATS_PACKAGE}.{self.text_writer}")
        return writer

    def load_file_writer(self) -> FileWriter:
        """Import and return the file writer."""
        writer: FileWriter = resolve_name(f"{_FORMATS_PACKAGE}.{self.file_writer}")
        return writer


_FORMATS_PACKAGE = "notion_pm.exporting.formats"

_ALL = (
    ExportFormat(
        "csv", "CSV", (".csv",), text_writer="csv:write_first_as_csv", one_table_per_file=True
    ),
    ExportFormat("json", "JSON", (".json",), text_writer="json:write_all_as_json"),
    ExportFormat(
        "jsonl",
        "JSON Lines",
        (".jsonl", ".ndjson"),
        text_writer="json:write_first_as_json_lines",
        one_table_per_file=True,
    ),
    ExportFormat("xlsx", "XLSX", (".xlsx",), file_writer="xlsx:write_xlsx"),
    ExportFormat(
        "markdown",
        "Markdown",
        (".md", ".markdown"),
        text_writer="markdown:write_first_as_page",
        bodies="every",
    ),
    # In HTML only a page that was requested by itself has its body: each body costs a request of
    # its own. Markdown is the format for the bodies of a whole database.
    ExportFormat("html", "HTML", (".html", ".htm"), text_writer="html:write_html", bodies="pages"),
    ExportFormat(
        "sqlite", "SQLite", (".sqlite", ".db", ".sqlite3"), file_writer="sqlite:write_sqlite"
    ),
    ExportFormat(
        "parquet",
        "Parquet",
        (".parquet",),
        file_writer="parquet:write_parquet",
        one_table_per_file=True,
        package="pyarrow",
    ),
)

FORMATS = {format.name: format for format in _ALL}
"""The formats by the names that `--format` takes."""

FORMAT_OF_EXTENSION = {extension: format for format in _ALL for extension in format.extensions}
