"""What an import would do: read what is there, and decide what becomes of each row.

Rows are known by their keys, so that a second import updates, and an interrupted one goes on where it ended.
"""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from notion_pm.errors import UsageError
from notion_pm.importing.compare import (
    OVERTAKEN,
    CreateRow,
    Decision,
    Memory,
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
    """What is to be imported, how, and when. With `overwrite` the file wins over what people changed."""

    records: Records
    map: ImportMap
    now: datetime
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. `fields` are filled by any row; `new` are related pages that are made first.

    `read_at`: when reading the pages began, by the server's clock; what was edited since has to be compared again.
    """

    destination: Destination
    by: Field
    interpreted: InterpretedFile
    fields: tuple[Field, ...]
    decisions: tuple[Decision, ...]
    new: tuple[NewPage, ...]
    rejects: tuple[RejectedRow, ...]
    read_at: datetime
    overwrite: bool = False
    source: str = ""
    spellings: Mapping[NotionId, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    """By related database: names that the file has, with the pages that they mean. They are remembered by source."""
    related_titles: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The titles of the pages that rows may be related to, by id."""

    @property
    def target(self) -> Target:
        """The database."""
        return self.destination.target

    @property
    def creates(self) -> list[CreateRow]:
        """The rows that are to be made."""
        return [each for each in self.decisions if isinstance(each, CreateRow)]

    @property
    def updates(self) -> list[UpdateRow]:
        """The rows that are there and change."""
        return [each for each in self.decisions if isinstance(each, UpdateRow) and each.changes]

    @property
    def writes(self) -> int:
        """How many requests carry it out."""
        return len(self.new) + len(self.creates) + len(self.updates)


def plan_import(
    gateway: NotionClient,
    state: State,
    destination: Destination,
    order: ImportRequest,
    jobs: int = 4,
    progress: Progress = no_progress,
) -> ImportPlan:
    """Decide what becomes of each row of a file. Reads only.

    Raises UsageError where dates can be read in two ways, IncompleteRead when Notion gives only a part.
    """
    target = destination.target
    read_at = gateway.server_time(order.now)
    interpreted = _interpreted(order, target)
    by = key_field(order.map, target)
    fields = _compared(interpreted.rows, target)

    def spellings(source_id: NotionId) -> Mapping[str, NotionId]:
        by_source = (
            state.imports.spellings(source_id, source=source)
            for source in (order.map.source, EXPORTED)
        )
        return dict(ChainMap(*by_source))

    indexes = read_indexes(gateway, destination, fields, spellings, jobs=jobs)
    resolved = resolve_relations(interpreted.rows, target, order.map, indexes)
    keys = [each.key for each in resolved.rows]
    there = find_existing_pages(gateway, target, by, keys, fields, jobs=jobs, progress=progress)
    known = state.imports.imported(target.data_source_id)
    judge = partial(_decision, gateway, target, by, there, known, overwrite=order.overwrite)
    judged = [judge(each) for each in _with_pages_of_rows(resolved.rows, by, there, known)]
    decisions = tuple(each for each in judged if not isinstance(each, RejectedRow))
    rejects = (
        *interpreted.rejects,
        *resolved.rejects,
        *(each for each in judged if isinstance(each, RejectedRow)),
    )
    named = set(_named_items(decisions))
    new = tuple(each for each in resolved.new if each.placeholder in named)
    in_order = tuple(sorted(rejects, key=_line))
    return ImportPlan(
        destination, by, interpreted, tuple(fields), decisions, new, in_order, read_at, order.overwrite,
        order.map.source, resolved.spellings, _titles(indexes.values()),
    )  # fmt: skip


def _titles(indexes: Iterable[RelatedPageIndex]) -> dict[str, str]:
    return {page: title for index in indexes for page, title in index.titles.items()}


def _with_pages_of_rows(
    rows: Sequence[ImportRow],
    by: Field,
    there: Mapping[str, Sequence[Page]],
    known: Mapping[str, ImportedRow],
) -> list[ImportRow]:
    """Return the rows with the pages of other rows of the file that are there already."""
    if not any(row_placeholders_in(row.values) for row in rows):
        return list(rows)
    pages: dict[str, NotionId] = {}
    for row in rows:
        key = identity(by, row.key)
        if len(there.get(key, ())) == 1:
            pages[row_placeholder(row.key)] = there[key][0].id
        elif key in known:
            pages[row_placeholder(row.key)] = known[key].page_id
    return [
        replace(
            row,
            values={name: replace_placeholders(item, pages) for name, item in row.values.items()},
        )
        for row in rows
    ]


def keep_shown_writes(again: ImportPlan, shown: ImportPlan) -> ImportPlan:
    """Return what was prepared again, without writes to rows that nobody has seen in what was shown.

    Since then people may have made the rows that were new, and have edited or removed others.
    """
    created = {each.row.key for each in shown.creates}
    updated = {each.page.id for each in shown.updates}

    def agreed(decision: Decision) -> Decision:
        match decision:
            case CreateRow(row) if row.key not in created:
                return SkippedRow(row, OVERTAKEN)
            case UpdateRow(row, page) if decision.changes and page.id not in updated:
                return SkippedRow(row, OVERTAKEN)
        return decision

    decisions = tuple(map(agreed, again.decisions))
    named = set(_named_items(decisions))
    return replace(
        again,
        decisions=decisions,
        new=tuple(each for each in again.new if each.placeholder in named),
    )


def _named_items(decisions: Iterable[Decision]) -> Iterator[str]:
    """The items of all lists that are to be written."""
    for each in decisions:
        if isinstance(each, CreateRow | UpdateRow):
            yield from (
                item
                for items in each.row.values.values()
                if isinstance(items, tuple)
                for item in items
            )


def _line(reject: RejectedRow) -> int:
    return reject.record.line


def _interpreted(order: ImportRequest, target: Target) -> InterpretedFile:
    try:
        return interpret_records(order.records, order.map, target)
    except DatesUnclear as unclear:
        one, other = unclear.ambiguous.patterns
        raise UsageError(
            f"The dates of {' and '.join(f'`{each}`' for each in unclear.columns)} can be read in two ways: "
            f"is {unclear.ambiguous.example} {one} or {other}?",
            f'Say it in the map, under `{unclear.field}`:  date: "{one}"',
        ) from None


def _compared(rows: Sequence[ImportRow], target: Target) -> list[Field]:
    """The fields that any row fills."""
    return [target.fields[key] for key in dict.fromkeys(key for row in rows for key in row.values)]


def _decision(
    gateway: NotionClient,
    target: Target,
    by: Field,
    there: Mapping[str, Sequence[Page]],
    known: Mapping[str, ImportedRow],
    row: ImportRow,
    *,
    overwrite: bool,
) -> Decision | RejectedRow:
    key = identity(by, row.key)
    pages, imported = there.get(key, ()), known.get(key)
    if len(pages) > 1:
        return RejectedRow(
            row.record,
            f"{len(pages)} pages have {by.name} `{row.key}`: make them one, or give them others",
        )
    memory: Memory | None = imported.said if imported else None
    if pages:
        is_same = imported is not None and imported.page_id == pages[0].id
        return compare_row(
            target, _without(by, row), pages[0], memory if is_same else None, overwrite=overwrite
        )
    if imported is None:
        return CreateRow(row)
    found = fetch_row(gateway, target.data_source_id, imported.page_id)
    if isinstance(found, Page):
        return compare_row(target, _without(by, row), found, memory, overwrite=overwrite)
    return CreateRow(row) if overwrite else SkippedRow(row, found)


def _without(by: Field, row: ImportRow) -> ImportRow:
    """A row without what told that it is there: it may be written in another way there, or a person changed it."""
    return replace(row, values={key: item for key, item in row.values.items() if key != by.key})
