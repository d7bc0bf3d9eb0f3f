"""Read Notion's own export: a zip file, or the folder that was unpacked from it.

A database is a CSV file. Each of its pages is a Markdown file in a folder beside it, and the file's
name ends with the id of the page. An export may come from a stranger: only CSV and Markdown
files are read, a limited number of bytes of them, and nothing is unpacked to the disk.
"""

from __future__ import annotations

import os
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.files.safe_read import MEGABYTE, read_bytes

# A zip file of some KB can unpack to gigabytes, so the bytes that come out are limited as well.
# Images make up most of an export; they are in the zip file but never unpacked.
_LARGEST_ZIP = 500 * MEGABYTE
_LARGEST_FILE = 50 * MEGABYTE
_MOST_BYTES = 200 * MEGABYTE
"""All CSV and Markdown files together. They are held in memory."""
_MOST_FILES = 100_000
_ENDINGS = (".csv", ".md", ".zip")
_ID = re.compile(r"[ -]([0-9a-f]{32})$")
"""The id at the end of a file's name: `Feedback 5d1f0c3e9a7b4c2d8e6f1a0b3c4d5e6f`."""
_LINK_TO_FILE = re.compile(
    r"\[([^\]\n]*)\]\((?!https?://)[^)\n]*[0-9a-f]{32}(?:_all)?\.(?:md|csv)\)"
)
_ADVICE = "Unpack it, and import the CSV file of one database."


@dataclass(frozen=True, slots=True)
class ExportedPage:
    """A page of an export: its id, its title, and the text below the title."""

    id: str
    title: str
    text: str

    def property_lines(self, columns: Collection[str]) -> tuple[str, ...]:
        """Return the lines `Column: value` at the top of the page, up to an empty line.

        A page without properties begins with its content: then a line is not in that form, and
        the result is empty.
        """
        top, _, _ = self.text.partition("\n\n")
        lines = tuple(top.split("\n"))
        for line in lines:
            name, _, _ = line.partition(": ")
            if name not in columns:
                return ()
        return lines

    def body(self, columns: Collection[str]) -> str:
        """Return the content of the page without its properties.

        Links to files of the export become plain text: the files are not imported.
        """
        body = self.text
        if self.property_lines(columns):
            _, _, body = self.text.partition("\n\n")
        return _LINK_TO_FILE.sub(r"\1", body).strip()


@dataclass(frozen=True, slots=True)
class ExportedDatabase:
    """A database of an export: its title, its CSV file, and its pages by title."""

    title: str
    csv: bytes
    pages: Mapping[str, list[ExportedPage]]

    def find_page(self, title: str, cells: Mapping[str, str]) -> ExportedPage | None:
        """Return the page of a row.

        The CSV file has no ids. Of several pages with one title, it is the page that shares most
        property values with the row.
        """
        row_lines = {f"{name}: {text}" for name, text in cells.items()}

        def count_shared_values(page: ExportedPage) -> int:
            return len(row_lines.intersection(page.property_lines(cells)))

        return max(self.pages.get(title, []), key=count_shared_values, default=None)


def is_export(path: str) -> bool:
    """Whether a path is a folder or a zip file."""
    return Path(path).suffix.lower() == ".zip" or Path(path).is_dir()


def read_export(path: str, wanted: str | None) -> ExportedDatabase:
    """Return a database of an export: the only one, or the one of that title.

    Raises UsageError when there is no such database, or several and none is named. Raises
    FileUnusable when the export cannot be read.
    """
    files = _ExportReader(path).read()
    csv_files = _csv_by_database(files)
    name = _choose_database(path, list(csv_files), wanted)
    return ExportedDatabase(_title_of(name), files[csv_files[name]], _pages_of(name, files))


def _choose_database(path: str, names: list[str], wanted: str | None) -> str:
    """Return the path of a database inside the export. Raises UsageError."""
    if not names:
        problem = f"{path} has no database of Notion: there is no CSV file in it."
        raise UsageError(problem, "In Notion, export it as Markdown & CSV.")
    titles = ", ".join(sorted({_title_of(name) for name in names}, key=str.casefold))
    if wanted is None:
        if len(names) > 1:
            problem = f"{path} has {len(names)} databases."
            raise UsageError(problem, f"Name one with --sheet: {titles}.")
        return names[0]

    named = [name for name in names if _title_of(name).casefold() == wanted.casefold()]
    if not named:
        raise UsageError(f"{path} has no database called {wanted!r}.", f"It has: {titles}.")
    if len(named) > 1:
        raise UsageError(f"{path} has {len(named)} databases called {wanted!r}.", _ADVICE)
    return named[0]


