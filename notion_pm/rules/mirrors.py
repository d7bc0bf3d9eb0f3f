"""Keep both sides of two-way relations consistent after a partial read.

Notion may or may not mark the page on the other side as edited (notion-api.md 6, point 19), so the
side that was read last corrects the other one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, SnapshotPage
from notion_pm.model.template_schema import TemplateSchema

Pages = Mapping[str, Mapping[NotionId, SnapshotPage]]
"""Database key -> page id -> page."""


def reconcile_relations(schema: TemplateSchema, pages: Pages, fresh: Collection[NotionId]) -> Pages:
    """Return all pages, with the relations of older pages corrected by those of fresh ones."""
    corrected = {database: dict(by_id) for database, by_id in pages.items()}
    for database, by_id in pages.items():
        for key, (target, mirror) in _two_way_relations(schema, database, by_id).items():
            related_to_fresh: dict[NotionId, set[NotionId]] = {}
            for id, page in by_id.items():
                if id in fresh:
                    related_to_fresh[id] = set(_related_ids(page, key))
            if not related_to_fresh:
                continue
            others = corrected.get(target, {})
            # Pages on the other side that were read in this run as well are right already.
            for id, page in others.items():
                if id not in fresh:
                    others[id] = _correct(page, mirror, related_to_fresh)
    return corrected


def _two_way_relations(
    schema: TemplateSchema, database: str, pages: Mapping[NotionId, SnapshotPage]
) -> dict[str, tuple[str, str]]:
    """Return the two-way relations that were read, by key: related database, key of its side."""
    keys = next((page.values for page in pages.values()), {})  # all pages have the same keys
    relations = {}
    for key in keys:
        target, mirror = schema.target(database, key), schema.mirror(database, key)
        if target and mirror:
            relations[key] = (target, mirror)
    return relations


def _correct(
    page: SnapshotPage, key: str, related_to_fresh: Mapping[NotionId, Collection[NotionId]]
) -> SnapshotPage:
    """Return a page whose relation holds exactly those fresh pages that name it."""
    held = page.values.get(key)
    if not isinstance(held, RelatedPages):
        return page
    # A relation to a page that is not fresh stays as it was read: nothing newer is known about it.
    kept = []
    for id in held.ids:
        if id not in related_to_fresh or page.id in related_to_fresh[id]:
            kept.append(id)
    added = []
    for id, related in related_to_fresh.items():
        if page.id in related and id not in held.ids:
            added.append(id)
    if not added and len(kept) == len(held.ids):
        return page
    related_pages = RelatedPages((*kept, *added), held.complete)
    return replace(page, values={**page.values, key: related_pages})


def _related_ids(page: SnapshotPage, key: str) -> tuple[NotionId, ...]:
    held = page.values.get(key)
    return held.ids if isinstance(held, RelatedPages) else ()
