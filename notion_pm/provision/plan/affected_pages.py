"""Which pages a lossy change affects: the question to Notion, and the judgement of each page in the answer.

The plan counts them, and an apply counts once more right before the change: what people wrote in the meantime must not
be lost just because it was not there when the plan was made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from notion_pm.model.page import Page
from notion_pm.model.property_types import EMPTY_FILTER_TYPES
from notion_pm.model.schema import Option, OptionsConfig, Property, options_of
from notion_pm.model.template import GROUP_NAMES, OptionsProperty, PropertySpec
from notion_pm.model.usage import holds
from notion_pm.provision.plan.conversions import loses_in_conversion
from notion_pm.provision.plan.options.option_holders import chosen_option_ids, option_filter

_MOST_CONDITIONS = 90
"""Notion takes 100 conditions in a filter."""


def loses_value(page: Page, prop: Property, option_id: str, spec: PropertySpec | None) -> bool:
    """Return whether a page holds a value that the removal of an option, a property or its type would lose.

    `option_id` is empty where it is not about an option; `spec` is what a property is converted to, None where it is
    removed.
    """
    if option_id:
        return option_id in chosen_option_ids(page, prop.id)
    if not holds(page, prop.id):
        return False
    if spec is None:
        return True
    found = page.properties[prop.id]
    # Options that people added go along when one property with options becomes another.
    names = [option.name for option in options_of(prop)]
    if isinstance(spec, OptionsProperty):
        names += [option.name for option in spec.options]
    may_be_unset = chosen_option_ids(page, prop.id) == {_default_status(prop)}
    return loses_in_conversion(found.type, spec.type, found.value, names, may_be_unset=may_be_unset)


def _default_status(prop: Property) -> str | None:
    """Return the id of the option that a status shows where nobody has set one; None for other types."""
    options = options_of(prop) if prop.type == "status" else ()
    ordered = [
        option for group in GROUP_NAMES.values() for option in options if option.group == group
    ]
    return ordered[0].id if ordered else None


def values_filter(properties: Iterable[tuple[Property, Sequence[str]]]) -> Mapping[str, Any] | None:
    """Return the API's filter for pages that hold a value of any of these properties.

    With option ids only pages that hold one of these options. None where Notion has no such filter: then every page
    has to be looked at.
    """
    tests: list[Mapping[str, Any]] = []
    for prop, option_ids in properties:
        if option_ids:
            tests += option_filter([(prop, option_ids)])["or"]
        elif prop.type == "checkbox":
            tests.append({"property": prop.id, "checkbox": {"equals": True}})
        elif prop.type in EMPTY_FILTER_TYPES:
            tests.append({"property": prop.id, prop.type: {"is_not_empty": True}})
        else:
            return None
    return {"or": tests} if 0 < len(tests) <= _MOST_CONDITIONS else None


def strays_filter(prop: Property, kept: Sequence[Option]) -> list[Mapping[str, Any]]:
    """Return the API's tests for pages that hold an option beyond those that are kept.

    Of a property with one value, that is any other value at all: also an option that somebody has just added or
    renamed. Of one with several values, Notion can only be asked for options by their names.
    """
    options = prop.config.options if isinstance(prop.config, OptionsConfig) else ()
    kept_ids = {option.id for option in kept}
    going = [option.id for option in options if option.id and option.id not in kept_ids]
    if not going:
        return []
    if prop.type == "multi_select" or len(kept) > _MOST_CONDITIONS:
        tests: list[Mapping[str, Any]] = option_filter([(prop, going)])["or"]
        return tests
    unlike = [{"property": prop.id, prop.type: {"does_not_equal": option.name}} for option in kept]
    return [{"and": [{"property": prop.id, prop.type: {"is_not_empty": True}}, *unlike]}]


def holds_stray(page: Page, prop: Property, kept: Collection[Option]) -> bool:
    """Return whether a page holds an option beyond those that are kept."""
    return bool(chosen_option_ids(page, prop.id) - {option.id for option in kept})
