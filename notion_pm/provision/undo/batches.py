"""In which batches an undo is carried out, and which of their acts a later plan still contains. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from notion_pm.provision.undo.steps import (
    Act,
    DeleteView,
    MakeView,
    SetDatabase,
    SetProperties,
    SetView,
    TrashDatabase,
    TrashPage,
)

ROWS = 100
"""Rows that go to the trash after one reading: as many as one answer of Notion holds."""


def batches(acts: Sequence[Act]) -> Iterator[tuple[Act, ...]]:
    """Yield acts in their order: rows of one database together, everything else alone."""
    rows = [act for act in acts if isinstance(act, TrashPage)]
    rows.sort(key=lambda act: act.database)
    for _, of_one_database in groupby(rows, key=lambda act: act.database):
        here = tuple(of_one_database)
        for first in range(0, len(here), ROWS):
            yield here[first : first + ROWS]
    for act in acts:
        if not isinstance(act, TrashPage):
            yield (act,)


def still_wanted(agreed: Sequence[Act], acts: Sequence[Act]) -> list[Act]:
    """Return the acts of a newer plan that do what was agreed to, or less of it."""
    by_target = {_target(act): act for act in acts}
    wanted = []
    for act in agreed:
        newer = by_target.get(_target(act))
        if isinstance(newer, SetProperties) and isinstance(act, SetProperties):
            patches = {key: patch for key, patch in newer.patches.items() if key in act.patches}
            back = {
                place: each
                for place, each in newer.options_back.items()
                if each.property_id in patches
            }
            newer = replace(newer, patches=patches, options_back=back) if patches else None
        if newer is not None:
            wanted.append(newer)
    return wanted


def _target(act: Act) -> tuple[object, ...]:
    """Return what an act is about, whatever it sets there."""
    kind = type(act)
    match act:
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
