"""Plan an import: read what exists, and decide for each row of the file what to do.

Rows are known by their keys. So a second import updates them, and an interrupted import continues
where it stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notion_pm.errors import UsageError
from notion_pm.importing.compare import (
    OVERTAKEN,
    CreateRow,
    Decision,
    SkippedRow,
    UpdateRow,
    compare_row,
)
from notion_pm.importing.existing_pages import find_existing_pages
from notion_pm.importing.files.records import Records
from notion_pm.importing.find_target import Destination, read_indexes
from notion_pm.importing.identity import identity
from notion_pm.importing.interpret import (
    DatesUnclear,
    ImportRow,
    InterpretedFile,
    RejectedRow,
    interpret_records,
    key_field,
)
from notion_pm.importing.related import (
    EXPORTED,
    NewPage,
    RelatedPageIndex,
    replace_placeholders,
    resolve_relations,
    row_placeholder,
    row_placeholders_in,
)
from notion_pm.importing.target import Field, Target
from notion_pm.model.ids import NotionId
from notion_pm.model.import_map import ImportMap
from notion_pm.model.page import Page
from notion_pm.notion.client import NotionClient
from notion_pm.state.imports import ImportedRow
from notion_pm.state.state import State
from notion_pm.workspace.missing_pages import fetch_row
from notion_pm.workspace.progress import Progress, no_progress


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import, by which map, and when. With `overwrite` it wins over people's edits."""

    records: Records
    map: ImportMap
    now: datetime
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do.

    `key_field`: the field that identifies rows.
    `fields`: all fields that any row fills.
    `new_pages`: related pages to create before the rows.
    `read_at`: when reading began, by Notion's clock. Pages edited after that are compared again.
    """

    destination: Destination
    key_field: Field
    file: InterpretedFile
    fields: tuple[Field, ...]
    decisions: tuple[Decision, ...]
    new_pages: tuple[NewPage, ...]
    rejects: tuple[RejectedRow, ...]
    read_at: datetime
    overwrite: bool = False
    source: str = ""
    spellings: Mapping[NotionId, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    """By related database: the names in the file, each with the id or placeholder of its page."""
    related_titles: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The titles of the pages that rows may be related to, by id."""

    @property
    def target(self) -> Target:
        """The database."""
        return self.destination.target

    @property
    def creates(self) -> list[CreateRow]:
        """The rows to create."""
        return [decision for decision in self.decisions if isinstance(decision, CreateRow)]

    @property
    def updates(self) -> list[UpdateRow]:
        """The existing rows with changes."""
        return [update for update in self.compared if update.changes]

    @property
    def compared(self) -> list[UpdateRow]:
        """The existing rows, also those without changes."""
        return [decision for decision in self.decisions if isinstance(decision, UpdateRow)]

    @property
    def skipped(self) -> list[SkippedRow]:
        """The rows whose pages are left alone."""
        return [decision for decision in self.decisions if isinstance(decision, SkippedRow)]

    @property
    def writes(self) -> int:
        """The number of requests that carry out the plan."""
        return len(self.new_pages) + len(self.creates) + len(self.updates)


def plan_import(
    notion: NotionClient,
    state: State,
    destination: Destination,
    request: ImportRequest,
    jobs: int = 4,
    progress: Progress = no_progress,
) -> ImportPlan:
    """Decide what to do with each row of a file. Only reads.

    Raises UsageError when dates can be read in two ways, IncompleteRead when Notion returns only a
    part.
    """
    target = destination.target
    # By Notion's clock: it is compared with `last_edited_time`, and the clock of this machine may
    # differ.
    read_at = notion.server_time(request.now)
    file = _interpret(request, target)
    by = key_field(request.map, target)
    fields = _filled_fields(file.rows, target)

    def load_spellings(source_id: NotionId) -> Mapping[str, NotionId]:
        exported = state.imports.spellings(source_id, source=EXPORTED)
        of_source = state.imports.spellings(source_id, source=request.map.source)
        return {**exported, **of_source}

    indexes = read_indexes(notion, destination, fields, load_spellings, jobs=jobs)
    resolved = resolve_relations(file.rows, target, request.map, indexes)
    keys = [row.key for row in resolved.rows]
    pages = find_existing_pages(notion, target, by, keys, fields, jobs=jobs, progress=progress)
    existing = _ExistingRows(
        notion, target, by, pages, state.imports.imported(target.data_source_id)
    )

    decisions: list[Decision] = []
    rejects = [*file.rejects, *resolved.rejects]
    for row in existing.with_row_pages(resolved.rows):
        decision = existing.decide(row, overwrite=request.overwrite)
        if isinstance(decision, RejectedRow):
            rejects.append(decision)
        else:
            decisions.append(decision)
    # In the order of the file, where people correct them.
    rejects.sort(key=lambda reject: reject.record.line)

    return ImportPlan(
        destination=destination,
        key_field=by,
        file=file,
        fields=tuple(fields),
        decisions=tuple(decisions),
        new_pages=_needed_pages(resolved.new_pages, decisions),
        rejects=tuple(rejects),
        read_at=read_at,
        overwrite=request.overwrite,
        source=request.map.source,
        spellings=resolved.spellings,
        related_titles=_titles_by_id(indexes.values()),
    )


