"""Read what is exported: each data source once, with the titles of related pages.

Everything is read before the first byte is written. Rows and titles wait on disk (`temp_storage`),
whatever the number of pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from notion_pm.concurrency import map_lazily
from notion_pm.conditions.evaluate import RowTest
from notion_pm.errors import IncompleteRead, NotShared
from notion_pm.exporting.attachments import Attachments, Fetcher, MissingFile
from notion_pm.exporting.columns import (
    ColumnFacts,
    columns_of,
    find_column,
    row_of,
    select_columns,
    sorted_positions,
)
from notion_pm.exporting.export_formats import Bodies
from notion_pm.exporting.selection import cell_passes
from notion_pm.exporting.table import (
    Attached,
    Cell,
    Column,
    Item,
    Reference,
    Row,
    Table,
    references_of,
)
from notion_pm.exporting.temp_storage import DiskList, Titles
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PageMarkdown
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sources import Source, SourceRequest

_TITLE = "title"
"""The id of every title property (notion-api.md 3.1)."""

_UNKNOWN_BLOCK = "<unknown "
"""The tag of a block that Notion cannot show as Markdown (notion-api.md 2.3)."""

_PAGE_COLUMNS = (Column(_TITLE, "Title", "title"),)
"""The columns of a page outside of databases."""


@dataclass(slots=True)
class Findings:
    """What the user should know about a reading.

    `untitled`: related pages whose titles could not be read. `unknown_blocks`: blocks that Notion
    cannot show as Markdown; the body has links to them. `missing_files`: attached files that were
    not downloaded.
    """

    untitled: int = 0
    unknown_blocks: int = 0
    missing_files: list[MissingFile] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A table whose related pages have no titles yet."""

    request: SourceRequest
    columns: tuple[Column, ...]
    rows: DiskList[Row]


@dataclass(frozen=True, slots=True)
class _RowsWithTitles:
    """Rows with the titles of related pages, added each time the rows are iterated."""

    rows: Iterable[Row]
    titles: Titles

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            yield replace(row, cells=tuple(self._with_titles(cell) for cell in row.cells))

    def _with_titles(self, cell: Cell) -> Cell:
        if not isinstance(cell, tuple):
            return cell
        return tuple(self._with_title(item) for item in cell)

    def _with_title(self, item: Item) -> Item:
        if not isinstance(item, Reference):
            return item
        return Reference(item.id, self.titles.title_of(item.id))


