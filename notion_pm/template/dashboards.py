"""Dashboards: which views of a template they show, and where a new widget goes.

Notion's API places a view only when it creates it. It can neither move a widget nor take it off
its dashboard (notion-api.md 2.6). So a plan reports different arrangements, but does not change
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import WidgetPlace, WidgetRows
from notion_pm.model.template import MOST_WIDGETS_IN_ROW, Template

ViewName = tuple[str, str]
"""A view of a template: the key of its database and its own."""


def parse_view_name(text: str) -> ViewName:
    """Return the name in a text such as `features.board`."""
    database, _, key = text.partition(".")
    return database, key


def format_view_name(name: ViewName) -> str:
    """Return a view's name as templates write it."""
    return ".".join(name)


def dashboards(template: Template) -> Iterator[ViewName]:
    """Yield the dashboards of a template."""
    for database, spec in template.databases.items():
        for key, view in spec.views.items():
            if view.type == "dashboard":
                yield database, key


def widget_rows(template: Template, dashboard: ViewName) -> tuple[tuple[ViewName, ...], ...]:
    """Return the views on a dashboard, row by row."""
    database, key = dashboard
    rows = template.databases[database].views[key].widgets
    return tuple(tuple(map(parse_view_name, row)) for row in rows)


def dashboards_by_widget(template: Template) -> dict[ViewName, ViewName]:
    """Return the dashboard of each view that is on one."""
    result: dict[ViewName, ViewName] = {}
    for dashboard in dashboards(template):
        for row in widget_rows(template, dashboard):
            result |= dict.fromkeys(row, dashboard)
    return result


def choose_place(
    widget: ViewName,
    wanted: Sequence[Sequence[ViewName]],
    ids: Mapping[ViewName, NotionId],
    dashboard_id: NotionId,
    current: WidgetRows,
) -> WidgetPlace:
    """Return where to put a new widget on a dashboard.

    `wanted`: the rows of the template. `ids`: the widgets that exist. `current`: the rows of the
    dashboard, which people may have rearranged. The widget goes beside a widget of its own row,
    else below the widgets of the rows above.
    """
    wanted_row = next(index for index, row in enumerate(wanted) if widget in row)

    neighbours = _existing_ids(wanted[wanted_row], ids)
    beside = _last_row_with(neighbours, current)
    # When people filled this row up, the widget needs a row of its own.
    if beside is not None and len(current[beside]) < MOST_WIDGETS_IN_ROW:
        return WidgetPlace(dashboard_id, beside, beside=True)

    widgets_above: list[NotionId] = []
    for row in wanted[:wanted_row]:
        widgets_above += _existing_ids(row, ids)
    above = _last_row_with(widgets_above, current)
    new_row = 0 if above is None else above + 1
    is_last = new_row >= len(current)
    return WidgetPlace(dashboard_id, None if is_last else new_row, beside=False)


def _existing_ids(widgets: Sequence[ViewName], ids: Mapping[ViewName, NotionId]) -> list[NotionId]:
    return [ids[widget] for widget in widgets if widget in ids]


def _last_row_with(ids: Collection[NotionId], rows: WidgetRows) -> int | None:
    indices = [index for index, row in enumerate(rows) if not set(row).isdisjoint(ids)]
    return max(indices, default=None)


def insert_widget(rows: WidgetRows, place: WidgetPlace, view_id: NotionId) -> WidgetRows:
    """Return the rows of a dashboard after a view was put there."""
    index = len(rows) if place.row is None else place.row
    if place.beside:
        return (*rows[:index], (*rows[index], view_id), *rows[index + 1 :])
    return (*rows[:index], (view_id,), *rows[index:])


def is_rearranged(
    wanted: Sequence[Sequence[ViewName]], ids: Mapping[ViewName, NotionId], current: WidgetRows
) -> bool:
    """Return whether the widgets that exist are arranged differently than in the template.

    Other widgets on the dashboard do not count, nor do widgets that people took off it.
    """
    wanted_ids = [_existing_ids(row, ids) for row in wanted]
    ours = _all_of(wanted_ids)
    current_ids = _only(current, ours)
    present = _all_of(current_ids)
    return current_ids != _only(wanted_ids, present)


def _all_of(rows: Sequence[Sequence[NotionId]]) -> set[NotionId]:
    widgets: set[NotionId] = set()
    return widgets.union(*rows)


def _only(
    rows: Sequence[Sequence[NotionId]], widgets: Collection[NotionId]
) -> list[list[NotionId]]:
    """Return the rows with only these widgets, without rows that become empty."""
    result = []
    for row in rows:
        kept = [widget for widget in row if widget in widgets]
        if kept:
            result.append(kept)
    return result
