"""Search over the workspace. What it finds of other pages is only counted."""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Lab, experiment
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@experiment
def first_search(lab: Lab) -> Answer:
    """Search for the scratch page among pages."""
    return _search(lab)


def _search(lab: Lab) -> Answer:
    return lab.post(
        "search", query="notion-pm probe", filter={"property": "object", "value": "page"}
    )


@statement(
    "search.pages-only",
    "Search with a filter for pages answers pages only.",
    Area.SEARCH,
    Source.RECORDING,
)
def pages_only(lab: Lab) -> Finding:
    """Look at what kinds are found."""
    return expect(True, {item["object"] for item in first_search(lab)["results"]} <= {"page"})


@statement(
    "search.finds-scratch-page",
    "Search finds a page that is at least some seconds old by its title.",
    Area.SEARCH,
    Source.MEASUREMENT,
)
def finds_scratch_page(lab: Lab) -> Finding:
    """Search for the scratch page, several times where it is not found at once."""

    def is_found(answer: Answer) -> bool:
        return any(page["id"] == lab.scratch for page in answer["results"])

    # Measured: a new page was missing from ten searches in a row (notion-measured.md 12). This page
    # was created before the first statement.
    return expect(True, is_found(lab.until(is_found, first_search(lab), lambda: _search(lab))))
