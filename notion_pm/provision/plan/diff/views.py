"""Views: what the template says against what is there. What Notion's API cannot do for a view, people are told."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry, ViewEntry
from notion_pm.model.template import Template, ViewSpec
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change, Note
from notion_pm.template.dashboards import (
    ViewName,
    dashboards,
    dashboards_by_widget,
    format_view_name,
    is_rearranged,
    widget_rows,
)

Finding = Change | Note


def view_changes(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    found: ExistingDatabase,
    existing: Existing,
) -> Iterator[Finding]:
    """Find the views of a database that are to be made or set anew, and what people made of the others."""
    there = {*found.view_ids, *existing.widget_ids}
    on = dashboards_by_widget(template)
    for key, view in template.databases[database].views.items():
        place, owned, holder = (
            address(database, "views", key),
            entry.views.get(key),
            on.get((database, key)),
        )
        if owned is None and holder is not None and _is_gone(holder, existing):
            yield Note(
                place, f"the dashboard {format_view_name(holder)} was deleted in Notion; not made"
            )
        elif owned is None:
            details = (f"{view.title} ({view.type})",)
            yield Change(
                place, "create", "view", "new in the template", "safe", details, database, key
            )
        elif owned.id not in there:
            yield Note(place, f"the view {view.title!r} was deleted in Notion; not made again")
        else:
            yield from _owned(template, (database, key), view, owned, holder)
    yield from _arrangements(template, database, entry, found, existing)


def _owned(
    template: Template, name: ViewName, view: ViewSpec, owned: ViewEntry, holder: ViewName | None
) -> Iterator[Finding]:
    place = address(name[0], "views", name[1])
    if owned.dashboard != (format_view_name(holder) if holder else None):
        wanted = f"on the dashboard {format_view_name(holder)}" if holder else "as a tab of its own"
        yield Note(
            place, f"the template has it {wanted}; Notion's API cannot move a view, people can"
        )
    if owned.fingerprint != fingerprint.of_view(template, *name):
        yield Change(
            place, "update", "view", "changed in the template", "safe", (view.title,), *name
        )


def _is_gone(dashboard: ViewName, existing: Existing) -> bool:
    entry, found = existing.entry(dashboard[0]), existing.databases.get(dashboard[0])
    owned = entry.views.get(dashboard[1]) if entry else None
    return owned is not None and found is not None and owned.id not in found.view_ids


def _arrangements(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    found: ExistingDatabase,
    existing: Existing,
) -> Iterator[Note]:
    for dashboard in dashboards(template):
        owned = entry.views.get(dashboard[1]) if dashboard[0] == database else None
        rows = found.dashboards.get(owned.id) if owned else None
        if rows is not None and is_rearranged(
            widget_rows(template, dashboard), existing.view_ids, rows
        ):
            moved = "its widgets stand otherwise than in the template; Notion's API cannot move them, people can"
            yield Note(address(database, "views", dashboard[1]), moved)
