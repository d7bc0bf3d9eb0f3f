"""Count the pages that lossy and slow changes of a plan affect, by asking Notion.

A lossy change that affects no page is safe, whatever it does to the schema, and so is a slow one.
Only databases with such changes are read, 100 pages a request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from notion_pm.errors import InTrash, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, holds_value
from notion_pm.model.property_lookup import property_keys, property_title
from notion_pm.notion.client import NotionClient
from notion_pm.provision.apply.recount import new_spec
from notion_pm.provision.plan.affected_pages import (
    chosen_option_ids,
    loses_value,
    option_filter,
    values_filter,
)
from notion_pm.provision.plan.change import AffectedPages, Change, PlannedDatabase, PlannedView
from notion_pm.provision.plan.diff.databases import without_changes_by_people
from notion_pm.provision.plan.order.order import operations
from notion_pm.provision.plan.plan import Plan
from notion_pm.provision.reading import Reading


def with_affected_page_counts(client: NotionClient, plan: Plan, reading: Reading) -> Plan:
    """Return the plan with the number of pages each lossy or slow change affects.

    Also notes the views and databases that will be overwritten as they are now, so that an apply
    notices when people edit them after the plan was made.

    Raises NotionError if a query fails, and IncompleteRead if Notion returns only a part.
    """
    return _PageCounter(client, plan, reading).counted_plan()


@dataclass(frozen=True, slots=True)
class _PageCounter:
    """Counts for one plan."""

    client: NotionClient
    plan: Plan
    reading: Reading

    def counted_plan(self) -> Plan:
        requests_before = self.client.requests.logical
        pages_by_database = self._read_pages_of_lossy_changes()
        pages_by_option = self._read_pages_by_replaced_option()

        # Every change belongs to one of the three groups: values lost, pages moved, overwritten as
        # a whole.
        changes = []
        for change in self.plan.changes:
            if _needs_lossy_count(change):
                changes.append(self._count_losses(change, pages_by_database[change.database]))
            elif change.replacement is not None:
                changes.append(_count_moves(change, pages_by_option))
            else:
                changes.append(self._with_state_to_overwrite(change))

        page_totals = tuple((key, len(pages)) for key, pages in pages_by_database.items())
        return self.plan.with_page_counts(
            tuple(changes),
            operations(self.reading.loaded, self.reading.existing, changes),
            page_totals,
            self.client.requests.logical - requests_before,
        )

    def _read_pages_of_lossy_changes(self) -> dict[str, list[Page]]:
        """Read the affected properties of every database with a lossy change, once per database."""
        property_ids: dict[str, set[str]] = defaultdict(set)
        for change in self.plan.changes:
            if _needs_lossy_count(change):
                property_ids[change.database].add(change.property_id)

        pages = {}
        for database in sorted(property_ids):
            source = self.reading.existing.databases[database].data_source
            wanted = sorted(property_ids[database])
            pages[database] = list(self.client.query(source.id, property_ids=wanted))
        return pages

    def _read_pages_by_replaced_option(self) -> dict[str, frozenset[NotionId]]:
        """Return the ids of the pages that hold an option which is being replaced, by option id."""
        option_ids: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for change in self.plan.changes:
            if change.replacement is None:
                continue
            for option in (change.replacement.source, change.replacement.placeholder):
                if option is not None and option.id:
                    option_ids[change.database][change.property_id].append(option.id)

        holders: dict[str, set[NotionId]] = defaultdict(set)
        for database, ids_by_property in option_ids.items():
            source = self.reading.existing.databases[database].data_source
            asked = option_filter(
                (source.properties[property_id], ids)
                for property_id, ids in ids_by_property.items()
            )
            wanted = sorted(ids_by_property)
            for page in self.client.query(source.id, filter=asked, property_ids=wanted):
                for property_id in ids_by_property:
                    for option_id in chosen_option_ids(page, property_id):
                        holders[option_id].add(page.id)
        return {option_id: frozenset(page_ids) for option_id, page_ids in holders.items()}

    def _count_losses(self, change: Change, pages: Iterable[Page]) -> Change:
        """Return a lossy change with the pages that lose a value; without any, it is safe."""
        spec = new_spec(self.reading.loaded.template, change)
        source = self.reading.existing.databases[change.database].data_source
        prop = source.properties[change.property_id]
        option_ids = (change.option_id,) if change.option_id else ()
        has_filter = values_filter([(prop, option_ids)]) is not None

        asked = set()
        losing = set()
        for page in pages:
            # `asked` predicts what the recount of an apply will list: without a filter, every page.
            if not has_filter or _holds_value(page, prop.id, change.option_id):
                asked.add(page.id)
            if loses_value(page, prop, change.option_id, spec):
                losing.add(page.id)
        return replace(
            change,
            pages=len(losing),
            change_class="lossy" if losing else "safe",
            affected=AffectedPages(frozenset(asked), frozenset(losing)),
        )

    def _with_state_to_overwrite(self, change: Change) -> Change:
        """Return an update or deletion of a view or database with the state that it overwrites.

        Takes one request for each. Other changes are returned as they are.
        """
        entry = self.reading.existing.entry(change.database)
        if entry is None or change.action == "create":
            return change
        try:
            if change.kind == "database":
                now = self.client.get_database(entry.database_id)
                kept = without_changes_by_people(
                    change,
                    self.reading.loaded.template.databases[change.database],
                    entry,
                    now,
                    reset_titles=self.plan.options.reset_titles,
                )
                return replace(kept, planned=PlannedDatabase(now, kept.facets))
            if change.kind == "view":
                view = self.client.get_view(entry.views[change.key].id)
                changing = self._properties_that_change(change.database)
                return replace(change, planned=PlannedView(view, changing))
        except (NotShared, InTrash):
            pass  # people have deleted it already
        return change

    def _properties_that_change(self, database: str) -> frozenset[str]:
        """Return ids and names of the properties that the plan changes: views may show either."""
        template = self.reading.loaded.template
        entry = self.reading.existing.entry(database)
        found = self.reading.existing.databases.get(database)
        properties = found.data_source.properties if found is not None else {}
        in_template = property_keys(template, database) if database in template.databases else ()

        refs: set[str] = set()
        for change in self.plan.changes:
            if change.database != database or change.kind not in {"property", "option"}:
                continue
            if change.key in in_template:
                refs.add(property_title(template, database, change.key))
            property_id = entry.properties.get(change.key, "") if entry else ""
            if property_id:
                refs.add(property_id)
            if property_id in properties:
                refs.add(properties[property_id].name)
        return frozenset(refs)


def _needs_lossy_count(change: Change) -> bool:
    return change.change_class == "lossy" and bool(change.property_id)


def _holds_value(page: Page, property_id: str, option_id: str) -> bool:
    if option_id:
        return option_id in chosen_option_ids(page, property_id)
    return holds_value(page, property_id)


def _count_moves(change: Change, pages_by_option: dict[str, frozenset[NotionId]]) -> Change:
    """Return a replacement with the pages that have to move; without any, it is safe."""
    assert change.replacement is not None
    replacement = change.replacement.with_pages(pages_by_option)
    return replace(
        change,
        replacement=replacement,
        pages=len(replacement.pages),
        change_class="slow" if replacement.pages else "safe",
    )
