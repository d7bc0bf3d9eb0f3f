"""Looking once more right before an apply changes or removes properties that people write in."""

from __future__ import annotations

from collections import defaultdict
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
    """Return what a property is to become, None where a change does not convert it."""
    return own_property(template, change.database, change.key) if "type" in change.facets else None


def changes_still_wanted(
    context: ApplyContext, operation: Operation, before: DataSource, now: DataSource
) -> tuple[Change, ...]:
    """Return the changes of an operation without those that people have overtaken since the plan was made.

    A title that somebody has changed stays as they want it, and what they have deleted is not deleted again.

    Raises ChangedDuringRun where a property was converted or deleted that is to be changed, or where somebody has
    added one with the title of a new one.
    """
    wanted = []
    for change in operation.changes:
        was, found = (
            before.properties.get(change.property_id),
            now.properties.get(change.property_id),
        )
        if change.kind == "property" and change.action == "create":
            _refuse_taken_title(context, change, before, now)
        if was is not None and found is None:
            if change.action == "delete":
                continue
            raise ChangedDuringRun(
                operation.database, f"somebody deleted the property {was.name!r}"
            )
        if was is not None and found is not None:
            if was.type != found.type:
                raise ChangedDuringRun(
                    operation.database, f"somebody made the property {was.name!r} a {found.type}"
                )
            if "title" in change.facets and was.name != found.name:
                change = replace(change, facets=change.facets - {"title"})
                if not change.facets:
                    continue
        wanted.append(change)
    return tuple(wanted)


def _refuse_taken_title(
    context: ApplyContext, change: Change, before: DataSource, now: DataSource
) -> None:
    title = property_title(context.template, change.database, change.key)
    found = now.find_property(title)
    if (
        before.find_property(title) is None
        and found is not None
        and not _is_our_mirror(context, change, found)
    ):
        raise ChangedDuringRun(change.database, f"somebody added a property {title!r}")


def _is_our_mirror(context: ApplyContext, change: Change, found: Property) -> bool:
    """Return whether Notion made a property as the other end of a two-way relation of the template.

    It is there as soon as this apply, or an interrupted one, has made the relation in the other database.
    """
    if (mirror := context.state.mirrors(change.database).get(change.key)) is not None:
        return found.id == mirror[0]
    far_side = context.template.far_sides(change.database).get(change.key)
    if far_side is None or not isinstance(found.config, RelationConfig):
        return False
    near_database, near_key = far_side[:2]
    near_id = context.state.known_property_id(near_database, near_key)
    return near_id is not None and found.config.synced_property_id == near_id


def raise_if_more_would_be_lost(context: ApplyContext, operation: Operation) -> None:
    """Count the pages once more that lossy changes affect, also where the plan found none.

    Raises ChangedDuringRun when there are pages that the plan did not count.
    """
    changes = [change for change in operation.changes if change.affected is not None]
    if not changes:
        return
    source = context.state.source(operation.database)
    changes = [change for change in changes if change.property_id in source.properties]
    if not changes:
        return
    pages = _pages_with_values(context, source, changes)
    for change in changes:
        assert change.affected is not None
        spec, prop = new_spec(context.template, change), source.properties[change.property_id]
        more = {
            page.id: page.title
            for page in pages
            if loses_value(page, prop, change.option_id, spec)
            and page.id not in change.affected.losing
        }
        if more:
            raise ChangedDuringRun.with_more_pages(
                str(change.address), list(more.values()), len(change.affected.losing)
            )


def _pages_with_values(
    context: ApplyContext, source: DataSource, changes: Sequence[Change]
) -> list[Page]:
    options: defaultdict[str, list[str]] = defaultdict(list)
    whole = {change.property_id for change in changes if not change.option_id}
    for change in changes:
        options[change.property_id] += [change.option_id] if change.property_id not in whole else []
    asked = values_filter(
        [(source.properties[each], option_ids) for each, option_ids in options.items()]
    )
    ids = ["title", *sorted(options)]
    pages = list(context.gateway.query(source.id, filter=asked, property_ids=ids))
    if len(pages) > PAGE_SIZE:
        # The list took several requests. Whoever wrote in the meantime is among those who edited a page last.
        recent: dict[str, Any] = {
            "timestamp": "last_edited_time",
            "last_edited_time": {"on_or_after": context.began.isoformat()},
        }
        edited = {"and": [recent, asked]} if asked is not None else recent
        pages += context.gateway.query(source.id, filter=edited, property_ids=ids)
    return pages
