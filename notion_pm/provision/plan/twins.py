"""Where an apply looks for twins. A twin is something that Notion created twice, because a proxy
sent a request a second time.

Twins of databases and of the record page show in the list of the parent page, which is read in any
case to verify an apply. Rows and views take requests of their own, and are searched only where the
apply, or the interrupted one that it continues, created some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import View
from notion_pm.model.template import Template
from notion_pm.provision.plan.operation import Operation, OperationKind, list_requests
from notion_pm.template.dashboards import ViewName, dashboards_by_widget


@dataclass(frozen=True, slots=True)
class TwinSearch:
    """What to search: the rows and the tabs of databases, and the widgets of dashboards.

    `rows`: number of rows that each database is expected to list. `recorded_views`: views recorded
    before this apply of whose title another one appeared since, by the interrupted apply or by a
    person. They are read to compare the two.
    """

    rows: dict[str, int]
    tabs: tuple[str, ...]
    dashboards: tuple[ViewName, ...]
    recorded_views: tuple[NotionId, ...] = ()

    @property
    def requests(self) -> int:
        """How many requests the search takes if there are no twins."""
        row_requests = sum(list_requests(count) for count in self.rows.values())
        return row_requests + len(self.tabs) + len(self.dashboards) + len(self.recorded_views)


def twin_search(
    template: Template, existing: Existing, operations: Iterable[Operation]
) -> TwinSearch:
    """Return where twins may be after these operations."""
    rows: Counter[str] = Counter()
    tabs: set[str] = set()
    dashboards: set[ViewName] = set()
    dashboard_of = dashboards_by_widget(template)
    for operation in operations:
        if operation.kind is OperationKind.CREATE_ROW:
            rows[operation.database] += 1
        elif operation.kind is OperationKind.CREATE_VIEW:
            dashboard = dashboard_of.get((operation.database, operation.key))
            if dashboard is None:
                tabs.add(operation.database)
            else:
                dashboards.add(dashboard)

    read_views: set[NotionId] = set()
    for key, found in existing.databases.items():
        # Rows and views were only read because an interrupted apply may have created them twice.
        if found.rows:
            rows[key] += len(found.rows)
        if found.views and existing.is_interrupted:
            tabs.add(key)
        read_views |= {view.id for view in found.views}

    originals = {original for original, _ in unrecorded_namesakes(template, existing)}
    return TwinSearch(
        dict(rows),
        tuple(sorted(tabs)),
        tuple(sorted(dashboards)),
        tuple(sorted(originals - read_views)),
    )


def unrecorded_namesakes(template: Template, existing: Existing) -> list[tuple[NotionId, View]]:
    """Return the views that no record names, each with the recorded view of the same title and
    type.

    Either the interrupted apply or a person created them; Notion does not say which.
    """
    recorded_ids = set(existing.view_ids.values())
    namesakes = []
    for key, found in existing.databases.items():
        entry = existing.owned.get(key)
        if entry is None or key not in template.databases:
            continue
        specs = template.databases[key].views
        ids_in_notion = {*found.view_ids, *existing.widget_ids}
        recorded_by_name: dict[tuple[str, str], NotionId] = {}
        for view_key, recorded in entry.views.items():
            if view_key in specs and recorded.id in ids_in_notion:
                spec = specs[view_key]
                recorded_by_name[spec.title, spec.type] = recorded.id

        for view in found.views:
            original = recorded_by_name.get((view.name, view.type))
            if original is not None and view.id not in recorded_ids:
                namesakes.append((original, view))
    return namesakes
