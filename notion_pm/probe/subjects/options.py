"""Options of select, multi-select and status properties."""

from __future__ import annotations

from dataclasses import dataclass

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import Database, change_schema, make_database, make_row, values_of
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@dataclass(frozen=True, slots=True)
class Choices:
    """A database with options, and what became of them and of a row that had chosen some."""

    before: Json
    after: Json
    row: Json


@experiment
def database(lab: Lab) -> Database:
    """Make a database with options of each kind."""
    return make_database(
        lab,
        "Options",
        # `Kept` is for renaming and recolouring, the `Cut` ones lose an option, `Default_status`
        # shows what Notion adds, and `Open` gets an option from a page.
        Kept={"select": {"options": [{"name": "A", "color": "red"}, {"name": "B"}]}},
        Cut={"select": {"options": [{"name": "Gone"}, {"name": "Stays"}]}},
        Cut_many={"multi_select": {"options": [{"name": "Gone"}, {"name": "Stays"}]}},
        Cut_status={
            "status": {
                "options": [
                    {"name": "Idea", "group": "To-do"},
                    {"name": "Doing", "group": "In progress"},
                    {"name": "Shipped", "group": "Complete"},
                    {"name": "Dropped", "group": "Complete"},
                ]
            }
        },
        Default_status={"status": {}},
        Open={"select": {"options": []}},
    )


@experiment
def schema_before(lab: Lab) -> Json:
    """Read the schema before it is changed."""
    properties: Json = lab.get(f"data_sources/{database(lab).source}")["properties"]
    return properties


@experiment
def row(lab: Lab) -> Answer:
    """Make a row that has chosen an option of each property, one of them a new one."""
    return make_row(
        lab,
        database(lab),
        "chosen",
        Cut={"select": {"name": "Gone"}},
        Cut_many={"multi_select": [{"name": "Gone"}, {"name": "Stays"}]},
        Cut_status={"status": {"name": "Shipped"}},
        Open={"select": {"name": "Invented"}},
    )


@experiment
def remove_options(lab: Lab) -> Choices:
    """Leave an option out of each property, and send one of them by its name alone."""
    # The row must have chosen the options before they are removed.
    before = schema_before(lab)
    page = row(lab)["id"]
    without_shipped = [
        {"name": option["name"]}
        for option in before["Cut_status"]["status"]["options"]
        if option["name"] != "Shipped"
    ]
    changed = change_schema(
        lab,
        database(lab),
        Cut={"select": {"options": [{"name": "Stays"}]}},
        Cut_many={"multi_select": {"options": [{"name": "Stays"}]}},
        Cut_status={"status": {"options": without_shipped}},
    )
    return Choices(before, changed["properties"], values_of(lab.get(f"pages/{page}")))


def _options(entry: Json) -> dict[str, str]:
    """Return the ids of a property's options, by name."""
    return {option["name"]: option["id"] for option in entry[entry["type"]]["options"]}


def _groups(entry: Json) -> dict[str, list[str]]:
    """Return the names of a status property's options, by group."""
    names = {option["id"]: option["name"] for option in entry["status"]["options"]}
    groups = {}
    for group in entry["status"]["groups"]:
        groups[group["name"]] = [names[option_id] for option_id in group["option_ids"]]
    return groups


