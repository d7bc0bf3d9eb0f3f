"""Relations with one and two sides."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import (
    Database,
    change_schema,
    make_database,
    make_row,
    records,
    rows,
    schema_of,
    values_of,
)
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@dataclass(frozen=True, slots=True)
class Pair:
    """Two databases with a two-way relation `Link` from the near to the far one."""

    near: Database
    far: Database
    link: Json
    mirror: Json
    """The property on the far side."""


@experiment
def pair(lab: Lab) -> Pair:
    """Make two databases, and a two-way relation whose far side is not named."""
    far = records(lab)
    # Empty `dual_property`: Notion names the far side (notion-measured.md 6).
    near = make_database(
        lab,
        "Near",
        Link={
            "relation": {"data_source_id": far.source, "type": "dual_property", "dual_property": {}}
        },
    )
    link = schema_of(lab, near)["Link"]
    # `Records` has no other relation yet.
    mirrors = [entry for entry in schema_of(lab, far).values() if entry["type"] == "relation"]
    return Pair(near, far, link, mirrors[0] if mirrors else {})


@experiment
def near_row(lab: Lab) -> Answer:
    """Make a near row that is related to a far one."""
    return make_row(lab, pair(lab).near, "near", Link={"relation": [{"id": rows(lab)["A"]["id"]}]})


@experiment
def one_way(lab: Lab) -> Json:
    """Rename the far side, make the relation one-way, and return both schemas as `near` and
    `far`.
    """
    made = pair(lab)
    # Only after `relations.written-on-one-side`, which reads the far side by its first name.
    renamed = change_schema(lab, made.far, **{made.mirror["id"]: {"name": "Renamed"}})
    renamed["properties"]
    seen = (
        schema_of(lab, made.near)["Link"]["relation"]
        .get("dual_property", {})
        .get("synced_property_name")
    )
    single = {
        "relation": {
            "data_source_id": made.far.source,
            "type": "single_property",
            "single_property": {},
        }
    }
    changed = change_schema(lab, made.near, Link=single)
    return {"synced name": seen, "near": changed["properties"], "far": schema_of(lab, made.far)}


@statement(
    "relations.mirror-made",
    "A two-way relation makes a property on the far side, named `Related to <database> "
    "(<property>)`.",
    Area.RELATIONS,
    Source.RECORDING,
)
def mirror_made(lab: Lab) -> Finding:
    """Look at the name of the far property."""
    return expect("Related to Near (Link)", pair(lab).mirror.get("name"))


@statement(
    "relations.synced-id",
    "`synced_property_id` names the far property by its id, in the form of the far schema.",
    Area.RELATIONS,
    Source.RECORDING,
)
def synced_id(lab: Lab) -> Finding:
    """Compare it with the far property's id."""
    made = pair(lab)
    return expect(
        True, made.link["relation"]["dual_property"]["synced_property_id"] == made.mirror.get("id")
    )


@statement(
    "relations.written-on-one-side",
    "A relation that is written on one side is seen on the other.",
    Area.RELATIONS,
    Source.RECORDING,
)
def written_on_one_side(lab: Lab) -> Finding:
    """Read the far row that a near one was related to."""
    near = near_row(lab)
    far = lab.get(f"pages/{values_of(near)['Link'][0]['id']}")
    mirrored = values_of(far)[pair(lab).mirror["name"]]
    return expect(True, [page["id"] for page in mirrored] == [near["id"]])


@statement(
    "relations.ids-only",
    "The value of a relation holds the ids of pages and nothing else.",
    Area.SYNC,
    Source.RECORDING,
)
def ids_only(lab: Lab) -> Finding:
    """Look at the keys of a related page."""
    return expect([["id"]], [sorted(page) for page in values_of(near_row(lab))["Link"]])


@statement(
    "relations.rename-of-mirror",
    "A new name of the far property shows as `synced_property_name` on the near side.",
    Area.RELATIONS,
    Source.RECORDING,
)
def rename_of_mirror(lab: Lab) -> Finding:
    """Read the near side after the rename."""
    return expect("Renamed", one_way(lab)["synced name"])


@statement(
    "relations.one-way-keeps-id",
    "A two-way relation that is made one-way keeps its id.",
    Area.RELATIONS,
    Source.RECORDING,
)
def one_way_keeps_id(lab: Lab) -> Finding:
    """Compare the ids before and after."""
    link = one_way(lab)["near"]["Link"]
    return expect(
        ["single_property", True], [link["relation"]["type"], link["id"] == pair(lab).link["id"]]
    )


@statement(
    "relations.one-way-keeps-mirror",
    "A two-way relation that is made one-way leaves its far property behind.",
    Area.RELATIONS,
    Source.RECORDING,
)
def one_way_keeps_mirror(lab: Lab) -> Finding:
    """Look for the far property."""
    # Inferred from a recording about something else (notion-measured.md 6).
    return expect(True, "Renamed" in one_way(lab)["far"])


@statement(
    "relations.mirror-removed-by-id",
    "The far property that was left behind can be removed by its id.",
    Area.RELATIONS,
    Source.RECORDING,
)
def mirror_removed_by_id(lab: Lab) -> Finding:
    """Remove it, and look at both sides: the near one stays."""
    one_way(lab)
    made = pair(lab)
    answer = change_schema(lab, made.far, **{made.mirror["id"]: None})
    far = answer.body.get("properties", {})
    return expect(
        ["200", False, True],
        [answer.outcome, "Renamed" in far, "Link" in schema_of(lab, made.near)],
    )


@statement(
    "relations.synced-name-honoured",
    "A two-way relation is created with the name that was sent for its far side.",
    Area.UNUSED,
    Source.ASSUMED,
)
def synced_name_honoured(lab: Lab) -> Finding:
    """Create one with a name, and look at the name it got."""
    made = pair(lab)
    dual = {"synced_property_name": "Chosen"}
    relation = {
        "relation": {
            "data_source_id": made.far.source,
            "type": "dual_property",
            "dual_property": dual,
        }
    }
    second = change_schema(lab, made.near, Second=relation)["properties"]["Second"]
    return expect("Chosen", second["relation"]["dual_property"]["synced_property_name"])


@statement(
    "relations.target-in-schema",
    "The schema of a relation names its target by the id of the data source.",
    Area.RELATIONS,
    Source.RECORDING,
)
def target_in_schema(lab: Lab) -> Finding:
    """Compare the id."""
    made = pair(lab)
    return expect(True, made.link["relation"].get("data_source_id") == made.far.source)
