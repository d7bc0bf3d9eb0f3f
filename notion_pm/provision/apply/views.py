"""Create and change views: the tabs of a database and the widgets of dashboards."""

from __future__ import annotations

from notion_pm.errors import ChangedDuringRun, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.property_lookup import property_keys
from notion_pm.model.schema import View, WidgetPlace
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.change import PlannedView
from notion_pm.provision.plan.operation import Operation
from notion_pm.template.view_json import ViewJson, view_json


def list_views(context: ApplyContext, operation: Operation) -> None:
    """Find the view that Notion created with a new database: its only one."""
    database_id = context.state.entry(operation.database).database_id
    view_ids = context.client.list_view_ids(database_id)
    context.state.note_default_view(operation.database, view_ids[0])


def adopt_view(context: ApplyContext, operation: Operation) -> None:
    """Make the view that Notion created the template's first table view."""
    _set_view(context, operation, context.state.default_view_id(operation.database))


def update_view(context: ApplyContext, operation: Operation) -> None:
    """Set a view as a whole.

    Raises ChangedDuringRun if people have changed it since the plan was made.
    """
    view_id = _recorded_view_id(context, operation)
    now = _read_unchanged_view(context, operation, view_id, "set")
    _set_view(context, operation, view_id, known=now)


def create_view(context: ApplyContext, operation: Operation) -> None:
    """Add a view: a tab of its database, or a widget of a dashboard."""
    database = operation.database
    entry = context.state.entry(database)
    spec = context.template.databases[database].views[operation.key]
    place = context.state.place_for(database, operation.key)
    json = _json(context, operation)

    def look_up() -> View | None:
        """Find the view, after a request to create it whose outcome is unknown."""
        view_ids = _tab_ids(context, entry.database_id)
        if place is not None:
            view_ids = _widget_ids(context, place)
        # Recorded views are other ones, even if they have the same title.
        for view_id in sorted(view_ids - context.state.known_ids()):
            view = context.client.get_view(view_id)
            if (view.name, view.type) == (spec.title, spec.type):
                return view
        return None

    view = context.client.create_view(
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
    context.state.note_view(database, operation.key, view)
    if place is not None:
        context.state.note_widget(place, view.id)


def _tab_ids(context: ApplyContext, database_id: NotionId) -> set[NotionId]:
    return set(context.client.list_view_ids(database_id))


def _widget_ids(context: ApplyContext, place: WidgetPlace) -> set[NotionId]:
    dashboard = context.client.get_view(place.dashboard_id)
    return {view_id for row in dashboard.rows for view_id in row}


def drop_default_view(context: ApplyContext, operation: Operation) -> None:
    """Delete the view that Notion created, when others exist and none is a table."""
    context.client.delete_view(context.state.default_view_id(operation.database))


def delete_view(context: ApplyContext, operation: Operation) -> None:
    """Delete a view that the template no longer has.

    Raises ChangedDuringRun if people have changed it since the plan was made.
    """
    view_id = _recorded_view_id(context, operation)
    now = _read_unchanged_view(context, operation, view_id, "delete")
    context.client.delete_view(view_id, known=now)
    context.state.forget_view(operation.database, operation.key)


def _recorded_view_id(context: ApplyContext, operation: Operation) -> NotionId:
    return context.state.entry(operation.database).views[operation.key].id


def _read_unchanged_view(
    context: ApplyContext, operation: Operation, view_id: NotionId, action: str
) -> View | None:
    """Read a view again right before it is overwritten or deleted.

    Returns None if the plan had not seen it, or if it was deleted in the meantime. Raises
    ChangedDuringRun if people have changed it since the plan was made.
    """
    planned = operation.changes[0].planned if operation.changes else None
    if not isinstance(planned, PlannedView):
        return None
    try:
        now = context.client.get_view(view_id)
    except NotShared:
        return None
    if not planned.is_unchanged(now):
        what = f"people changed the view {now.name!r} that it was about to {action}"
        raise ChangedDuringRun(operation.database, what)
    return now


def _set_view(
    context: ApplyContext, operation: Operation, view_id: NotionId, known: View | None = None
) -> None:
    spec = context.template.databases[operation.database].views[operation.key]
    json = _json(context, operation)
    view = context.client.update_view(
        view_id,
        name=spec.title,
        filter=json.filter,
        sorts=json.sorts or None,
        quick_filters={**_former_quick_filters(context, operation), **json.quick_filters},
        configuration=json.configuration,
        # Replacing the configuration of a dashboard as a whole would remove its widgets.
        whole=spec.type != "dashboard",
        known=known,
    )
    context.state.note_view(operation.database, operation.key, view)


def _former_quick_filters(context: ApplyContext, operation: Operation) -> dict[str, None]:
    """Return what removes the quick filters that were the template's; those of people stay."""
    entry = context.state.entry(operation.database)
    recorded = entry.views.get(operation.key)
    former_keys = recorded.quick if recorded is not None else ()
    return {entry.properties[key]: None for key in former_keys if key in entry.properties}


def _json(context: ApplyContext, operation: Operation) -> ViewJson:
    """Return a view as Notion's API takes it, with the ids and names of now."""
    database = operation.database

    def option_name(property_key: str, option: str) -> str:
        return context.state.option_name(database, property_key, option)

    property_ids = {
        key: context.state.property_id(database, key)
        for key in property_keys(context.template, database)
    }
    return view_json(context.template, database, operation.key, property_ids, option_name)
