"""The home page: the workspace's databases, and the rows that were edited last."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest

from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.records import DATABASES, PAGES, Database, Page
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.richtext import plain_text
from notion_pm.emulator.views.tabs import list_tabs
from notion_pm.emulator.web import formats
from notion_pm.emulator.web.addresses import database_path
from notion_pm.emulator.web.cells import Link, page_link
from notion_pm.emulator.web.outline import database_link

_RECENT = 8
_MOST_DATABASES = 60


@dataclass(frozen=True, slots=True)
class Card:
    """A database: its description, number of rows, and views."""

    link: Link
    description: str
    rows: int
    views: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Recent:
    """A row that was edited recently."""

    link: Link
    database: Link
    when: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """The content of the home page."""

    cards: tuple[Card, ...]
    recent: tuple[Recent, ...]


def home_page(session: Session) -> HomePage:
    """Return the content of the home page."""
    databases = DATABASES.select(
        session.db, f"WHERE in_trash = 0 ORDER BY seq LIMIT {_MOST_DATABASES}"
    )
    cards = [_card(session, database) for database in databases]
    return HomePage(tuple(cards), tuple(_recent(session, databases)))


def _card(session: Session, database: Database) -> Card:
    views = list_tabs(session, database.id)
    links = tuple(Link(view.name, database_path(database.id, view_id=view.id)) for view in views)
    rows = sum(_count(session, source.id) for source in session.data_sources_of(database.id))
    return Card(database_link(database), plain_text(database.description), rows, links)


def _count(session: Session, data_source_id: str) -> int:
    query = "SELECT count(*) FROM pages WHERE parent_id = ? AND in_trash = 0"
    return int(session.db.execute(query, (data_source_id,)).fetchone()[0])


def _recent(session: Session, databases: list[Database]) -> list[Recent]:
    # Each data source is asked for its latest rows: an index has them in this order.
    clauses = (
        "WHERE parent_id = ? AND in_trash = 0 "
        f"ORDER BY last_edited_time DESC, seq DESC LIMIT {_RECENT}"
    )
    found: list[tuple[Page, Database]] = []
    for database in databases:
        for source in session.data_sources_of(database.id):
            pages = PAGES.select(session.db, clauses, (source.id,))
            found += [(page, database) for page in pages]
    # Each data source has given its latest rows; the latest of all are among them.
    latest = nlargest(_RECENT, found, key=lambda pair: (pair[0].last_edited_time, pair[0].seq or 0))
    return [
        Recent(page_link(page), database_link(database), _when(page)) for page, database in latest
    ]


def _when(page: Page) -> str:
    return formats.moment_text(to_the_minute(page.last_edited_time))
