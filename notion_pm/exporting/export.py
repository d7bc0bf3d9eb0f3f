"""Export: find what was named, choose the destination, read everything, then write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from notion_pm.exporting.attachments import Fetcher, MissingFile
from notion_pm.exporting.destination import Contents, Destination, choose_destination
from notion_pm.exporting.read_tables import Findings, TableReader
from notion_pm.exporting.selection import Selection, narrow
from notion_pm.exporting.table import ExportContext, Row, Table
from notion_pm.exporting.write import write_files
from notion_pm.files.writing import STDOUT
from notion_pm.model.ids import is_id
from notion_pm.notion.client import NotionClient
from notion_pm.text import quantity
from notion_pm.workspace.catalogue import Catalogue
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sources import SourceRequest, find_by_id


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export, and how.

    `names`: databases, named exports, ids or URLs; none: every database. `with_titles`: also read
    databases that are not exported, for the titles of related pages; otherwise those pages have
    only ids. `with_bodies`: read the bodies of pages, where the format shows them. `fetcher`:
    downloads attached files; None keeps their addresses.
    """

    names: tuple[str, ...] = ()
    output: str | None = None
    format: str | None = None
    selection: Selection = field(default_factory=Selection)
    keys_as_headers: bool = False
    with_titles: bool = True
    with_bodies: bool = True
    fetcher: Fetcher | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A database in a file; a workbook of three databases counts three times."""

    path: str
    database: str
    rows: int
    format: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote. `notes`: what a reader of the files should know."""

    files: tuple[Written, ...]
    notes: tuple[str, ...]
    missing_files: tuple[MissingFile, ...] = ()
    """Attached files that could not be downloaded."""


def export(
    client: NotionClient,
    catalogue: Catalogue,
    request: ExportRequest,
    context: ExportContext,
    *,
    jobs: int,
    progress: Progress,
) -> ExportReport:
    """Export, and report what was written. Everything is read before anything is written.

    Raises UsageError when something does not exist or does not fit together, IncompleteRead when
    Notion returns only a part.
    """
    sources = [
        narrow(client, source, request.selection, context.now)
        for source in _find_sources(client, catalogue, request.names)
    ]
    contents = _contents(sources, request, catalogue)
    # Decided before reading: a mistake in -o or --format then costs no time.
    destination = choose_destination(contents, request.output, request.format)

    with ExitStack() as stack:
        reader = TableReader(client, stack, jobs=jobs, progress=progress)
        bodies = destination.bodies if request.with_bodies else "none"
        tables = reader.read(sources, bodies=bodies, with_titles=request.with_titles)
        if request.fetcher:
            tables = [
                reader.download_files(table, request.fetcher, destination.attachments_of(number))
                for number, table in enumerate(tables)
            ]
        if request.keys_as_headers:
            tables = [_with_keys_as_headers(table) for table in tables]
        # Formats read the rows as they write, so progress is counted by the rows themselves.
        shown = [replace(table, rows=_RowsWithProgress(table, progress)) for table in tables]
        cut_texts = write_files(destination, shown, context)
    # Notes, not errors: the export has everything that Notion gave.
    notes = [*_notes_on_trash(sources), *_notes_on_reading(reader.findings)]
    if cut_texts:
        notes.append(
            f"{quantity(cut_texts, 'text')} longer than a cell of Excel: cut, with a mark that "
            "says so."
        )
    written = _written_tables(destination, tables)
    return ExportReport(written, tuple(notes), tuple(reader.findings.missing_files))


def _find_sources(
    client: NotionClient, catalogue: Catalogue, names: Sequence[str]
) -> list[SourceRequest]:
    if not names:
        return list(catalogue.everything())
    # A name that is given twice is exported once.
    sources: list[SourceRequest] = []
    for name in dict.fromkeys(names):
        if is_id(name):
            for source in find_by_id(client, name):
                sources.append(catalogue.with_template_keys(source))
        else:
            sources.extend(catalogue.find(name))
    return sources


def _contents(
    sources: Sequence[SourceRequest], request: ExportRequest, catalogue: Catalogue
) -> Contents:
    if len(sources) == 1:
        (source,) = sources
        is_page = source.page is not None
        return Contents((source.name,), source.name, is_page=is_page, format=source.format)
    # Several tables in one file: it is named after what the person asked for.
    title = " ".join(request.names) if request.names else catalogue.title
    return Contents(tuple(source.name for source in sources), title)


def _with_keys_as_headers(table: Table) -> Table:
    columns = tuple(replace(column, title=column.key or column.title) for column in table.columns)
    return replace(table, columns=columns)


@dataclass(frozen=True, slots=True)
class _RowsWithProgress:
    """Rows that report how many were written: a large table takes a while."""

    table: Table
    progress: Progress

    def __iter__(self) -> Iterator[Row]:
        task, total = f"Writing {self.table.title}", self.table.row_count
        for done, row in enumerate(self.table.rows, start=1):
            yield row
            if done % 100 == 0 or done == total:
                self.progress(task, done, total)


def _written_tables(destination: Destination, tables: Sequence[Table]) -> tuple[Written, ...]:
    written = []
    for file in destination.files:
        path = str(file.path or STDOUT)
        for number in file.tables:
            table = tables[number]
            written.append(Written(path, table.name, table.row_count, destination.format.name))
    return tuple(written)


def _notes_on_trash(sources: Sequence[SourceRequest]) -> Iterator[str]:
    for request in sources:
        if request.source and request.source.data_source.in_trash:
            yield f"{request.source.title} is in the trash."


def _notes_on_reading(findings: Findings) -> Iterator[str]:
    if findings.untitled:
        yield (
            f"{quantity(findings.untitled, 'related page')} could not be read (in the trash, or "
            "not shared with the connection): the export shows ids instead of titles."
        )
    if findings.unknown_blocks:
        yield (
            f"{quantity(findings.unknown_blocks, 'block')} (bookmarks, embeds, ...) cannot be "
            "written as Markdown: the export has links to them instead."
        )
