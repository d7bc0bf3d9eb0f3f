"""Reading what is to be exported: each data source once, related titles joined here, all before a byte is written.

Rows and titles wait on disk (`exporters.spool`, `exporters.titles`), whatever the number of pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from notion_pm.concurrency import map_lazily
from notion_pm.conditions.row_tests import RowTest
from notion_pm.errors import IncompleteRead, NotShared
from notion_pm.exporting.attachments import Attachments, Fetcher, MissingFile
from notion_pm.exporting.columns import Facts, chosen, columns_of, in_order, row_of
from notion_pm.exporting.destination import Bodies
from notion_pm.exporting.spool import Spool
from notion_pm.exporting.table import Attached, Cell, Column, Item, Reference, Row, Table
from notion_pm.exporting.titles import Titles
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PageMarkdown
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.progress import Progress
from notion_pm.workspace.sources import Source, SourceRequest

_TITLE = "title"
"""The id of every title property (notion-api.md 3.1)."""

_UNKNOWN = "<unknown "
"""The tag that stands for a block without a form in Markdown (notion-api.md 2.3)."""

_NO_ROW = (Column(_TITLE, "Title", "title"),)
"""What a page that is no row of a database has."""


@dataclass(slots=True)
class Findings:
    """What is worth telling of a reading.

    `untitled`: related pages whose titles could not be read; `unknown_blocks`: blocks that Notion cannot say in
    Markdown, for which links stand in the body; `missing_files`: attached files that were not downloaded.
    """

    untitled: int = 0
    unknown_blocks: int = 0
    missing_files: list[MissingFile] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A table before its references have titles."""

    wanted: SourceRequest
    columns: tuple[Column, ...]
    rows: Spool[Row]


@dataclass(frozen=True, slots=True)
class _Resolved:
    """Rows whose references have titles, given anew at each walk."""

    rows: Iterable[Row]
    titles: Titles

    def __iter__(self) -> Iterator[Row]:
        return (
            replace(row, cells=tuple(self._cell(cell) for cell in row.cells)) for row in self.rows
        )

    def _cell(self, cell: Cell) -> Cell:
        return tuple(self._item(each) for each in cell) if isinstance(cell, tuple) else cell

    def _item(self, item: Item) -> Item:
        return Reference(item.id, self.titles.of(item.id)) if isinstance(item, Reference) else item


