"""How many pages a plan takes something from: counted in Notion, and only where something may be lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from notion_pm.gateway.notion import Gateway
from notion_pm.model.page import OptionValue, Page, RelationValue, UniqueIdValue
from notion_pm.planning.change import Change
from notion_pm.planning.plan import Plan
from notion_pm.workflows.reading import Reading


def weighed(gateway: Gateway, plan: Plan, reading: Reading) -> Plan:
    """Return the plan with the pages counted that lossy changes concern; a loss to no page is none.

    One read of each such database, 100 pages a request. Raises a NotionError or IncompleteRead.
    """
    before = gateway.requests.logical
    lossy = [each for each in plan.changes if each.change_class == "lossy" and each.property_id]
    pages = {
        database: _pages(gateway, reading, database, [each for each in lossy if each.database == database])
        for database in sorted({each.database for each in lossy})
    }
    changes = tuple(_counted(each, pages[each.database]) if each in lossy else each for each in plan.changes)
    totals = tuple((database, len(found)) for database, found in pages.items())
    return plan.weighed(changes, totals, gateway.requests.logical - before)


def _pages(gateway: Gateway, reading: Reading, database: str, changes: Iterable[Change]) -> list[Page]:
    source = reading.existing.databases[database].data_source
    return list(gateway.query(source.id, property_ids=sorted({each.property_id for each in changes})))


def _counted(change: Change, pages: Iterable[Page]) -> Change:
    count = sum(_concerns(change, page) for page in pages)
    return replace(change, pages=count, change_class="lossy" if count else "safe")


def _concerns(change: Change, page: Page) -> bool:
    """Whether a page holds the value that would be lost."""
    found = page.properties.get(change.property_id)
    match found.value if found else None:
        case None | "" | () | False:
            return False
        case RelationValue(ids=ids):
            return bool(ids)
        case UniqueIdValue(number=number):
            return number is not None
        case OptionValue(id=option_id) if change.option_id:
            return option_id == change.option_id
        case tuple() as several if change.option_id:
            return change.option_id in {each.id for each in several}
    return True
