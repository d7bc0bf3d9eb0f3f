"""Narrow a source to columns and rows: --columns, --where, --sort and --since for one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from notion_pm.conditions.api_filters import Dialect, compile_condition
from notion_pm.conditions.evaluate import Item, RowTest
from notion_pm.conditions.text_form import ColumnCondition, Order
from notion_pm.errors import UsageError
from notion_pm.exporting.columns import columns_of, find_column
from notion_pm.exporting.formats.cells import iso, text
from notion_pm.exporting.table import Cell
from notion_pm.model.condition import Comparison, Operator
from notion_pm.model.ids import NotionId, is_id
from notion_pm.model.page import DateValue
from notion_pm.model.schema import Property, RelationConfig
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.sources import Source, SourceRequest

_MOST_RELATED = 100
"""Conditions in one filter at most (notion-api.md 4.2: any array has 100 elements at most)."""

_TITLE_FILTERS = {"=": "equals", "!=": "equals", "~": "contains", "!~": "contains"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What to take of each database. `since`: only rows that were edited from then on."""

    columns: tuple[str, ...] = ()
    where: tuple[ColumnCondition, ...] = ()
    sort: tuple[Order, ...] = ()
    since: datetime | None = None

    @property
    def selects_rows(self) -> bool:
        """Whether it selects or sorts rows, which a single page does not have."""
        return bool(self.where or self.sort or self.since)


def narrow(
    client: NotionClient, request: SourceRequest, selection: Selection, now: datetime
) -> SourceRequest:
    """Return the request with the selection added; conditions of a named export still apply.

    Raises UsageError when a column or a value does not exist, or rows of a page are selected.
    """
    source = request.source
    if selection.selects_rows and (request.page or source is None):
        raise UsageError(
            f"{request.name!r} is a page, not a database: it has no rows to select.",
            "Leave out --where, --sort and --since.",
        )
    if source is None:
        return request

    compiler = _ConditionCompiler(client, source, now)
    filters, tests = compiler.compile(selection.where)
    if selection.since:
        # Notion keeps times of edits floored to the minute (notion-api.md 4.3): an edit at 10:00:45
        # counts as 10:00:00, so it would be missed from 10:00:30 on.
        minute = selection.since.replace(second=0, microsecond=0)
        since = {"on_or_after": minute.isoformat()}
        filters.append({"timestamp": "last_edited_time", "last_edited_time": since})
    return replace(
        request,
        columns=selection.columns or request.columns,
        filter=_all_of(request.filter, filters),
        tests=tuple(tests),
        sort=selection.sort or request.sort,
    )


@dataclass(frozen=True, slots=True)
class _ConditionCompiler:
    """Turns conditions into filters of one database."""

    client: NotionClient
    source: Source
    now: datetime

    def compile(
        self, conditions: Sequence[ColumnCondition]
    ) -> tuple[list[Mapping[str, Any]], list[RowTest]]:
        """Return filters for Notion, and tests for the conditions that Notion cannot evaluate."""
        dialect = Dialect(self.now.date(), self.source.keys, self.source.options)
        filters: list[Mapping[str, Any]] = []
        tests: list[RowTest] = []
        for condition in conditions:
            property = self._property(condition.column)
            compiled = compile_condition(
                self._with_page_ids(condition, property), property, dialect
            )
            if compiled is None:
                tests.append(RowTest(condition, self.now.date()))
            else:
                filters += compiled
        return filters, tests

    def _property(self, name: str) -> Property:
        columns = columns_of(self.source.data_source, self.source.keys, {})
        column = find_column(columns, name, self.source.title)
        return self.source.data_source.properties[column.id]

    def _with_page_ids(self, condition: ColumnCondition, property: Property) -> ColumnCondition:
        """Return a condition on titles of related pages as a condition on their ids.

        Notion compares relations by id only.
        """
        config = property.config
        if not isinstance(config, RelationConfig) or all(
            map(is_id, map(str, condition.comparison.values))
        ):
            return condition
        ids = self._find_pages(condition, config.data_source_id)
        # No page is an error, not an empty export: a misspelt title would look like a customer
        # without any request.
        if not ids or len(ids) > _MOST_RELATED:
            problem = f"more than {_MOST_RELATED} pages match" if ids else "no page matches"
            raise UsageError(
                f"`{condition}`: {problem}.",
                "Name related pages by title, id or link; ~ matches a part of a title.",
            )
        # The pages were found by their titles, also for `!=`: "not Acme" is "no link to the page
        # Acme".
        operator: Operator = "!=" if condition.comparison.is_negative else "="
        return ColumnCondition(condition.column, Comparison(operator, tuple(ids)))

    def _find_pages(self, condition: ColumnCondition, data_source_id: NotionId) -> list[NotionId]:
        operator = _TITLE_FILTERS.get(condition.comparison.operator)
        if operator is None:
            raise UsageError(
                f"`{condition}`: related pages cannot be compared by size.",
                "For a relation, use =, !=, ~ or !~.",
            )
        titles = [
            {"property": "title", "title": {operator: title}}
            for title in condition.comparison.values
        ]
        pages = self.client.query(data_source_id, filter={"or": titles}, property_ids=["title"])
        return [page.id for page in pages]


def _all_of(
    filter: Mapping[str, Any] | None, more: list[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Return a filter for rows that satisfy all of these, None for no filter."""
    filters = list(more)
    if filter:
        # Filters nest two levels deep at most (notion-api.md 4.2), so an `and` is extended.
        filters = [*filter.get("and", [filter]), *more]
    if not filters:
        return None
    return filters[0] if len(filters) == 1 else {"and": filters}


def cell_passes(test: RowTest, cell: Cell) -> bool:
    """Return whether a cell satisfies a condition that Notion cannot evaluate."""
    is_about_text = test.condition.comparison.operator in ("~", "!~")
    cells = cell if isinstance(cell, tuple) else (cell,)
    items: list[Item] = []
    for item in cells:
        if item is None or item == "":
            continue
        if isinstance(item, bool | int | float) and not is_about_text:
            items.append(item)
        elif isinstance(item, DateValue) and not is_about_text:
            items.append(date.fromisoformat(iso(item.start, item.time_zone)[:10]))
        else:
            items.append(text(item))
    return test.passes(items)
