"""Queries of data sources: filters, sorts, pages of results."""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import records, row_names, rows
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@experiment
def all_rows(lab: Lab) -> Answer:
    """Query without a filter, right after the rows were created."""
    rows(lab)
    return lab.query(records(lab).source)


@experiment
def visible_rows(lab: Lab) -> Answer:
    """Query without a filter until all rows are found."""
    # A query may lag (notion-api.md 6.6). `queries.new-rows-found` judges the first answer; the
    # other statements are about something else and must not fail for it.
    source = records(lab).source
    return lab.until(
        lambda answer: len(answer["results"]) >= len(rows(lab)),
        all_rows(lab),
        lambda: lab.query(source),
    )


def _query(lab: Lab, **body: object) -> Answer:
    visible_rows(lab)
    return lab.query(records(lab).source, **body)


def _names_found(lab: Lab, condition: Json) -> list[str]:
    """Return the names of the rows that a filter finds; a refusal as its outcome."""
    return _names(_query(lab, filter=condition))


def _names(answer: Answer) -> list[str]:
    return row_names(answer) if answer.status == 200 else [answer.outcome]


@statement(
    "queries.new-rows-found",
    "A query finds the rows that the same connection has just created.",
    Area.SYNC,
    Source.ASSUMED,
)
def new_rows_found(lab: Lab) -> Finding:
    """Query without a filter."""
    return expect(["A", "B", "blank"], _names(all_rows(lab)))


@statement(
    "queries.whole-pages",
    "A query for pages returns pages only, and each with its values.",
    Area.SYNC,
    Source.RECORDING,
)
def whole_pages(lab: Lab) -> Finding:
    """Look at the kinds of what was found, and for values."""
    found = visible_rows(lab)["results"]
    kinds = {item["object"] for item in found}
    return expect(
        [["page"], True],
        [sorted(kinds), all("Size" in item.get("properties", {}) for item in found)],
    )


@statement(
    "queries.envelope",
    "The answer to a query is a list of the type `page_or_data_source`.",
    Area.SYNC,
    Source.RECORDING,
)
def envelope(lab: Lab) -> Finding:
    """Look at the list."""
    answer = visible_rows(lab)
    return expect(["list", "page_or_data_source"], [answer["object"], answer["type"]])


@statement(
    "queries.pages-of-results",
    "A cursor goes on where the page of results before ended, without a row twice.",
    Area.SYNC,
    Source.RECORDING,
)
def pages_of_results(lab: Lab) -> Finding:
    """Read two rows, then the rest."""
    order = [{"property": "Name", "direction": "ascending"}]
    # Three rows, as long as `related_pages` has not added its own. Without sorts no order is
    # guaranteed (notion-api.md 2.2).
    first = _query(lab, page_size=2, sorts=order)
    second = _query(lab, page_size=2, sorts=order, start_cursor=first["next_cursor"])
    counts = [len(answer["results"]) for answer in (first, second)]
    names = row_names(first) + row_names(second)
    return expect([[2, 1], 3, False], [counts, len(set(names)), second["has_more"]])


@statement(
    "queries.select-one-of",
    "`equals` of a select takes a list of options.",
    Area.SYNC,
    Source.RECORDING,
)
def select_one_of(lab: Lab) -> Finding:
    """Filter for two options."""
    return expect(
        ["A", "B"], _names_found(lab, {"property": "Kind", "select": {"equals": ["A", "B"]}})
    )


@statement(
    "queries.filter-of-another-type",
    "A filter of another type than its property is refused with 400.",
    Area.SYNC,
    Source.MEASUREMENT,
)
def filter_of_another_type(lab: Lab) -> Finding:
    """Filter a number as a text."""
    return expect(
        ["400 validation_error"],
        _names_found(lab, {"property": "Size", "rich_text": {"equals": "1"}}),
    )


@statement(
    "queries.text-ignores-case",
    "`does_not_equal` of a text ignores case.",
    Area.SYNC,
    Source.MEASUREMENT,
)
def text_ignores_case(lab: Lab) -> Finding:
    """Look for rows with another text than theirs in lower case."""
    condition = {"property": "Text", "rich_text": {"does_not_equal": "some words"}}
    # Whether rows without a text are found is not known.
    return expect([], [name for name in _names_found(lab, condition) if name != "blank"])


@statement(
    "queries.default-status",
    "A filter for the default option finds rows whose status was never set.",
    Area.SYNC,
    Source.ASSUMED,
)
def default_status(lab: Lab) -> Finding:
    """Filter for `Not started`."""
    # Only this is measured: no filter finds just the pages whose status was never set
    # (notion-measured.md 7).
    condition = {"property": "Stage", "status": {"equals": "Not started"}}
    return expect(["A", "B", "blank"], _names_found(lab, condition))


@statement(
    "queries.formula-filter-refused",
    "A filter of a formula that the API made is refused with 400.",
    Area.UNUSED,
    Source.RECORDING,
)
def formula_filter_refused(lab: Lab) -> Finding:
    """Filter for the value that it has."""
    condition = {"property": "Sum", "formula": {"number": {"equals": 2}}}
    return expect(["400 validation_error"], _names_found(lab, condition))


@statement(
    "queries.edited-since",
    "A filter of the time of the last edit takes a time, and includes it.",
    Area.SYNC,
    Source.RECORDING,
)
def edited_since(lab: Lab) -> Finding:
    """Filter by the time of the first row found."""
    # The time is cut to the minute, so a filter that left the bound out would miss the row.
    time = visible_rows(lab)["results"][0]["last_edited_time"]
    condition = {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": time}}
    return expect(True, bool(_query(lab, filter=condition)["results"]))


@statement(
    "queries.three-levels-refused",
    "A filter of three levels is refused with 400.",
    Area.UNUSED,
    Source.DOCUMENTATION,
)
def three_levels_refused(lab: Lab) -> Finding:
    """Send one."""
    # Two levels are allowed (notion-api.md 3.6).
    leaf = {"property": "Size", "number": {"equals": 1}}
    return expect(["400 validation_error"], _names_found(lab, {"and": [{"or": [{"and": [leaf]}]}]}))


@statement(
    "queries.edit-found",
    "A query finds a row by a value that the same connection has just written.",
    Area.SYNC,
    Source.ASSUMED,
)
def edit_found(lab: Lab) -> Finding:
    """Write a number, and filter for it at once."""
    row = rows(lab)["blank"]["id"]
    lab.patch(f"pages/{row}", properties={"Size": {"number": 77}})["id"]
    return expect(["blank"], _names_found(lab, {"property": "Size", "number": {"equals": 77}}))


@statement(
    "queries.trashed-row-gone",
    "A query leaves out a row in the trash, and finds it again after it is restored.",
    Area.TRASH,
    Source.MEASUREMENT,
)
def trashed_row_gone(lab: Lab) -> Finding:
    """Trash a row, query, restore it, query again."""
    row = rows(lab)["blank"]["id"]
    condition = {"property": "Name", "title": {"equals": "blank"}}
    lab.patch(f"pages/{row}", in_trash=True)["id"]
    during = _names_found(lab, condition)
    lab.patch(f"pages/{row}", in_trash=False)["id"]
    return expect([[], ["blank"]], [during, _names_found(lab, condition)])
