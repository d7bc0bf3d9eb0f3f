"""What can be exported, and finding it by its id: databases with their data sources, and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from notion_pm.conditions.evaluate import RowTest
from notion_pm.conditions.text_form import Order
from notion_pm.errors import InTrash, NotionError, NotShared, RequestRefused
from notion_pm.model.ids import DATA_SOURCE_URL, NotionId, parse_notion_id
from notion_pm.model.page import Page
from notion_pm.model.schema import Database, DataSource
from notion_pm.notion.client import NotionClient
from notion_pm.text import UNTITLED

_Kind = Callable[[NotionClient, NotionId], Iterator["SourceRequest"]]


@dataclass(frozen=True, slots=True)
class Source:
    """A data source to export.

    `keys`: property id -> template key, in the template's order; `options`: `status.shipped` -> the option's id. Both
    are empty without a template.
    """

    title: str
    data_source: DataSource
    keys: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What one word asks for: a source, or one page of it, or (source None) a page that is no row.

    `name` is what files are called after: the template's key, else the title.
    """

    name: str
    source: Source | None
    page: Page | None = None
    columns: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    tests: tuple[RowTest, ...] = ()
    """What rows must satisfy beyond the filter."""
    sort: tuple[Order, ...] = ()
    format: str | None = None

    @property
    def title(self) -> str:
        """What to write above it: the database's title; a named export's own name."""
        is_named = self.format is not None
        return self.source.title if self.source and not is_named else self.name


def find_by_id(gateway: NotionClient, text: str) -> Iterator[SourceRequest]:
    """Yield what an id or a URL names: a page, a database or a data source. No template is asked.

    What it probably is comes first: links of views and bare ids are those of databases, other links those of pages.
    The URL of a data source says what it is, and saves asking.

    Raises NotShared when it is none of them.
    """
    notion_id = parse_notion_id(text)
    refusals: list[NotionError] = []
    for kind in _kinds(text):
        try:
            yield from list(kind(gateway, notion_id))
        except (
            NotShared,
            RequestRefused,
        ) as refusal:  # Notion refuses the id of another kind, or does not find it
            refusals.append(refusal)
        else:
            return
    raise next((each for each in refusals if isinstance(each, InTrash)), refusals[0])


def _kinds(text: str) -> list[_Kind]:
    if text.startswith(DATA_SOURCE_URL):
        return [_data_source]
    is_database = "?v=" in text or "/" not in text
    return (
        [databases_of, _data_source, _page] if is_database else [_page, databases_of, _data_source]
    )


def _page(gateway: NotionClient, notion_id: NotionId) -> Iterator[SourceRequest]:
    page = gateway.get_page(notion_id)
    name = page.title or UNTITLED
    if page.data_source_id is None:
        yield SourceRequest(name, None, page)
        return
    data_source = gateway.get_data_source(page.data_source_id)
    yield SourceRequest(name, Source(data_source.title, data_source), page)


def databases_of(gateway: NotionClient, database_id: NotionId) -> Iterator[SourceRequest]:
    """Yield the data sources of a database; where there are several, each has its own title."""
    yield from sources_of(gateway, gateway.get_database(database_id))


def sources_of(gateway: NotionClient, database: Database) -> Iterator[SourceRequest]:
    """Yield the data sources of a database that is read already."""
    several = len(database.data_source_ids) > 1
    for each in database.data_source_ids:
        yield wanted_whole(gateway.get_data_source(each), "" if several else database.title)


def wanted_whole(data_source: DataSource, title: str = "") -> SourceRequest:
    """Return all of a data source as what is wanted, under that title or its own."""
    shown = title or data_source.title or UNTITLED
    return SourceRequest(shown, Source(shown, data_source))


def _data_source(gateway: NotionClient, data_source_id: NotionId) -> Iterator[SourceRequest]:
    yield wanted_whole(gateway.get_data_source(data_source_id))
