"""Compare the views of a database with the template. What Notion's API cannot change is noted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from notion_pm.conditions.template_filters import as_filter, as_quick_filters
from notion_pm.model.existing import Existing
from notion_pm.model.ids import address
from notion_pm.model.manifest import ViewEntry
from notion_pm.model.template import Template, ViewSpec
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change, Finding, Note
from notion_pm.provision.plan.diff.compared_database import ComparedDatabase
from notion_pm.template.dashboards import (
    ViewName,
    dashboards,
    dashboards_by_widget,
    format_view_name,
    is_rearranged,
    widget_rows,
)


def view_changes(database: ComparedDatabase) -> Iterator[Finding]:
    """Find the views to create or update, and what people changed in the others."""
    dashboard_of = dashboards_by_widget(database.template)
    in_notion = {*database.found.view_ids, *database.existing.widget_ids}
    # The cases: deleted by people, existing, new on a dashboard that people deleted, new.
    for key, view in database.spec.views.items():
        recorded = database.entry.views.get(key)
        dashboard = dashboard_of.get((database.key, key))
        where = database.address("views", key)
        if recorded is not None and recorded.id not in in_notion:
            message = f"the view {view.title!r} was deleted in Notion; not created again"
            yield Note(where, message)
        elif recorded is not None:
            yield from _compare_view(database, key, recorded, dashboard)
        elif dashboard is not None and _is_deleted(dashboard, database.existing):
            message = (
                f"the dashboard {format_view_name(dashboard)} was deleted in Notion; not created"
            )
            yield Note(where, message, _view_title(view))
        else:
            yield new_view(database.key, key, view)
    yield from _notes_on_moved_widgets(database)


def new_view(database: str, key: str, view: ViewSpec) -> Change:
    """Return the change that creates a view."""
    return Change(
        address(database, "views", key),
        "create",
        "view",
        "new in the template",
        details=(f"{view.title} ({view.type})",),
        database=database,
        key=key,
        title=_view_title(view),
        summary=f"new view ({view.type})",
    )


def _compare_view(
    database: ComparedDatabase, key: str, recorded: ViewEntry, dashboard: ViewName | None
) -> Iterator[Finding]:
    """Compare a view that exists. `dashboard` is the one on which the template has it."""
    view = database.spec.views[key]
    wanted_dashboard = format_view_name(dashboard) if dashboard else None
    # The API can place a view only when it creates it (notion-api.md 2.6).
    if recorded.dashboard != wanted_dashboard:
        wanted = f"on the dashboard {wanted_dashboard}" if dashboard else "as a tab of its own"
        message = f"the template has it {wanted}; Notion's API cannot move a view, people can"
        yield Note(database.address("views", key), message, _view_title(view))
    # Only a change of the template counts. What people set in a view is theirs until then.
    if recorded.fingerprint != fingerprint.of_view(database.template, database.key, key):
        yield _update(database, key, "changed in the template", "updated")


def _update(database: ComparedDatabase, key: str, reason: str, summary: str) -> Change:
    view = database.spec.views[key]
    return Change(
        database.address("views", key),
        "update",
        "view",
        reason,
        details=(view.title,),
        database=database.key,
        key=key,
        title=_view_title(view),
        summary=summary,
    )


def _view_title(view: ViewSpec) -> str:
    return f'view "{view.title}"'


def _is_deleted(dashboard: ViewName, existing: Existing) -> bool:
    """Whether people deleted a dashboard that an earlier apply created."""
    database_key, view_key = dashboard
    entry = existing.entry(database_key)
    found = existing.databases.get(database_key)
    recorded = entry.views.get(view_key) if entry else None
    return recorded is not None and found is not None and recorded.id not in found.view_ids


def _notes_on_moved_widgets(database: ComparedDatabase) -> Iterator[Note]:
    """Note the dashboards whose widgets people arranged in another way than the template."""
    for dashboard in dashboards(database.template):
        database_key, view_key = dashboard
        recorded = database.entry.views.get(view_key) if database_key == database.key else None
        rows = database.found.dashboards.get(recorded.id) if recorded else None
        # Not our dashboard, or its widgets were not read because none of ours is on it.
        if rows is None:
            continue
        wanted = widget_rows(database.template, dashboard)
        if is_rearranged(wanted, database.existing.view_ids, rows):
            message = (
                "its widgets are arranged differently than in the template; "
                "Notion's API cannot move them, people can"
            )
            title = _view_title(database.spec.views[view_key])
            yield Note(database.address("views", view_key), message, title)


def changes_for_renamed_options(
    database: ComparedDatabase, findings: Iterable[Finding]
) -> Iterator[Change]:
    """Find the views that filter by an option which these findings rename.

    Notion's filters name options, so such a view must be updated. Views that change anyway are left
    out.
    """
    renamed_options = set()
    changed_views = set()
    for finding in findings:
        if not isinstance(finding, Change):
            continue
        if finding.replacement is not None and finding.replacement.renames:
            renamed_options.add((finding.key, finding.replacement.option))
        if finding.kind == "view":
            changed_views.add(finding.key)

    in_notion = {*database.found.view_ids, *database.existing.widget_ids}
    for key, view in database.spec.views.items():
        recorded = database.entry.views.get(key)
        if recorded is None or recorded.id not in in_notion or key in changed_views:
            continue
        if renamed_options & _options_in_filters(database.template, database.key, view):
            reason = "filters by an option that gets another name"
            yield _update(database, key, reason, f"updated: it {reason}")


def _options_in_filters(template: Template, database: str, view: ViewSpec) -> set[tuple[str, str]]:
    """Return the options that a view filters by, as (property key, option key).

    Compiling the filter asks for the name of each option that it uses; the callback notes them.
    """
    used: set[tuple[str, str]] = set()

    def note_option(property_key: str, option: str) -> str:
        used.add((property_key, option))
        return option

    property_names = {key: key for key in (*view.where, *view.quick)}
    as_filter(template, database, view.where, property_names, note_option)
    as_quick_filters(template, database, view.quick, property_names, note_option)
    return used