@statement(
    "options.rename-by-id",
    "Sending an option's id with another name answers 200 and renames nothing.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def rename_by_id(lab: Lab) -> Finding:
    """Send the id of A with another name, and the other option as it is."""
    options = schema_before(lab)["Kept"]["select"]["options"]
    # Only the name of A contains an "A", so B is sent as it is.
    sent = [
        {"id": option["id"], "name": option["name"].replace("A", "Other")} for option in options
    ]
    answer = change_schema(lab, database(lab), Kept={"select": {"options": sent}})
    names = sorted(_options(answer.body["properties"]["Kept"])) if answer.status == 200 else []
    return expect(["200", ["A", "B"]], [answer.outcome, names])


@statement(
    "options.recolour-refused",
    "Sending an option with another colour is refused with 400.",
    Area.UNUSED,
    Source.MEASUREMENT,
)
def recolour_refused(lab: Lab) -> Finding:
    """Send A, which is red, as blue."""
    options = schema_before(lab)["Kept"]["select"]["options"]
    sent = [{"id": option["id"], "name": option["name"], "color": "blue"} for option in options]
    answer = change_schema(lab, database(lab), Kept={"select": {"options": sent}})
    return expect("400 validation_error", answer.outcome)


@statement(
    "options.omitted-removed",
    "A list of options replaces the whole list: options that it leaves out are removed.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def omitted_removed(lab: Lab) -> Finding:
    """Look at the options after the change."""
    after = remove_options(lab).after
    return expect(
        [["Stays"], ["Stays"]], [sorted(_options(after[name])) for name in ("Cut", "Cut_many")]
    )


@statement(
    "options.name-keeps-id",
    "An option that is sent by its name alone keeps its id.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def name_keeps_id(lab: Lab) -> Finding:
    """Compare the ids before and after."""
    change = remove_options(lab)
    ids = [_options(schema["Cut"]).get("Stays") for schema in (change.before, change.after)]
    return expect(True, ids[0] == ids[1])


@statement(
    "options.removed-select-empties",
    "Removing an option of a select empties the cells that held it.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def removed_select_empties(lab: Lab) -> Finding:
    """Read the cell."""
    return expect(None, remove_options(lab).row["Cut"])


@statement(
    "options.removed-multi-select-drops",
    "Removing an option of a multi-select takes that option from the cells, and no other.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def removed_multi_select_drops(lab: Lab) -> Finding:
    """Read the cell."""
    return expect(["Stays"], [option["name"] for option in remove_options(lab).row["Cut_many"]])


@statement(
    "options.removed-status-moves",
    "Removing an option of a status moves its pages to another option.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def removed_status_moves(lab: Lab) -> Finding:
    """Read the cell: it has a value, and one that is left."""
    # How Notion chooses it is not known (notion-measured.md 4.1).
    change = remove_options(lab)
    now = (change.row["Cut_status"] or {}).get("name")
    return expect([True, True], [now is not None, now in _options(change.after["Cut_status"])])


@statement(
    "options.removed-status-not-default",
    "The pages of a removed option of a status do not get the default option.",
    Area.UNUSED,
    Source.MEASUREMENT,
)
def removed_status_not_default(lab: Lab) -> Finding:
    """Read the cell: it has another option than the first one."""
    return expect(True, (remove_options(lab).row["Cut_status"] or {}).get("name") != "Idea")


@statement(
    "options.added-again-new-id",
    "An option that is removed and added again gets another id.",
    Area.OPTIONS,
    Source.MEASUREMENT,
)
def added_again_new_id(lab: Lab) -> Finding:
    """Add the removed option of the select again."""
    before = _options(remove_options(lab).before["Cut"])["Gone"]
    options = [{"name": "Stays"}, {"name": "Gone"}]
    answer = change_schema(lab, database(lab), Cut={"select": {"options": options}})
    return expect(True, _options(answer["properties"]["Cut"])["Gone"] != before)


@statement(
    "options.unknown-select-created",
    "Writing an unknown option into a select of a page creates the option.",
    Area.IMPORT,
    Source.MEASUREMENT,
)
def unknown_select_created(lab: Lab) -> Finding:
    """Look at the page's value: the option did not exist."""
    # The row was created with it. For a status the same is refused, see the next statement.
    return expect("Invented", (values_of(row(lab))["Open"] or {}).get("name"))


@statement(
    "options.unknown-status-refused",
    "Writing an unknown option into a status of a page is refused with 400.",
    Area.IMPORT,
    Source.MEASUREMENT,
)
def unknown_status_refused(lab: Lab) -> Finding:
    """Write one."""
    values = {"Default_status": {"status": {"name": "Invented"}}}
    answer = lab.patch(f"pages/{row(lab)['id']}", properties=values)
    return expect("400 validation_error", answer.outcome)


@statement(
    "options.status-never-set",
    "A status that was never set reads as the default option.",
    Area.SYNC,
    Source.MEASUREMENT,
)
def status_never_set(lab: Lab) -> Finding:
    """Read the value of the page that did not set it."""
    return expect("Not started", (values_of(row(lab))["Default_status"] or {}).get("name"))


@statement(
    "options.status-default-groups",
    "A status without options gets Not started, In progress and Done, one in each group.",
    Area.APPLY,
    Source.RECORDING,
)
def status_default_groups(lab: Lab) -> Finding:
    """Look at the groups."""
    expected = {"To-do": ["Not started"], "In progress": ["In progress"], "Complete": ["Done"]}
    return expect(expected, _groups(schema_before(lab)["Default_status"]))


@statement(
    "options.status-groups-created",
    "A status is created with the group that each option names.",
    Area.APPLY,
    Source.CHANGELOG,
)
def status_groups_created(lab: Lab) -> Finding:
    """Look at the groups."""
    groups = _groups(schema_before(lab)["Cut_status"])
    expected = {"To-do": ["Idea"], "In progress": ["Doing"], "Complete": ["Dropped", "Shipped"]}
    return expect(expected, {name: sorted(options) for name, options in groups.items()})


@statement(
    "options.status-groups-kept",
    "A change of a status without groups leaves its options in their groups.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def status_groups_kept(lab: Lab) -> Finding:
    """Look at the groups after the options were sent by name alone."""
    # `remove_options` sent the status without any group.
    expected = {"To-do": ["Idea"], "In progress": ["Doing"], "Complete": ["Dropped"]}
    return expect(expected, _groups(remove_options(lab).after["Cut_status"]))


@statement(
    "options.status-group-changed",
    "An option of a status can be moved to another group.",
    Area.APPLY,
    Source.MEASUREMENT,
)
def status_group_changed(lab: Lab) -> Finding:
    """Move Dropped from Complete to In progress."""
    # By id, as measured (notion-measured.md 4.2).
    options = _options(remove_options(lab).after["Cut_status"])
    sent = [{"id": options[name], "name": name} for name in ("Idea", "Doing", "Dropped")]
    sent[2]["group"] = "In progress"
    answer = change_schema(lab, database(lab), Cut_status={"status": {"options": sent}})
    groups = _groups(answer.body["properties"]["Cut_status"]) if answer.status == 200 else {}
    return expect(["200", True], [answer.outcome, "Dropped" in groups.get("In progress", [])])


@statement(
    "options.status-group-names",
    "Other group names than To-do, In progress and Complete are refused with 400.",
    Area.UNUSED,
    Source.MEASUREMENT,
)
def status_group_names(lab: Lab) -> Finding:
    """Add a status with a group of another name."""
    status = {"status": {"options": [{"name": "X", "group": "Backlog"}]}}
    return expect("400 validation_error", change_schema(lab, database(lab), Other=status).outcome)
