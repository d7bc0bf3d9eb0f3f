"""The files that people attached to pages, brought along: beside the export, with links that lead there.

Only files that Notion stores are taken, for their addresses work for an hour only. Whether Notion
stores a file is what the API says of it (`type: file`), in a property or in a block of the body. A
link that only looks like such a file stays a link: anybody can write one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import quote

from notion_pm.concurrency import map_lazily
from notion_pm.errors import FileNotDownloaded, LinkExpired
from notion_pm.exporting.formats.names import Names, file_name
from notion_pm.exporting.table import Cell, Row, Table
from notion_pm.model.ids import NotionId
from notion_pm.model.page import FileValue
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.progress import Progress

_URL = re.compile(r"https?://[^\s\"'<>)]+")

_MOST_BLOCKS = 20_000
"""Blocks of one page that are looked through for its files; Notion's Markdown ends there as well."""


class Fetcher(Protocol):
    """Downloads files."""

    def is_known_place(self, url: str) -> bool:
        """Whether an address is one of those that Notion's files have."""

    def fetch(self, url: str, path: Path) -> None:
        """Download a file. Raises LinkExpired, FileNotDownloaded."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that Notion stores and that was not downloaded: a link to it is left."""

    page: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file to download: how the row names it, where it is, and what it is called here."""

    shown_url: str
    """As it stands in a cell or in the Markdown; replaced by a link to the file."""
    url: str
    in_body: bool
    name: str = ""


@dataclass(slots=True)
class Attachments:
    """Downloads the files of one table into `folder`; the export calls that folder `prefix`."""

    gateway: NotionClient
    fetcher: Fetcher
    folder: Path
    prefix: str
    jobs: int
    progress: Progress
    missing: list[MissingFile] = field(default_factory=list)
    _names: Names = field(default_factory=lambda: Names(joint="-"))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def localised(self, table: Table) -> Iterator[Row]:
        """Yield the rows with links to the files that are here now, a few at a time side by side."""
        found = map_lazily(lambda row: (row, self._find(row)), table.rows, self.jobs)
        # Names are handed out one row after the other, so that each run gives the same ones.
        named = ((row, self._with_names(row, files)) for row, files in found)
        downloaded = map_lazily(lambda pair: self._download_all(*pair), named, self.jobs)
        for done, row in enumerate(downloaded, start=1):
            yield row
            self.progress(f"Fetching files of {table.title}", done, table.row_count)

    # --- which files

    def _find(self, row: Row) -> list[_Wanted]:
        """Return the files of a row that Notion stores."""
        in_cells = [file.url for cell in row.cells for file in _files(cell) if not file.external]
        return [
            *(_Wanted(url, url, in_body=False) for url in dict.fromkeys(in_cells)),
            *self._find_in_body(row.id, row.markdown or ""),
        ]

    def _find_in_body(self, page_id: NotionId, markdown: str) -> list[_Wanted]:
        """Return the files in a body.

        Its Markdown only names candidates. Where there are some, the page's blocks are read until
        each candidate was found among the files that the API says Notion stores, or to the end.
        """
        candidates: dict[str, list[str]] = {}
        for shown in dict.fromkeys(_URL.findall(markdown)):
            if self.fetcher.is_known_place(_unescaped(shown)):
                candidates.setdefault(place_of(_unescaped(shown)), []).append(shown)
        found: list[_Wanted] = []
        if not candidates:
            return found
        for url in islice(self.gateway.hosted_files(page_id), _MOST_BLOCKS):
            for shown in candidates.pop(place_of(url), ()) if url else ():
                found.append(_Wanted(shown, url, in_body=True))
            if not candidates:
                break
        return found

    def _with_names(self, row: Row, files: Iterable[_Wanted]) -> list[_Wanted]:
        """Return the files with the names they get here: one name for each file, however often it is shown."""
        names: dict[str, str] = {}
        named = []
        for file in files:
            place = place_of(file.url)
            if place not in names:
                name = PurePosixPath(file_name(row.title, _path_of(place)))
                names[place] = self._names.free(name.stem) + name.suffix
            named.append(replace(file, name=names[place]))
        return named

    # --- downloading

    def _download_all(self, row: Row, files: Iterable[_Wanted]) -> Row:
        links: dict[str, str] = {}
        is_here: dict[str, bool] = {}
        for file in files:
            if file.name not in is_here:
                is_here[file.name] = self._download(row, file, self.folder / file.name)
            if is_here[file.name]:
                links[file.shown_url] = f"{self.prefix}/{quote(file.name)}"
        cells = tuple(_with_links(cell, links) for cell in row.cells)
        markdown = row.markdown and _URL.sub(
            lambda found: links.get(found[0], found[0]), row.markdown
        )
        return replace(row, cells=cells, markdown=markdown)

    def _download(self, row: Row, file: _Wanted, path: Path) -> bool:
        """Download a file, and return whether it is here. One that is not is noted, and the export goes on."""
        try:
            try:
                self.fetcher.fetch(file.url, path)
            except LinkExpired:
                self.fetcher.fetch(self._fresh_url(row.id, file), path)
        except LinkExpired:
            self._note_missing(row, file, "its address is refused")
            return False
        except FileNotDownloaded as error:
            self._note_missing(row, file, error.reason)
            return False
        return True

    def _note_missing(self, row: Row, file: _Wanted, reason: str) -> None:
        with self._lock:
            self.missing.append(
                MissingFile(row.title, PurePosixPath(place_of(file.url)).name, reason)
            )

    def _fresh_url(self, page_id: NotionId, file: _Wanted) -> str:
        """Return the address of the same file, signed anew: its page or blocks are read again."""
        if file.in_body:
            urls = self.gateway.hosted_files(page_id)
        else:
            values = [each.value for each in self.gateway.get_page(page_id).properties.values()]
            items = [item for value in values if isinstance(value, tuple) for item in value]
            urls = iter(
                [item.url for item in items if isinstance(item, FileValue) and not item.external]
            )
        place = place_of(file.url)
        fresh = next((url for url in urls if place_of(url) == place), None)
        if fresh is None:
            raise FileNotDownloaded(
                PurePosixPath(place).name, "it is no longer attached to its page"
            )
        return fresh


def place_of(url: str) -> str:
    """Return what stays the same of a signed address when it is signed again."""
    return url.partition("#")[0].partition("?")[0]


def _path_of(place: str) -> str:
    """The path of an address, also of one that is not valid: it is refused later, in words."""
    path = place.partition("://")[2].partition("/")[2]
    return path.lstrip("/").replace("[", "").replace("]", "")


def _unescaped(url: str) -> str:
    """An address as it is outside of a tag in Markdown. Only this: `&region=` is no entity."""
    return url.replace("&amp;", "&")


def _files(cell: Cell) -> Iterator[FileValue]:
    return (
        each for each in (cell if isinstance(cell, tuple) else ()) if isinstance(each, FileValue)
    )


def _with_links(cell: Cell, links: Mapping[str, str]) -> Cell:
    if not isinstance(cell, tuple):
        return cell
    return tuple(
        replace(each, url=links[each.url])
        if isinstance(each, FileValue) and each.url in links
        else each
        for each in cell
    )
