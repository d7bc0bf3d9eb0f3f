"""Whether a page holds a value: what is empty is nobody's work."""

from __future__ import annotations

from collections.abc import Collection

from notion_pm.model.page import Page, RelationValue, UniqueIdValue

NOBODYS: frozenset[str] = frozenset()


def holds(page: Page, property_id: str, but: Collection[str] = NOBODYS) -> bool:
    """Whether a page holds a value of a property; of a relation, to others `but` these."""
    found = page.properties.get(property_id)
    match found.value if found else None:
        case None | "" | () | False:
            return False
        case RelationValue(ids=ids):
            return bool(set(ids) - set(but))
        case UniqueIdValue(number=number):
            return number is not None
    return True
