"""Notion's own export: a zip file, or the folder that was unpacked from it.

A database is a CSV file. Each of its pages is a Markdown file in a folder beside it, and the file's
name ends with the id of the page. An export comes from anywhere: only CSV and Markdown files are
read, a limited number of bytes of them, and nothing is ever unpacked to the disk.
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
from zipfile import BadZipFile, ZipFile

from notion_pm.errors import FileUnusable, UsageError
from notion_pm.files.safe_read import MEGABYTE, read_bytes

_LARGEST_ZIP = 500 * MEGABYTE
_LARGEST_FILE = 50 * MEGABYTE
_MOST_BYTES = 200 * MEGABYTE
_MOST_FILES = 100_000
_ENDINGS = (".csv", ".md", ".zip")
_ID = re.compile(r"[ -]([0-9a-f]{32})$")
_LINK_TO_FILE = re.compile(
    r"\[([^\]\n]*)\]\((?!https?://)[^)\n]*[0-9a-f]{32}(?:_all)?\.(?:md|csv)\)"
)
_ADVICE = "Unpack it, and name the CSV file of one database."


@dataclass(frozen=True, slots=True)
class ExportedPage:
    """A page of an export: its id, its title, and what stands below the title."""

    id: str
    title: str
    text: str

    def properties(self, columns: Collection[str]) -> tuple[str, ...]:
        """Return the lines with properties. They come first, and end with an empty line."""
        lines = tuple(self.text.partition("\n\n")[0].split("\n"))
        return lines if all(line.partition(": ")[0] in columns for line in lines) else ()

    def body(self, columns: Collection[str]) -> str:
        """Return what the page holds besides its properties, links to files of the export as plain text."""
        body = self.text.partition("\n\n")[2] if self.properties(columns) else self.text
        return _LINK_TO_FILE.sub(r"\1", body).strip()


@dataclass(frozen=True, slots=True)
class ExportedDatabase:
    """A database of an export: its title, its CSV file, and its pages by title."""

    title: str
    csv: bytes
    pages: Mapping[str, list[ExportedPage]]

    def page_of(self, title: str, cells: Mapping[str, str]) -> ExportedPage | None:
        """Return the page of a row. Of several with one title, the one with most of the row's cells."""
        found = self.pages.get(title, [])
        lines = {f"{name}: {text}" for name, text in cells.items()}
        return max(
            found, key=lambda page: len(lines.intersection(page.properties(cells))), default=None
        )


def is_export(path: str) -> bool:
    """Return whether a path is a folder or a zip file."""
    return Path(path).suffix.lower() == ".zip" or Path(path).is_dir()


def read_export(path: str, wanted: str | None) -> ExportedDatabase:
    """Return a database of an export: the only one, or the one of that title.

    Raises UsageError when there is none or when it is not clear which, FileUnusable when the export
    cannot be read.
    """
    files = _Files(path).read()
    databases = _databases(files)
    names = sorted({_title_of(name) for name in databases}, key=str.casefold)
    if not databases:
        problem = f"{path} holds no database of Notion: there is no CSV file in it."
        raise UsageError(problem, "In Notion, export it as Markdown & CSV.")
    if wanted is None and len(databases) > 1:
        raise UsageError(
            f"{path} holds {len(databases)} databases.",
            f"Say one with --sheet: {', '.join(names)}.",
        )
    chosen = [
        name
        for name in databases
        if wanted is None or _title_of(name).casefold() == wanted.casefold()
    ]
    if not chosen:
        raise UsageError(
            f"{path} holds no database called {wanted!r}.", f"There are: {', '.join(names)}."
        )
    if len(chosen) > 1:
        raise UsageError(f"{path} holds {len(chosen)} databases called {wanted!r}.", _ADVICE)
    return ExportedDatabase(
        _title_of(chosen[0]), files[databases[chosen[0]]], _pages_of(chosen[0], files)
    )


