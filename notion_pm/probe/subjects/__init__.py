"""The statements, by subject. Their order here is the order in which they are checked."""

from notion_pm.probe.subjects import (  # noqa: I001 - the order counts: what everything relies on comes first
    schema,
    property_ids,
    options,
    conversions,
    pages,
    queries,
    relations,
    limits,
    bodies,
    views,
    trash,
    locks,
    search,
    errors,
    related_pages,
)

__all__ = [
    "bodies",
    "conversions",
    "errors",
    "limits",
    "locks",
    "options",
    "pages",
    "property_ids",
    "queries",
    "related_pages",
    "relations",
    "schema",
    "search",
    "trash",
    "views",
]
