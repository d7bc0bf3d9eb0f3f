"""How many pages a plan concerns: counted in Notion, and only where something may be lost or has to be moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from notion_pm.errors import InTrash, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.model.property_lookup import property_keys, property_title
from notion_pm.model.usage import holds
from notion_pm.notion.client import NotionClient
from notion_pm.provision.apply.recount import new_spec
from notion_pm.provision.plan.affected_pages import loses_value, values_filter
from notion_pm.provision.plan.change import AffectedPages, Change, PlannedDatabase, PlannedView
from notion_pm.provision.plan.database_look import without_changes_by_people
from notion_pm.provision.plan.options.option_holders import chosen_option_ids, option_filter
from notion_pm.provision.plan.order.order import operations
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.reading import Reading


def with_affected_page_counts(gateway: NotionClient, plan: Plan, reading: Reading) -> Plan:
    """Return the plan with the pages counted that lossy and slow changes concern; a loss to no page is none.

    One read of each such database, 100 pages a request; for options only of the pages that hold them. Raises a
    NotionError or IncompleteRead.
    """
    before = gateway.requests.logical
    lossy = [each for each in plan.changes if each.change_class == "lossy" and each.property_id]
    pages = {
        database: _pages(
            gateway, reading, database, [each for each in lossy if each.database == database]
        )
        for database in sorted({each.database for each in lossy})
    }
    held = _held(gateway, reading, [each for each in plan.changes if each.replacement is not None])
    changes = tuple(_with_planned(gateway, each, plan, reading) for each in plan.changes)
    changes = tuple(
        _counted(each, pages[each.database], reading) if each in lossy else _moving(each, held)
        for each in changes
    )
    totals = tuple((database, len(found)) for database, found in pages.items())
    steps = operations(reading.loaded, reading.existing, changes)
    return plan.with_page_counts(changes, steps, totals, gateway.requests.logical - before)


def _with_planned(gateway: NotionClient, change: Change, plan: Plan, reading: Reading) -> Change:
    """Return a change of a view or database with what is there, so that a person's edit can be noticed later.

    One request for each view that is set or deleted, and each database whose title or look is set.
    """
    entry = reading.existing.entry(change.database)
    if entry is None or change.kind not in {"view", "database"} or change.action == "create":
        return change
    try:
        if change.kind == "database":
            database = gateway.get_database(entry.database_id)
            spec = reading.loaded.template.databases[change.database]
            kept = without_changes_by_people(
                change, spec, entry, database, reset_titles=plan.options.reset_titles
            )
            return replace(kept, planned=PlannedDatabase(database, kept.facets))
        view = gateway.get_view(entry.views[change.key].id)
    except (NotShared, InTrash):
        return change  # somebody deleted it already
    return replace(change, planned=PlannedView(view, _changing(change.database, plan, reading)))


def _changing(database: str, plan: Plan, reading: Reading) -> frozenset[str]:
    """Return the properties of a database that a plan changes: ids and names, for views show either."""
    entry, found = reading.existing.entry(database), reading.existing.databases.get(database)
    properties = found.data_source.properties if found is not None else {}
    template = reading.loaded.template
    named: set[str] = set()
    for change in plan.changes:
        if change.database != database or change.kind not in {"property", "option"}:
            continue
        property_id = entry.properties.get(change.key, "") if entry else ""
        named.add(property_id)
        if database in template.databases and change.key in property_keys(template, database):
            named.add(property_title(template, database, change.key))
        if property_id in properties:
            named.add(properties[property_id].name)
    return frozenset(named - {""})


def _pages(
    gateway: NotionClient, reading: Reading, database: str, changes: Iterable[Change]
) -> list[Page]:
    source = reading.existing.databases[database].data_source
    return list(
        gateway.query(source.id, property_ids=sorted({each.property_id for each in changes}))
    )


def _held(
    gateway: NotionClient, reading: Reading, swaps: Iterable[Change]
) -> dict[str, frozenset[NotionId]]:
    """Return which pages hold the options that are to go, by option id."""
    leaving: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for change in swaps:
        for option in (
            (change.replacement.source, change.replacement.placeholder)
            if change.replacement
            else ()
        ):
            if option is not None and option.id:
                leaving[change.database][change.property_id].append(option.id)
    held: defaultdict[str, set[NotionId]] = defaultdict(set)
    for database, properties in leaving.items():
        source = reading.existing.databases[database].data_source
        asked = option_filter(
            [(source.properties[each], option_ids) for each, option_ids in properties.items()]
        )
        for page in gateway.query(source.id, filter=asked, property_ids=sorted(properties)):
            for property_id in properties:
                for option_id in chosen_option_ids(page, property_id):
                    held[option_id].add(page.id)
    return {option_id: frozenset(pages) for option_id, pages in held.items()}


def _counted(change: Change, pages: Iterable[Page], reading: Reading) -> Change:
    spec = new_spec(reading.loaded.template, change)
    prop = reading.existing.databases[change.database].data_source.properties[change.property_id]
    is_asked_for = (
        values_filter([(prop, (change.option_id,) if change.option_id else ())]) is not None
    )
    asked, losing = set(), set()
    for page in pages:
        has_value = (
            change.option_id in chosen_option_ids(page, prop.id)
            if change.option_id
            else holds(page, prop.id)
        )
        if has_value or not is_asked_for:
            asked.add(page.id)
        if loses_value(page, prop, change.option_id, spec):
            losing.add(page.id)
    return replace(
        change,
        pages=len(losing),
        change_class="lossy" if losing else "safe",
        affected=AffectedPages(frozenset(asked), frozenset(losing)),
    )


def _moving(change: Change, held: dict[str, frozenset[NotionId]]) -> Change:
    if change.replacement is None:
        return change
    swap = change.replacement.with_pages(held)
    return replace(
        change,
        replacement=swap,
        pages=len(swap.pages),
        change_class="slow" if swap.pages else "safe",
    )
