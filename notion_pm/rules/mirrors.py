"""Two-way relations after a partial read: what a fresh page says overrides what its partners said before.

Notion may or may not mark the page on the other side as edited (notion-api.md 6, point 19), so both sides are kept true
from whichever was read last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import RelatedPages, SnapshotPage
from notion_pm.model.template_schema import TemplateSchema

Pages = Mapping[str, Mapping[NotionId, SnapshotPage]]


def reconcile_relations(schema: TemplateSchema, pages: Pages, fresh: Collection[NotionId]) -> Pages:
    """Return all pages, the older ones corrected by what the fresh ones say of them."""
    corrected = {database: dict(those) for database, those in pages.items()}
    for database, those in pages.items():
        partners = _two_way_relations(schema, database, those)
        for key, (target, mirror) in partners.items():
            said = {id: set(_links(page, key)) for id, page in those.items() if id in fresh}
            if said:
                corrected[target] = {
                    id: page if id in fresh else _corrected(page, mirror, said)
                    for id, page in corrected.get(target, {}).items()
                }
    return corrected


def _two_way_relations(
    schema: TemplateSchema, database: str, pages: Mapping[NotionId, SnapshotPage]
) -> dict[str, tuple[str, str]]:
    keys = next((page.values for page in pages.values()), {})
    found = {key: (schema.target(database, key), schema.mirror(database, key)) for key in keys}
    return {key: (target, mirror) for key, (target, mirror) in found.items() if target and mirror}


def _corrected(
    page: SnapshotPage, key: str, said: Mapping[NotionId, Collection[NotionId]]
) -> SnapshotPage:
    """The page, its relation holding exactly those fresh pages that name it."""
    held = page.values.get(key)
    if not isinstance(held, RelatedPages):
        return page
    kept = [id for id in held.ids if id not in said or page.id in said[id]]
    added = [id for id, named in said.items() if page.id in named and id not in held.ids]
    if not added and len(kept) == len(held.ids):
        return page
    return replace(page, values={**page.values, key: RelatedPages((*kept, *added), held.complete)})


def _links(page: SnapshotPage, key: str) -> tuple[NotionId, ...]:
    held = page.values.get(key)
    return held.ids if isinstance(held, RelatedPages) else ()
