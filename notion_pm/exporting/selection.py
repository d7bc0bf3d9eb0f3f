"""Which columns and rows: what a command line asks beyond a name, in terms of the database as it is in Notion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from notion_pm.conditions.api_filters import Dialect, as_filters
from notion_pm.conditions.row_tests import RowTest
from notion_pm.conditions.text_form import Condition, Order
from notion_pm.errors import UsageError
from notion_pm.exporting.columns import chosen, columns_of
from notion_pm.model.ids import NotionId, is_id
from notion_pm.model.schema import Property, RelationConfig
from notion_pm.notion.client import NotionClient
from notion_pm.workspace.sources import Source, SourceRequest

_MOST_RELATED = 100
"""Conditions that one filter may list (notion-api.md 4.2: any array has 100 elements at most)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to take of each database. `since`: only what was edited from then on."""

    columns: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    sort: tuple[Order, ...] = ()
    since: datetime | None = None

    @property
    def chooses_rows(self) -> bool:
        """Whether it is about rows, of which a single page has no choice."""
        return bool(self.where or self.sort or self.since)


def selected(
    gateway: NotionClient, wanted: SourceRequest, selection: Selection, now: datetime
) -> SourceRequest:
    """Return what is wanted, narrowed to a selection; what a named export asks already holds as well.

    Raises UsageError when a column or a value does not exist, or a page is to be filtered.
    """
    if selection.chooses_rows and (wanted.page or wanted.source is None):
        raise UsageError(
            f"{wanted.name!r} is one page: there is nothing to choose from.",
            "Leave --where, --sort and --since out.",
        )
    if wanted.source is None:
        return wanted
    narrower = _Narrowing(gateway, wanted.source, now)
    parts, tests = narrower.conditions(selection.where)
    if selection.since:
        moment = selection.since.isoformat()
        parts.append({"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": moment}})
    return replace(
        wanted,
        columns=selection.columns or wanted.columns,
        filter=_merged(wanted.filter, parts),
        tests=tuple(tests),
        sort=selection.sort or wanted.sort,
    )


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """Conditions in terms of one database."""

    gateway: NotionClient
    source: Source
    now: datetime

    def conditions(
        self, where: tuple[Condition, ...]
    ) -> tuple[list[Mapping[str, Any]], list[RowTest]]:
        """Return what Notion filters by, and what is left to be tested on the rows."""
        dialect = Dialect(self.now.date(), self.source.keys, self.source.options)
        parts: list[Mapping[str, Any]] = []
        tests: list[RowTest] = []
        for condition in where:
            found = self._property(condition.column)
            filters = as_filters(self._by_ids(condition, found), found, dialect)
            if filters is None:
                tests.append(RowTest(condition, self.now.date()))
            parts += filters or []
        return parts, tests

    def _property(self, name: str) -> Property:
        columns = columns_of(self.source.data_source, self.source.keys, {})
        (column,) = chosen(columns, [name], self.source.title)
        return self.source.data_source.properties[column.id]

    def _by_ids(self, condition: Condition, found: Property) -> Condition:
        """A condition on related pages by their titles, as one by their ids: it is these that Notion compares."""
        if not isinstance(found.config, RelationConfig) or all(map(is_id, condition.values)):
            return condition
        ids = tuple(self._called(condition, found.config.data_source_id))
        if not ids or len(ids) > _MOST_RELATED:
            number = f"over {_MOST_RELATED} pages match" if ids else "no page matches"
            raise UsageError(
                f"`{condition}`: {number}.",
                "Name related pages by title, id or link; ~ finds a part.",
            )
        return Condition(condition.column, "!=" if condition.is_negative else "=", ids)

    def _called(self, condition: Condition, data_source_id: NotionId) -> Iterator[NotionId]:
        test = {"=": "equals", "!=": "equals", "~": "contains", "!~": "contains"}.get(
            condition.operator
        )
        if test is None:
            raise UsageError(
                f"`{condition}`: related pages have no order.", "A relation takes =, !=, ~, !~."
            )
        titles = [{"property": "title", "title": {test: each}} for each in condition.values]
        for page in self.gateway.query(
            data_source_id, filter={"or": titles}, property_ids=["title"]
        ):
            yield page.id


def _merged(
    filter: Mapping[str, Any] | None, parts: list[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """All of them must hold. Filters nest two levels deep at most, so an `and` is widened."""
    every = [*(filter.get("and", [filter]) if filter else []), *parts]
    return {"and": every} if len(every) > 1 else every[0] if every else None
