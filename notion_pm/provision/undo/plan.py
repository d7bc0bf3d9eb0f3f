"""Putting together how an apply is taken back, and what the record says afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import RelationConfig
from notion_pm.provision.plan.change import Change
from notion_pm.provision.undo.databases import kept_databases, made_database_steps, targets
from notion_pm.provision.undo.properties import property_steps
from notion_pm.provision.undo.rows import row_steps
from notion_pm.provision.undo.steps import Found, Scene, SetProperties, Step, UndoPlan
from notion_pm.provision.undo.views import database_steps, view_steps


def plan_undo(journal: Journal, manifest: Manifest, found: Mapping[str, Found]) -> UndoPlan:
    """Return how an apply is taken back. `manifest` is the record as it stands; what is not `found` is gone."""
    adopted = {
        key: entry for key, entry in manifest.owned.items() if entry.adopted
    }  # never ours to trash
    before = {**adopted, **(journal.begun.manifest.owned if journal.begun.manifest else {})}
    rows = {page for key, entry in manifest.owned.items() for page in entry.rows.values()}
    going = frozenset(rows - {page for entry in before.values() for page in entry.rows.values()})
    scenes = {
        key: Scene(key, journal, before.get(key), entry, found[key], going)
        for key, entry in manifest.owned.items()
        if key in found
    }
    made = {key: scene for key, scene in scenes.items() if scene.before is None}
    steps = [
        step for scene in scenes.values() if scene.before is not None for step in _steps(scene)
    ]
    kept = kept_databases(made, _needed(steps, scenes, made))
    steps = [_unless_it_leads_to(step, scenes, made, kept) for step in steps]
    steps = _each_relation_once(steps, scenes)
    steps += made_database_steps(made, kept)
    after = _record(journal.begun.manifest, manifest, steps, kept)
    return UndoPlan(manifest.template, journal.begun.started, tuple(steps), after)


def _steps(scene: Scene) -> Iterator[Step]:
    yield from row_steps(scene)
    yield from view_steps(scene)
    yield from property_steps(scene)
    yield from database_steps(scene)


def _needed(
    steps: Collection[Step], scenes: Mapping[str, Scene], made: Mapping[str, Scene]
) -> set[str]:
    """Return the databases among those made that relations lead to which stay in databases that were there before."""
    stay = [
        each.change
        for each in steps
        if each.act is None and (each.change.kind, each.change.action) == _MADE
    ]
    needed: set[str] = set()
    for change in stay:
        source = scenes[change.database].found.source
        prop = source.properties.get(scenes[change.database].entry.properties.get(change.key, ""))
        if prop is not None:
            needed |= targets(replace(source, properties={prop.id: prop}), made)
    return needed


_MADE = ("property", "delete")


def _unless_it_leads_to(
    step: Step, scenes: Mapping[str, Scene], made: Mapping[str, Scene], kept: Collection[str]
) -> Step:
    """Return a step, or that a relation stays because the database stays that it leads to."""
    if not isinstance(step.act, SetProperties) or (step.change.kind, step.change.action) != _MADE:
        return step
    source = scenes[step.change.database].found.source
    prop = source.properties[next(iter(step.act.patches))]
    if not isinstance(prop.config, RelationConfig):
        return step
    stays = targets(replace(source, properties={prop.id: prop}), made) & set(kept)
    if not stays:
        return step
    reason = f"{', '.join(sorted(stays))}, which stays, is related by it"
    return Step(replace(step.change, reason=reason, change_class="blocked"))


def _each_relation_once(steps: Collection[Step], scenes: Mapping[str, Scene]) -> list[Step]:
    """Return the steps with one side only of a two-way relation removed by a request: the other goes with it."""
    removed: dict[tuple[str, str], RelationConfig] = {}
    for step in steps:
        if (side := _side(step)) is not None:
            config = scenes[step.change.database].found.source.properties[side[1]].config
            if isinstance(config, RelationConfig) and config.two_way:
                removed[side] = config
    goes_along = {
        side
        for side, config in removed.items()
        if (other := (config.data_source_id, config.synced_property_id or "")) in removed
        and other < side
    }
    return [_without_request(each) if _side(each) in goes_along else each for each in steps]


def _side(step: Step) -> tuple[str, str] | None:
    """Return the data source and id of a property that a step removes."""
    if not isinstance(step.act, SetProperties) or (step.change.kind, step.change.action) != _MADE:
        return None
    return step.act.data_source_id, next(iter(step.act.patches))


def _without_request(step: Step) -> Step:
    assert isinstance(step.act, SetProperties), "of a property"
    return replace(step, act=replace(step.act, patches={}))


def _record(
    before: Manifest | None, current: Manifest, steps: Collection[Step], kept: Collection[str]
) -> Manifest | None:
    """Return the record as it was before, with what stays; None when there was none and nothing stays."""
    left = [each.change for each in steps if each.act is None]
    if before is None:
        entries = {key: entry for key, entry in current.databases.items() if key in kept}
        return (
            current.model_copy(update={"databases": entries, "state": "applied"})
            if entries
            else None
        )
    entries = {}
    for key, entry in before.databases.items():
        now = current.databases.get(key)
        here = [each for each in left if each.database == key]
        entries[key] = _merged(entry, now, here) if now is not None and now.bound is None else entry
    entries |= {key: entry for key, entry in current.databases.items() if key in kept}
    return before.model_copy(update={"databases": entries})


def _merged(before: DatabaseEntry, now: DatabaseEntry, left: Collection[Change]) -> DatabaseEntry:
    """Return an entry as it was before, with what is said now of things that stay."""
    stay = {
        kind: {each.key for each in left if each.kind == kind and each.action == "delete"}
        for kind in _KINDS
    }
    options = {each.option_id for each in left if each.kind == "option"}

    def of_properties(field: str) -> dict[str, Any]:
        was, held = dict(getattr(before, field)), getattr(now, field)
        return was | {key: held[key] for key in held if key.partition(".")[0] in stay["property"]}

    dicts = [each for each in DatabaseEntry.model_fields if isinstance(getattr(before, each), dict)]
    fields: dict[str, Any] = {
        each: of_properties(each) for each in dicts if each not in {"views", "rows"}
    }
    fields["options"] |= {key: each for key, each in now.options.items() if each in options}
    fields["views"] = before.views | {key: now.views[key] for key in stay["view"]}
    fields["rows"] = before.rows | {key: now.rows[key] for key in stay["row"]}
    fields["titles"] |= {
        key: now.titles[change.key]
        for change in left
        for key, property_id in before.properties.items()
        if "name" in change.facets and now.properties.get(change.key) == property_id
    }
    if any(each.kind == "database" and "title" in each.details for each in left):
        fields["title"] = now.title
    return before.model_copy(update=fields)


_KINDS = ("property", "view", "row")
