"""Pages that are gone, and why. Queries do not tell: each page is fetched by its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from notion_pm.errors import NotShared, UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.snapshot import RelatedPages, RuleValue, Snapshot, SnapshotPage
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.notion.client import NotionClient
from notion_pm.state.cache import Cache

TRASHED, ARCHIVED, MOVED, UNSHARED = "trashed", "archived", "moved", "unshared"
GONE = "gone"
"""One of the others; the page was not fetched to learn which."""

_LOST_SHARE = 0.3
_SMALLEST_DATABASE = 10
"""A database that has lost more than this share of its pages has probably lost its sharing. In
databases with fewer pages than this, a share means nothing."""


@dataclass(frozen=True, slots=True)
class GonePage:
    """A page that is gone, and why: TRASHED, ARCHIVED, MOVED, UNSHARED or GONE."""

    page: SnapshotPage
    reason: str


def fetch_page(notion: NotionClient, page_id: NotionId) -> Page | str:
    """Return a page, or why it cannot be read: TRASHED, ARCHIVED or UNSHARED."""
    try:
        page = notion.get_page(page_id)
    except NotShared:
        return UNSHARED
    return removal_reason(page) or page


def fetch_row(notion: NotionClient, data_source_id: NotionId, page_id: NotionId) -> Page | str:
    """Return a row of a data source, or why it is gone: as `fetch_page`, or MOVED."""
    page = fetch_page(notion, page_id)
    if isinstance(page, Page) and page.data_source_id != data_source_id:
        return MOVED
    return page


def removal_reason(page: Page) -> str:
    """Return TRASHED or ARCHIVED for a page that is, an empty text for others."""
    if page.in_trash:
        return TRASHED
    return ARCHIVED if page.is_archived else ""


def lost_pages(known: Cache, snapshot: Snapshot, *, force: bool) -> tuple[SnapshotPage, ...]:
    """Return the known pages that a reading no longer has.

    Raises UnsafeChange, unless forced, when a database has lost so many that the connection has
    probably lost its access to it.
    """
    all_lost: list[SnapshotPage] = []
    for database, pages in known.pages.items():
        current = snapshot.databases.get(database)
        if current is None:
            continue
        lost = [page for page_id, page in pages.items() if page_id not in current]
        is_suspicious = len(pages) >= _SMALLEST_DATABASE and len(lost) > _LOST_SHARE * len(pages)
        if is_suspicious and not force:
            raise UnsafeChange(
                f"{len(lost)} of {len(pages)} pages of {database} can no longer be found. "
                "Nothing was changed.",
                "Check that the database is still shared with the connection: notion-pm doctor. "
                "If people deleted these pages on purpose, run again with --full --force.",
            )
        all_lost += lost
    return tuple(all_lost)


def missing_pages(
    schema: TemplateSchema,
    needs: Mapping[str, Sequence[str]],
    pages: Mapping[str, Mapping[NotionId, SnapshotPage]],
) -> Iterable[tuple[str, NotionId]]:
    """Return pages that relations name and that were not read, each with its database.

    `needs`: the keys of the properties to look at, by database.
    """
    missing: dict[tuple[str, NotionId], None] = {}  # keeps the order, drops repetitions
    for database, keys in needs.items():
        for key in keys:
            target = schema.target(database, key)
            if target is None or target not in pages:
                continue
            for page in pages[database].values():
                related = page.values.get(key)
                if not isinstance(related, RelatedPages):
                    continue
                for page_id in related.ids:
                    if page_id not in pages[target]:
                        missing[target, page_id] = None
    return missing


def without_links_to_gone(
    pages: Mapping[NotionId, SnapshotPage], absent: Mapping[NotionId, str]
) -> dict[NotionId, SnapshotPage]:
    """Return the pages, without relations to pages that are in the trash or were moved.

    Relations to pages that are not shared stay: the rules must know that they cannot see them.
    """
    gone = {page_id for page_id, reason in absent.items() if reason != UNSHARED}
    if not gone:
        return dict(pages)
    return {page_id: _without_links(page, gone) for page_id, page in pages.items()}


def _without_links(page: SnapshotPage, gone: set[NotionId]) -> SnapshotPage:
    changed: dict[str, RuleValue] = {}
    for key, value in page.values.items():
        if isinstance(value, RelatedPages) and not gone.isdisjoint(value.ids):
            remaining = tuple(page_id for page_id in value.ids if page_id not in gone)
            changed[key] = RelatedPages(remaining, value.complete)
    return replace(page, values={**page.values, **changed}) if changed else page
