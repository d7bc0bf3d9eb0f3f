"""Pages that are no longer there, and why: each is asked for by its id, for a query does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from notion_pm.errors import NotShared, UnsafeChange
from notion_pm.model.change_limits import is_over_limit
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.snapshot import RelatedPages, Snapshot, SnapshotPage
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.notion.client import NotionClient
from notion_pm.state.cache import Cache

TRASHED, ARCHIVED, MOVED, UNSHARED = "trashed", "archived", "moved", "unshared"
GONE = "gone"
"""It was not asked for: one of the others."""


@dataclass(frozen=True, slots=True)
class GonePage:
    """A page that was there and no longer is, and why."""

    page: SnapshotPage
    reason: str


def fetch_page(gateway: NotionClient, page_id: NotionId) -> Page | str:
    """Return a page, wherever it is, or why it is not to be had: TRASHED, ARCHIVED or UNSHARED."""
    try:
        page = gateway.get_page(page_id)
    except NotShared:
        return UNSHARED
    return removal_reason(page) or page


def fetch_row(gateway: NotionClient, data_source_id: NotionId, page_id: NotionId) -> Page | str:
    """Return a row of a data source, or why it is not to be had: as `found` tells, or MOVED."""
    page = fetch_page(gateway, page_id)
    return MOVED if not isinstance(page, str) and page.data_source_id != data_source_id else page


def removal_reason(page: Page) -> str:
    """Return TRASHED or ARCHIVED for a page that is, an empty text for any other."""
    return TRASHED if page.in_trash else ARCHIVED if page.is_archived else ""


def lost_pages(cached: Cache, snapshot: Snapshot, *, force: bool) -> tuple[SnapshotPage, ...]:
    """Return the pages that were known and that a read no longer gave.

    Raises UnsafeChange when they are so many that the connection has rather lost its access, unless forced.
    """
    lost_in_all: list[SnapshotPage] = []
    for database, pages in cached.pages.items():
        there = snapshot.databases.get(database)
        lost = [page for id, page in pages.items() if there is not None and id not in there]
        if not force and is_over_limit(len(lost), len(pages)):
            raise UnsafeChange(
                f"{len(lost)} of {len(pages)} pages of {database} are no longer to be seen. Nothing was changed.",
                "Look whether the database is still shared with the connection (notion-pm doctor). "
                "If they were deleted on purpose, run again with --full --force.",
            )
        lost_in_all += lost
    return tuple(lost_in_all)


def missing_pages(
    vocabulary: TemplateSchema,
    needs: Mapping[str, Sequence[str]],
    pages: Mapping[str, Mapping[NotionId, SnapshotPage]],
) -> Iterable[tuple[str, NotionId]]:
    """Return pairs of a database and a page of it that some relation names, but that is not among its pages."""
    missing: dict[tuple[str, NotionId], None] = {}
    for database, keys in needs.items():
        targets = {
            key: target for key in keys if (target := vocabulary.target(database, key)) in pages
        }
        for page in pages[database].values():
            for key, target in targets.items():
                links = page.values.get(key)
                ids = links.ids if isinstance(links, RelatedPages) else ()
                missing.update(
                    ((target, id), None) for id in ids if target and id not in pages[target]
                )
    return missing


def without_links_to_gone(
    pages: Mapping[NotionId, SnapshotPage], absent: Mapping[NotionId, str]
) -> dict[NotionId, SnapshotPage]:
    """Return the pages, their relations without what is in the trash or moved away; the unshared stays unknown."""
    gone = {id for id, reason in absent.items() if reason != UNSHARED}
    return {id: _unlinked(page, gone) for id, page in pages.items()} if gone else dict(pages)


def _unlinked(page: SnapshotPage, gone: set[NotionId]) -> SnapshotPage:
    values = {
        key: RelatedPages(tuple(id for id in held.ids if id not in gone), held.complete)
        if isinstance(held, RelatedPages) and not gone.isdisjoint(held.ids)
        else held
        for key, held in page.values.items()
    }
    return replace(page, values=values)
