"""Where an apply looks for twins: a proxy that repeats a request lets Notion create the same thing twice.

Databases and the record page are seen in the list of the parent page, which the proof reads anyway. Rows and views
take requests of their own, and only where the apply, or the interrupted one before it, created some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.schema import View
from notion_pm.model.template import Template
from notion_pm.provision.plan.operation import Operation, OperationKind
from notion_pm.template.dashboards import ViewName, dashboards_by_widget

_PAGE = 100  # items that Notion lists per request


@dataclass(frozen=True, slots=True)
class TwinSearch:
    """What to look through: the rows and the tabs of these databases, and the widgets of these dashboards.

    `rows` says how many rows each database is expected to list. `recorded_views` were recorded before this apply, and a
    view of the same title came since, by the interrupted apply or by a person: each is read to compare the two.
    """

    rows: dict[str, int]
    tabs: tuple[str, ...]
    dashboards: tuple[ViewName, ...]
    recorded_views: tuple[NotionId, ...] = ()

    @property
    def requests(self) -> int:
        """How many requests it takes when there are no twins."""
        of_rows = sum(max(1, -(-count // _PAGE)) for count in self.rows.values())
        return of_rows + len(self.tabs) + len(self.dashboards) + len(self.recorded_views)


def twin_search(
    template: Template, existing: Existing, operations: Iterable[Operation]
) -> TwinSearch:
    """Return where twins may be after these operations."""
    steps = tuple(operations)
    rows = Counter(step.database for step in steps if step.kind is OperationKind.CREATE_ROW)
    for key, found in existing.databases.items():
        if found.rows:  # the interrupted apply created them, each perhaps twice
            rows[key] += len(found.rows)
    holder_of = dashboards_by_widget(template)
    created = [
        (step.database, step.key) for step in steps if step.kind is OperationKind.CREATE_VIEW
    ]
    tabs = {name[0] for name in created if name not in holder_of}
    dashboards = {holder_of[name] for name in created if name in holder_of}
    if existing.interrupted:
        tabs |= {key for key, found in existing.databases.items() if found.views}
    originals = sorted({original for original, _ in unrecorded_namesakes(template, existing)})
    read_already = {view.id for found in existing.databases.values() for view in found.views}
    return TwinSearch(
        dict(rows),
        tuple(sorted(tabs)),
        tuple(sorted(dashboards)),
        tuple(view_id for view_id in originals if view_id not in read_already),
    )


def unrecorded_namesakes(template: Template, existing: Existing) -> list[tuple[NotionId, View]]:
    """Return the views that no record names, each with the recorded view of the same title and type.

    They were read because an apply was interrupted. That apply or a person made them: nobody can say which.
    """
    recorded = set(existing.view_ids.values())
    found = []
    for key, database in existing.databases.items():
        entry = existing.owned.get(key)
        if entry is None or key not in template.databases:
            continue
        specs, there = template.databases[key].views, {*database.view_ids, *existing.widget_ids}
        names: dict[tuple[str, str], NotionId] = {
            (specs[each].title, specs[each].type): view.id
            for each, view in entry.views.items()
            if each in specs and view.id in there
        }
        for view in database.views:
            original = names.get((view.name, view.type))
            if original is not None and view.id not in recorded:
                found.append((original, view))
    return found
