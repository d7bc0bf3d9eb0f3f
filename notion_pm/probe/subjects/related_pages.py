"""How many related pages are shown.

It needs many rows, so it comes last: an interrupted probe then repeats little.
"""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import make_database, make_row, records, rows
from notion_pm.probe.statement import Area, Finding, Source, expect, statement

_MOST_SHOWN = 25
"""Related pages that a page shows."""


@experiment
def row_with_many_relations(lab: Lab) -> Answer:
    """Make a row that is related to one row more than a page shows."""
    # One-way: a two-way relation would give `Records` another property.
    relation: Json = {
        "data_source_id": records(lab).source,
        "type": "single_property",
        "single_property": {},
    }
    database = make_database(lab, "Many related", Links={"relation": relation})
    related = [row["id"] for row in rows(lab).values()]
    while len(related) <= _MOST_SHOWN:
        related.append(make_row(lab, records(lab), f"row {len(related)}")["id"])
    # 26 in one write; 100 are allowed (notion-api.md 4.2).
    return make_row(lab, database, "hub", Links={"relation": [{"id": row} for row in related]})


@statement(
    "relations.25-shown",
    "A page shows 25 related pages, and `has_more` when there are more.",
    Area.SYNC,
    Source.RECORDING,
)
def twenty_five_shown(lab: Lab) -> Finding:
    """Read the relation of a page that has 26."""
    shown = lab.get(f"pages/{row_with_many_relations(lab)['id']}")["properties"]["Links"]
    return expect([_MOST_SHOWN, True], [len(shown["relation"]), shown.get("has_more")])


@statement(
    "relations.all-by-path",
    "The path of the property gives all related pages.",
    Area.SYNC,
    Source.RECORDING,
)
def all_by_path(lab: Lab) -> Finding:
    """Read the 26."""
    hub = row_with_many_relations(lab)
    answer = lab.get(f"pages/{hub['id']}/properties/{hub['properties']['Links']['id']}")
    return expect(_MOST_SHOWN + 1, len(answer["results"]))
