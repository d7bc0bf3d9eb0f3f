"""Find what the record owns and the template no longer has.

It is noted and kept, or removed with --prune. Databases and rows are always kept: they hold what
people wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from notion_pm.model.existing import Existing
from notion_pm.model.property_types import DERIVED_TYPES
from notion_pm.model.schema import OptionsConfig, Property, RelationConfig
from notion_pm.model.template import OptionsProperty, RelationProperty, Template
from notion_pm.provision.plan.change import Change, ChangeClass, Finding, Note
from notion_pm.provision.plan.diff.compared_database import ComparedDatabase
from notion_pm.template.dashboards import dashboards_by_widget, format_view_name

REMOVED_FROM_TEMPLATE = "is no longer in the template"
KEPT = f"{REMOVED_FROM_TEMPLATE}; left as it is"
FORMER_MIRROR = frozenset({"removed", "former mirror"})
"""Facets of a mirror that is removed after its relation has become one-way. Before that, Notion
would remove both."""

_LOSES_NOTHING = DERIVED_TYPES | {"button"}
"""Types of property that can be removed without losing a value. The numbers of a unique_id are
lost."""


def removed_properties(database: ComparedDatabase, claimed: Collection[str]) -> Iterator[Finding]:
    """Find the recorded properties that no property of the template claims.

    `claimed` are the keys in the record of those that the template still has.
    """
    for key, property_id in database.entry.properties.items():
        prop = database.source.properties.get(property_id)
        if key not in claimed and prop is not None:
            yield _removed_property(database, key, prop)


def _removed_property(database: ComparedDatabase, key: str, prop: Property) -> Finding:
    """Return what happens to a property that the template no longer has. The cases, in order:

    1. It mirrored a relation that is one-way in the template now: removed, the links stay.
    2. It mirrors a relation that the template still has: removing it would remove both. It goes
       when the relation itself changes.
    3. Without --prune, and always for a title (each database needs one) and what was the client's
       before: kept.
    4. With --prune: removed. A computed property loses nothing.
    """
    # 1. Example: `vision` had a mirror "Features" of the relation `features.vision`, and the
    # template no longer wants it (`two_way` was removed). The links are kept in `features.vision`.
    if _was_a_mirror(database, key, prop) and _is_one_way_now(database, prop):
        reason = "mirrors a relation that is one-way in the template; the links stay there"
        return _removal(database, key, prop, reason, "safe", FORMER_MIRROR)
    # 2. Example: the relation is two-way now and its mirror has another key than before.
    if _mirrors_kept_relation(database, prop):
        message = f"{REMOVED_FROM_TEMPLATE}; goes with the mirror of the relation that it was"
        return Note(database.address(key), message, prop.name)
    # 3. Kept.
    is_adopted = database.entry.is_adopted(prop.id)
    if not database.options.prune or prop.type == "title" or is_adopted:
        return Note(database.address(key), KEPT, prop.name)

    # 4. Removed.
    change_class: ChangeClass = "safe" if prop.type in _LOSES_NOTHING else "lossy"
    facet = "mirror" if _goes_with_its_mirror(database, prop) else "removed"
    return _removal(database, key, prop, REMOVED_FROM_TEMPLATE, change_class, frozenset({facet}))


def _removal(
    database: ComparedDatabase,
    key: str,
    prop: Property,
    reason: str,
    change_class: ChangeClass,
    facets: frozenset[str],
) -> Change:
    consequence = "" if change_class == "safe" else "Its values are lost."
    return Change(
        database.address(key),
        "delete",
        "property",
        reason,
        change_class=change_class,
        details=(f"{prop.name} ({prop.type})",),
        database=database.key,
        key=key,
        facets=facets,
        property_id=prop.id,
        title=prop.name,
        summary=f"property removed ({prop.type})",
        consequence=consequence,
    )


def _was_a_mirror(database: ComparedDatabase, key: str, prop: Property) -> bool:
    """Whether a property of ours was created as the other end of a two-way relation.

    Only properties that a template states have a fingerprint in the record; mirrors have none.
    """
    entry = database.entry
    is_ours = key not in entry.fingerprints and not entry.is_adopted(prop.id)
    return is_ours and isinstance(prop.config, RelationConfig)


def _is_one_way_now(database: ComparedDatabase, prop: Property) -> bool:
    """Whether the relation that a property mirrors, or did mirror, is one-way in the template.

    The two sides are matched by id. After an interrupted apply the relation may be one-way already.
    Then the property names no other side, and it is enough that it points to the database where a
    one-way relation comes from.
    """
    assert isinstance(prop.config, RelationConfig)
    # None: after an interruption the relation is one-way already.
    other_side = prop.config.synced_property_id
    for near, entry in database.existing.owned.items():
        is_in_template = near in database.template.databases
        if not is_in_template or entry.data_source_id != prop.config.data_source_id:
            continue
        for key, spec in database.template.databases[near].properties.items():
            if not isinstance(spec, RelationProperty) or key not in entry.properties:
                continue
            points_here = spec.to == database.key and spec.two_way is None
            if points_here and other_side in (None, entry.properties[key]):
                return True
    return False


def _mirrors_kept_relation(database: ComparedDatabase, prop: Property) -> bool:
    """Whether the other side of a relation is still in the template. Removing this side would
    remove that one too."""
    if not isinstance(prop.config, RelationConfig):
        return False
    other_side = prop.config.synced_property_id
    for key, entry in database.existing.owned.items():
        if key not in database.template.databases:
            continue
        spec = database.template.databases[key]
        for property_key, property_id in entry.properties.items():
            if property_id == other_side and property_key in spec.properties:
                return True
    return False


def _goes_with_its_mirror(database: ComparedDatabase, prop: Property) -> bool:
    """Whether removing the other side of a relation removes this one as well.

    Notion removes both sides at once, so only one of them is sent: the one with the smaller id.
    """
    if not isinstance(prop.config, RelationConfig) or not prop.config.two_way:
        return False
    manifest = database.existing.manifest
    entries = manifest.databases.values() if manifest else ()
    this_side = (database.source.id, prop.id)
    other_side = (prop.config.data_source_id, prop.config.synced_property_id or "")
    is_owned = any(
        entry.data_source_id == other_side[0] and other_side[1] in entry.properties.values()
        for entry in entries
    )
    return is_owned and other_side < this_side


_FATE_OF_PAGES = {
    "status": "its pages move to another status, and Notion does not say which",
    "select": "its pages become empty there",
    "multi_select": "its pages keep their other values",
}
"""What Notion does to the pages that hold an option which is removed (measured, September 2026)."""


def removed_options(
    database: ComparedDatabase, key: str, owned_as: str, spec: OptionsProperty, prop: Property
) -> Iterator[Finding]:
    """Find the options of a property that the template no longer has.

    `owned_as` is the property's key in the record, `key` the one in the template.
    """
    in_template = set()
    for option_spec in spec.options:
        in_template |= {option_spec.key, option_spec.was}
    names = {}
    if isinstance(prop.config, OptionsConfig):
        names = {option.id: option.name for option in prop.config.options}

    for ref, option_id in database.entry.options.items():
        property_key, _, option_key = ref.partition(".")
        if property_key != owned_as or option_key in in_template or option_id not in names:
            continue
        name = names[option_id]
        where = database.address(key, option_key)
        # An option that the client had before the template is theirs.
        if not database.options.prune or database.entry.is_adopted(option_id):
            yield Note(where, KEPT, f"{prop.name} > {name}")
            continue
        fate = _FATE_OF_PAGES[prop.type]
        yield Change(
            where,
            "delete",
            "option",
            REMOVED_FROM_TEMPLATE,
            change_class="lossy",
            details=(name, fate),
            database=database.key,
            key=key,
            facets=frozenset({"options"}),
            property_id=prop.id,
            option_id=option_id,
            title=prop.name,
            summary=f'option "{name}" removed',
            consequence=fate,
        )


def removed_views(database: ComparedDatabase) -> Iterator[Finding]:
    """Find the views that the template no longer has.

    Notion refuses to delete the last tab of a database, so it is kept. Deleting a dashboard deletes
    its widgets, so a dashboard is kept while the template has one of them.
    """
    spec = database.spec
    in_notion = {*database.found.view_ids, *database.existing.widget_ids}
    removed = {
        key: view
        for key, view in database.entry.views.items()
        if key not in spec.views and view.id in in_notion
    }
    removed_ids = {view.id for view in removed.values()}
    other_tabs = set(database.found.view_ids) - removed_ids
    widgets = dashboards_by_widget(database.template)
    # A tab that this plan creates also counts as one that is left.
    new_tabs = [
        key
        for key in spec.views
        if key not in database.entry.views and (database.key, key) not in widgets
    ]
    has_tab_left = bool(new_tabs or other_tabs)

    for key, view in removed.items():
        where = database.address("views", key)
        title = f'view "{key}"'
        dashboard = format_view_name((database.key, key))
        if _holds_widget_of_template(dashboard, database.template, database.existing):
            message = (
                f"{REMOVED_FROM_TEMPLATE}; left, because it holds views that still are: "
                "take them off it in Notion"
            )
            yield Note(where, message, title)
        elif database.options.prune and (has_tab_left or view.dashboard):
            yield Change(
                where,
                "delete",
                "view",
                REMOVED_FROM_TEMPLATE,
                database=database.key,
                key=key,
                title=title,
                summary="removed",
            )
        else:
            yield Note(where, KEPT, title)


def _holds_widget_of_template(dashboard: str, template: Template, existing: Existing) -> bool:
    for key, entry in existing.owned.items():
        if key not in template.databases:
            continue
        for view_key, view in entry.views.items():
            if view.dashboard == dashboard and view_key in template.databases[key].views:
                return True
    return False
