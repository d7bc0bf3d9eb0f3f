"""Which pages a change affects: the filter to ask Notion with, and the judgement of each page.

The plan counts these pages, and an apply counts them once more right before the change. What people
wrote in between must not be lost just because it was not there when the plan was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from notion_pm.model.page import OptionValue, Page, holds_value
from notion_pm.model.property_types import EMPTY_FILTER_TYPES
from notion_pm.model.schema import Option, OptionsConfig, Property, options_of
from notion_pm.model.template import GROUP_NAMES, OptionsProperty, PropertySpec
from notion_pm.provision.plan.conversions import loses_in_conversion

_MAX_CONDITIONS = 90
"""Notion takes at most 100 conditions in a filter; some are left for what is added around these."""


def loses_value(page: Page, prop: Property, option_id: str, spec: PropertySpec | None) -> bool:
    """Return whether a page would lose a value.

    The change removes an option (`option_id`), or else converts the property to `spec`, or removes
    it if that is None.
    """
    if option_id:
        return option_id in chosen_option_ids(page, prop.id)
    if not holds_value(page, prop.id):
        return False
    if spec is None:
        return True
    found = page.properties[prop.id]
    # Options that people added are kept when one property with options becomes another.
    names = [option.name for option in options_of(prop)]
    if isinstance(spec, OptionsProperty):
        names += [option.name for option in spec.options]
    is_default = chosen_option_ids(page, prop.id) == {_default_status_id(prop)}
    return loses_in_conversion(found.type, spec.type, found.value, names, may_be_unset=is_default)


def _default_status_id(prop: Property) -> str | None:
    """Return the id of the status option that Notion shows on pages without one.

    It is the first option of the first group that has any. None for other types.
    """
    if prop.type != "status":
        return None
    for group in GROUP_NAMES.values():
        for option in options_of(prop):
            if option.group == group:
                return option.id
    return None


def chosen_option_ids(page: Page, property_id: str) -> frozenset[str]:
    """Return the ids of the options that a page holds in a property."""
    found = page.properties.get(property_id)
    value = found.value if found else None
    if isinstance(value, OptionValue):
        return frozenset({value.id})
    if isinstance(value, tuple):
        return frozenset(option.id for option in value if isinstance(option, OptionValue))
    return frozenset()


def option_filter(wanted: Iterable[tuple[Property, Sequence[str]]]) -> dict[str, Any]:
    """Return the API's filter for pages that hold any of these options, given by id.

    The API filters options by name. That is safe: names are unique within a property.
    """
    tests = []
    for prop, option_ids in wanted:
        # Filter operators: notion-api.md 3.6.
        operator = "contains" if prop.type == "multi_select" else "equals"
        for option in options_of(prop):
            if option.id in option_ids:
                tests.append({"property": prop.id, prop.type: {operator: option.name}})
    return {"or": tests}


def values_filter(properties: Iterable[tuple[Property, Sequence[str]]]) -> Mapping[str, Any] | None:
    """Return the API's filter for pages that hold a value of any of these properties.

    With option ids only pages that hold one of these options. Returns None if Notion has no such
    filter: then every page must be read.
    """
    tests: list[Mapping[str, Any]] = []
    for prop, option_ids in properties:
        if option_ids:
            tests += option_filter([(prop, option_ids)])["or"]
        elif prop.type == "checkbox":  # it has no `is_not_empty`
            tests.append({"property": prop.id, "checkbox": {"equals": True}})
        elif prop.type in EMPTY_FILTER_TYPES:
            tests.append({"property": prop.id, prop.type: {"is_not_empty": True}})
        else:
            return None
    if not tests or len(tests) > _MAX_CONDITIONS:
        return None
    return {"or": tests}


def other_options_filter(prop: Property, kept: Sequence[Option]) -> list[Mapping[str, Any]]:
    """Return the API's conditions for pages that hold another option than those that are kept.

    A select or status is asked for any other value at all. That also finds an option that people
    have just added or renamed. A multi_select can only be asked for options by name.
    """
    options = prop.config.options if isinstance(prop.config, OptionsConfig) else ()
    kept_ids = {option.id for option in kept}
    leaving_ids = [option.id for option in options if option.id and option.id not in kept_ids]
    if not leaving_ids:
        return []
    # "Has other options than these" cannot be asked of a multi_select: a page may have both.
    if prop.type == "multi_select" or len(kept) > _MAX_CONDITIONS:
        tests: list[Mapping[str, Any]] = option_filter([(prop, leaving_ids)])["or"]
        return tests
    is_set = {"property": prop.id, prop.type: {"is_not_empty": True}}
    is_not_kept = [
        {"property": prop.id, prop.type: {"does_not_equal": option.name}} for option in kept
    ]
    return [{"and": [is_set, *is_not_kept]}]


def holds_other_option(page: Page, prop: Property, kept: Collection[Option]) -> bool:
    """Return whether a page holds another option than those that are kept."""
    kept_ids = {option.id for option in kept}
    return bool(chosen_option_ids(page, prop.id) - kept_ids)