def _databases(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the CSV file of each database, by its path without the ending.

    Notion writes two files: the columns of one view, and all columns in a file that ends with `_all.csv`.
    """
    found: dict[str, str] = {}
    for name in sorted(files):
        if name.endswith(".csv"):
            # `_all.csv` sorts behind `.csv`, so that it wins.
            found[name.removesuffix(".csv").removesuffix("_all")] = name
    return found


def _title_of(name: str) -> str:
    return _ID.sub("", PurePosixPath(name).name)


def _pages_of(name: str, files: Mapping[str, bytes]) -> dict[str, list[ExportedPage]]:
    """Return the pages of a database by title. Their folder is called like the database, with or without its id."""
    folders = {name, str(PurePosixPath(name).with_name(_title_of(name)))}
    found: defaultdict[str, list[ExportedPage]] = defaultdict(list)
    for path, data in files.items():
        place = PurePosixPath(path)
        page_id = _ID.search(place.stem)
        if place.suffix == ".md" and page_id and str(place.parent) in folders:
            page = _page(page_id[1], data.decode("utf-8-sig", errors="replace"))
            found[page.title].append(page)
    return found


def _page(page_id: str, text: str) -> ExportedPage:
    heading, _, rest = text.replace("\r\n", "\n").partition("\n")
    return ExportedPage(page_id, " ".join(heading.removeprefix("# ").split()), rest.strip("\n"))


class _Files:
    """Reads the CSV and Markdown files of an export, and counts what it reads."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._bytes = 0
        self._count = 0

    def read(self) -> dict[str, bytes]:
        """Return the files by their paths inside the export. Raises FileUnusable."""
        if Path(self._path).is_dir():
            return dict(self._of_folder(Path(self._path)))
        return dict(self._of_zip(read_bytes(Path(self._path), limit=_LARGEST_ZIP), is_inner=False))

    def _of_folder(self, folder: Path) -> Iterator[tuple[str, bytes]]:
        # Links are not followed: they may lead out of the folder, or in circles.
        for root, _, names in os.walk(folder, followlinks=False):
            for name in sorted(names):
                file = Path(root) / name
                if file.suffix.lower() in {".csv", ".md"} and not file.is_symlink():
                    data = read_bytes(file, limit=_LARGEST_FILE)
                    self._add(len(data))
                    yield file.relative_to(folder).as_posix(), data

    def _of_zip(self, data: bytes, *, is_inner: bool) -> Iterator[tuple[str, bytes]]:
        try:
            with ZipFile(BytesIO(data)) as archive:
                entries = archive.infolist()
                if len(entries) > _MOST_FILES:
                    raise self._refusal(f"it holds more than {_MOST_FILES:,} files")
                for entry in entries:
                    if entry.is_dir() or not entry.filename.lower().endswith(_ENDINGS):
                        continue
                    # What the archive says of sizes may be wrong, so the bytes are counted as they come.
                    with archive.open(entry) as stream:
                        held = stream.read(_LARGEST_FILE + 1)
                    if len(held) > _LARGEST_FILE:
                        raise self._refusal(
                            f"{entry.filename!r} has more than {_LARGEST_FILE // MEGABYTE} MB"
                        )
                    self._add(len(held))
                    if not entry.filename.lower().endswith(".zip"):
                        yield entry.filename, held
                    elif not is_inner:
                        # A large export is a zip file with parts in it.
                        yield from self._of_zip(held, is_inner=True)
        # RuntimeError: it has a password.
        except (BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError) as error:
            raise self._refusal(f"it is no zip file that can be read ({error})") from None

    def _add(self, number: int) -> None:
        self._bytes += number
        self._count += 1
        if self._bytes > _MOST_BYTES:
            raise self._refusal(
                f"its CSV and Markdown files have more than {_MOST_BYTES // MEGABYTE} MB"
            )
        if self._count > _MOST_FILES:
            raise self._refusal(f"it holds more than {_MOST_FILES:,} files")

    def _refusal(self, reason: str) -> FileUnusable:
        return FileUnusable(self._path, reason, _ADVICE)
