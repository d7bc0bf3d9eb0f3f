"""Making and changing views: the tabs of a database."""

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
    """Find the view that Notion made with a new database: its only one."""
    ids = context.gateway.list_view_ids(context.state.entry(operation.database).database_id)
    context.state.note_default_view(operation.database, ids[0])


def adopt_view(context: ApplyContext, operation: Operation) -> None:
    """Make Notion's own view the template's first table view."""
    _set_view(context, operation, context.state.default_view_id(operation.database))


def update_view(context: ApplyContext, operation: Operation) -> None:
    """Set a view anew, as a whole.

    Raises ChangedDuringRun when people have changed it since the plan was made.
    """
    view_id = context.state.entry(operation.database).views[operation.key].id
    _set_view(
        context,
        operation,
        view_id,
        known=_planned_view_as_it_is(context, operation, view_id, "set"),
    )


def create_view(context: ApplyContext, operation: Operation) -> None:
    """Add a view: a tab of its database, or a widget of a dashboard."""
    database, entry = operation.database, context.state.entry(operation.database)
    spec, json = (
        context.template.databases[database].views[operation.key],
        _json(context, operation),
    )
    place = context.state.place_for(database, operation.key)

    def look_up() -> View | None:
        there = (
            _view_ids(context, entry.database_id) if place is None else _widget_ids(context, place)
        )
        views = (
            context.gateway.get_view(each) for each in sorted(there - context.state.known_ids())
        )
        return next(
            (view for view in views if (view.name, view.type) == (spec.title, spec.type)), None
        )

    view = context.gateway.create_view(
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


def _view_ids(context: ApplyContext, database_id: NotionId) -> set[NotionId]:
    return set(context.gateway.list_view_ids(database_id))


def _widget_ids(context: ApplyContext, place: WidgetPlace) -> set[NotionId]:
    return {each for row in context.gateway.get_view(place.dashboard_id).rows for each in row}


def drop_default_view(context: ApplyContext, operation: Operation) -> None:
    """Delete Notion's own view, when others are there and none is a table."""
    context.gateway.delete_view(context.state.default_view_id(operation.database))


def delete_view(context: ApplyContext, operation: Operation) -> None:
    """Delete a view that the template no longer has.

    Raises ChangedDuringRun when people have changed it since the plan was made.
    """
    view_id = context.state.entry(operation.database).views[operation.key].id
    now = _planned_view_as_it_is(context, operation, view_id, "delete")
    context.gateway.delete_view(view_id, known=now)
    context.state.forget_view(operation.database, operation.key)


def _planned_view_as_it_is(
    context: ApplyContext, operation: Operation, view_id: NotionId, what: str
) -> View | None:
    """Read a view once more that is to be overwritten, None when the plan has not seen it or it is gone.

    Raises ChangedDuringRun when people have changed it since the plan was made.
    """
    planned = operation.changes[0].planned if operation.changes else None
    if not isinstance(planned, PlannedView):
        return None
    try:
        now = context.gateway.get_view(view_id)
    except NotShared:
        return None
    if not planned.is_still(now):
        raise ChangedDuringRun(
            operation.database, f"somebody changed the view {now.name!r} that it was to {what}"
        )
    return now


def _set_view(
    context: ApplyContext, operation: Operation, view_id: NotionId, known: View | None = None
) -> None:
    json, spec = (
        _json(context, operation),
        context.template.databases[operation.database].views[operation.key],
    )
    view = context.gateway.update_view(
        view_id,
        name=spec.title,
        filter=json.filter,
        sorts=json.sorts or None,
        quick_filters={**_former_quick_filters(context, operation), **json.quick_filters},
        configuration=json.configuration,
        whole=spec.type != "dashboard",
        known=known,
    )
    context.state.note_view(operation.database, operation.key, view)


def _former_quick_filters(context: ApplyContext, operation: Operation) -> dict[str, None]:
    """Return what takes away the quick filters that were the template's; those that people added stay."""
    entry = context.state.entry(operation.database)
    former = entry.views[operation.key].quick if operation.key in entry.views else ()
    return {entry.properties[key]: None for key in former if key in entry.properties}


def _json(context: ApplyContext, operation: Operation) -> ViewJson:
    database = operation.database

    def option_name(prop: str, option: str) -> str:
        return context.state.option_name(database, prop, option)

    ids = {
        each: context.state.property_id(database, each)
        for each in property_keys(context.template, database)
    }
    return view_json(context.template, database, operation.key, ids, option_name)
