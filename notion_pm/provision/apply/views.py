"""Making and changing views: the tabs of a database."""

from __future__ import annotations

from notion_pm.errors import ChangedDuringRun, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.property_lookup import property_keys
from notion_pm.model.schema import View, WidgetPlace
from notion_pm.provision.apply.apply_context import Site
from notion_pm.provision.plan.change import PlannedView
from notion_pm.provision.plan.operation import Operation
from notion_pm.template.view_json import ViewJson, view_json


def list_views(site: Site, operation: Operation) -> None:
    """Find the view that Notion made with a new database: its only one."""
    ids = site.gateway.list_view_ids(site.ledger.entry(operation.database).database_id)
    site.ledger.note_default_view(operation.database, ids[0])


def adopt_view(site: Site, operation: Operation) -> None:
    """Make Notion's own view the template's first table view."""
    _set_view(site, operation, site.ledger.default_view_id(operation.database))


def update_view(site: Site, operation: Operation) -> None:
    """Set a view anew, as a whole.

    Raises ChangedDuringRun when people have changed it since the plan was made.
    """
    view_id = site.ledger.entry(operation.database).views[operation.key].id
    _set_view(
        site, operation, view_id, known=_planned_view_as_it_is(site, operation, view_id, "set")
    )


def create_view(site: Site, operation: Operation) -> None:
    """Add a view: a tab of its database, or a widget of a dashboard."""
    database, entry = operation.database, site.ledger.entry(operation.database)
    spec, json = site.template.databases[database].views[operation.key], _json(site, operation)
    place = site.ledger.place_for(database, operation.key)

    def look_up() -> View | None:
        there = _view_ids(site, entry.database_id) if place is None else _widget_ids(site, place)
        views = (site.gateway.get_view(each) for each in sorted(there - site.ledger.known_ids()))
        return next(
            (view for view in views if (view.name, view.type) == (spec.title, spec.type)), None
        )

    view = site.gateway.create_view(
        entry.database_id,
        entry.data_source_id,
        spec.title,
        spec.type,
        filter=json.filter,
        sorts=json.sorts or None,
        quick_filters=json.quick_filters,
        configuration=json.configuration,
        place=place,
        look_up=look_up,
    )
    site.ledger.note_view(database, operation.key, view)
    if place is not None:
        site.ledger.note_widget(place, view.id)


def _view_ids(site: Site, database_id: NotionId) -> set[NotionId]:
    return set(site.gateway.list_view_ids(database_id))


def _widget_ids(site: Site, place: WidgetPlace) -> set[NotionId]:
    return {each for row in site.gateway.get_view(place.dashboard_id).rows for each in row}


def drop_default_view(site: Site, operation: Operation) -> None:
    """Delete Notion's own view, when others are there and none is a table."""
    site.gateway.delete_view(site.ledger.default_view_id(operation.database))


def delete_view(site: Site, operation: Operation) -> None:
    """Delete a view that the template no longer has.

    Raises ChangedDuringRun when people have changed it since the plan was made.
    """
    view_id = site.ledger.entry(operation.database).views[operation.key].id
    now = _planned_view_as_it_is(site, operation, view_id, "delete")
    site.gateway.delete_view(view_id, known=now)
    site.ledger.forget_view(operation.database, operation.key)


def _planned_view_as_it_is(
    site: Site, operation: Operation, view_id: NotionId, what: str
) -> View | None:
    """Read a view once more that is to be overwritten, None when the plan has not seen it or it is gone.

    Raises ChangedDuringRun when people have changed it since the plan was made.
    """
    planned = operation.changes[0].planned if operation.changes else None
    if not isinstance(planned, PlannedView):
        return None
    try:
        now = site.gateway.get_view(view_id)
    except NotShared:
        return None
    if not planned.is_still(now):
        raise ChangedDuringRun(
            operation.database, f"somebody changed the view {now.name!r} that it was to {what}"
        )
    return now


def _set_view(
    site: Site, operation: Operation, view_id: NotionId, known: View | None = None
) -> None:
    json, spec = (
        _json(site, operation),
        site.template.databases[operation.database].views[operation.key],
    )
    view = site.gateway.update_view(
        view_id,
        name=spec.title,
        filter=json.filter,
        sorts=json.sorts or None,
        quick_filters={**_former_quick_filters(site, operation), **json.quick_filters},
        configuration=json.configuration,
        whole=spec.type != "dashboard",
        known=known,
    )
    site.ledger.note_view(operation.database, operation.key, view)


def _former_quick_filters(site: Site, operation: Operation) -> dict[str, None]:
    """Return what takes away the quick filters that were the template's; those that people added stay."""
    entry = site.ledger.entry(operation.database)
    former = entry.views[operation.key].quick if operation.key in entry.views else ()
    return {entry.properties[key]: None for key in former if key in entry.properties}


def _json(site: Site, operation: Operation) -> ViewJson:
    database = operation.database

    def option_name(prop: str, option: str) -> str:
        return site.ledger.option_name(database, prop, option)

    ids = {
        each: site.ledger.property_id(database, each)
        for each in property_keys(site.template, database)
    }
    return view_json(site.template, database, operation.key, ids, option_name)
