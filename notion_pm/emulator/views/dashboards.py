"""Dashboards: views that show other views as widgets, in rows (notion-api.md 2.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from notion_pm.emulator.blocks import tree
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.store.content_records import VIEWS, View
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.views import tabs

Json = dict[str, Any]

MOST_WIDGETS_IN_ROW = 4
_PLACEMENTS = ("new_row", "existing_row")


def with_widget(session: Session, draft: View, body: Mapping[str, Any]) -> View:
    """Add a new view to the dashboard that the request names, and return it."""
    dashboard = tabs.find(session, checks.body_id(body, "view_id"))
    # Dashboards cannot be nested (notion-api.md 2.6).
    if dashboard.type != "dashboard" or draft.type == "dashboard":
        raise validation_error(
            "Widgets can be added to dashboard views only, and a dashboard cannot be a widget."
        )
    rows = _place_widget(dashboard.configuration["rows"], draft.id, body.get("placement"))
    changed = replace(
        dashboard,
        configuration={**dashboard.configuration, "rows": rows},
        **tree.edit_stamp(session),
    )
    VIEWS.update(session.db, changed)
    return replace(draft, database_id=dashboard.database_id, dashboard_view_id=dashboard.id)


def _place_widget(rows: Sequence[Json], view_id: str, sent: Any) -> list[Json]:
    """Return the rows of a dashboard with a new widget, by default in a new row at the end."""
    path = "body.placement"
    placement = {"type": "new_row"} if sent is None else checks.an_object(sent, path)
    kind = checks.require(placement, "type", path)
    checks.one_of(kind, _PLACEMENTS, f"{path}.type")
    index = int(checks.a_number(placement.get("row_index", len(rows)), f"{path}.row_index"))
    widget = {"id": new_id(), "view_id": view_id}
    if kind == "new_row":
        new_row = {"id": new_id(), "widgets": [widget]}
        return [*rows[:index], new_row, *rows[index:]]

    if not 0 <= index < len(rows):
        raise body_error(f"{path}.row_index", f"< `{len(rows)}`", index)
    widgets = [*rows[index]["widgets"], widget]
    if len(widgets) > MOST_WIDGETS_IN_ROW:
        raise validation_error(f"A dashboard row holds at most {MOST_WIDGETS_IN_ROW} widgets.")
    return [*rows[:index], {**rows[index], "widgets": widgets}, *rows[index + 1 :]]


def remove_widget(session: Session, view: View) -> None:
    """Remove a widget from its dashboard, and its row if it was the only widget there."""
    dashboard = tabs.find(session, view.dashboard_view_id or "")
    rows = []
    for row in dashboard.configuration["rows"]:
        widgets = [widget for widget in row["widgets"] if widget["view_id"] != view.id]
        if widgets:
            rows.append({**row, "widgets": widgets})
    configuration = {**dashboard.configuration, "rows": rows}
    VIEWS.update(session.db, replace(dashboard, configuration=configuration))