def _csv_by_database(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the CSV file of each database, by its path without the ending.

    Notion writes two files per database: `Name id.csv` with the columns of one view, and
    `Name id_all.csv` with all columns.
    """
    csv_files: dict[str, str] = {}
    for name in sorted(files):
        if name.endswith(".csv"):
            # `_all.csv` is sorted behind `.csv`, so it replaces the other file.
            csv_files[name.removesuffix(".csv").removesuffix("_all")] = name
    return csv_files


def _title_of(name: str) -> str:
    return _ID.sub("", PurePosixPath(name).name)


def _pages_of(name: str, files: Mapping[str, bytes]) -> dict[str, list[ExportedPage]]:
    """Return the pages of a database by title."""
    # The folder of the pages has the name of the database, with or without its id.
    folders = {name, str(PurePosixPath(name).with_name(_title_of(name)))}
    pages: defaultdict[str, list[ExportedPage]] = defaultdict(list)
    for path, data in files.items():
        file = PurePosixPath(path)
        page_id = _ID.search(file.stem)
        if file.suffix == ".md" and page_id and str(file.parent) in folders:
            page = _parse_page(page_id[1], data.decode("utf-8-sig", errors="replace"))
            pages[page.title].append(page)
    return pages


def _parse_page(page_id: str, text: str) -> ExportedPage:
    heading, _, rest = text.replace("\r\n", "\n").partition("\n")
    title = " ".join(heading.removeprefix("# ").split())
    return ExportedPage(page_id, title, rest.strip("\n"))


class _ExportReader:
    """Reads the CSV and Markdown files of an export, within the limits of their size and number."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._bytes = 0
        self._count = 0

    def read(self) -> dict[str, bytes]:
        """Return the files by their paths inside the export. Raises FileUnusable."""
        if Path(self._path).is_dir():
            return dict(self._read_folder(Path(self._path)))
        data = read_bytes(Path(self._path), limit=_LARGEST_ZIP)
        return dict(self._read_zip(data, is_inner=False))

    def _read_folder(self, folder: Path) -> Iterator[tuple[str, bytes]]:
        # Symbolic links are not followed: they may point outside the folder, or form a circle.
        for root, _, names in os.walk(folder, followlinks=False):
            for name in sorted(names):
                file = Path(root) / name
                if file.suffix.lower() in {".csv", ".md"} and not file.is_symlink():
                    data = read_bytes(file, limit=_LARGEST_FILE)
                    self._count_file(len(data))
                    yield file.relative_to(folder).as_posix(), data

    def _read_zip(self, data: bytes, *, is_inner: bool) -> Iterator[tuple[str, bytes]]:
        try:
            with ZipFile(BytesIO(data)) as archive:
                entries = archive.infolist()
                if len(entries) > _MOST_FILES:
                    raise self._refusal(f"it has more than {_MOST_FILES:,} files")
                for entry in entries:
                    name = entry.filename
                    if entry.is_dir() or not name.lower().endswith(_ENDINGS):
                        continue
                    content = self._read_entry(archive, entry)
                    if not name.lower().endswith(".zip"):
                        yield name, content
                    elif not is_inner:
                        # Notion splits a large export into zip files inside the zip file.
                        yield from self._read_zip(content, is_inner=True)
        # zipfile raises RuntimeError for a file with a password.
        except (BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError) as error:
            raise self._refusal(f"it is not a readable zip file ({error})") from None

    def _read_entry(self, archive: ZipFile, entry: ZipInfo) -> bytes:
        # The sizes that the archive states may be false, so the limit is on the bytes read.
        with archive.open(entry) as stream:
            content = stream.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            size = _LARGEST_FILE // MEGABYTE
            raise self._refusal(f"{entry.filename!r} has more than {size} MB")
        self._count_file(len(content))
        return content

    def _count_file(self, size: int) -> None:
        """Add a file to what was read. Raises FileUnusable beyond the limits."""
        self._bytes += size
        self._count += 1
        if self._bytes > _MOST_BYTES:
            limit = _MOST_BYTES // MEGABYTE
            raise self._refusal(f"its CSV and Markdown files have more than {limit} MB")
        if self._count > _MOST_FILES:
            raise self._refusal(f"it has more than {_MOST_FILES:,} files")

    def _refusal(self, reason: str) -> FileUnusable:
        return FileUnusable(self._path, reason, _ADVICE)
