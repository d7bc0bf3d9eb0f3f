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
    "relations",
    "schema",
    "search",
    "trash",
    "views",
]
