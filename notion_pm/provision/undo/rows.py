"""Rows that the apply made: undo trashes the rows that were not changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from notion_pm.model.ids import address
from notion_pm.model.page import Page, PropertyValue, RelationValue
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.notion.write_journal import row_content
from notion_pm.provision.plan.change import Change
from notion_pm.provision.undo.steps import MADE_BY_APPLY, DatabaseHistory, Step, TrashPage, keep


def row_steps(history: DatabaseHistory) -> Iterator[Step]:
    """Trash the rows that the apply made in a database that existed before it."""
    pages = {page.id: page for page in history.now.pages}
    for key, page_id in history.made_rows.items():
        if page_id not in pages:
            continue  # already in the trash
        edit = describe_edit(history, pages[page_id])
        change = Change(
            address(history.key, "rows", key),
            "delete",
            "row",
            edit or MADE_BY_APPLY,
            details=(pages[page_id].title,) if edit else (),
            database=history.key,
            key=key,
        )
        yield keep(change) if edit else Step(change, TrashPage(history.key, page_id))


def describe_edit(history: DatabaseHistory, page: Page) -> str:
    """Return what people did to a row since the apply made it, an empty text for nothing."""
    # Notion names only the last editor. So an edit by a person and then one by this integration
    # looks like none; the contents are compared as well.
    if page.created_by is not None and page.last_edited_by not in {None, page.created_by}:
        return "people edited it since"
    if any(_has_new_links(history, page, value) for value in page.properties.values()):
        return "people linked it since"
    written = history.journal.page_after(page.id)
    if written is not None:
        content_now = _editable_content(history, page, row_content(page))
        if content_now != _editable_content(history, page, written):
            return "it was edited since"
    return ""


def _has_new_links(history: DatabaseHistory, page: Page, value: PropertyValue) -> bool:
    """Return whether a relation links to pages that the apply neither made nor linked."""
    if not isinstance(value.value, RelationValue):
        return False
    written = (history.journal.page_after(page.id) or {}).get(value.id)
    linked_by_apply = set(written["ids"]) if isinstance(written, dict) else set()
    return bool(set(value.value.ids) - history.made_pages - linked_by_apply)


def _editable_content(
    history: DatabaseHistory, page: Page, content: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that only people write, by property id.

    Left out: what Notion computes, what rules fill in, and relations, which change on this page
    when the other page is edited.
    """
    editable = set()
    for value in page.properties.values():
        is_computed = value.type in READ_ONLY_TYPES
        if not is_computed and value.type != "relation" and value.id not in history.rule_filled_ids:
            editable.add(value.id)
    return {property_id: value for property_id, value in content.items() if property_id in editable}
