"""Choose the format and the files of an export.

Decided before anything is read, so that a wrong option costs no time.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.exporting.export_formats import (
    FORMAT_OF_EXTENSION,
    FORMATS,
    Bodies,
    ExportFormat,
)
from notion_pm.exporting.formats.names import Names, slug
from notion_pm.files.writing import STDOUT


@dataclass(frozen=True, slots=True)
class Contents:
    """What is exported: the names of tables, or of one page.

    `title` is the name of it all, `format` the format that a named export of a template asks for.
    """

    names: tuple[str, ...]
    title: str
    is_page: bool = False
    format: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One file or folder (None: stdout), and the numbers of its tables, from 0."""

    path: Path | None
    tables: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an export is written. `is_folder`: Markdown of databases, a folder of pages."""

    format: ExportFormat
    files: tuple[File, ...]
    is_folder: bool = False

    def attachments_of(self, table: int) -> str:
        """Return the name of the folder for a table's downloaded files.

        It is beside the table's file, or inside of its folder.
        """
        file = next(file for file in self.files if table in file.tables)
        # A folder of pages has its own `files`. Stdout has no name to derive another one from.
        if self.is_folder or file.path is None:
            return "files"
        folder = f"{slug(file.path.stem)}-files"
        if len(file.tables) == 1:
            return folder
        return f"{folder}/{file.tables.index(table) + 1}"

    @property
    def bodies(self) -> Bodies:
        """Which bodies have to be read."""
        return self.format.bodies


def choose_destination(contents: Contents, output: str | None, wanted: str | None) -> Destination:
    """Return where to write, given `-o` and `--format`; both may be missing.

    Raises UsageError when the two do not fit together, or do not fit the contents.
    """
    format = _choose_format(contents, output, wanted)
    _check_installed(format)
    all_tables = tuple(range(len(contents.names)))
    if format is FORMATS["markdown"] and not contents.is_page:
        folder = _folder_of_pages(contents, output)
        return Destination(format, (File(folder, all_tables),), is_folder=True)
    # A folder, given or the current one: the names of the files are chosen here.
    if output is None or (output != STDOUT and _is_folder(output)):
        return Destination(format, _files_in(Path(output or "."), contents, format))

    if format.one_table_per_file and len(contents.names) > 1:
        raise UsageError(
            f"A {format.label} file contains one database, but you export {len(contents.names)}.",
            "Choose a folder (-o data/), one of the databases, or a format with several tables: "
            "xlsx, json, html, sqlite.",
        )
    path = None if output == STDOUT else Path(output)
    return Destination(format, (File(path, all_tables),))


def _choose_format(contents: Contents, output: str | None, wanted: str | None) -> ExportFormat:
    """Return the format: --format, else by the extension, else the named export's, else by kind."""
    if wanted:
        return FORMATS[wanted]
    names_a_file = output is not None and output != STDOUT and not _is_folder(output)
    extension = Path(output).suffix.lower() if output and names_a_file else ""
    if extension in FORMAT_OF_EXTENSION:
        return FORMAT_OF_EXTENSION[extension]
    if extension:
        raise UsageError(
            f"Unknown file extension {extension!r}.",
            f"Use one of {', '.join(FORMAT_OF_EXTENSION)}, or add a format: --format csv.",
        )
    if contents.format:
        return FORMATS[contents.format]
    if contents.is_page:
        return FORMATS["markdown"]
    # A pipe is read by a program, which expects text: a workbook only goes to a file.
    if len(contents.names) > 1 and output != STDOUT:
        return FORMATS["xlsx"]
    return FORMATS["csv"]


def _check_installed(format: ExportFormat) -> None:
    if format.package and find_spec(format.package) is None:
        raise UsageError(
            f"{format.label} needs {format.package}, which is not installed.",
            f"Run  pip install 'notion-pm[{format.name}]'",
        )


def _is_folder(output: str) -> bool:
    return output.endswith("/") or Path(output).is_dir()


def _folder_of_pages(contents: Contents, output: str | None) -> Path:
    if output is None:
        return Path(slug(contents.title))
    has_file_extension = Path(output).suffix.lower() in FORMAT_OF_EXTENSION
    if output == STDOUT or (has_file_extension and not _is_folder(output)):
        raise UsageError(
            f"A database as Markdown is a folder with a file per page, not {output!r}.",
            "Choose a folder: -o specs/  (for one page in one file, give its URL).",
        )
    return Path(output)


def _files_in(folder: Path, contents: Contents, format: ExportFormat) -> tuple[File, ...]:
    extension = format.extensions[0]
    if not format.one_table_per_file:
        path = folder / f"{slug(contents.title)}{extension}"
        return (File(path, tuple(range(len(contents.names)))),)
    names = Names()
    files = []
    for number, name in enumerate(contents.names):
        path = folder / f"{names.free(slug(name))}{extension}"
        files.append(File(path, (number,)))
    return tuple(files)