def keep_shown_writes(plan: ImportPlan, shown: ImportPlan) -> ImportPlan:
    """Return a new plan without the writes that were not in the plan that a person confirmed.

    In between, people may have created pages for rows that were new, or edited or deleted others.
    """
    shown_creates = {create.row.key for create in shown.creates}
    shown_updates = {update.page.id for update in shown.updates}

    decisions: list[Decision] = []
    for decision in plan.decisions:
        match decision:
            # Example: the preview showed an update, and the page was deleted before the answer. A
            # new page is not what the person agreed to.
            case CreateRow(row) if row.key not in shown_creates:
                decisions.append(SkippedRow(row, OVERTAKEN))
            case UpdateRow(row, page) if decision.changes and page.id not in shown_updates:
                decisions.append(SkippedRow(row, OVERTAKEN))
            case _:
                decisions.append(decision)
    new_pages = _needed_pages(plan.new_pages, decisions)
    return replace(plan, decisions=tuple(decisions), new_pages=new_pages)


def _interpret(request: ImportRequest, target: Target) -> InterpretedFile:
    try:
        return interpret_records(request.records, request.map, target)
    except DatesUnclear as unclear:
        columns = " and ".join(f"`{column}`" for column in unclear.columns)
        one, other = unclear.ambiguous.patterns
        raise UsageError(
            f"The dates of {columns} can be read in two ways: "
            f"is {unclear.ambiguous.example} {one} or {other}?",
            f'Add the pattern to the map, under `{unclear.field}`:  date: "{one}"',
        ) from None


def _filled_fields(rows: Sequence[ImportRow], target: Target) -> list[Field]:
    """Return the fields that any row fills."""
    keys: dict[str, None] = {}
    for row in rows:
        keys.update(dict.fromkeys(row.values))
    return [target.fields[key] for key in keys]


def _needed_pages(
    new_pages: Iterable[NewPage], decisions: Iterable[Decision]
) -> tuple[NewPage, ...]:
    """Return the new related pages that a row to be written is linked to."""
    # A customer that only a rejected or skipped row names would be an empty page.
    needed = set(_items_of_lists(decisions))
    return tuple(page for page in new_pages if page.placeholder in needed)


def _items_of_lists(decisions: Iterable[Decision]) -> Iterator[str]:
    for decision in decisions:
        if isinstance(decision, CreateRow | UpdateRow):
            for items in decision.row.values.values():
                if isinstance(items, tuple):
                    yield from items


def _titles_by_id(indexes: Iterable[RelatedPageIndex]) -> dict[str, str]:
    titles: dict[str, str] = {}
    for index in indexes:
        for page_id, title in index.titles.items():
            titles[page_id] = title
    return titles


@dataclass(frozen=True, slots=True)
class _ExistingRows:
    """The pages of earlier rows: those with a key of the file, and those remembered by key."""

    notion: NotionClient
    target: Target
    by: Field
    pages: Mapping[str, Sequence[Page]]
    """By identity: the pages in Notion with that key."""
    imported: Mapping[str, ImportedRow]
    """By identity: what an earlier import remembered of the row."""

    def with_row_pages(self, rows: Sequence[ImportRow]) -> list[ImportRow]:
        """Return the rows with page ids in place of placeholders for other rows that exist."""
        if not any(row_placeholders_in(row.values) for row in rows):
            return list(rows)
        page_ids: dict[str, NotionId] = {}
        for row in rows:
            key = identity(self.by, row.key)
            pages = self.pages.get(key, ())
            # With several pages of that key the row is rejected, so there is no page to link to.
            if len(pages) == 1:
                page_ids[row_placeholder(row.key)] = pages[0].id
            elif key in self.imported:
                page_ids[row_placeholder(row.key)] = self.imported[key].page_id
        return [replace(row, values=replace_placeholders(row.values, page_ids)) for row in rows]

    def decide(self, row: ImportRow, *, overwrite: bool) -> Decision | RejectedRow:
        """Decide what to do with a row.

        The cases, in order:

        1. Several pages have the key: a person has to decide which of them is the row.
        2. One page has it: compare. What an earlier import remembered counts only for that page.
        3. No page has it, and the row was never imported: create.
        4. No page has it, but the row was imported: a person changed the key on the page
           (compare), or the page is gone (leave it alone, unless --overwrite).
        """
        key = identity(self.by, row.key)
        pages = self.pages.get(key, ())
        imported = self.imported.get(key)
        if len(pages) > 1:
            return RejectedRow(
                row.record,
                f"{len(pages)} pages have {self.by.name} `{row.key}`: "
                "merge them, or give the others another value",
            )

        if pages:
            # Another page may have the key now, for example a copy that a person made before
            # deleting the old page.
            is_same_page = imported is not None and imported.page_id == pages[0].id
            memory = imported.said if imported is not None and is_same_page else None
            return compare_row(
                self.target, self._without_key(row), pages[0], memory, overwrite=overwrite
            )

        if imported is None:
            return CreateRow(row)

        page = fetch_row(self.notion, self.target.data_source_id, imported.page_id)
        if isinstance(page, Page):
            return compare_row(
                self.target, self._without_key(row), page, imported.said, overwrite=overwrite
            )
        reason = page
        return CreateRow(row) if overwrite else SkippedRow(row, reason)

    def _without_key(self, row: ImportRow) -> ImportRow:
        """Return a row without its key: the page may spell it differently, which is no change."""
        values = {key: item for key, item in row.values.items() if key != self.by.key}
        return replace(row, values=values)
