"""Facts about Notion's property types, in one table.

Every part of the program takes its sets of types from here. A set that only one feature needs, such
as the types that a board can be grouped by, stays with that feature.

Types that Notion adds later are in no set: they are read as unknown values and never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Content = Literal["text", "number", "option", "date", "person", "page", "file", "truth", "other"]
"""What values are made of. A formula or rollup may have any content ("other")."""

Source = Literal["people", "derived", "assigned", "nobody"]
"""Who fills a property in.

- people: people and integrations.
- derived: Notion, from the page and its history. It gives the same values if the property is
  removed and created again.
- assigned: Notion, once. The numbers of a unique_id are lost with the property.
- nobody: a button holds no values.
"""


@dataclass(frozen=True, slots=True)
class PropertyType:
    """One type of property.

    `has_empty_filter`: whether a query can ask for pages without a value. Notion accepts `is_empty`
    also for types that are never empty, such as created_time; those are not marked.
    """

    name: str
    content: Content
    filled_by: Source
    has_empty_filter: bool


# Contents and writers: notion-api.md 3.5. Filters: notion-api.md 3.6.
_TABLE = (
    PropertyType("title", "text", "people", has_empty_filter=True),
    PropertyType("rich_text", "text", "people", has_empty_filter=True),
    PropertyType("url", "text", "people", has_empty_filter=True),
    PropertyType("email", "text", "people", has_empty_filter=True),
    PropertyType("phone_number", "text", "people", has_empty_filter=True),
    PropertyType("number", "number", "people", has_empty_filter=True),
    PropertyType("select", "option", "people", has_empty_filter=True),
    PropertyType("multi_select", "option", "people", has_empty_filter=True),
    PropertyType("status", "option", "people", has_empty_filter=True),
    PropertyType("date", "date", "people", has_empty_filter=True),
    PropertyType("people", "person", "people", has_empty_filter=True),
    PropertyType("relation", "page", "people", has_empty_filter=True),
    PropertyType("files", "file", "people", has_empty_filter=True),
    # A checkbox is never empty. For a place there is no filter at all, and verification is filtered
    # by its state.
    PropertyType("checkbox", "truth", "people", has_empty_filter=False),
    PropertyType("place", "other", "people", has_empty_filter=False),
    PropertyType("verification", "other", "people", has_empty_filter=False),
    # What a filter of a formula or rollup accepts depends on the type of its result.
    PropertyType("formula", "other", "derived", has_empty_filter=False),
    PropertyType("rollup", "other", "derived", has_empty_filter=False),
    PropertyType("created_time", "date", "derived", has_empty_filter=False),
    PropertyType("created_by", "person", "derived", has_empty_filter=False),
    PropertyType("last_edited_time", "date", "derived", has_empty_filter=False),
    PropertyType("last_edited_by", "person", "derived", has_empty_filter=False),
    # Whether `is_empty` works for a unique_id is not confirmed (notion-api.md 8).
    PropertyType("unique_id", "number", "assigned", has_empty_filter=False),
    PropertyType("button", "other", "nobody", has_empty_filter=False),
)


def _with_content(content: Content) -> frozenset[str]:
    return frozenset(kind.name for kind in _TABLE if kind.content == content)


PROPERTY_TYPES = frozenset(kind.name for kind in _TABLE)

TEXT_TYPES = _with_content("text")
NUMBER_TYPES = _with_content("number")
OPTION_TYPES = _with_content("option")
DATE_TYPES = _with_content("date")
PERSON_TYPES = _with_content("person")

# Not all of DERIVED_TYPES: the times and authors of a page have nothing to define.
COMPUTED_TYPES = frozenset({"formula", "rollup"})
"""Types that a template defines by what Notion computes from other properties."""

DERIVED_TYPES = frozenset(kind.name for kind in _TABLE if kind.filled_by == "derived")
"""Types that lose nothing when the property is removed: Notion can derive the values again."""

READ_ONLY_TYPES = frozenset(kind.name for kind in _TABLE if kind.filled_by != "people")
"""Types whose page values cannot be written (notion-api.md 3.5)."""

EMPTY_FILTER_TYPES = frozenset(kind.name for kind in _TABLE if kind.has_empty_filter)

LIST_TYPES = frozenset({"multi_select", "people", "files", "relation"})
"""Types that hold several values on one page."""

TYPES_FILLED_FROM_TEXT = TEXT_TYPES | OPTION_TYPES | {"number", "date", "checkbox", "relation"}
"""Types that starter rows and imports can fill. People and files cannot be made from text."""

IDENTITY_TYPES = frozenset({"title", "rich_text", "url", "email"})
"""Types whose values can identify a row, for example an id of the source system."""

ROLLUP_FUNCTIONS = frozenset(
    {
        "average", "checked", "count", "count_per_group", "count_values", "date_range",
        "earliest_date", "empty", "latest_date", "max", "median", "min", "not_empty",
        "percent_checked", "percent_empty", "percent_not_empty", "percent_per_group",
        "percent_unchecked", "range", "show_original", "show_unique", "sum", "unchecked", "unique",
    }
)  # fmt: skip
"""The functions of rollups (notion-api.md 3.3)."""
