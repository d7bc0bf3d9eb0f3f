"""Check again right before an apply changes or removes properties that people write in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from notion_pm.errors import ChangedDuringRun
from notion_pm.model.page import Page
from notion_pm.model.property_lookup import own_property, property_title
from notion_pm.model.schema import DataSource, Property, RelationConfig
from notion_pm.model.template import PropertySpec, Template
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.affected_pages import loses_value, values_filter
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.operation import PAGE_SIZE, Operation


def new_spec(template: Template, change: Change) -> PropertySpec | None:
    """Return what a property is converted to, None if the change does not convert it."""
    if "type" not in change.facets:
        return None
    return own_property(template, change.database, change.key)


def changes_still_wanted(
    context: ApplyContext, operation: Operation, before: DataSource, now: DataSource
) -> tuple[Change, ...]:
    """Return the changes of an operation without those that people have made unnecessary.

    `before` is the data source as the plan saw it, `now` as it is right before the change. A title
    that people have changed stays, and what they have deleted is not deleted again.

    Raises ChangedDuringRun if a property that the plan changes was converted or deleted, or if
    people have added one with the title of a new one.
    """
    wanted = []
    for change in operation.changes:
        if change.kind == "property" and change.action == "create":
            _raise_if_title_taken(context, change, before, now)
        prop_before = before.properties.get(change.property_id)
        if prop_before is None:
            wanted.append(change)
            continue
        prop_now = now.properties.get(change.property_id)
        still_wanted = _change_of_existing(operation.database, change, prop_before, prop_now)
        if still_wanted is not None:
            wanted.append(still_wanted)
    return tuple(wanted)


def _change_of_existing(
    database: str, change: Change, before: Property, now: Property | None
) -> Change | None:
    """Return the rest of a change of a property, None if nothing is left."""
    # People did the work of a deletion. Anything else they made impossible.
    if now is None:
        if change.action == "delete":
            return None
        raise ChangedDuringRun(database, f"people deleted the property {before.name!r}")
    if before.type != now.type:
        raise ChangedDuringRun(database, f"people made the property {before.name!r} a {now.type}")
    # People renamed it after the plan was made: that name is newer than the template's.
    if "title" in change.facets and before.name != now.name:
        other_facets = change.facets - {"title"}
        return replace(change, facets=other_facets) if other_facets else None
    return change


def _raise_if_title_taken(
    context: ApplyContext, change: Change, before: DataSource, now: DataSource
) -> None:
    title = property_title(context.template, change.database, change.key)
    found = now.find_property(title)
    is_new = found is not None and before.find_property(title) is None
    if is_new and found is not None and not _is_our_mirror(context, change, found):
        raise ChangedDuringRun(change.database, f"people added a property {title!r}")


def _is_our_mirror(context: ApplyContext, change: Change, found: Property) -> bool:
    """Return whether Notion created a property as the mirror of a two-way relation of the template.

    It exists as soon as this apply, or an interrupted one, has created the relation in the other
    database.
    """
    mirror = context.state.mirrors(change.database).get(change.key)
    # The state knows the mirrors of relations that this apply has created.
    if mirror is not None:
        return found.id == mirror[0]
    far_side = context.template.far_sides(change.database).get(change.key)
    if far_side is None or not isinstance(found.config, RelationConfig):
        return False
    near_database, near_key = far_side[:2]
    near_id = context.state.known_property_id(near_database, near_key)
    return near_id is not None and found.config.synced_property_id == near_id


def raise_if_more_would_be_lost(context: ApplyContext, operation: Operation) -> None:
    """Count the pages again that lossy changes affect, also where the plan found none.

    Raises ChangedDuringRun if there are pages that the plan did not count.
    """
    counted = [change for change in operation.changes if change.affected is not None]
    if not counted:
        return
    source = context.state.source(operation.database)
    changes = [change for change in counted if change.property_id in source.properties]
    if not changes:
        return
    pages = _pages_with_values(context, source, changes)
    for change in changes:
        assert change.affected is not None
        spec = new_spec(context.template, change)
        prop = source.properties[change.property_id]
        titles_by_id = {}  # a page may be listed twice, by both queries
        for page in pages:
            if page.id in change.affected.losing:
                continue
            if loses_value(page, prop, change.option_id, spec):
                titles_by_id[page.id] = page.title
        if titles_by_id:
            titles = list(titles_by_id.values())
            already_counted = len(change.affected.losing)
            raise ChangedDuringRun.with_more_pages(str(change.address), titles, already_counted)


def _pages_with_values(
    context: ApplyContext, source: DataSource, changes: Sequence[Change]
) -> list[Page]:
    """Return the pages that hold a value which one of these changes may lose."""
    removed_as_a_whole = {change.property_id for change in changes if not change.option_id}
    options: dict[str, list[str]] = {}
    for change in changes:
        option_ids = options.setdefault(change.property_id, [])
        if change.property_id not in removed_as_a_whole:
            option_ids.append(change.option_id)
    asked = values_filter(
        (source.properties[property_id], option_ids) for property_id, option_ids in options.items()
    )
    property_ids = ["title", *sorted(options)]
    pages = list(context.client.query(source.id, filter=asked, property_ids=property_ids))
    if len(pages) > PAGE_SIZE:
        # The list took several requests. A page that got a value while it was read was edited since
        # this run began, so one more query finds it.
        recent: dict[str, Any] = {
            "timestamp": "last_edited_time",
            "last_edited_time": {"on_or_after": context.began.isoformat()},
        }
        edited = recent if asked is None else {"and": [recent, asked]}
        pages += context.client.query(source.id, filter=edited, property_ids=property_ids)
    return pages
