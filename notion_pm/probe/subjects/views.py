"""Views of databases, dashboards included."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from notion_pm.probe.lab import Answer, Json, Lab, experiment
from notion_pm.probe.objects import Database, make_database, records, schema_of
from notion_pm.probe.statement import Area, Finding, Source, expect, statement


@experiment
def database(lab: Lab) -> Database:
    """Make a database with properties that views need."""
    return make_database(
        lab,
        "Views",
        Stage={"status": {}},
        Kind={"select": {"options": [{"name": "A"}]}},
        Due={"date": {}},
        Where={"place": {}},
        Score={"number": {}},
    )


@experiment
def first_views(lab: Lab) -> list[Json]:
    """List the views of the new database."""
    views: list[Json] = lab.get("views", database_id=database(lab).id)["results"]
    return views


@experiment
def dashboard(lab: Lab) -> Answer:
    """Make a dashboard."""
    return _make(lab, "dashboard")


@experiment
def linked_view(lab: Lab) -> Answer:
    """Make a view of the database on the scratch page."""
    place = {"parent": {"type": "page_id", "page_id": lab.scratch}}
    return lab.post(
        "views",
        data_source_id=database(lab).source,
        name="Linked",
        type="table",
        create_database=place,
    )


def _make(lab: Lab, kind: str, **more: Any) -> Answer:
    made = database(lab)
    return lab.post(
        "views", database_id=made.id, data_source_id=made.source, name=kind, type=kind, **more
    )


@statement(
    "views.one-table",
    "A new database has one view, a table.",
    Area.VIEWS,
    Source.RECORDING,
)
def one_table(lab: Lab) -> Finding:
    """Read the views of a new database."""
    types = [lab.get(f"views/{view['id']}")["type"] for view in first_views(lab)]
    return expect(["table"], types)


@statement(
    "views.references-only",
    "A list of views contains references: each view is read separately.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def references_only(lab: Lab) -> Finding:
    """Look at the keys of a listed view."""
    keys = [sorted(view.keys() - {"parent"}) for view in first_views(lab)]
    return expect([["id", "object"]], keys)


# What the types require (notion-api.md 2.6): the group of a board, the date of a calendar or
# timeline, the kind of a chart. The map also gets its place property.
_CONFIGURATIONS: dict[str, Json] = {
    "table": {},
    "board": {
        "group_by": {
            "type": "status",
            "property_id": "Stage",
            "group_by": "option",
            "sort": {"type": "manual"},
        }
    },
    "list": {},
    "calendar": {"date_property_id": "Due"},
    "timeline": {"date_property_id": "Due"},
    "gallery": {},
    "form": {},
    "chart": {"chart_type": "number"},
    "map": {"map_by": "Where"},
}


def _register(kind: str, settings: Json) -> None:
    article = "An" if kind[0] in "aeiou" else "A"

    @statement(
        f"views.{kind}", f"{article} {kind} view can be created.", Area.VIEWS, Source.DOCUMENTATION
    )
    def check(lab: Lab) -> Finding:
        """Create one, and look at its type."""
        # The settings are beside `type`, not below a key of its name (notion-api.md 2.6).
        answer = _make(lab, kind, configuration={"type": kind, **settings})
        return expect(["200", kind], [answer.outcome, answer.body.get("type")])


for _kind, _settings in _CONFIGURATIONS.items():
    _register(_kind, _settings)


@statement(
    "views.dashboard",
    "A dashboard can be created; it has no data source of its own.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def dashboard_created(lab: Lab) -> Finding:
    """Look at its type and data source."""
    made = dashboard(lab)
    return expect(
        ["200", "dashboard", None],
        [made.outcome, made.body.get("type"), made.body.get("data_source_id")],
    )


@statement(
    "views.widget",
    "A view can be created as a widget of a dashboard.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def widget(lab: Lab) -> Finding:
    """Add a chart, and look at the dashboard it names."""
    # A view names exactly one of a database, a dashboard (`view_id`) and a page for a linked
    # database (notion-api.md 2.6).
    answer = lab.post(
        "views",
        view_id=dashboard(lab)["id"],
        data_source_id=database(lab).source,
        name="widget",
        type="chart",
        configuration={"type": "chart", "chart_type": "number"},
    )
    return expect(
        ["200", True],
        [answer.outcome, answer.body.get("dashboard_view_id") == dashboard(lab)["id"]],
    )


@statement(
    "views.filter-and-sort",
    "A view is created with a filter and a sort.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def filter_and_sort(lab: Lab) -> Finding:
    """Create a table with both, and look at its answer."""
    answer = _make(
        lab,
        "table",
        filter={"property": "Kind", "select": {"equals": "A"}},
        sorts=[{"property": "Score", "direction": "descending"}],
    )
    # Notion may answer with the id instead of the name (notion-measured.md 2), so the property is
    # not compared.
    kept = answer.body.get("filter") or {}
    return expect(
        ["200", {"equals": "A"}, ["descending"]],
        [
            answer.outcome,
            kept.get("select"),
            [sort["direction"] for sort in answer.body.get("sorts") or []],
        ],
    )


@statement(
    "views.status-filter",
    "A view keeps a filter of a status.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def status_filter(lab: Lab) -> Finding:
    """Create a table with one, and look at its answer."""
    # Users of another tool reported that it was dropped without an error (notion-measured.md 8).
    answer = _make(lab, "table", filter={"property": "Stage", "status": {"equals": "Done"}})
    return expect(
        ["200", {"equals": "Done"}],
        [answer.outcome, (answer.body.get("filter") or {}).get("status")],
    )


@statement(
    "views.properties-as-received",
    "The list of a view's properties takes ids as received.",
    Area.VIEWS,
    Source.CHANGELOG,
)
def properties_as_received(lab: Lab) -> Finding:
    """Hide a property by its id."""
    id = schema_of(lab, database(lab))["Score"]["id"]
    shown = [{"property_id": id, "visible": False}]
    answer = _make(lab, "table", configuration={"type": "table", "properties": shown})
    listed = (answer.body.get("configuration") or {}).get("properties") or []
    # Compared decoded: views answer with decoded ids (notion-measured.md 2).
    hidden = [
        entry
        for entry in listed
        if unquote(entry["property_id"]) == unquote(id) and not entry["visible"]
    ]
    return expect(["200", 1], [answer.outcome, len(hidden)])


@statement(
    "views.last-one-kept",
    "The last view of a database cannot be deleted: 400.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def last_one_kept(lab: Lab) -> Finding:
    """Delete the view of a database that has no other."""
    # `Records` still has one view; the database of this module has many by now.
    only = lab.get("views", database_id=records(lab).id)["results"][0]["id"]
    return expect("400 validation_error", lab.delete(f"views/{only}").outcome)


@statement(
    "views.linked",
    "A view of a data source can be created on another page, as a linked database.",
    Area.VIEWS,
    Source.DOCUMENTATION,
)
def view_on_other_page(lab: Lab) -> Finding:
    """Look at the database that holds it."""
    answer = linked_view(lab)
    other = answer.body.get("parent", {}).get("database_id")
    return expect(["200", True], [answer.outcome, other not in {None, database(lab).id}])


@statement(
    "views.linked-not-read",
    "A linked database cannot be read as a database: 400 or 404.",
    Area.EXPORT,
    Source.MEASUREMENT,
)
def linked_not_read(lab: Lab) -> Finding:
    """Read it."""
    answer = lab.get(f"databases/{linked_view(lab)['parent']['database_id']}")
    # Reports agree that it fails, but not on the status.
    return expect(True, answer.status in {400, 404})
