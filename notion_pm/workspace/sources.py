"""The sources of an export (data sources and pages), and how to find them by id or link."""

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

_Finder = Callable[[NotionClient, NotionId], Iterator["SourceRequest"]]


@dataclass(frozen=True, slots=True)
class Source:
    """A data source to export.

    `keys`: property id -> template key, in the template's order. `options`: `status.shipped` -> the
    option's id. Both are empty without a template.
    """

    title: str
    data_source: DataSource
    keys: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What one argument of `export` selects.

    A whole source, or one `page` of it, or (with source None) a page that is not in a database.
    `name` becomes the name of the file: the template's key, else the title.
    """

    name: str
    source: Source | None
    page: Page | None = None
    columns: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    tests: tuple[RowTest, ...] = ()
    """Conditions that Notion's filter cannot express; they are checked here, row by row."""
    sort: tuple[Order, ...] = ()
    format: str | None = None

    @property
    def title(self) -> str:
        """The heading of the output: the database's title, or the name of a named export."""
        is_named = self.format is not None
        return self.source.title if self.source and not is_named else self.name


def find_by_id(notion: NotionClient, text: str) -> Iterator[SourceRequest]:
    """Yield the page, the database or the data source with that id or URL.

    Raises NotShared when there is none, InTrash when it is in the trash.
    """
    notion_id = parse_notion_id(text)
    refusals: list[NotionError] = []
    for find in _finders(text):
        try:
            found = list(find(notion, notion_id))
        # Notion refuses the id of an object of another kind, or does not find it.
        except (NotShared, RequestRefused) as refusal:
            refusals.append(refusal)
        else:
            yield from found
            return
    # "It is in the trash" helps more than "not found", which the other requests answered.
    in_trash = [refusal for refusal in refusals if isinstance(refusal, InTrash)]
    raise (in_trash or refusals)[0]


def _finders(text: str) -> list[_Finder]:
    """Return the lookups to try, the most likely first: each wrong guess costs a request."""
    if text.startswith(DATA_SOURCE_URL):
        return [_data_source]
    # An id does not say what it identifies. Links with ?v= are links of views, so of databases,
    # and people copy bare ids of databases. Other links are mostly those of pages.
    is_probably_database = "?v=" in text or "/" not in text
    if is_probably_database:
        return [databases_of, _data_source, _page]
    return [_page, databases_of, _data_source]


def _page(notion: NotionClient, notion_id: NotionId) -> Iterator[SourceRequest]:
    page = notion.get_page(notion_id)
    name = page.title or UNTITLED
    if page.data_source_id is None:
        yield SourceRequest(name, None, page)
        return
    data_source = notion.get_data_source(page.data_source_id)
    yield SourceRequest(name, Source(data_source.title, data_source), page)


def databases_of(notion: NotionClient, database_id: NotionId) -> Iterator[SourceRequest]:
    """Yield the data sources of a database; where there are several, each has its own title."""
    yield from sources_of(notion, notion.get_database(database_id))


def sources_of(notion: NotionClient, database: Database) -> Iterator[SourceRequest]:
    """Yield the data sources of a database that was already read."""
    # People know the title of the database. If it has several data sources, its title would not
    # tell them apart, so each appears under its own.
    has_several = len(database.data_source_ids) > 1
    title = "" if has_several else database.title
    for data_source_id in database.data_source_ids:
        yield wanted_whole(notion.get_data_source(data_source_id), title)


def wanted_whole(data_source: DataSource, title: str = "") -> SourceRequest:
    """Return a request for all rows of a data source, under that title or its own."""
    shown = title or data_source.title or UNTITLED
    return SourceRequest(shown, Source(shown, data_source))


def _data_source(notion: NotionClient, data_source_id: NotionId) -> Iterator[SourceRequest]:
    yield wanted_whole(notion.get_data_source(data_source_id))
