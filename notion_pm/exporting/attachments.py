"""Download the files that people attached to pages, and link to the copies.

Only files that Notion stores are downloaded, because their addresses work for an hour only. The API
says whether Notion stores a file (`type: file`), in a property or in a block of the body. A link
that only looks like such a file stays a link: anyone can write one.
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
from notion_pm.exporting.table import Cell, Item, Row, Table, files_of, items_of
from notion_pm.model.ids import NotionId
from notion_pm.model.page import FileValue, Page
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.progress import Progress

_URL = re.compile(r"https?://[^\s\"'<>)]+")

_MOST_BLOCKS = 20_000
"""Blocks of one page that are searched for files; Notion's Markdown ends there as well."""


class Fetcher(Protocol):
    """Downloads files."""

    def is_known_place(self, url: str) -> bool:
        """Whether an address looks like that of a file that Notion stores."""

    def fetch(self, url: str, path: Path) -> None:
        """Download a file. Raises LinkExpired, FileNotDownloaded."""


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that Notion stores and that was not downloaded; the export keeps its link."""

    page: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file to download.

    `shown_url`: its address as the cell or the Markdown writes it, to be replaced by a link to the
    copy. `name`: of the copy.
    """

    shown_url: str
    url: str
    in_body: bool
    name: str = ""


@dataclass(slots=True)
class Attachments:
    """Downloads the files of one table into `folder`; the export calls that folder `prefix`."""

    client: NotionClient
    fetcher: Fetcher
    folder: Path
    prefix: str
    jobs: int
    progress: Progress
    missing: list[MissingFile] = field(default_factory=list)
    _names: Names = field(default_factory=lambda: Names(joint="-"))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def download(self, table: Table) -> Iterator[Row]:
        """Yield the rows with links to the downloaded files; works on a few rows at a time."""
        found = map_lazily(lambda row: (row, self._find(row)), table.rows, self.jobs)
        # Names are chosen one row after the other, so that each run chooses the same names.
        named = ((row, self._with_names(row, files)) for row, files in found)
        downloaded = map_lazily(lambda pair: self._download_all(*pair), named, self.jobs)
        for done, row in enumerate(downloaded, start=1):
            yield row
            self.progress(f"Downloading files of {table.title}", done, table.row_count)

    # --- which files

    def _find(self, row: Row) -> list[_Wanted]:
        """Return the files of a row that Notion stores."""
        urls: dict[str, None] = {}  # a dict keeps the order and drops repetitions
        for cell in row.cells:
            for file in files_of(cell):
                if not file.external:
                    urls[file.url] = None
        in_cells = [_Wanted(url, url, in_body=False) for url in urls]
        return in_cells + self._find_in_body(row.id, row.markdown or "")

    def _find_in_body(self, page_id: NotionId, markdown: str) -> list[_Wanted]:
        """Return the files in a body.

        Its Markdown only names candidates: anyone can write a link. If there are any, the page's
        blocks are read until each candidate was found among the files that Notion stores.
        """
        candidates: dict[str, list[str]] = {}
        for shown in dict.fromkeys(_URL.findall(markdown)):
            if self.fetcher.is_known_place(_unescaped(shown)):
                candidates.setdefault(place_of(_unescaped(shown)), []).append(shown)
        found: list[_Wanted] = []
        if not candidates:
            return found
        for url in islice(self.client.hosted_files(page_id), _MOST_BLOCKS):
            if not url:  # a block without a file
                continue
            for shown in candidates.pop(place_of(url), ()):
                found.append(_Wanted(shown, url, in_body=True))
            if not candidates:
                break
        return found

    def _with_names(self, row: Row, files: Iterable[_Wanted]) -> list[_Wanted]:
        """Return the files with names for their copies: one per file, even if shown repeatedly."""
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
        """Download the files of a row, and return the row with links to the copies."""
        links: dict[str, str] = {}
        downloaded: dict[str, bool] = {}
        for file in files:
            # A file may be both in a property and in the body, with different signatures.
            if file.name not in downloaded:
                downloaded[file.name] = self._download(row, file, self.folder / file.name)
            if downloaded[file.name]:
                links[file.shown_url] = f"{self.prefix}/{quote(file.name)}"
        cells = tuple(_with_links(cell, links) for cell in row.cells)
        markdown = row.markdown
        if markdown:
            markdown = _URL.sub(lambda found: links.get(found[0], found[0]), markdown)
        return replace(row, cells=cells, markdown=markdown)

    def _download(self, row: Row, file: _Wanted, path: Path) -> bool:
        """Download a file; return whether it succeeded. A failure does not stop the export."""
        try:
            try:
                self.fetcher.fetch(file.url, path)
            except LinkExpired:  # a large export takes longer than the hour of an address
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
        """Return a new address of the same file, by reading its page or blocks again."""
        if file.in_body:
            urls = self.client.hosted_files(page_id)
        else:
            urls = iter(_stored_files(self.client.get_page(page_id)))
        place = place_of(file.url)
        for url in urls:
            if place_of(url) == place:
                return url
        raise FileNotDownloaded(PurePosixPath(place).name, "it is no longer attached to its page")


def place_of(url: str) -> str:
    """Return the part of a signed address that stays the same when it is signed again."""
    return url.partition("#")[0].partition("?")[0]


def _path_of(place: str) -> str:
    """Return the path of an address; of an invalid one too, which the fetcher refuses later."""
    path = place.partition("://")[2].partition("/")[2]
    return path.lstrip("/").replace("[", "").replace("]", "")


def _unescaped(url: str) -> str:
    """Return an address without the escape of tags in Markdown.

    Only this one: `&region=` in an address is not an entity.
    """
    return url.replace("&amp;", "&")


def _stored_files(page: Page) -> list[str]:
    """Return the addresses of the files in a page's properties that Notion stores."""
    urls = []
    for held in page.properties.values():
        for item in held.value if isinstance(held.value, tuple) else ():
            if isinstance(item, FileValue) and not item.external:
                urls.append(item.url)
    return urls


def _with_links(cell: Cell, links: Mapping[str, str]) -> Cell:
    """Return a cell whose downloaded files have the links to their copies."""
    if not files_of(cell):
        return cell
    return tuple(_with_link(item, links) for item in items_of(cell))


def _with_link(item: Item, links: Mapping[str, str]) -> Item:
    if isinstance(item, FileValue) and item.url in links:
        return replace(item, url=links[item.url])
    return item
