"""Databases, data sources and changes of their properties."""

from __future__ import annotations

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import Database, change_schema, make_database, plain, schema_of, text
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@experiment
def plain_database(lab: Lab) -> Database:
    """Make a database with a few properties."""
    return make_database(
        lab, "Schema", Notes={"rich_text": {}}, Size={"number": {"format": "percent"}}
    )


@experiment
def initial_schema(lab: Lab) -> Json:
    """Read the properties of the new database."""
    return schema_of(lab, plain_database(lab))


@experiment
def patch_schema(lab: Lab) -> Json:
    """Add a property and remove another in one PATCH, and return the schema as read afterwards."""
    # Read before the change: later statements compare with it.
    initial_schema(lab)
    change_schema(lab, plain_database(lab), Added={"checkbox": {}}, Notes=None)["properties"]
    return schema_of(lab, plain_database(lab))


@experiment
def retitle_database(lab: Lab) -> tuple[Answer, Answer]:
    """Change title, icon and description of a database, and read its data source and itself."""
    database = plain_database(lab)
    new = {
        "title": text("New title"),
        "icon": {"type": "emoji", "emoji": "🧩"},
        "description": text("About"),
    }
    # On the database, because a PATCH of the description on the data source is refused
    # (notion-measured.md 5).
    changed = lab.patch(f"databases/{database.id}", **new)
    return changed, lab.get(f"data_sources/{database.source}")


@statement(
    "schema.one-data-source",
    "A new database has one data source.",
    Area.APPLY,
    Source.RECORDING,
)
def one_data_source(lab: Lab) -> Finding:
    """Count the data sources in the answer to the creation."""
    return expect(1, len(plain_database(lab).created["data_sources"]))


@statement(
    "schema.only-what-was-sent",
    "A new database has the properties that were sent, and no others.",
    Area.APPLY,
    Source.RECORDING,
)
def only_what_was_sent(lab: Lab) -> Finding:
    """Look at the types of the new database's properties."""
    types = {name: entry["type"] for name, entry in initial_schema(lab).items()}
    return expect({"Name": "title", "Notes": "rich_text", "Size": "number"}, types)


@statement(
    "schema.settings-kept",
    "A property is created with the settings that were sent: the format of a number.",
    Area.APPLY,
    Source.RECORDING,
)
def settings_kept(lab: Lab) -> Finding:
    """Read the number property."""
    return expect({"type": "number", "format": "percent"}, _number(patch_schema(lab)["Size"]))


def _number(entry: Json) -> Json:
    return {"type": entry["type"], "format": entry["number"]["format"]}


@statement(
    "schema.patch-leaves-others",
    "A PATCH of a data source leaves properties alone that it does not name.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def patch_leaves_others(lab: Lab) -> Finding:
    """Look for the properties that the PATCH did not name."""
    return expect([True, True], [name in patch_schema(lab) for name in ("Name", "Size")])


@statement(
    "schema.patch-adds",
    "A new key in a PATCH of a data source adds a property.",
    Area.APPLY,
    Source.RECORDING,
)
def patch_adds(lab: Lab) -> Finding:
    """Look for the new property."""
    return expect("checkbox", patch_schema(lab).get("Added", {}).get("type"))


@statement(
    "schema.null-removes",
    "A property that a PATCH sets to null is removed.",
    Area.APPLY,
    Source.RECORDING,
)
def null_removes(lab: Lab) -> Finding:
    """Look for the removed property."""
    return expect(False, "Notes" in patch_schema(lab))


@statement(
    "schema.new-id-after-removal",
    "A property that is removed and added again under its name gets another id.",
    Area.APPLY,
    Source.RECORDING,
)
def new_id_after_removal(lab: Lab) -> Finding:
    """Add the removed property again, and compare the ids."""
    # This PATCH removed the property; the schema before it has the first id.
    patch_schema(lab)
    added = change_schema(lab, plain_database(lab), Notes={"rich_text": {}})
    return expect(True, added["properties"]["Notes"]["id"] != initial_schema(lab)["Notes"]["id"])


@statement(
    "schema.empty-patch",
    "A PATCH with an empty `properties` object answers 200 and changes nothing.",
    Area.APPLY,
    Source.RECORDING,
)
def empty_patch(lab: Lab) -> Finding:
    """Send nothing, and look for the properties in the answer."""
    patch_schema(lab)
    answer = change_schema(lab, plain_database(lab))
    kept = {"Name", "Size", "Added"} <= set(answer.body.get("properties", {}))
    return expect(["200", True], [answer.outcome, kept])


@statement(
    "schema.second-title-refused",
    "A second title property is refused with 400.",
    Area.UNUSED,
    Source.MEASUREMENT,
)
def second_title_refused(lab: Lab) -> Finding:
    """Try to add one."""
    # Measured: "Cannot create new title property" (notion-measured.md 5).
    answer = change_schema(lab, plain_database(lab), Second={"title": {}})
    return expect("400 validation_error", answer.outcome)


@statement(
    "schema.database-title-shared",
    "A change of a database's title changes the title of its data source too.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def title_shared(lab: Lab) -> Finding:
    """Read both titles."""
    titles = [plain(answer["title"]) for answer in retitle_database(lab)]
    return expect(["New title", "New title"], titles)


@statement(
    "schema.database-icon-shared",
    "A change of a database's icon changes the icon of its data source too.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def icon_shared(lab: Lab) -> Finding:
    """Read both icons."""
    icons = [(answer["icon"] or {}).get("emoji") for answer in retitle_database(lab)]
    return expect(["🧩", "🧩"], icons)


@statement(
    "schema.database-description-shared",
    "A change of a database's description shows on its data source too.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def description_shared(lab: Lab) -> Finding:
    """Read both descriptions."""
    descriptions = [plain(answer["description"]) for answer in retitle_database(lab)]
    return expect(["About", "About"], descriptions)


@statement(
    "schema.database-times-exact",
    "The times of a database have milliseconds and the offset +00:00, those of pages do not.",
    Area.SYNC,
    Source.RECORDING,
)
def database_times(lab: Lab) -> Finding:
    """Look at the form of a creation time."""
    created = str(plain_database(lab).created["created_time"])
    return expect(True, created.endswith("+00:00") and "." in created)
