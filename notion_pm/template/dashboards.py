"""Dashboards: which views of a template stand on which, and where a new one goes (notion-api.md 2.6).

Notion's API places a view when it creates it, and can neither move it nor take it off: those are told, not planned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import WidgetPlace, WidgetRows
from notion_pm.model.template import MOST_WIDGETS_IN_ROW, Template

ViewName = tuple[str, str]
"""A view of a template: its database's key and its own."""


def view_name(text: str) -> ViewName:
    """Return the name that `features.board` stands for."""
    database, _, key = text.partition(".")
    return database, key


def spelled(name: ViewName) -> str:
    """Return a view's name as templates write it."""
    return ".".join(name)


def dashboards(template: Template) -> Iterator[ViewName]:
    """Yield the dashboards of a template."""
    for database, spec in template.databases.items():
        yield from ((database, key) for key, view in spec.views.items() if view.type == "dashboard")


def widgets(template: Template, dashboard: ViewName) -> tuple[tuple[ViewName, ...], ...]:
    """Return the views on a dashboard, row by row."""
    rows = template.databases[dashboard[0]].views[dashboard[1]].widgets
    return tuple(tuple(view_name(each) for each in row) for row in rows)


def holders(template: Template) -> dict[ViewName, ViewName]:
    """Return the dashboard of each view that stands on one."""
    return {
        widget: dashboard
        for dashboard in dashboards(template)
        for row in widgets(template, dashboard)
        for widget in row
    }


def place_for(
    widget: ViewName,
    wanted: Sequence[Sequence[ViewName]],
    ids: dict[ViewName, NotionId],
    dashboard_id: NotionId,
    there: WidgetRows,
) -> WidgetPlace:
    """Return where a new widget goes on a dashboard that may hold some of its neighbours, wherever people put them.

    It goes beside those that share its row, else below those of the rows above it.
    """
    row = next(place for place, each in enumerate(wanted) if widget in each)
    beside = _last_row_with({ids[each] for each in wanted[row] if each in ids}, there)
    if beside is not None and len(there[beside]) < MOST_WIDGETS_IN_ROW:
        return WidgetPlace(dashboard_id, beside, beside=True)
    above = _last_row_with(
        {ids[each] for earlier in wanted[:row] for each in earlier if each in ids}, there
    )
    index = 0 if above is None else above + 1
    return WidgetPlace(dashboard_id, index if index < len(there) else None, beside=False)


def _last_row_with(ids: Collection[NotionId], rows: WidgetRows) -> int | None:
    return max(
        (index for index, row in enumerate(rows) if not set(row).isdisjoint(ids)), default=None
    )


def with_widget(rows: WidgetRows, place: WidgetPlace, view_id: NotionId) -> WidgetRows:
    """Return the rows of a dashboard once a view was put there."""
    index = len(rows) if place.row is None else place.row
    if place.beside:
        return (*rows[:index], (*rows[index], view_id), *rows[index + 1 :])
    return (*rows[:index], (view_id,), *rows[index:])


def arranged_otherwise(
    wanted: Sequence[Sequence[ViewName]], ids: dict[ViewName, NotionId], there: WidgetRows
) -> bool:
    """Whether the widgets that exist stand otherwise than the template has them; what else is there does not count."""
    desired = _without_empty([[ids[each] for each in row if each in ids] for row in wanted])
    ours = {each for row in desired for each in row}
    present = {each for row in there for each in row}
    actual = _without_empty([[each for each in row if each in ours] for row in there])
    return actual != _without_empty([[each for each in row if each in present] for row in desired])


def _without_empty(rows: Sequence[list[NotionId]]) -> list[list[NotionId]]:
    return [row for row in rows if row]
