"""Turn changes of views into operations.

People see tabs and widgets in the order in which they were created, so they are created one after
the other. A dashboard is created before its widgets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from notion_pm.model.existing import Existing
from notion_pm.model.schema import View
from notion_pm.model.template import Template
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.operation import Operation, OperationKind, operation_names
from notion_pm.template.dashboards import (
    ViewName,
    dashboards,
    dashboards_by_widget,
    format_view_name,
    widget_rows,
)

DEFAULT_VIEW = "Default view"
"""The title of the table view that Notion creates with every database (notion-api.md 2.1)."""


def default_view(views: Iterable[View]) -> View | None:
    """Return the view that Notion created by itself, if it is among these."""
    for view in views:
        if view.name == DEFAULT_VIEW and view.type == "table":
            return view
    return None


def view_operations(
    template: Template,
    existing: Existing,
    changes: Iterable[Change],
    new_databases: Collection[str],
    before: Sequence[Operation],
) -> list[Operation]:
    """Return the operations that make the changes of views.

    `before` are the operations on databases and properties, `new_databases` the databases that
    these create.
    """
    changed = {(change.database, change.key): change for change in changes if change.kind == "view"}
    return _ViewOrdering(template, existing, changed, new_databases, before).operations()


class _ViewOrdering:
    """Collects the operations on views of one plan."""

    def __init__(
        self,
        template: Template,
        existing: Existing,
        changed: dict[ViewName, Change],
        new_databases: Collection[str],
        before: Sequence[Operation],
    ) -> None:
        self._template = template
        self._existing = existing
        self._changed = changed
        self._new_databases = new_databases
        self._before = before
        self._dashboard_of = dashboards_by_widget(template)
        self._operation_of: dict[ViewName, Operation] = {}
        self._operations: list[Operation] = []

    def operations(self) -> list[Operation]:
        for database in self._template.databases:
            self._add_tabs(database)
        for dashboard in dashboards(self._template):
            self._add_widgets(dashboard)
        self._add_deletions()
        return self._operations

    def _add(self, operation: Operation) -> Operation:
        self._operations.append(operation)
        return operation

    def _needs_of_views(self, database: str) -> frozenset[str]:
        """Return what must be done before a view of a database: the database exists, and the names
        of all properties are known."""
        database_kinds = {OperationKind.CREATE_DATABASE, OperationKind.UPDATE_DATABASE}
        return operation_names(
            operation
            for operation in self._before
            if operation.kind not in database_kinds or operation.database == database
        )

    def _add_tabs(self, database: str) -> None:
        """Add one operation per changed tab.

        The template's first new table view takes over the view that Notion created. If the template
        has no table view, that one is deleted once others exist.
        """
        views = self._template.databases[database].views
        tabs = [key for key in views if (database, key) not in self._dashboard_of]
        changes = [self._changed[database, key] for key in tabs if (database, key) in self._changed]
        needs = self._needs_of_views(database)
        has_default_view = self._has_default_view(database)
        # The id of the view that Notion created is in no answer, so it is asked for.
        if changes and database in self._new_databases:
            listing = self._add(Operation(OperationKind.LIST_VIEWS, database, needs=needs))
            needs |= operation_names([listing])

        previous: list[Operation] = []
        for change in changes:
            kind = _view_operation_kind(change)
            is_table = views[change.key].type == "table"
            # Notion's API cannot create a database without a view, and its first view is a table.
            if has_default_view and kind is OperationKind.CREATE_VIEW and is_table:
                kind = OperationKind.ADOPT_VIEW
                has_default_view = False
            previous = [self._add_view(kind, change, needs | operation_names(previous))]

        # It can be deleted only now: Notion keeps the last view of a database.
        has_no_table = all(views[key].type != "table" for key in tabs)
        if has_default_view and tabs and has_no_table:
            needs |= operation_names(previous)
            self._add(Operation(OperationKind.DROP_DEFAULT_VIEW, database, needs=needs))

    def _add_widgets(self, dashboard: ViewName) -> None:
        """Add one operation per changed widget of a dashboard."""
        previous = []
        if dashboard in self._operation_of:
            previous.append(self._operation_of[dashboard])
        for row in widget_rows(self._template, dashboard):
            for name in row:
                change = self._changed.get(name)
                if change is not None:
                    needs = self._needs_of_views(name[0]) | operation_names(previous)
                    previous = [self._add_view(_view_operation_kind(change), change, needs)]

    def _add_view(self, kind: OperationKind, change: Change, needs: frozenset[str]) -> Operation:
        operation = self._add(
            Operation(kind, change.database, change.key, changes=(change,), needs=needs)
        )
        self._operation_of[change.database, change.key] = operation
        return operation

    def _add_deletions(self) -> None:
        """Add the deletions, after the new views: Notion does not delete the last view of a
        database.

        Widgets are deleted before their dashboard, which would take them along.
        """
        deleted = [name for name, change in self._changed.items() if change.action == "delete"]
        widgets_first = sorted(deleted, key=lambda name: self._recorded_dashboard(name) is None)
        deletions_on: dict[str | None, list[Operation]] = defaultdict(list)
        for name in widgets_first:
            database, key = name
            views_of_database = [
                operation
                for (other_database, _), operation in self._operation_of.items()
                if other_database == database
            ]
            before = operation_names([*views_of_database, *deletions_on[format_view_name(name)]])
            deletion = Operation(
                OperationKind.DELETE_VIEW,
                database,
                key,
                changes=(self._changed[name],),
                needs=self._needs_of_views(database) | before,
            )
            deletions_on[self._recorded_dashboard(name)].append(self._add(deletion))

    def _recorded_dashboard(self, name: ViewName) -> str | None:
        entry = self._existing.entry(name[0])
        return entry.views[name[1]].dashboard if entry else None

    def _has_default_view(self, database: str) -> bool:
        """Whether the view that Notion created exists and may be taken over.

        It does in a new database, and in one that an interrupted apply created.
        """
        if database in self._new_databases:
            return True
        found = self._existing.databases.get(database)
        return found is not None and found.left_behind and default_view(found.views) is not None


def _view_operation_kind(change: Change) -> OperationKind:
    if change.action == "create":
        return OperationKind.CREATE_VIEW
    return OperationKind.UPDATE_VIEW
