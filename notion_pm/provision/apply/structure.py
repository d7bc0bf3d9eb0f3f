"""Making and changing databases and their properties."""

from __future__ import annotations

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
from notion_pm.provision.plan.options import option_list
from notion_pm.provision.reading import new_databases
from notion_pm.template.topological_order import created_with_database


def create_database(context: ApplyContext, operation: Operation) -> None:
    """Create a database with all properties that need no id of another."""
    key, spec = operation.database, context.template.databases[operation.database]

    def look_up() -> Database | None:
        children = context.gateway.list_children(context.parent_id)
        known = context.state.known_ids() | context.sibling_ids
        # Our request was sent by our connection: what others made since is theirs.
        ours = [block for block in children if block.created_by in {None, context.connection_id}]
        found = (
            context.gateway.find_database(each.id)
            for each in new_databases(ours, spec.title, context.since, known)
        )
        return next((each for each in found if each is not None), None)

    database = context.gateway.create_database(
        context.parent_id,
        spec.title,
        patches.creations(
            context.template, key, created_with_database(context.template, key), context.state
        ),
        icon=spec.icon,
        description=spec.description,
        look_up=look_up,
    )
    context.state.note_database(key, database)


def update_database(context: ApplyContext, operation: Operation) -> None:
    """Set title, icon and description of a database, as far as the template changed them.

    Raises ChangedDuringRun when people have changed what is to be set since the plan was made.
    """
    key, spec = operation.database, context.template.databases[operation.database]
    if operation.is_recorded_only:
        context.state.note_updated_database(key)
        return
    change = operation.changes[0]
    facets, database_id = change.facets, context.state.entry(key).database_id
    look = "look" in facets
    known = None
    if isinstance(change.planned, PlannedDatabase):
        known = context.gateway.get_database(database_id)
        if not change.planned.is_still(known):
            raise ChangedDuringRun(
                key, f"somebody changed the title or the look of the database {known.title!r}"
            )
    context.gateway.update_database(
        database_id,
        title=spec.title if "title" in facets else None,
        icon=spec.icon if look else None,
        description=spec.description if look else None,
        known=known,
    )
    context.state.note_updated_database(key)


def settle(context: ApplyContext, operation: Operation) -> None:
    """Bring the properties of one level into being; with nothing to send, read what Notion called them."""
    key, source_id = operation.database, context.state.data_source_id(operation.database)
    if operation.reads_first:
        # Lists of options are replaced as a whole: without this, options that people added meanwhile would be gone.
        before, now = context.state.source(key), context.gateway.get_data_source(source_id)
        operation = replace(
            operation, changes=changes_still_wanted(context, operation, before, now)
        )
        context.state.note_source(key, now)
    raise_if_more_would_be_lost(context, operation)
    sent = {**_mirror_patches(context, key), **_property_patches(context, key, operation.changes)}
    update, read = context.gateway.update_data_source, context.gateway.get_data_source
    if operation.reads_first and not sent:  # people have done all of it themselves
        return
    source = update(source_id, sent) if sent else read(source_id)
    context.state.note_source(key, source, operation.changes)


def _mirror_patches(context: ApplyContext, database: str) -> dict[str, PropertyPatch]:
    """Rename the mirrors that Notion named otherwise than it was asked to."""
    wanted = {
        key: property_title(context.template, database, key)
        for key in context.template.far_sides(database)
    }
    return {
        property_id: PropertyPatch(name=wanted[key])
        for key, (property_id, name) in context.state.mirrors(database).items()
        if name != wanted[key]
    }


def _property_patches(
    context: ApplyContext, database: str, changes: Sequence[Change]
) -> dict[str, PropertyPatch | None]:
    created = {each.key for each in changes if (each.kind, each.action) == ("property", "create")}
    facets: dict[str, frozenset[str]] = {}
    for change in changes:
        facets[change.key] = facets.get(change.key, frozenset()) | change.facets
    sent: dict[str, PropertyPatch | None] = {
        each.property_id: None
        for each in changes
        if (each.kind, each.action) == ("property", "delete")
    }
    for key, changed in facets.items():
        if "removed" in changed:
            continue
        found = context.state.find_property(database, key)
        if key not in created:
            assert found is not None, "only what exists is updated"
            options = (
                _options(context, database, key, found, changes) if "options" in changed else None
            )
            sent[found.id] = patches.update(
                context.template, database, key, changed, found, context.state, options
            )
        elif (
            own_property(context.template, database, key) is not None
        ):  # mirrors come with the relations that they mirror
            title = property_title(context.template, database, key)
            sent[title] = patches.creation(context.template, database, key, context.state)
    return sent


def _options(
    context: ApplyContext, database: str, key: str, found: Property, changes: Sequence[Change]
) -> OptionsConfig:
    """Return the options that a property is to have next."""
    spec = context.template.databases[database].properties[key]
    assert isinstance(spec, OptionsProperty) and isinstance(found.config, OptionsConfig), (
        "it has options"
    )
    recorded = context.state.entry(database).options
    known = {
        each.key: recorded[place]
        for each in spec.options
        if (place := f"{key}.{each.key}") in recorded
    }
    here = [each for each in changes if (each.kind, each.key) == ("option", key)]
    return OptionsConfig(option_list.apply_option_changes(spec, found.config.options, known, here))
