"""Plan how an apply is undone, and what the record says afterwards. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import Property, RelationConfig
from notion_pm.provision.plan.change import Change
from notion_pm.provision.undo.databases import (
    databases_to_keep,
    made_database_steps,
    related_databases,
)
from notion_pm.provision.undo.properties import property_steps
from notion_pm.provision.undo.rows import row_steps
from notion_pm.provision.undo.steps import (
    CurrentDatabase,
    DatabaseHistory,
    SetProperties,
    Step,
    UndoPlan,
    keep,
)
from notion_pm.provision.undo.views import database_steps, view_steps

V = TypeVar("V")


def plan_undo(
    journal: Journal, manifest: Manifest, databases: Mapping[str, CurrentDatabase]
) -> UndoPlan:
    """Return how an apply is undone.

    `manifest`: the record as it is now. `databases`: those of its databases that still exist.
    """
    histories = _histories(journal, manifest, databases)
    made = {key: history for key, history in histories.items() if history.before is None}

    steps: list[Step] = []
    for history in histories.values():
        if history.before is not None:
            steps += _steps(history)
    to_keep = databases_to_keep(made, _targets_of_kept_relations(steps, histories, made))
    steps = [_keep_if_target_is_kept(step, histories, made, to_keep) for step in steps]
    steps = _remove_two_way_relations_once(steps, histories)
    steps += made_database_steps(made, to_keep)

    record = _record_after_undo(journal.begun.manifest, manifest, steps, to_keep)
    return UndoPlan(manifest.template, journal.begun.started, tuple(steps), record)


def _histories(
    journal: Journal, manifest: Manifest, databases: Mapping[str, CurrentDatabase]
) -> dict[str, DatabaseHistory]:
    # A database that was adopted is never ours to trash, also when the apply recorded it first.
    before = {key: entry for key, entry in manifest.owned.items() if entry.adopted}
    if journal.begun.manifest is not None:
        before |= journal.begun.manifest.owned
    made_pages = frozenset(_row_pages(manifest.owned) - _row_pages(before))
    return {
        key: DatabaseHistory(key, journal, before.get(key), entry, databases[key], made_pages)
        for key, entry in manifest.owned.items()
        if key in databases
    }


def _row_pages(entries: Mapping[str, DatabaseEntry]) -> set[NotionId]:
    pages: set[NotionId] = set()
    for entry in entries.values():
        pages.update(entry.rows.values())
    return pages


def _steps(history: DatabaseHistory) -> Iterator[Step]:
    yield from row_steps(history)
    yield from view_steps(history)
    yield from property_steps(history)
    yield from database_steps(history)


# --- relations to databases that the apply made


def _targets_of_kept_relations(
    steps: Iterable[Step],
    histories: Mapping[str, DatabaseHistory],
    made: Mapping[str, DatabaseHistory],
) -> set[str]:
    """Return the databases made by the apply that relations link to which are kept.

    These are relations that the apply added to databases that existed before it.
    """
    targets: set[str] = set()
    for step in steps:
        if step.request is not None or not _is_property_removal(step.change):
            continue
        history = histories[step.change.database]
        property_id = history.after.properties.get(step.change.key, "")
        prop = history.now.source.properties.get(property_id)
        if prop is not None:
            targets |= _made_targets(history, prop, made)
    return targets


def _keep_if_target_is_kept(
    step: Step,
    histories: Mapping[str, DatabaseHistory],
    made: Mapping[str, DatabaseHistory],
    kept_databases: Collection[str],
) -> Step:
    """Keep a relation that the undo would remove when its target database is kept."""
    removed = _removed_property(step)
    if removed is None:
        return step
    history = histories[step.change.database]
    _, property_id = removed
    targets = _made_targets(history, history.now.source.properties[property_id], made)
    kept_targets = targets & set(kept_databases)
    if not kept_targets:
        return step
    reason = f"links to {', '.join(sorted(kept_targets))}, which is kept"
    return keep(replace(step.change, reason=reason))


def _made_targets(
    history: DatabaseHistory, prop: Property, made: Mapping[str, DatabaseHistory]
) -> set[str]:
    """Return the database made by the apply that a property links to, if it does."""
    only_this_property = replace(history.now.source, properties={prop.id: prop})
    return related_databases(only_this_property, made)


def _remove_two_way_relations_once(
    steps: Collection[Step], histories: Mapping[str, DatabaseHistory]
) -> list[Step]:
    """Send one request for a two-way relation whose two sides are removed.

    Notion removes the other side with the first. Both sides stay visible as changes of the plan.
    """
    removed: dict[tuple[str, str], RelationConfig] = {}
    for step in steps:
        side = _removed_property(step)
        if side is None:
            continue
        config = histories[step.change.database].now.source.properties[side[1]].config
        if isinstance(config, RelationConfig) and config.two_way:
            removed[side] = config

    needs_no_request = set()
    for side, config in removed.items():
        other_side = (config.data_source_id, config.synced_property_id or "")
        if other_side in removed and other_side < side:
            needs_no_request.add(side)

    result = []
    for step in steps:
        request = step.request
        if isinstance(request, SetProperties) and _removed_property(step) in needs_no_request:
            result.append(replace(step, request=replace(request, patches={})))
        else:
            result.append(step)
    return result


def _is_property_removal(change: Change) -> bool:
    return change.kind == "property" and change.action == "delete"


def _removed_property(step: Step) -> tuple[str, str] | None:
    """Return the data source and the id of the property that a step removes."""
    if not isinstance(step.request, SetProperties) or not _is_property_removal(step.change):
        return None
    (property_id,) = step.request.patches
    return step.request.data_source_id, property_id


# --- the record afterwards


def _record_after_undo(
    before: Manifest | None,
    current: Manifest,
    steps: Iterable[Step],
    kept_databases: Collection[str],
) -> Manifest | None:
    """Return the record from before the apply, with what the undo keeps.

    None: there was no record before, and nothing is kept.
    """
    kept_entries = {key: entry for key, entry in current.databases.items() if key in kept_databases}
    if before is None:
        if not kept_entries:
            return None
        return current.model_copy(update={"databases": kept_entries, "state": "applied"})

    kept_changes = [step.change for step in steps if step.request is None]
    entries = {}
    for key, entry_before in before.databases.items():
        entry_now = current.databases.get(key)
        if entry_now is None or entry_now.bound is not None:
            entries[key] = entry_before
            continue
        kept_here = [change for change in kept_changes if change.database == key]
        entries[key] = _merge_entries(entry_before, entry_now, kept_here)
    return before.model_copy(update={"databases": entries | kept_entries})


def _merge_entries(
    before: DatabaseEntry, now: DatabaseEntry, kept: Collection[Change]
) -> DatabaseEntry:
    """Return the entry of a database from before the apply, with what the undo keeps.

    Example: the apply added the properties `risk` and `effort`. People filled in `risk`, so it is
    kept. The entry then has the properties from before, and `risk`.
    """
    kept_properties = _keys_of_kept_additions(kept, "property")
    kept_views = _keys_of_kept_additions(kept, "view")
    kept_rows = _keys_of_kept_additions(kept, "row")
    kept_option_ids = {change.option_id for change in kept if change.kind == "option"}

    kept_options = {key: id_ for key, id_ in now.options.items() if id_ in kept_option_ids}
    keeps_title = any(change.kind == "database" and "title" in change.details for change in kept)
    return before.model_copy(
        update={
            "title": now.title if keeps_title else before.title,
            "properties": before.properties | _of_properties(now.properties, kept_properties),
            "titles": before.titles
            | _of_properties(now.titles, kept_properties)
            | _kept_property_titles(before, now, kept),
            "options": before.options | _of_properties(now.options, kept_properties) | kept_options,
            "fingerprints": before.fingerprints | _of_properties(now.fingerprints, kept_properties),
            "views": before.views | {key: now.views[key] for key in kept_views},
            "rows": before.rows | {key: now.rows[key] for key in kept_rows},
        }
    )


def _keys_of_kept_additions(kept: Iterable[Change], kind: str) -> set[str]:
    return {change.key for change in kept if change.kind == kind and change.action == "delete"}


def _of_properties(items: Mapping[str, V], property_keys: Collection[str]) -> dict[str, V]:
    """Return the items of some properties; keys are `property` or `property.option`."""
    return {key: item for key, item in items.items() if key.partition(".")[0] in property_keys}


def _kept_property_titles(
    before: DatabaseEntry, now: DatabaseEntry, kept: Iterable[Change]
) -> dict[str, str]:
    """Return the titles of properties that keep the name that the apply gave them.

    A property may have had another key before the apply, so it is found by its id.
    """
    titles = {}
    for change in kept:
        if "name" not in change.facets:
            continue
        for key_before, property_id in before.properties.items():
            if now.properties.get(change.key) == property_id:
                titles[key_before] = now.titles[change.key]
    return titles
