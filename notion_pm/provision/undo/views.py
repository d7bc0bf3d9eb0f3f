"""Views, title, icon and description of a database that was there before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from notion_pm.model.ids import address
from notion_pm.model.schema import View, options_of
from notion_pm.provision.plan.change import Action, Change
from notion_pm.provision.undo.steps import (
    Act,
    DeleteView,
    MakeView,
    Scene,
    SetDatabase,
    SetView,
    Step,
)

_CHANGED_SINCE = "people changed it since"


def view_steps(scene: Scene) -> Iterator[Step]:
    """Take back what was made, changed or removed of a database's views. Notion keeps the last one."""
    assert scene.before is not None, "of a database that was there before"
    before_ids = {each.id for each in scene.before.views.values()}
    made = {key: each.id for key, each in scene.entry.views.items() if each.id not in before_ids}
    kept = set(scene.found.view_ids) - set(made.values())
    for key, view_id in made.items():
        now = scene.found.views.get(view_id)
        if now is not None:
            yield _made(scene, key, now, last=not kept)
    for key, entry in scene.entry.views.items():
        now, was = scene.found.views.get(entry.id), scene.journal.view_before(entry.id)
        if now is not None and was is not None and entry.id in before_ids:
            yield from _changed(scene, key, was, now)
    for key, entry in scene.before.views.items():
        was = scene.journal.view_before(entry.id)
        if was is not None and entry.id not in scene.found.view_ids:
            yield from _removed(scene, key, was)


def _made(scene: Scene, key: str, now: View, *, last: bool) -> Step:
    made = scene.journal.view_after(now.id)
    if made is not None and _content(made) != _content(now):
        return _step(scene, key, "delete", _CHANGED_SINCE, None, now.name)
    if last:
        return _step(
            scene, key, "delete", "Notion keeps the last view of a database", None, now.name
        )
    return _step(scene, key, "delete", "made by the apply", DeleteView(scene.key, now.id), now.name)


def _changed(scene: Scene, key: str, was: View, now: View) -> Iterator[Step]:
    made = scene.journal.view_after(now.id) or now
    if _content(now) == _content(was):
        return
    if lost := _lost_options(scene, was):
        yield _step(
            scene,
            key,
            "update",
            f"it filtered by {', '.join(lost)}, which is no longer there",
            None,
            now.name,
        )
    elif _content(now) != _content(made):
        yield _step(scene, key, "update", _CHANGED_SINCE, None, now.name)
    else:
        yield _step(
            scene, key, "update", "changed by the apply", SetView(scene.key, was, now), now.name
        )


def _removed(scene: Scene, key: str, was: View) -> Iterator[Step]:
    """Make a view again; one that an interrupted undo made already is found by its name."""
    if key in scene.entry.views:
        return
    if lost := _lost_options(scene, was):
        yield _step(
            scene,
            key,
            "create",
            f"it filtered by {', '.join(lost)}, which is no longer there",
            None,
            was.name,
        )
    else:
        known = {each.id for each in scene.entry.views.values()}
        same = (
            each.id
            for each in scene.found.views.values()
            if each.id not in known and _alike(each, was)
        )
        act = MakeView(scene.key, key, was, scene.found.database.id, next(same, None))
        yield _step(scene, key, "create", "removed by the apply", act, was.name)


def _lost_options(scene: Scene, was: View) -> list[str]:
    """Return the options that a view filtered by and that the apply removed: Notion refuses such a filter."""
    before = scene.journal.properties_before(scene.found.source.id).values()
    there = {
        option.name
        for prop in scene.found.source.properties.values()
        for option in options_of(prop)
    }
    gone = {option.name for prop in before for option in options_of(prop)} - there
    return sorted(gone & set(_texts(was.filter)))


def _texts(json: Any) -> Iterator[str]:
    """Yield the texts in a filter."""
    if isinstance(json, str):
        yield json
    elif isinstance(json, Mapping | list):
        for each in json.values() if isinstance(json, Mapping) else json:
            yield from _texts(each)


def _alike(one: View, other: View) -> bool:
    return _content(one) == _content(other)


def _content(view: View) -> tuple[object, ...]:
    """Return what is set of a view: not which widgets are on a dashboard, they are views themselves."""
    configuration = {key: each for key, each in view.configuration.items() if key != "rows"}
    return view.name, view.type, view.filter, list(view.sorts), configuration


def database_steps(scene: Scene) -> Iterator[Step]:
    """Give a database its title, icon and description again, each where nobody changed it since."""
    now = scene.found.database
    was, made = scene.journal.database_before(now.id), scene.journal.database_after(now.id) or now
    if was is None:
        return
    facets = {
        each
        for each in ("title", "icon", "description")
        if getattr(was, each) != getattr(made, each)
    }
    theirs = {
        each
        for each in facets
        if getattr(now, each) not in (getattr(made, each), getattr(was, each))
    }
    back = {each for each in facets - theirs if getattr(now, each) != getattr(was, each)}
    change = Change(
        address(scene.key), "update", "database", "changed by the apply", database=scene.key
    )
    if theirs:
        yield Step(
            replace(
                change, reason=_CHANGED_SINCE, change_class="blocked", details=tuple(sorted(theirs))
            )
        )
    if back:
        values = {
            each: (getattr(was, each) or "") if each in back else None
            for each in ("title", "icon", "description")
        }
        yield Step(
            replace(change, details=tuple(sorted(back))), SetDatabase(scene.key, now.id, **values)
        )


def _step(scene: Scene, key: str, action: Action, reason: str, act: Act | None, title: str) -> Step:
    place, judged = address(scene.key, "views", key), "safe" if act else "blocked"
    return Step(Change(place, action, "view", reason, judged, (title,), scene.key, key), act)  # type: ignore[arg-type]
