"""What the manifest owns and the template no longer has: told and left, or removed with `--prune`.

Databases and rows are always left: they hold what people wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.property_types import DERIVED_TYPES
from notion_pm.model.schema import OptionsConfig, Property, RelationConfig
from notion_pm.model.template import OptionsProperty, RelationProperty, Template
from notion_pm.provision.plan.change import Change, Note
from notion_pm.template.dashboards import dashboards_by_widget, format_view_name

REMOVED_FROM_TEMPLATE = "is no longer in the template"
FORMER_MIRROR = frozenset({"removed", "former mirror"})
"""Facets of a far side that goes after its relation has become one-way, and not before: that would remove both."""
KEPT = f"{REMOVED_FROM_TEMPLATE}; left as it is"
_LOSES_NOTHING = DERIVED_TYPES | {"button"}
"""Types of property that can be removed without losing a value. The numbers of a unique_id are lost."""
Finding = Change | Note


def removed_properties(
    template: Template,
    database: str,
    claimed: Collection[str],
    entry: DatabaseEntry,
    found: ExistingDatabase,
    existing: Existing,
    *,
    prune: bool,
) -> Iterator[Finding]:
    """Find the properties that no property of the template claims."""
    for key, property_id in entry.properties.items():
        prop = found.data_source.properties.get(property_id)
        if key in claimed or prop is None:
            continue
        if _was_a_mirror(key, prop, entry) and _near_is_one_way(database, prop, template, existing):
            yield Change(
                address(database, key),
                "delete",
                "property",
                "mirrors a relation that is one-way in the template; the links stay with the relation",
                "safe",
                (f"{prop.name} ({prop.type})",),
                database,
                key,
                FORMER_MIRROR,
                property_id=prop.id,
            )
            continue
        if _mirrors_what_stays(prop, template, existing):
            yield Note(
                address(database, key),
                f"{REMOVED_FROM_TEMPLATE}; goes with the mirror of the relation that it was",
            )
            continue
        if (
            not prune or prop.type == "title" or entry.is_adopted(prop.id)
        ):  # Notion keeps every database's title
            yield Note(address(database, key), KEPT)
            continue
        facets = (
            frozenset({"mirror"})
            if _goes_with_its_mirror(prop, found, existing)
            else frozenset({"removed"})
        )
        yield Change(
            address(database, key),
            "delete",
            "property",
            REMOVED_FROM_TEMPLATE,
            "safe" if prop.type in _LOSES_NOTHING else "lossy",
            (f"{prop.name} ({prop.type})",),
            database,
            key,
            facets,
            property_id=prop.id,
        )


def _was_a_mirror(key: str, prop: Property, entry: DatabaseEntry) -> bool:
    """Return whether a property of ours came into being as the far side of a relation.

    Only what a template states has a fingerprint, and its mirrors have none.
    """
    is_ours = key not in entry.fingerprints and not entry.is_adopted(prop.id)
    return is_ours and isinstance(prop.config, RelationConfig)


def _near_is_one_way(database: str, prop: Property, template: Template, existing: Existing) -> bool:
    """Return whether the relation that a property mirrors, or did, is one-way in the template.

    The two are known by their ids. After an interrupted apply the relation is one-way already, and then the property
    names no other side: it is enough that it leads to where a one-way relation comes from.
    """
    assert isinstance(prop.config, RelationConfig)
    for near, entry in existing.owned.items():
        if near not in template.databases or entry.data_source_id != prop.config.data_source_id:
            continue
        for key, spec in template.databases[near].properties.items():
            leads_here = (
                isinstance(spec, RelationProperty) and spec.to == database and spec.two_way is None
            )
            named = prop.config.synced_property_id
            if leads_here and key in entry.properties and named in (None, entry.properties[key]):
                return True
    return False


def _mirrors_what_stays(prop: Property, template: Template, existing: Existing) -> bool:
    """Whether the other side of a relation stays: to remove this one would take that along."""
    if not isinstance(prop.config, RelationConfig):
        return False
    other = prop.config.synced_property_id
    return any(
        each == other and key in template.databases[database].properties
        for database, entry in existing.owned.items()
        if database in template.databases
        for key, each in entry.properties.items()
    )


def _goes_with_its_mirror(prop: Property, found: ExistingDatabase, existing: Existing) -> bool:
    """Whether the other side of a relation is removed too and takes this one along: Notion removes both at once."""
    if not isinstance(prop.config, RelationConfig) or not prop.config.two_way:
        return False
    entries = existing.manifest.databases.values() if existing.manifest else ()
    owned = {
        (entry.data_source_id, each) for entry in entries for each in entry.properties.values()
    }
    other = (prop.config.data_source_id, prop.config.synced_property_id or "")
    return other in owned and other < (found.data_source.id, prop.id)


_FATE_OF_PAGES = {
    "status": "its pages move to another status, and Notion does not say which",
    "select": "its pages become empty there",
    "multi_select": "its pages keep their other values",
}
"""What Notion does to the pages of an option that is removed (notion-seed, September 2026)."""


def removed_options(
    database: str,
    key: str,
    owned_as: str,
    spec: OptionsProperty,
    prop: Property,
    entry: DatabaseEntry,
    *,
    prune: bool,
) -> Iterator[Finding]:
    """Find the options of a property that the template no longer has."""
    stated = {key for each in spec.options for key in (each.key, each.was)}
    there = (
        {each.id: each for each in prop.config.options}
        if isinstance(prop.config, OptionsConfig)
        else {}
    )
    for known, option_id in entry.options.items():
        of, _, option = known.partition(".")
        if of != owned_as or option in stated or option_id not in there:
            continue
        place = address(database, key, option)
        if not prune or entry.is_adopted(option_id):
            yield Note(place, KEPT)
            continue
        yield Change(
            place,
            "delete",
            "option",
            REMOVED_FROM_TEMPLATE,
            "lossy",
            (there[option_id].name, _FATE_OF_PAGES[prop.type]),
            database,
            key,
            frozenset({"options"}),
            property_id=prop.id,
            option_id=option_id,
        )


def removed_views(
    template: Template,
    database: str,
    entry: DatabaseEntry,
    found: ExistingDatabase,
    existing: Existing,
    *,
    prune: bool,
) -> Iterator[Finding]:
    """Find the views that the template no longer has. Notion keeps the last tab of a database, and so do we.

    A dashboard takes its widgets along, and stays while the template has one of them.
    """
    spec, there, on = (
        template.databases[database],
        {*found.view_ids, *existing.widget_ids},
        dashboards_by_widget(template),
    )
    old = {
        key: each for key, each in entry.views.items() if key not in spec.views and each.id in there
    }
    new = [key for key in spec.views if key not in entry.views and (database, key) not in on]
    others = set(found.view_ids) - {each.id for each in old.values()}
    for key, view in old.items():
        place = address(database, "views", key)
        if _holds_what_stays(format_view_name((database, key)), template, existing):
            yield Note(
                place,
                f"{REMOVED_FROM_TEMPLATE}; left, because it holds views that are: take them off it in Notion",
            )
        elif prune and (new or others or view.dashboard):
            yield Change(place, "delete", "view", REMOVED_FROM_TEMPLATE, "safe", (), database, key)
        else:
            yield Note(place, KEPT)


def _holds_what_stays(dashboard: str, template: Template, existing: Existing) -> bool:
    return any(
        view.dashboard == dashboard and each in template.databases[key].views
        for key, entry in existing.owned.items()
        if key in template.databases
        for each, view in entry.views.items()
    )
