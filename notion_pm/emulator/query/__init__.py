"""Queries of a data source: filter, sorts and paging, checked and answered as Notion does.

`parse` checks a request's body against a schema. `run` answers it from the index in the store, and
`select` over rows in Python, which is slower but can evaluate every filter.
"""

from __future__ import annotations

from notion_pm.emulator.query.filters import Filter, parse_filter
from notion_pm.emulator.query.matching import Asker, Row, matches
from notion_pm.emulator.query.paging import MOST_RESULTS, Cursor, Results
from notion_pm.emulator.query.properties import Properties, Property
from notion_pm.emulator.query.running import run
from notion_pm.emulator.query.selection import Query, parse, select
from notion_pm.emulator.query.sorts import Sort, parse_sorts

__all__ = [
    "MOST_RESULTS",
    "Asker",
    "Cursor",
    "Filter",
    "Properties",
    "Property",
    "Query",
    "Results",
    "Row",
    "Sort",
    "matches",
    "parse",
    "parse_filter",
    "parse_sorts",
    "run",
    "select",
]
