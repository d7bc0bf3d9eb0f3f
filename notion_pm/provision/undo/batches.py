"""Split an undo into batches, and find which of its requests a later plan still contains. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from notion_pm.provision.undo.steps import (
    DeleteView,
    MakeView,
    SetDatabase,
    SetProperties,
    SetView,
    TrashDatabase,
    TrashPage,
    UndoRequest,
)

# Rows that are trashed after one reading: as many as one answer of Notion holds.
ROWS = 100


def batches(requests: Sequence[UndoRequest]) -> Iterator[tuple[UndoRequest, ...]]:
    """Yield the requests in their order: rows of one database together, all others alone."""
    rows: dict[str, list[TrashPage]] = defaultdict(list)
    for request in requests:
        if isinstance(request, TrashPage):
            rows[request.database].append(request)
    for database in sorted(rows):
        of_database = rows[database]
        for first in range(0, len(of_database), ROWS):
            yield tuple(of_database[first : first + ROWS])

    for request in requests:
        if not isinstance(request, TrashPage):
            yield (request,)


def requests_still_planned(
    agreed: Sequence[UndoRequest], planned: Sequence[UndoRequest]
) -> list[UndoRequest]:
    """Return the planned requests that do what was agreed to, or less."""
    planned_by_target = {_target(request): request for request in planned}
    still_planned: list[UndoRequest] = []
    for request in agreed:
        newer = planned_by_target.get(_target(request))
        if isinstance(newer, SetProperties) and isinstance(request, SetProperties):
            newer = _limit_to_agreed(newer, request)
        if newer is not None:
            still_planned.append(newer)
    return still_planned


def _limit_to_agreed(newer: SetProperties, agreed: SetProperties) -> SetProperties | None:
    """Return the newer request for the properties that were agreed to, None when none is left."""
    patches = {
        property_id: patch
        for property_id, patch in newer.patches.items()
        if property_id in agreed.patches
    }
    if not patches:
        return None
    remade_options = {
        place: option
        for place, option in newer.remade_options.items()
        if option.property_id in patches
    }
    return replace(newer, patches=patches, remade_options=remade_options)


def _target(request: UndoRequest) -> tuple[object, ...]:
    """Return what a request changes, whatever values it sets there."""
    kind = type(request)
    match request:
        case TrashPage(page_id=page_id):
            return kind, page_id
        case TrashDatabase(database_id=database_id) | SetDatabase(database_id=database_id):
            return kind, database_id
        case DeleteView(view_id=view_id):
            return kind, view_id
        case SetView(before=before):
            return kind, before.id
        case MakeView(database=database, key=key):
            return kind, database, key
        case SetProperties(data_source_id=source_id, level=level):
            return kind, source_id, level
