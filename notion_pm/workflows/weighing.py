"""How many pages a plan concerns: counted in Notion, and only where something may be lost or has to be moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from notion_pm.errors import NotShared
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page
from notion_pm.planning.affected_pages import loses_value, values_filter
from notion_pm.planning.change import AffectedPages, Change, DeletedView
from notion_pm.planning.option_holders import chosen, holders_filter
from notion_pm.planning.order import operations
from notion_pm.planning.plan import Plan
from notion_pm.planning.usage import holds
from notion_pm.workflows.reading import Reading
from notion_pm.workflows.recount import new_spec


def weighed(gateway: Gateway, plan: Plan, reading: Reading) -> Plan:
    """Return the plan with the pages counted that lossy and slow changes concern; a loss to no page is none.

    One read of each such database, 100 pages a request; for options only of the pages that hold them. Raises a
    NotionError or IncompleteRead.
    """
    before = gateway.requests.logical
    lossy = [each for each in plan.changes if each.change_class == "lossy" and each.property_id]
    pages = {
        database: _pages(gateway, reading, database, [each for each in lossy if each.database == database])
        for database in sorted({each.database for each in lossy})
    }
    held = _held(gateway, reading, [each for each in plan.changes if each.swap is not None])
    changes = tuple(_with_view(gateway, each, plan, reading) for each in plan.changes)
    changes = tuple(
        _counted(each, pages[each.database], reading) if each in lossy else _moving(each, held) for each in changes
    )
    totals = tuple((database, len(found)) for database, found in pages.items())
    steps = operations(reading.loaded, reading.existing, changes)
    return plan.weighed(changes, steps, totals, gateway.requests.logical - before)


def _with_view(gateway: Gateway, change: Change, plan: Plan, reading: Reading) -> Change:
    """Return the deletion of a view with the view as it is, so that a person's change to it can be noticed later."""
    entry = reading.existing.entry(change.database)
    if change.kind != "view" or change.action != "delete" or entry is None:
        return change
    try:
        view = gateway.get_view(entry.views[change.key].id)
    except NotShared:
        return change  # somebody deleted it already
    has_changing_properties = any(
        each.database == change.database and each.kind in {"property", "option"} for each in plan.changes
    )
    return replace(change, deleted_view=DeletedView(view, has_changing_properties))


def _pages(gateway: Gateway, reading: Reading, database: str, changes: Iterable[Change]) -> list[Page]:
    source = reading.existing.databases[database].data_source
    return list(gateway.query(source.id, property_ids=sorted({each.property_id for each in changes})))


def _held(gateway: Gateway, reading: Reading, swaps: Iterable[Change]) -> dict[str, frozenset[NotionId]]:
    """Return which pages hold the options that are to go, by option id."""
    leaving: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for change in swaps:
        for option in (change.swap.old, change.swap.stand_in) if change.swap else ():
            if option is not None and option.id:
                leaving[change.database][change.property_id].append(option.id)
    held: defaultdict[str, set[NotionId]] = defaultdict(set)
    for database, properties in leaving.items():
        source = reading.existing.databases[database].data_source
        asked = holders_filter([(source.properties[each], option_ids) for each, option_ids in properties.items()])
        for page in gateway.query(source.id, filter=asked, property_ids=sorted(properties)):
            for property_id in properties:
                for option_id in chosen(page, property_id):
                    held[option_id].add(page.id)
    return {option_id: frozenset(pages) for option_id, pages in held.items()}


def _counted(change: Change, pages: Iterable[Page], reading: Reading) -> Change:
    spec = new_spec(reading.loaded.template, change)
    prop = reading.existing.databases[change.database].data_source.properties[change.property_id]
    is_asked_for = values_filter([(prop, (change.option_id,) if change.option_id else ())]) is not None
    asked, losing = set(), set()
    for page in pages:
        has_value = change.option_id in chosen(page, prop.id) if change.option_id else holds(page, prop.id)
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
    if change.swap is None:
        return change
    swap = change.swap.held_by(held)
    return replace(change, swap=swap, pages=len(swap.pages), change_class="slow" if swap.pages else "safe")
