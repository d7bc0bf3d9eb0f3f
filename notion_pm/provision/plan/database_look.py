"""Title, icon and description of a database: what of a template's change to set, and what is people's. Pure.

Three states are compared: what the last apply set, what the template says now, and what is there. Where people have
changed something since the last apply, it is theirs and stays.
"""

from __future__ import annotations

from dataclasses import replace

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import Database
from notion_pm.model.template import DatabaseSpec
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change

KEPT_LOOK = "kept look"
"""The facet of a change that sets no icon and description: the record notes the template's, people's stay."""


def without_changes_by_people(
    change: Change, spec: DatabaseSpec, entry: DatabaseEntry, there: Database, *, reset_titles: bool
) -> Change:
    """Return the change without what people have set themselves. With `reset_titles` a title is set all the same."""
    facets, details = set(change.facets), list(change.details)
    if "title" in facets and there.title not in {entry.title, spec.title} and not reset_titles:
        facets.remove("title")
        details = [detail for detail in details if not detail.startswith("title: ")]
        details.append(f"title: is {there.title!r} in Notion (template: {spec.title!r}); respected")
    if "look" in facets and not _is_look_as_set(spec, entry, there):
        facets.remove("look")
        facets.add(KEPT_LOOK)
        details = [detail for detail in details if not detail.startswith("icon and description")]
        details.append("icon and description: people changed them in Notion; respected")
    return replace(change, facets=frozenset(facets), details=tuple(details))


def _is_look_as_set(spec: DatabaseSpec, entry: DatabaseEntry, there: Database) -> bool:
    """Return whether icon and description are as the last apply set them, or already as the template has them.

    The record has a fingerprint of what the template said. Notion returns an empty description where there is none.
    """
    icon = there.icon if there.icon_type in {None, "emoji"} else there.icon_type
    descriptions = {there.description or None, there.description, f"{there.description}\n"}
    return any(
        fingerprint.of_look(icon, description)
        in {entry.fingerprints.get(""), fingerprint.of_database(spec)}
        for description in descriptions
    )
