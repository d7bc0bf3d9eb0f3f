"""Codes and messages of errors that notion-pm turns into advice."""

from __future__ import annotations

from notion_pm.probe.lab import Lab
from notion_pm.probe.objects import records, rows
from notion_pm.probe.statement import Area, Finding, Source, expect, statement

# Recorded: Notion checks the form of an id, and the one of zeros passes (notion-api.md 9).
_NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that is valid and belongs to nothing."""


@statement(
    "errors.unknown-page",
    "A page that does not exist, or is not shared, answers 404 object_not_found.",
    Area.ERRORS,
    Source.RECORDING,
)
def unknown_page(lab: Lab) -> Finding:
    """Read one."""
    answer = lab.get(f"pages/{_NOBODY}")
    # Codes are stable, messages may change at any time (notion-api.md 1.1). So each check of this
    # module compares the code, and only a few words of the message.
    return expect(
        ["404 object_not_found", True], [answer.outcome, "Could not find page" in answer.message]
    )


@statement(
    "errors.malformed-id",
    "An invalid id answers 400, and the message names the path.",
    Area.ERRORS,
    Source.RECORDING,
)
def malformed_id(lab: Lab) -> Finding:
    """Read a page with such an id."""
    answer = lab.get("pages/12345678-0000-0000-0000-00000000000x")
    return expect(
        ["400 validation_error", True],
        [answer.outcome, "path.page_id should be a valid uuid" in answer.message],
    )


@statement(
    "errors.unknown-property-written",
    "Writing an unknown property answers 400, and the message says `is not a property that "
    "exists`.",
    Area.PROPERTY_IDS,
    Source.MEASUREMENT,
)
def unknown_property_written(lab: Lab) -> Finding:
    """Write one."""
    answer = lab.patch(f"pages/{rows(lab)['A']['id']}", properties={"Nothing": {"number": 1}})
    said = "is not a property that exists" in answer.message
    return expect(["400 validation_error", True], [answer.outcome, said])


@statement(
    "errors.unknown-property-filtered",
    "A filter of an unknown property answers 400, and the message says `Could not find property`.",
    Area.PROPERTY_IDS,
    Source.MEASUREMENT,
)
def unknown_property_filtered(lab: Lab) -> Finding:
    """Filter by one."""
    condition = {"property": "Nothing", "number": {"equals": 1}}
    answer = lab.query(records(lab).source, filter=condition)
    return expect(
        ["400 validation_error", True],
        [answer.outcome, "Could not find property" in answer.message],
    )


@statement(
    "errors.wrong-value-type",
    "A value of another type answers 400, and the message says `is expected to be`.",
    Area.ERRORS,
    Source.ASSUMED,
)
def wrong_value_type(lab: Lab) -> Finding:
    """Write a checkbox into a number."""
    answer = lab.patch(f"pages/{rows(lab)['A']['id']}", properties={"Size": {"checkbox": True}})
    return expect(
        ["400 validation_error", True], [answer.outcome, "is expected to be" in answer.message]
    )


@statement(
    "errors.unknown-path",
    "An unknown path answers 400 invalid_request_url.",
    Area.ERRORS,
    Source.DOCUMENTATION,
)
def unknown_path(lab: Lab) -> Finding:
    """Ask for one."""
    return expect("400 invalid_request_url", lab.get("nothing").outcome)
