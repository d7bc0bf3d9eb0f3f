"""Create and change databases and their properties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from notion_pm.errors import ChangedDuringRun
from notion_pm.model.property_lookup import own_property, property_title
from notion_pm.model.schema import Database, OptionsConfig, Property, PropertyPatch
from notion_pm.model.template import OptionsProperty
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.apply.recount import changes_still_wanted, raise_if_more_would_be_lost
from notion_pm.provision.plan import patches
from notion_pm.provision.plan.change import Change, PlannedDatabase
from notion_pm.provision.plan.operation import Operation
from notion_pm.provision.plan.options.option_list import apply_option_changes
from notion_pm.provision.reading import new_databases
from notion_pm.template.topological_order import created_with_database


def create_database(context: ApplyContext, operation: Operation) -> None:
    """Create a database with all properties that need no id of another."""
    key = operation.database
    spec = context.template.databases[key]
    keys = created_with_database(context.template, key)
    database = context.client.create_database(
        context.parent_id,
        spec.title,
        patches.property_creations(context.template, key, keys, context.state),
        icon=spec.icon,
        description=spec.description,
        look_up=lambda: _look_up_database(context, spec.title),
    )
    context.state.note_database(key, database)


def _look_up_database(context: ApplyContext, title: str) -> Database | None:
    """Find the database, after a request to create it whose outcome is unknown."""
    children = context.client.list_children(context.parent_id)
    # Our request was sent by our connection: what others created since is theirs.
    ours = [block for block in children if block.created_by in {None, context.connection_id}]
    # A database that existed before this run is not what our request created.
    known = context.state.known_ids() | context.sibling_ids
    for block in new_databases(ours, title, context.since, known):
        database = context.client.find_database(block.id)
        if database is not None:
            return database
    return None


def update_database(context: ApplyContext, operation: Operation) -> None:
    """Set title, icon and description of a database, as far as the template changed them.

    Raises ChangedDuringRun if people have changed these since the plan was made.
    """
    key = operation.database
    spec = context.template.databases[key]
    if operation.is_recorded_only:
        context.state.note_updated_database(key)
        return
    change = operation.changes[0]
    database_id = context.state.entry(key).database_id
    now = None
    if isinstance(change.planned, PlannedDatabase):
        now = context.client.get_database(database_id)
        if not change.planned.is_unchanged(now):
            what = f"people changed the title or the look of the database {now.title!r}"
            raise ChangedDuringRun(key, what)
    sets_look = "look" in change.facets
    context.client.update_database(
        database_id,
        title=spec.title if "title" in change.facets else None,
        icon=spec.icon if sets_look else None,
        description=spec.description if sets_look else None,
        known=now,
    )
    context.state.note_updated_database(key)


def apply_properties(context: ApplyContext, operation: Operation) -> None:
    """Create and change the properties of one level.

    With nothing to send, read the data source, for the names that Notion gave to mirrors.
    """
    key = operation.database
    source_id = context.state.data_source_id(key)
    if operation.reads_first:
        # Lists of options are replaced as a whole: without this read, options that people added in
        # the meantime would be lost.
        before = context.state.source(key)
        now = context.client.get_data_source(source_id)
        wanted = changes_still_wanted(context, operation, before, now)
        operation = replace(operation, changes=wanted)
        context.state.note_source(key, now)
    # The last check: only one request is between it and the change.
    raise_if_more_would_be_lost(context, operation)

    sent = {**_mirror_patches(context, key), **_property_patches(context, key, operation.changes)}
    if sent:
        source = context.client.update_data_source(source_id, sent)
    elif operation.reads_first:
        return  # it was just read, and people have done all of it themselves
    else:
        source = context.client.get_data_source(source_id)
    context.state.note_source(key, source, operation.changes)


def _mirror_patches(context: ApplyContext, database: str) -> dict[str, PropertyPatch]:
    """Rename the mirrors that Notion named differently than it was asked to."""
    renames = {}
    for key, (property_id, name) in context.state.mirrors(database).items():
        title = property_title(context.template, database, key)
        if name != title:
            renames[property_id] = PropertyPatch(name=title)
    return renames


def _property_patches(
    context: ApplyContext, database: str, changes: Sequence[Change]
) -> dict[str, PropertyPatch | None]:
    """Return what to send: by title for a new property, by id for an existing one, None to
    delete."""
    deleted: dict[str, PropertyPatch | None] = {}
    created_keys = set()
    facets_by_key: dict[str, frozenset[str]] = defaultdict(frozenset)
    for change in changes:
        facets_by_key[change.key] |= change.facets
        if change.kind == "property" and change.action == "delete":
            deleted[change.property_id] = None
        if change.kind == "property" and change.action == "create":
            created_keys.add(change.key)

    sent = deleted
    for key, facets in facets_by_key.items():
        # The property is deleted; its options have nothing to change.
        if "removed" in facets:
            continue
        if key in created_keys:
            is_mirror = own_property(context.template, database, key) is None
            if not is_mirror:  # mirrors are created with their relations
                title = property_title(context.template, database, key)
                sent[title] = patches.property_creation(
                    context.template, database, key, context.state
                )
            continue
        found = context.state.find_property(database, key)
        assert found is not None, "only what exists is updated"
        options = None
        if "options" in facets:
            options = _new_options(context, database, key, found, changes)
        sent[found.id] = patches.property_update(
            context.template, database, key, facets, found, context.state, options
        )
    return sent


def _new_options(
    context: ApplyContext, database: str, key: str, found: Property, changes: Sequence[Change]
) -> OptionsConfig:
    """Return the options that a property gets."""
    spec = context.template.databases[database].properties[key]
    assert isinstance(spec, OptionsProperty) and isinstance(found.config, OptionsConfig), (
        "it has options"
    )
    recorded = context.state.entry(database).options
    known_ids = {}
    for option_spec in spec.options:
        ref = f"{key}.{option_spec.key}"
        if ref in recorded:
            known_ids[option_spec.key] = recorded[ref]
    option_changes = [change for change in changes if change.kind == "option" and change.key == key]
    options = apply_option_changes(spec, found.config.options, known_ids, option_changes)
    return OptionsConfig(options)
