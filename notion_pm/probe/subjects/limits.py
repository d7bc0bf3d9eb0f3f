"""Limits of sizes and counts."""

from __future__ import annotations

from notion_pm.probe.lab import Json, Lab, experiment
from notion_pm.probe.objects import append, make_page, paragraph, text
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@experiment
def page(lab: Lab) -> str:
    """Make a page."""
    return str(make_page(lab, "Limits")["id"])


def _nested_toggles(levels: int) -> Json:
    block = paragraph("inner")
    # Built from the inside: with two levels, toggle > toggle > paragraph.
    for _ in range(levels):
        block = {"toggle": {"rich_text": text("outer"), "children": [block]}}
    return block


@statement(
    "limits.100-blocks",
    "At most 100 blocks are appended at once: 101 are refused with 400, and the message says so.",
    Area.BODIES,
    Source.MEASUREMENT,
)
def hundred_blocks(lab: Lab) -> Finding:
    """Append 101. A hundred are not tried: free workspaces count every block that was ever made."""
    answer = append(lab, page(lab), *[{"divider": {}}] * 101)
    return expect(["400 validation_error", True], [answer.outcome, "100" in answer.message])


@statement(
    "limits.2000-characters",
    "A text item may have 2000 characters.",
    Area.IMPORT,
    Source.DOCUMENTATION,
)
def characters(lab: Lab) -> Finding:
    """Append a paragraph of 2000."""
    # Of the letter x only: whether Notion counts an emoji as one or two is not known
    # (notion-api.md 4.2).
    return expect("200", append(lab, page(lab), paragraph("x" * 2000)).outcome)


@statement(
    "limits.2001-characters-refused",
    "A text item of 2001 characters is refused with 400.",
    Area.UNUSED,
    Source.DOCUMENTATION,
)
def more_characters_refused(lab: Lab) -> Finding:
    """Append a paragraph of 2001."""
    return expect("400 validation_error", append(lab, page(lab), paragraph("x" * 2001)).outcome)


@statement(
    "limits.two-levels",
    "Blocks can be appended with two levels of children; a third one is refused with 400.",
    Area.BODIES,
    Source.MEASUREMENT,
)
def two_levels(lab: Lab) -> Finding:
    """Append two levels, then three."""
    outcomes = [append(lab, page(lab), _nested_toggles(levels)).outcome for levels in (2, 3)]
    return expect(["200", "400 validation_error"], outcomes)
