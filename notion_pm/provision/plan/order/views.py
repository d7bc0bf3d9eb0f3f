"""Changes of views -> operations. Tabs are made one after the other, and so are the widgets of a dashboard: their order
is that in which people see them. A dashboard is there before its widgets."""

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
"""What Notion calls the table view that it makes with every database (notion-api.md 2.1)."""


def default_view(views: Iterable[View]) -> View | None:
    """Return the view that Notion made by itself, if it is among these."""
    return next(
        (each for each in views if each.name == DEFAULT_VIEW and each.type == "table"), None
    )


def view_operations(
    template: Template,
    existing: Existing,
    changes: Iterable[Change],
    new: Collection[str],
    before: Sequence[Operation],
) -> list[Operation]:
    """Return the operations that make the changes of views; `before` are those that come first, of databases.

    `new` are the databases that these create.
    """
    changed = {(each.database, each.key): each for each in changes if each.kind == "view"}
    return _Views(template, existing, changed, new, before).operations()


class _Views:
    """Gathers the operations on views of one plan."""

    def __init__(
        self,
        template: Template,
        existing: Existing,
        changed: dict[ViewName, Change],
        new: Collection[str],
        before: Sequence[Operation],
    ) -> None:
        self._template = template
        self._existing = existing
        self._changed = changed
        self._new = new
        self._before = before
        self._holders = dashboards_by_widget(template)
        self._made: dict[ViewName, Operation] = {}
        self._found: list[Operation] = []

    def operations(self) -> list[Operation]:
        for database in self._template.databases:
            self._tabs(database)
        for dashboard in dashboards(self._template):
            self._widgets(dashboard)
        self._deletions()
        return self._found

    def _add(self, operation: Operation) -> Operation:
        self._found.append(operation)
        return operation

    def _ready(self, database: str) -> frozenset[str]:
        """What must be done before a view of a database: it is there, and the names of all properties are known."""
        created = {OperationKind.CREATE_DATABASE, OperationKind.UPDATE_DATABASE}
        return operation_names(
            each for each in self._before if each.kind not in created or each.database == database
        )

    def _tabs(self, database: str) -> None:
        """Add one operation a tab. The first table view takes over the one that Notion made."""
        views = self._template.databases[database].views
        tabs = [key for key in views if (database, key) not in self._holders]
        changes = [self._changed[database, key] for key in tabs if (database, key) in self._changed]
        ready, default = self._ready(database), self._has_default_view(database)
        if database in self._new and changes:
            ready |= operation_names(
                [self._add(Operation(OperationKind.LIST_VIEWS, database, needs=ready))]
            )
        last: list[Operation] = []
        for change in changes:
            kind = (
                OperationKind.CREATE_VIEW
                if change.action == "create"
                else OperationKind.UPDATE_VIEW
            )
            if default and kind is OperationKind.CREATE_VIEW and views[change.key].type == "table":
                kind, default = OperationKind.ADOPT_VIEW, False
            last = [self._view(kind, change, ready | operation_names(last))]
        if default and tabs and all(views[key].type != "table" for key in tabs):
            self._add(
                Operation(
                    OperationKind.DROP_DEFAULT_VIEW, database, needs=ready | operation_names(last)
                )
            )

    def _widgets(self, dashboard: ViewName) -> None:
        """Add one operation a widget."""
        last = [self._made[dashboard]] if dashboard in self._made else []
        for database, key in (
            each for row in widget_rows(self._template, dashboard) for each in row
        ):
            change = self._changed.get((database, key))
            if change is not None:
                kind = (
                    OperationKind.CREATE_VIEW
                    if change.action == "create"
                    else OperationKind.UPDATE_VIEW
                )
                last = [self._view(kind, change, self._ready(database) | operation_names(last))]

    def _view(self, kind: OperationKind, change: Change, needs: frozenset[str]) -> Operation:
        operation = self._add(
            Operation(kind, change.database, change.key, changes=(change,), needs=needs)
        )
        self._made[change.database, change.key] = operation
        return operation

    def _deletions(self) -> None:
        """Delete after the new views are there, because Notion keeps the last of a database; widgets come first."""
        gone = [name for name, each in self._changed.items() if each.action == "delete"]
        on: dict[str | None, list[Operation]] = defaultdict(list)
        for name in sorted(gone, key=lambda each: self._dashboard(each) is None):
            here = [each for (database, _), each in self._made.items() if database == name[0]]
            needs = self._ready(name[0]) | operation_names([*here, *on[format_view_name(name)]])
            deletion = Operation(
                OperationKind.DELETE_VIEW, *name, changes=(self._changed[name],), needs=needs
            )
            on[self._dashboard(name)].append(self._add(deletion))

    def _dashboard(self, name: ViewName) -> str | None:
        entry = self._existing.entry(name[0])
        return entry.views[name[1]].dashboard if entry else None

    def _has_default_view(self, database: str) -> bool:
        """Whether Notion's own first view is still there for us to take over."""
        found = self._existing.databases.get(database)
        left = found is not None and found.left_behind and default_view(found.views) is not None
        return database in self._new or left
