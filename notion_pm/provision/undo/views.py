"""Views, title, icon and description of a database that existed before the apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from notion_pm.model.ids import address
from notion_pm.model.schema import Database, Property, View, options_of
from notion_pm.provision.plan.change import Action, Change
from notion_pm.provision.undo.properties import compare_facets
from notion_pm.provision.undo.steps import (
    CHANGED_BY_APPLY,
    CHANGED_SINCE,
    MADE_BY_APPLY,
    REMOVED_BY_APPLY,
    DatabaseHistory,
    DeleteView,
    MakeView,
    SetDatabase,
    SetView,
    Step,
    keep,
)


def view_steps(history: DatabaseHistory) -> Iterator[Step]:
    """Undo what the apply made, changed or removed among the views of a database."""
    assert history.before is not None, "the database existed before the apply"
    ids_before = {entry.id for entry in history.before.views.values()}
    made = {
        key: entry.id for key, entry in history.after.views.items() if entry.id not in ids_before
    }
    has_other_views = bool(set(history.now.view_ids) - set(made.values()))
    for key, view_id in made.items():
        now = history.now.views.get(view_id)
        if now is not None:
            yield _made_view_step(history, key, now, is_last=not has_other_views)

    for key, entry in history.after.views.items():
        now = history.now.views.get(entry.id)
        before = history.journal.view_before(entry.id)
        if entry.id in ids_before and now is not None and before is not None:
            yield from _changed_view_steps(history, key, before, now)

    for key, entry in history.before.views.items():
        before = history.journal.view_before(entry.id)
        was_remade = key in history.after.views
        is_missing = entry.id not in history.now.view_ids
        if before is not None and is_missing and not was_remade:
            yield _removed_view_step(history, key, before)


def _made_view_step(history: DatabaseHistory, key: str, now: View, *, is_last: bool) -> Step:
    """Delete a view that the apply made, unless people changed it."""
    after = history.journal.view_after(now.id)
    if after is not None and _content(after) != _content(now):
        return keep(_change(history, key, "delete", CHANGED_SINCE, now.name))
    if is_last:
        # Deleting the last view of a database is a validation_error (notion-api.md 2.6).
        reason = "Notion does not delete the last view of a database"
        return keep(_change(history, key, "delete", reason, now.name))
    change = _change(history, key, "delete", MADE_BY_APPLY, now.name)
    return Step(change, DeleteView(history.key, now.id))


def _changed_view_steps(
    history: DatabaseHistory, key: str, before: View, now: View
) -> Iterator[Step]:
    """Give a view its old settings, unless people changed it."""
    if _content(now) == _content(before):
        return
    after = history.journal.view_after(now.id) or now
    missing_options = _missing_options(history, before)
    if missing_options:
        reason = _filter_cannot_be_restored(missing_options)
        yield keep(_change(history, key, "update", reason, now.name))
    elif _content(now) != _content(after):
        yield keep(_change(history, key, "update", CHANGED_SINCE, now.name))
    else:
        change = _change(history, key, "update", CHANGED_BY_APPLY, now.name)
        yield Step(change, SetView(history.key, before, now))


def _removed_view_step(history: DatabaseHistory, key: str, before: View) -> Step:
    """Make a removed view again, with another id."""
    missing_options = _missing_options(history, before)
    if missing_options:
        reason = _filter_cannot_be_restored(missing_options)
        return keep(_change(history, key, "create", reason, before.name))

    # An interrupted undo may have made the view already. The record does not know it yet, so it is
    # recognised by its content.
    recorded_ids = {entry.id for entry in history.after.views.values()}
    existing_id = None
    for view in history.now.views.values():
        if view.id not in recorded_ids and _content(view) == _content(before):
            existing_id = view.id
            break
    request = MakeView(history.key, key, before, history.now.database.id, existing_id)
    return Step(_change(history, key, "create", REMOVED_BY_APPLY, before.name), request)


def _missing_options(history: DatabaseHistory, before: View) -> list[str]:
    """Return the options that a view filtered by and that no longer exist.

    Notion refuses a filter by an option that does not exist.
    """
    source = history.now.source
    names_before = _option_names(history.journal.properties_before(source.id))
    missing = names_before - _option_names(source.properties)
    return sorted(missing & set(_texts(before.filter)))


def _filter_cannot_be_restored(missing_options: list[str]) -> str:
    names = ", ".join(missing_options)
    return f"its filter used {names}, which no longer exists"


def _option_names(properties: Mapping[str, Property]) -> set[str]:
    names: set[str] = set()
    for prop in properties.values():
        names.update(option.name for option in options_of(prop))
    return names


def _texts(json: Any) -> Iterator[str]:
    """Yield all texts in a filter."""
    if isinstance(json, str):
        yield json
    elif isinstance(json, Mapping):
        yield from _texts(list(json.values()))
    elif isinstance(json, list):
        for item in json:
            yield from _texts(item)


def _content(view: View) -> tuple[object, ...]:
    """Return what people can change in a view.

    The rows of a dashboard are left out: its widgets are views, and are compared as views.
    """
    configuration = {key: value for key, value in view.configuration.items() if key != "rows"}
    return view.name, view.type, view.filter, list(view.sorts), configuration


def database_steps(history: DatabaseHistory) -> Iterator[Step]:
    """Restore title, icon and description of a database, each unless people changed it."""
    now = history.now.database
    before = history.journal.database_before(now.id)
    after = history.journal.database_after(now.id) or now
    if before is None:
        return
    comparison = compare_facets(_facets(before), _facets(after), _facets(now))
    if comparison.edited:
        yield keep(_database_change(history, CHANGED_SINCE, comparison.edited))
    if comparison.to_restore:
        old_values = {
            facet: value if facet in comparison.to_restore else None
            for facet, value in _facets(before).items()
        }
        request = SetDatabase(history.key, now.id, **old_values)
        yield Step(_database_change(history, CHANGED_BY_APPLY, comparison.to_restore), request)


def _facets(database: Database) -> dict[str, str]:
    return {
        "title": database.title,
        "icon": database.icon or "",
        "description": database.description or "",
    }


def _database_change(history: DatabaseHistory, reason: str, facets: frozenset[str]) -> Change:
    return Change(
        address(history.key),
        "update",
        "database",
        reason,
        details=tuple(sorted(facets)),
        database=history.key,
    )


def _change(history: DatabaseHistory, key: str, action: Action, reason: str, title: str) -> Change:
    return Change(
        address(history.key, "views", key),
        action,
        "view",
        reason,
        details=(title,),
        database=history.key,
        key=key,
    )
