"""Queries of a data source: filter, sorts and paging, validated and answered as Notion does.

`parse` checks a request's body against a schema; `run` answers it from the store's index, `select` over rows in Python.
"""

from __future__ import annotations

from .filters import Filter, parse_filter
from .matching import Asker, Row, matches
from .paging import MOST_RESULTS, Cursor, Results
from .properties import Properties, Property
from .running import run
from .selection import Query, parse, select
from .sorts import Sort, parse_sorts

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
