"""What a row holds, as JSON: kept in the journal of an apply, and compared with what it holds later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic_core import to_jsonable_python

from notion_pm.model.page import Page, PropertyValue


def row_content(page: Page) -> dict[str, Any]:
    """Return the values of a row as JSON, by property id; the links to files expire and are left out."""
    return {each.id: to_jsonable_python(_lasting(each).value) for each in page.properties.values()}


def _lasting(value: PropertyValue) -> PropertyValue:
    if value.type != "files" or not isinstance(value.value, tuple):
        return value
    return replace(value, value=tuple(replace(each, url="") for each in value.value))
