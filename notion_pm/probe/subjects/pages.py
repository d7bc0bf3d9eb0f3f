"""Pages and their values."""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import plain, records, rows, values_of
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


def row(lab: Lab) -> Answer:
    """Return a row as it was created."""
    return rows(lab)["A"]


@experiment
def size_written(lab: Lab) -> Answer:
    """Write a number."""
    return _write(lab, Size={"number": 7})


def _write(lab: Lab, **values: Json) -> Answer:
    return lab.patch(f"pages/{row(lab)['id']}", properties=values)


@statement(
    "pages.times-of-minutes",
    "The times of a page are cut to the minute.",
    Area.SYNC,
    Source.RECORDING,
)
def times_of_minutes(lab: Lab) -> Finding:
    """Look at the ends of both times."""
    # An edit in the same minute leaves the time as it was, so equal times prove nothing
    # (notion-api.md 6.1).
    page = row(lab)
    return expect(
        [":00.000Z", ":00.000Z"], [page[key][-8:] for key in ("created_time", "last_edited_time")]
    )


@statement(
    "pages.other-values-untouched",
    "A PATCH of a page leaves values alone that it does not name.",
    Area.SYNC,
    Source.DOCUMENTATION,
)
def other_values_untouched(lab: Lab) -> Finding:
    """Write a number, and look at the text."""
    return expect("Some Words", plain(values_of(size_written(lab))["Text"]))


@statement(
    "pages.read-after-write",
    "A page that is read by its id shows what the same connection has just written.",
    Area.SYNC,
    Source.MEASUREMENT,
)
def read_after_write(lab: Lab) -> Finding:
    """Read the number that was just written."""
    page = size_written(lab)["id"]
    return expect(7, values_of(lab.get(f"pages/{page}"))["Size"])


@statement(
    "pages.null-clears",
    "null clears a URL.",
    Area.SYNC,
    Source.DOCUMENTATION,
)
def null_clears(lab: Lab) -> Finding:
    """Clear it."""
    answer = _write(lab, Link={"url": None})
    return expect(
        ["200", None], [answer.outcome, values_of(answer)["Link"] if answer.status == 200 else "?"]
    )


@statement(
    "pages.empty-url-refused",
    "An empty text as URL is refused with 400.",
    Area.UNUSED,
    Source.ASSUMED,
)
def empty_url_refused(lab: Lab) -> Finding:
    """Write one."""
    # No public source has tried it (notion-measured.md 11). notion-pm sends null.
    return expect("400 validation_error", _write(lab, Link={"url": ""}).outcome)


@statement(
    "pages.any-text-as-url",
    "Any text is taken as the value of a URL property.",
    Area.IMPORT,
    Source.MEASUREMENT,
)
def any_text_as_url(lab: Lab) -> Finding:
    """Read the text that the row was created with."""
    return expect("any text", values_of(row(lab))["Link"])


@statement(
    "pages.computed-refused",
    "Writing a computed value is refused with 400.",
    Area.UNUSED,
    Source.MEASUREMENT,
)
def computed_refused(lab: Lab) -> Finding:
    """Write the value of a formula."""
    return expect("400 validation_error", _write(lab, Sum={"formula": {"number": 3}}).outcome)


@statement(
    "pages.formula-computed",
    "The value of a formula that the API made is computed.",
    Area.EXPORT,
    Source.RECORDING,
)
def formula_computed(lab: Lab) -> Finding:
    """Read 1 + 1."""
    return expect({"type": "number", "number": 2}, values_of(row(lab))["Sum"])


@statement(
    "pages.date-with-zone",
    "A time with a time zone is shown with its offset, and without the zone.",
    Area.EXPORT,
    Source.RECORDING,
)
def date_with_zone(lab: Lab) -> Finding:
    """Read the date."""
    shown = values_of(row(lab))["Due"]
    # In January Berlin is one hour ahead of UTC.
    return expect(["2026-01-15T10:00:00.000+01:00", None], [shown["start"], shown["time_zone"]])


@statement(
    "pages.parent-of-row",
    "A row names its data source as its parent.",
    Area.SYNC,
    Source.RECORDING,
)
def parent_of_row(lab: Lab) -> Finding:
    """Read the parent."""
    parent = row(lab)["parent"]
    return expect(
        ["data_source_id", True],
        [parent["type"], parent.get("data_source_id") == records(lab).source],
    )


@statement(
    "pages.trash-keys",
    "At version 2026-03-11 a page has `in_trash` and no `archived`.",
    Area.TRASH,
    Source.RECORDING,
)
def trash_keys(lab: Lab) -> Finding:
    """Look at the keys."""
    page = row(lab)
    # At version 2025-09-03 the recordings have both, with equal values (notion-api.md 1.1).
    return expect([True, False], ["in_trash" in page.body, "archived" in page.body])


@statement(
    "pages.templates-listed",
    "The templates of a data source can be listed; a new one has none.",
    Area.APPLY,
    Source.DOCUMENTATION,
)
def templates_listed(lab: Lab) -> Finding:
    """List them."""
    answer = lab.get(f"data_sources/{records(lab).source}/templates")
    return expect(["200", []], [answer.outcome, answer.body.get("templates")])


@statement(
    "pages.template-without-children",
    "A page cannot be created with a template and content at once: 400.",
    Area.UNUSED,
    Source.MEASUREMENT,
)
def template_without_children(lab: Lab) -> Finding:
    """Send both."""
    # A 400 could also mean that there is no default template. The API lists templates, but cannot
    # create one (notion-api.md 2.2), so the probe cannot rule that out.
    answer = lab.post(
        "pages",
        parent={"type": "data_source_id", "data_source_id": records(lab).source},
        template={"type": "default"},
        children=[{"divider": {}}],
    )
    return expect("400 validation_error", answer.outcome)
