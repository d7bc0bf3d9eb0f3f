"""The rows that an apply made: whether they are still as it wrote them."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.model.ids import address
from notion_pm.model.page import Page, PropertyValue, RelationValue
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.notion.row_content import row_content
from notion_pm.provision.plan.change import Change
from notion_pm.provision.undo.steps import Scene, Step, TrashPage


def row_steps(scene: Scene) -> Iterator[Step]:
    """Take back the rows that were made in a database that was there before."""
    pages = {each.id: each for each in scene.found.pages}
    for key, page_id in scene.made_rows.items():
        if page_id not in pages:
            continue  # in the trash already
        place, reason = address(scene.key, "rows", key), touched(scene, pages[page_id])
        if reason:
            yield Step(
                Change(
                    place,
                    "delete",
                    "row",
                    reason,
                    "blocked",
                    (pages[page_id].title,),
                    scene.key,
                    key,
                )
            )
        else:
            change = Change(place, "delete", "row", "made by the apply", "safe", (), scene.key, key)
            yield Step(change, TrashPage(scene.key, page_id))


def touched(scene: Scene, page: Page) -> str:
    """Return what people did to a row since it was made; empty when it is as it was written."""
    if page.created_by is not None and page.last_edited_by not in {None, page.created_by}:
        return "people edited it since"
    if any(_links_to_others(scene, page, each) for each in page.properties.values()):
        return "people linked it since"
    written = scene.journal.page_after(page.id)
    if written is not None and _comparable(scene, page, row_content(page)) != _comparable(
        scene, page, dict(written)
    ):
        return "it was edited since"
    return ""


def _links_to_others(scene: Scene, page: Page, value: PropertyValue) -> bool:
    """Whether a relation leads to pages that the apply neither made nor linked."""
    if not isinstance(value.value, RelationValue):
        return False
    written = (scene.journal.page_after(page.id) or {}).get(value.id)
    linked = set(written["ids"]) if isinstance(written, dict) else set()
    return bool(set(value.value.ids) - scene.going - linked)


def _comparable(scene: Scene, page: Page, content: dict[str, object]) -> dict[str, object]:
    """Return what people write in a row: not what Notion computes, rules fill in, or other rows link."""
    skipped = {
        each.id
        for each in page.properties.values()
        if each.type in READ_ONLY_TYPES or each.type == "relation" or each.id in scene.stamped
    }
    return {
        key: value
        for key, value in content.items()
        if key in page.properties and key not in skipped
    }
