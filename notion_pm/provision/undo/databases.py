"""Databases that an apply made: they go to the trash whole, or stay whole where people have put something in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notion_pm.model.ids import address
from notion_pm.model.schema import DataSource, RelationConfig
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.order.views import default_view
from notion_pm.provision.undo.rows import touched
from notion_pm.provision.undo.steps import Scene, Step, TrashDatabase
from notion_pm.text import quantity


def kept_databases(made: Mapping[str, Scene], needed: Iterable[str] = ()) -> dict[str, str]:
    """Return which of the databases that were made stay, and why: those that people use, and what these refer to.

    `needed` are kept because something that was there before and stays refers to them.
    """
    reasons = {key: why for key, scene in made.items() if (why := _used(scene))}
    reasons |= {
        key: "people fill in a relation that leads to it" for key in needed if key not in reasons
    }
    waiting = list(reasons)
    while waiting:
        stays = waiting.pop()
        for key in targets(made[stays].found.source, made):
            if key not in reasons:
                reasons[key] = f"{stays}, which stays, refers to it"
                waiting.append(key)
    return reasons


def targets(source: DataSource, made: Mapping[str, Scene]) -> set[str]:
    """Return the databases among those made that a data source's relations lead to."""
    led_to = {
        each.config.data_source_id
        for each in source.properties.values()
        if isinstance(each.config, RelationConfig)
    }
    return {key for key, scene in made.items() if scene.found.source.id in led_to}


def made_database_steps(made: Mapping[str, Scene], kept: Mapping[str, str]) -> Iterable[Step]:
    """Take back the databases that were made, but for those that are kept."""
    for key, scene in made.items():
        database = scene.found.database
        details = (database.title, quantity(len(scene.found.pages), "row"))
        if key in kept:
            yield Step(
                Change(address(key), "delete", "database", kept[key], "blocked", details, key)
            )
        else:
            change = Change(
                address(key), "delete", "database", "made by the apply", "safe", details, key
            )
            yield Step(change, TrashDatabase(key, database.id))


def _used(scene: Scene) -> str:
    """Return what people put into a database or made of it; empty when it is as it was made."""
    rows = set(scene.made_rows.values())
    theirs = [page for page in scene.found.pages if page.id not in rows]
    changed = [page for page in scene.found.pages if page.id in rows and touched(scene, page)]
    ours = set(scene.entry.properties.values())
    added = [each.name for each in scene.found.source.properties.values() if each.id not in ours]
    known = {each.id for each in scene.entry.views.values()}
    views = [
        each
        for each in scene.found.views.values()
        if each.id not in known and default_view([each]) is None
    ]
    told = [
        f"{len(theirs)} of its pages are not from the template" if theirs else "",
        f"people worked on {len(changed)} of its rows since ({_titles([each.title for each in changed])})"
        if changed
        else "",
        f"people added properties ({_titles(added)})" if added else "",
        f"people added views ({_titles([each.name for each in views])})" if views else "",
    ]
    return "; ".join(filter(None, told))


def _titles(titles: list[str], shown: int = 3) -> str:
    more = f" and {len(titles) - shown} more" if len(titles) > shown else ""
    return ", ".join(repr(each) for each in titles[:shown]) + more
