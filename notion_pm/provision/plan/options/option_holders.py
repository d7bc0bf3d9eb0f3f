"""Which pages hold an option: the question to Notion, and the answer in a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from notion_pm.model.page import OptionValue, Page
from notion_pm.model.schema import OptionsConfig, Property


def option_filter(wanted: Iterable[tuple[Property, Sequence[str]]]) -> dict[str, Any]:
    """Return the API's filter for pages that hold any of these options, by id; the API filters by name."""
    tests = []
    for prop, option_ids in wanted:
        options = prop.config.options if isinstance(prop.config, OptionsConfig) else ()
        operator = "contains" if prop.type == "multi_select" else "equals"
        names = [each.name for each in options if each.id in option_ids]
        tests += [{"property": prop.id, prop.type: {operator: name}} for name in names]
    return {"or": tests}


def chosen_option_ids(page: Page, property_id: str) -> frozenset[str]:
    """Return the ids of the options that a page holds."""
    found = page.properties.get(property_id)
    match found.value if found else None:
        case OptionValue(id=option_id):
            return frozenset({option_id})
        case tuple() as several:
            return frozenset(each.id for each in several if isinstance(each, OptionValue))
    return frozenset()
