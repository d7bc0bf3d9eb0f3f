"""Dashboards: views that hold other views as widgets, in rows."""

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
    """Put a new view on the dashboard that the request names."""
    dashboard = tabs.find(session, checks.body_id(body, "view_id"))
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
    placement = checks.an_object(
        sent if sent is not None else {"type": "new_row"}, "body.placement"
    )
    kind = checks.one_of(
        checks.require(placement, "type", "body.placement"), _PLACEMENTS, "body.placement.type"
    )
    index = int(checks.a_number(placement.get("row_index", len(rows)), "body.placement.row_index"))
    widget = {"id": new_id(), "view_id": view_id}
    if kind == "new_row":
        return [*rows[:index], {"id": new_id(), "widgets": [widget]}, *rows[index:]]
    if not 0 <= index < len(rows):
        raise body_error("body.placement.row_index", f"< `{len(rows)}`", index)
    widgets = [*rows[index]["widgets"], widget]
    if len(widgets) > MOST_WIDGETS_IN_ROW:
        raise validation_error(f"A dashboard row holds at most {MOST_WIDGETS_IN_ROW} widgets.")
    return [*rows[:index], {**rows[index], "widgets": widgets}, *rows[index + 1 :]]


def remove_widget(session: Session, view: View) -> None:
    """Remove a widget from its dashboard, and its row when nothing else stands there."""
    dashboard = tabs.find(session, view.dashboard_view_id or "")
    rows = [
        {**row, "widgets": [widget for widget in row["widgets"] if widget["view_id"] != view.id]}
        for row in dashboard.configuration["rows"]
    ]
    kept = [row for row in rows if row["widgets"]]
    VIEWS.update(
        session.db, replace(dashboard, configuration={**dashboard.configuration, "rows": kept})
    )