class TableReader:
    """Reads tables. What it stores on disk lives as long as `stack`."""

    def __init__(
        self, client: NotionClient, stack: ExitStack, *, jobs: int, progress: Progress
    ) -> None:
        self._client = client
        self._stack = stack
        self._jobs = jobs
        self._progress = progress
        self._titles = stack.enter_context(Titles())
        self.findings = Findings()

    def read(
        self, requests: Sequence[SourceRequest], *, bodies: Bodies, with_titles: bool
    ) -> list[Table]:
        """Return the complete tables, with the bodies of pages where `bodies` says so.

        Without titles, related pages that are in none of the tables have only ids.

        Raises IncompleteRead when Notion returns only a part.
        """
        source_titles = {
            request.source.data_source.id: request.source.title
            for request in requests
            if request.source
        }
        drafts = [self._read_draft(request, source_titles) for request in requests]
        # Rows of one table are titles for another, so titles come when all tables are read.
        if with_titles:
            self._read_missing_titles()
        tables = []
        for draft in drafts:
            if bodies == "every" or (bodies == "pages" and draft.request.page is not None):
                draft = replace(draft, rows=self._store(self._rows_with_bodies(draft)))
            tables.append(self._table(draft))
        return tables

    def _table(self, draft: _Draft) -> Table:
        request = draft.request
        return Table(
            request.name,
            request.title,
            draft.columns,
            _RowsWithTitles(draft.rows, self._titles),
            len(draft.rows),
            source_id=request.source.data_source.id if request.source else None,
            is_page=request.page is not None,
        )

    # --- rows

    def _read_draft(self, request: SourceRequest, source_titles: Mapping[NotionId, str]) -> _Draft:
        source = request.source
        if source is None:
            assert request.page
            _, rows = self._read_rows(request, [request.page], _PAGE_COLUMNS, _PAGE_COLUMNS)
            return _Draft(request, _PAGE_COLUMNS, rows)

        all_columns = columns_of(source.data_source, source.keys, source_titles)
        shown = select_columns(all_columns, request.columns, source.title)
        # Columns that are only sorted by or tested are read too, and left out afterwards.
        needed = list(shown)
        for order in request.sort:
            needed.append(find_column(all_columns, order.column, source.title))
        # Example: --columns name --where "reach>3" on a formula: `reach` is tested here, but not
        # shown.
        for test in request.tests:
            needed.append(find_column(all_columns, test.column, source.title))
        columns = tuple(dict.fromkeys(needed))

        pages = [request.page] if request.page else self._query(request, source, columns)
        facts, rows = self._read_rows(request, pages, columns, shown)
        if request.sort or columns != shown:
            positions = sorted_positions(rows, columns, request.sort)
            rows = self._store(
                replace(row, cells=row.cells[: len(shown)]) for row in rows.at(positions)
            )
        return _Draft(request, facts.apply_to(shown), rows)

    def _query(
        self, request: SourceRequest, source: Source, columns: Sequence[Column]
    ) -> Iterator[Page]:
        property_ids = None
        if request.columns:  # otherwise all are needed: naming them would only lengthen the URL
            property_ids = list(dict.fromkeys([_TITLE, *(column.id for column in columns)]))
        pages = self._client.query(
            source.data_source.id, filter=request.filter, property_ids=property_ids
        )
        return self._with_progress(f"Reading {source.title}", pages)

    def _with_progress(self, task: str, pages: Iterable[Page]) -> Iterator[Page]:
        count = 0
        for count, page in enumerate(pages, start=1):
            if count % 100 == 0:  # one request; Notion does not say how many rows there are
                self._progress(task, count, 0)
            yield page
        self._progress(task, count, count)

    def _read_rows(
        self,
        request: SourceRequest,
        pages: Iterable[Page],
        columns: Sequence[Column],
        shown: Sequence[Column],
    ) -> tuple[ColumnFacts, DiskList[Row]]:
        """Store the rows that pass the tests, and return them with the facts that they show.

        `shown`: the first of `columns`; only these need the titles of related pages.
        """
        facts = ColumnFacts()
        tests = [(test, columns.index(find_column(columns, test.column))) for test in request.tests]
        relations = {
            position: column.target_id for position, column in enumerate(shown) if column.target_id
        }

        def rows() -> Iterator[Row]:
            for page in pages:
                row = row_of(page, columns)
                # Also of rows that are left out: other tables may be related to them.
                self._titles.add_title(page.id, page.title)
                if not _passes_all(row, tests):
                    continue
                facts.learn(row, columns)
                for position, target in relations.items():
                    page_ids = [related.id for related in references_of(row.cells[position])]
                    self._titles.add_related(target, page_ids)
                yield row

        return facts, self._store(rows())

    def _store(self, rows: Iterable[Row]) -> DiskList[Row]:
        stored = self._stack.enter_context(DiskList[Row]())
        for row in rows:
            stored.append(row)
        return stored

    # --- titles of related pages

    def _read_missing_titles(self) -> None:
        """Read the titles of each related data source once: never page by page."""
        for data_source_id in self._titles.sources_without_titles():
            try:
                pages = self._client.query(data_source_id, property_ids=[_TITLE])
                for page in self._with_progress("Reading titles of related pages", pages):
                    self._titles.add_title(page.id, page.title)
            except NotShared:
                continue  # its pages keep their ids, and are counted as untitled
        self.findings.untitled = self._titles.count_untitled()

    # --- bodies

    def _rows_with_bodies(self, draft: _Draft) -> Iterator[Row]:
        """Yield the rows with their bodies, a few at a time: never all bodies in memory."""
        total = len(draft.rows)
        rows_with_bodies = map_lazily(
            lambda row: (row, self._read_body(row)), draft.rows, self._jobs
        )
        for done, (row, body) in enumerate(rows_with_bodies, start=1):
            # Notion reports an unknown block by a tag, by its id, or both.
            self.findings.unknown_blocks += max(
                body.markdown.count(_UNKNOWN_BLOCK), len(body.unknown_block_ids)
            )
            yield replace(row, markdown=body.markdown)
            self._progress(f"Reading the pages of {draft.request.name}", done, total)

    def _read_body(self, row: Row) -> PageMarkdown:
        body = self._client.page_markdown(row.id)
        if body.truncated:
            raise IncompleteRead(
                f"the page {row.title!r} ({row.url}), which is very long",
                "Nothing was written. Move parts of it into sub-pages, or export without bodies: "
                "--format csv.",
            )
        return body

    # --- attached files

    def download_files(self, table: Table, fetcher: Fetcher, prefix: str) -> Table:
        """Return the table with its attached files downloaded, named `prefix/file` in its rows.

        Adds files that could not be downloaded to the findings.
        """
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        attachments = Attachments(self._client, fetcher, folder, prefix, self._jobs, self._progress)
        rows = self._store(attachments.download(table))
        self.findings.missing_files.extend(attachments.missing)
        has_files = any(folder.iterdir())
        return replace(table, rows=rows, attached=Attached(folder, prefix) if has_files else None)


def _passes_all(row: Row, tests: Sequence[tuple[RowTest, int]]) -> bool:
    """Whether a row passes the tests; with each test comes the position of its cell."""
    return all(cell_passes(test, row.cells[position]) for test, position in tests)
