"""The files that people attached to pages, brought along: beside the export, with links that lead there.

Files that Notion stores are taken, for their addresses work for an hour only; links to elsewhere stay links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, quote, urlsplit

from notion_pm.errors import FileNotFetched, LinkExpired
from notion_pm.exporters.names import Names, file_name
from notion_pm.exporters.table import Cell, Row, Table
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.page import FileValue
from notion_pm.workflows.progress import Progress

_SIGNATURES = frozenset({"X-Amz-Signature", "Signature", "signature"})
_ADDRESS = re.compile(r"https?://[^\s\"'<>)]+")
Fetch = Callable[[str, Path], None]
"""Downloads an address to a path. Raises LinkExpired, FileNotFetched."""


@dataclass(slots=True)
class Attachments:
    """Downloads the files of one table into `folder`; the export calls that folder `prefix`."""

    gateway: Gateway
    fetch: Fetch
    folder: Path
    prefix: str
    jobs: int
    progress: Progress
    _names: Names = field(default_factory=lambda: Names(joint="-"))

    def localised(self, table: Table) -> Iterator[Row]:
        """Yield the rows with links to the files that are here now, a few at a time side by side.

        Raises FileNotFetched.
        """
        done, rows = 0, iter(table.rows)
        with ThreadPoolExecutor(self.jobs) as pool:
            while some := list(islice(rows, self.jobs * 4)):
                named = [(row, self._named(row)) for row in some]  # one after the other: names are handed out once
                yield from pool.map(lambda each: self._fetched(*each), named)
                done += len(some)
                self.progress(f"Fetching files of {table.title}", done, table.row_count)

    def _named(self, row: Row) -> dict[str, str]:
        """The addresses of a row's files, and the name that each gets here."""
        cells = [each.url for cell in row.cells for each in _files(cell) if not each.external]
        in_body = [url for url in _ADDRESS.findall(row.markdown or "") if is_signed(_unescaped(url))]
        return {url: self._name(row, url) for url in dict.fromkeys([*cells, *in_body])}

    def _name(self, row: Row, url: str) -> str:
        name = PurePosixPath(file_name(row.title, url))
        return self._names.free(name.stem) + name.suffix

    def _fetched(self, row: Row, names: dict[str, str]) -> Row:
        for url, name in names.items():
            self._fetch(row.id, _unescaped(url), self.folder / name)
        links = {url: f"{self.prefix}/{quote(name)}" for url, name in names.items()}
        cells = tuple(_with_links(cell, links) for cell in row.cells)
        markdown = row.markdown and _ADDRESS.sub(lambda found: links.get(found[0], found[0]), row.markdown)
        return replace(row, cells=cells, markdown=markdown)

    def _fetch(self, page_id: NotionId, url: str, path: Path) -> None:
        try:
            self.fetch(url, path)
        except LinkExpired:
            try:
                self.fetch(self._fresh(page_id, url), path)
            except LinkExpired as error:
                raise FileNotFetched(path.name, "its address is refused") from error

    def _fresh(self, page_id: NotionId, url: str) -> str:
        """The same file's address, signed anew: pages are read again for it."""
        page = self.gateway.get_page(page_id)
        urls = [
            item.url
            for each in page.properties.values()
            for item in (each.value if isinstance(each.value, tuple) else ())
            if isinstance(item, FileValue)
        ]
        if all(place_of(each) != place_of(url) for each in urls):
            urls = [*map(_unescaped, _ADDRESS.findall(self.gateway.page_markdown(page_id).markdown))]
        fresh = next((each for each in urls if place_of(each) == place_of(url)), None)
        if fresh is None:
            raise FileNotFetched(Path(place_of(url)).name, "it is no longer attached to its page")
        return fresh


def is_signed(url: str) -> bool:
    """Whether an address is one of a file that Notion stores, rather than of something elsewhere."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and not _SIGNATURES.isdisjoint(parse_qs(parts.query))


def place_of(url: str) -> str:
    """Return what stays the same of a signed address when it is signed anew."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _unescaped(url: str) -> str:
    """An address as it is outside of a tag in Markdown. Only this: `&region=` is no entity."""
    return url.replace("&amp;", "&")


def _files(cell: Cell) -> Iterator[FileValue]:
    return (each for each in (cell if isinstance(cell, tuple) else ()) if isinstance(each, FileValue))


def _with_links(cell: Cell, links: dict[str, str]) -> Cell:
    if not isinstance(cell, tuple):
        return cell
    return tuple(
        replace(each, url=links.get(each.url, each.url)) if isinstance(each, FileValue) else each for each in cell
    )
