"""Where an export goes: which format, which files. Decided before anything is read, so that mistakes cost nothing."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from notion_pm.errors import UsageError
from notion_pm.exporting.formats.names import Names, slug
from notion_pm.files.writing import STDOUT

Format = Literal["csv", "json", "jsonl", "xlsx", "markdown", "html", "sqlite", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
Bodies = Literal["every", "pages", "none"]
"""Whose bodies a format shows: every row's, those of pages that were asked for by themselves, none."""

_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx", ".md": "markdown",
    ".markdown": "markdown", ".html": "html", ".htm": "html", ".sqlite": "sqlite", ".db": "sqlite",
    ".sqlite3": "sqlite", ".parquet": "parquet",
}  # fmt: skip
_ENDING_OF: dict[Format, str] = {format: ending for ending, format in reversed(_ENDINGS.items())}
_ONE_TABLE_A_FILE: frozenset[Format] = frozenset({"csv", "jsonl", "parquet"})
_WORDS: dict[Format, str] = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}
_EXTRAS: dict[Format, str] = {"parquet": "pyarrow"}
"""What a format needs beyond what is always installed."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is to be exported: names of tables, or one page; `title` names it all, `format` is what a template asks."""

    names: tuple[str, ...]
    title: str
    is_page: bool = False
    format: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One file or folder (None: stdout) and the places of the tables that go into it."""

    path: Path | None
    tables: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    format: Format
    files: tuple[File, ...]
    is_folder: bool = False
    """Markdown of databases: the one path is a folder, with a file per page."""

    def attachments_of(self, table: int) -> str:
        """Return what the folder with the files of a table's pages is called, beside its file or among its files."""
        file = next(each for each in self.files if table in each.tables)
        if self.is_folder or file.path is None:
            return "files"
        beside = f"{slug(file.path.stem)}-files"
        return f"{beside}/{file.tables.index(table) + 1}" if len(file.tables) > 1 else beside

    @property
    def bodies(self) -> Bodies:
        """Whose bodies have to be read."""
        return (
            "every" if self.format == "markdown" else "pages" if self.format == "html" else "none"
        )


def decide(contents: Contents, output: str | None, wanted: str | None) -> Destination:
    """Return where to write, given `-o` and `--format`, of which both may be missing.

    Raises UsageError when the two do not go together, or the format cannot hold what is wanted.
    """
    chosen = _format(contents, output, wanted)
    _check_installed(chosen)
    everything = tuple(range(len(contents.names)))
    if chosen == "markdown" and not contents.is_page:
        return Destination(chosen, (File(_folder(contents, output), everything),), is_folder=True)
    if output == STDOUT:
        _refuse_several(contents, chosen)
        return Destination(chosen, (File(None, everything),))
    if output is None or _is_folder(output):
        return Destination(chosen, _files_in(contents, Path(output or "."), chosen))
    _refuse_several(contents, chosen)
    return Destination(chosen, (File(Path(output), everything),))


def _format(contents: Contents, output: str | None, wanted: str | None) -> Format:
    if wanted:
        return _known(wanted)
    suffix = (
        Path(output).suffix.lower()
        if output and not _is_folder(output) and output != STDOUT
        else ""
    )
    if suffix in _ENDINGS:
        return _ENDINGS[suffix]
    if suffix:
        raise UsageError(
            f"No format has the ending {suffix!r}.",
            f"Use {', '.join(_ENDINGS)}, or name it: --format csv.",
        )
    if contents.format:
        return _known(contents.format)
    return (
        "markdown"
        if contents.is_page
        else "xlsx"
        if len(contents.names) > 1 and output != STDOUT
        else "csv"
    )


def _known(name: str) -> Format:
    return next(each for each in FORMATS if each == name)


def _check_installed(chosen: Format) -> None:
    needed = _EXTRAS.get(chosen)
    if needed and find_spec(needed) is None:
        raise UsageError(
            f"{_WORDS[chosen]} needs {needed}, which is not installed.",
            f"Run  pip install 'notion-pm[{chosen}]'",
        )


def _is_folder(output: str) -> bool:
    return output.endswith("/") or Path(output).is_dir()


def _folder(contents: Contents, output: str | None) -> Path:
    if output == STDOUT or (
        output and Path(output).suffix.lower() in _ENDINGS and not _is_folder(output)
    ):
        raise UsageError(
            f"A database as Markdown is a folder with a file per page, not {output!r}.",
            "Name a folder: -o specs/  (one page goes into one file: give its URL).",
        )
    return Path(output) if output else Path(slug(contents.title))


def _files_in(contents: Contents, folder: Path, chosen: Format) -> tuple[File, ...]:
    if chosen not in _ONE_TABLE_A_FILE:
        return (
            File(
                folder / f"{slug(contents.title)}{_ENDING_OF[chosen]}",
                tuple(range(len(contents.names))),
            ),
        )
    names = Names()
    return tuple(
        File(folder / f"{names.free(slug(name))}{_ENDING_OF[chosen]}", (place,))
        for place, name in enumerate(contents.names)
    )


def _refuse_several(contents: Contents, chosen: Format) -> None:
    if chosen in _ONE_TABLE_A_FILE and len(contents.names) > 1:
        raise UsageError(
            f"A {_WORDS[chosen]} file holds one database, and these are {len(contents.names)}.",
            "Name a folder (-o data/), one of the databases, or a format that holds several: xlsx, json, html, sqlite.",
        )