class Reader:
    """Reads tables; what it keeps on disk lives as long as the `stack` that it is given."""

    def __init__(
        self, gateway: NotionClient, stack: ExitStack, *, jobs: int, progress: Progress
    ) -> None:
        self._gateway = gateway
        self._stack = stack
        self._jobs = jobs
        self._progress = progress
        self._titles = stack.enter_context(Titles())
        self.findings = Findings()

    def read(
        self, wanted: Sequence[SourceRequest], *, bodies: Bodies, with_titles: bool
    ) -> list[Table]:
        """Return the tables, complete, with the bodies of their pages where these are asked for.

        Without titles, related pages that are in none of the tables stay ids.

        Raises IncompleteRead when Notion gives only a part of anything.
        """
        names = {each.source.data_source.id: each.source.title for each in wanted if each.source}
        drafts = [self._draft(each, names) for each in wanted]
        if with_titles:
            self._read_titles()
        return [
            self._table(self._with_bodies(each) if _shows_bodies(each, bodies) else each)
            for each in drafts
        ]

    def _draft(self, wanted: SourceRequest, names: Mapping[NotionId, str]) -> _Draft:
        if wanted.source is None:
            assert wanted.page
            return self._filled(wanted, _NO_ROW, [wanted.page], _NO_ROW)
        everything = columns_of(wanted.source.data_source, wanted.source.keys, names)
        title = wanted.source.title
        shown = chosen(everything, wanted.columns, title)
        needed = [*(each.column for each in wanted.sort), *(each.column for each in wanted.tests)]
        read = tuple(
            dict.fromkeys([*shown, *(chosen(everything, needed, title) if needed else ())])
        )
        pages = [wanted.page] if wanted.page else self._pages(wanted, wanted.source, read)
        return self._filled(wanted, shown, pages, read)

    def _pages(
        self, wanted: SourceRequest, source: Source, columns: Sequence[Column]
    ) -> Iterator[Page]:
        ids = (
            list(dict.fromkeys([_TITLE, *(each.id for each in columns)]))
            if wanted.columns
            else None
        )
        found = self._gateway.query(source.data_source.id, filter=wanted.filter, property_ids=ids)
        return self._counted(f"Reading {source.title}", found)

    def _counted(self, what: str, pages: Iterable[Page]) -> Iterator[Page]:
        count = 0
        for count, page in enumerate(pages, start=1):
            if count % 100 == 0:
                self._progress(what, count, 0)
            yield page
        self._progress(what, count, count)

    def _filled(
        self,
        wanted: SourceRequest,
        shown: tuple[Column, ...],
        pages: Iterable[Page],
        read: tuple[Column, ...],
    ) -> _Draft:
        facts = Facts()
        rows = self._spool(self._related(self._rows(pages, read, wanted.tests, facts), shown))
        if wanted.sort or read != shown:
            order = in_order(rows, read, wanted.sort)
            rows = self._spool(
                replace(row, cells=row.cells[: len(shown)]) for row in rows.at(order)
            )
        return _Draft(wanted, facts.told(shown), rows)

    def _rows(
        self,
        pages: Iterable[Page],
        columns: Sequence[Column],
        tests: Sequence[RowTest],
        facts: Facts,
    ) -> Iterator[Row]:
        places = [columns.index(chosen(columns, [each.column])[0]) for each in tests]
        for page in pages:
            row = row_of(page, columns)
            self._titles.note(page.id, page.title)
            if all(
                test.passes(row.cells[place]) for test, place in zip(tests, places, strict=True)
            ):
                facts.note(row, columns)
                yield row

    def _related(self, rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[Row]:
        """Pass rows on, and note which pages are related to."""
        targets = [(place, each.target_id) for place, each in enumerate(columns) if each.target_id]
        for row in rows:
            for place, target in targets:
                self._titles.relate(target, _references(row.cells[place]))
            yield row

    def _spool(self, rows: Iterable[Row]) -> Spool[Row]:
        spool = self._stack.enter_context(Spool[Row]())
        for row in rows:
            spool.append(row)
        return spool

    # --- titles of related pages that were not read themselves

    def _read_titles(self) -> None:
        """Read the titles of each related data source once: never page by page."""
        for data_source_id in self._titles.wanting():
            try:
                found = self._gateway.query(data_source_id, property_ids=[_TITLE])
                for page in self._counted("Reading titles of related pages", found):
                    self._titles.note(page.id, page.title)
            except NotShared:
                continue  # its ids stay ids, and are counted
        self.findings.untitled = self._titles.untitled()

    # --- bodies

    def _with_bodies(self, draft: _Draft) -> _Draft:
        return replace(draft, rows=self._spool(self._bodied(draft)))

    def _bodied(self, draft: _Draft) -> Iterator[Row]:
        """A few pages at a time, side by side; never all bodies in memory."""
        total = len(draft.rows)
        rows_with_bodies = map_lazily(lambda row: (row, self._body(row)), draft.rows, self._jobs)
        for done, (row, body) in enumerate(rows_with_bodies, start=1):
            self.findings.unknown_blocks += max(
                body.markdown.count(_UNKNOWN), len(body.unknown_block_ids)
            )
            yield replace(row, markdown=body.markdown)
            self._progress(f"Reading the pages of {draft.wanted.name}", done, total)

    def _body(self, row: Row) -> PageMarkdown:
        found = self._gateway.page_markdown(row.id)
        if found.truncated:
            raise IncompleteRead(
                f"the page {row.title!r} ({row.url}), which is very long",
                "Nothing was written. Move parts of it into sub-pages, or export without bodies: --format csv.",
            )
        return found

    # --- attached files

    def with_files(self, table: Table, fetcher: Fetcher, prefix: str) -> Table:
        """Return a table whose attached files are here, named `prefix/file` in its rows.

        Files that cannot be had are among the findings.
        """
        folder = Path(self._stack.enter_context(TemporaryDirectory()))
        attachments = Attachments(
            self._gateway, fetcher, folder, prefix, self._jobs, self._progress
        )
        rows = self._spool(attachments.localised(table))
        self.findings.missing_files.extend(attachments.missing)
        return replace(
            table, rows=rows, attached=Attached(folder, prefix) if any(folder.iterdir()) else None
        )

    def _table(self, draft: _Draft) -> Table:
        rows = _Resolved(draft.rows, self._titles)
        wanted = draft.wanted
        return Table(
            wanted.name,
            wanted.title,
            draft.columns,
            rows,
            len(draft.rows),
            source_id=wanted.source.data_source.id if wanted.source else None,
            is_page=wanted.page is not None,
        )


def _shows_bodies(draft: _Draft, bodies: Bodies) -> bool:
    return bodies == "every" or (bodies == "pages" and draft.wanted.page is not None)


def _references(cell: Cell) -> Iterator[NotionId]:
    """The ids of the pages that a cell names."""
    return (
        each.id for each in (cell if isinstance(cell, tuple) else ()) if isinstance(each, Reference)
    )
