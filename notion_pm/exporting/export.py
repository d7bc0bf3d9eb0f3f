"""The story of `export`: find what was named, decide where it goes, read all of it, write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from notion_pm.exporting.attachments import Fetcher, MissingFile
from notion_pm.exporting.destination import Contents, Destination, decide
from notion_pm.exporting.formats.export_context import Surroundings
from notion_pm.exporting.selection import Selection, selected
from notion_pm.exporting.table import Column, Row, Table
from notion_pm.exporting.tables import Findings, Reader
from notion_pm.exporting.write import write
from notion_pm.files.writing import STDOUT
from notion_pm.model.ids import is_id
from notion_pm.notion.client import NotionClient
from notion_pm.text import quantity
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sources import SourceRequest, find_by_id


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. No names: every database."""

    names: tuple[str, ...] = ()
    output: str | None = None
    format: str | None = None
    selection: Selection = field(default_factory=Selection)
    keys_as_headers: bool = False
    with_titles: bool = True
    """Reads databases that are not exported for the titles of related pages; otherwise their ids stand there."""
    with_bodies: bool = True
    """Reads the bodies of pages, where the format shows them."""
    fetcher: Fetcher | None = None
    """Downloads attached files; None leaves their addresses as they are."""


@dataclass(frozen=True, slots=True)
class Written:
    """What went into a file, by database; a workbook of three databases counts three times."""

    path: str
    database: str
    rows: int
    format: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an export did, and what a reader of the files should know."""

    files: tuple[Written, ...]
    notes: tuple[str, ...]
    missing_files: tuple[MissingFile, ...] = ()
    """Attached files that were asked for and not downloaded."""


def export(
    gateway: NotionClient,
    catalogue: Catalogue,
    request: Request,
    surroundings: Surroundings,
    *,
    jobs: int,
    progress: Progress,
) -> Report:
    """Write what was asked for, and return what was written. Nothing is written before all of it was read.

    Raises UsageError when something does not exist or does not fit, IncompleteRead when Notion gives only a part.
    """
    wanted = _find(gateway, catalogue, request.names)
    found = [selected(gateway, each, request.selection, surroundings.now) for each in wanted]
    destination = decide(_contents(found, request, catalogue), request.output, request.format)
    with ExitStack() as stack:
        reader = Reader(gateway, stack, jobs=jobs, progress=progress)
        bodies = destination.bodies if request.with_bodies else "none"
        tables = reader.read(found, bodies=bodies, with_titles=request.with_titles)
        if request.fetcher:
            tables = [
                reader.with_files(each, request.fetcher, destination.attachments_of(place))
                for place, each in enumerate(tables)
            ]
        if request.keys_as_headers:
            tables = [replace(each, columns=tuple(map(_by_key, each.columns))) for each in tables]
        cut = write(destination, [_watched(each, progress) for each in tables], surroundings)
    notes = (*_trashed(found), *_notes(reader.findings, cut))
    return Report(tuple(_written(destination, tables)), notes, tuple(reader.findings.missing_files))


def _find(gateway: NotionClient, catalogue: Catalogue, names: Sequence[str]) -> list[SourceRequest]:
    if not names:
        return list(catalogue.everything())
    return [each for name in dict.fromkeys(names) for each in _named(gateway, catalogue, name)]


def _named(gateway: NotionClient, catalogue: Catalogue, name: str) -> Iterator[SourceRequest]:
    return (
        map(catalogue.recognised, find_by_id(gateway, name))
        if is_id(name)
        else catalogue.find(name)
    )


def _contents(found: Sequence[SourceRequest], request: Request, catalogue: Catalogue) -> Contents:
    if len(found) == 1:
        (only,) = found
        return Contents((only.name,), only.name, is_page=only.page is not None, format=only.format)
    title = " ".join(request.names) if request.names else catalogue.title
    return Contents(tuple(each.name for each in found), title)


@dataclass(frozen=True, slots=True)
class _Watched:
    """Rows whose walks are told: writing a large table takes a while."""

    table: Table
    progress: Progress

    def __iter__(self) -> Iterator[Row]:
        what, total = f"Writing {self.table.title}", self.table.row_count
        for done, row in enumerate(self.table.rows, start=1):
            yield row
            if done % 100 == 0 or done == total:
                self.progress(what, done, total)


def _watched(table: Table, progress: Progress) -> Table:
    return replace(table, rows=_Watched(table, progress))


def _by_key(column: Column) -> Column:
    return replace(column, title=column.key or column.title)


def _written(destination: Destination, tables: Sequence[Table]) -> Iterator[Written]:
    for file in destination.files:
        for table in (tables[place] for place in file.tables):
            yield Written(str(file.path or STDOUT), table.name, table.row_count, destination.format)


def _trashed(found: Sequence[SourceRequest]) -> Iterator[str]:
    for each in found:
        if each.source and each.source.data_source.in_trash:
            yield f"{each.source.title} is in the trash."


def _notes(findings: Findings, cut: int) -> Iterator[str]:
    if findings.untitled:
        yield (
            f"{quantity(findings.untitled, 'related page')} could not be read (in the trash, or not shared with "
            "the connection): ids stand in place of titles."
        )
    if findings.unknown_blocks:
        yield (
            f"{quantity(findings.unknown_blocks, 'block')} (bookmarks, embeds, ...) cannot be said in Markdown: "
            "links to them stand in their place."
        )
    if cut:
        yield f"{quantity(cut, 'text')} longer than a cell of Excel: cut, with a mark that says so."
