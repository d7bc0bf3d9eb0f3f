"""Write starter rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from notion_pm.model.cells import Cell, OptionKeys, RowKeys
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, Page, PropertyValue, RelationValue, Value
from notion_pm.model.property_lookup import property_keys, property_type
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.operation import Operation
from notion_pm.provision.plan.order.starter_rows import RowName, StarterRows
from notion_pm.provision.reading import created_since

_PLACEHOLDER = re.compile(r"\{([a-z0-9_-]+)\}")


class RowWriter:
    """Writes the starter rows of one apply."""

    def __init__(self, context: ApplyContext) -> None:
        self._context = context

    @cached_property
    def _starter_rows(self) -> StarterRows:
        return StarterRows(self._context.loaded)

    def create(self, operation: Operation) -> None:
        """Create a row with its body, and with its relations to rows that exist already."""
        context = self._context
        name = (operation.database, operation.key)
        deferred_keys = {key for key, _ in self._starter_rows.deferred_relations(name)}
        cells = {
            key: cell
            for key, cell in self._starter_rows.cells(name).items()
            if key not in deferred_keys
        }
        source_id = context.state.data_source_id(operation.database)
        # Values, relations and body go in one request.
        page = context.client.create_row(
            source_id,
            self._values(operation.database, cells).values(),
            markdown=self._body(name),
            look_up=lambda: self._look_up(source_id, name),
        )
        context.state.note_row(operation.database, operation.key, page.id)

    def complete(self, operation: Operation) -> None:
        """Write the relations between rows that relate to each other."""
        name = (operation.database, operation.key)
        cells = self._starter_rows.cells(name)
        deferred = {key: cells[key] for key, _ in self._starter_rows.deferred_relations(name)}
        page_id = self._context.state.row_id(*name)
        assert page_id is not None, "rows are completed after they are created"
        values = self._values(operation.database, deferred).values()
        self._context.client.update_page(page_id, values)

    def written_values(self, name: RowName) -> dict[str, PropertyValue]:
        """Return what was written to a row, by property key."""
        return self._values(name[0], self._starter_rows.cells(name))

    def _values(self, database: str, cells: Mapping[str, Cell]) -> dict[str, PropertyValue]:
        """Return cells as values, by property key."""
        values = {}
        for key, cell in cells.items():
            property_id = self._context.state.property_id(database, key)
            kind = property_type(self._context.template, database, key) or ""
            values[key] = PropertyValue(property_id, kind, self._value(database, key, cell))
        return values

    def _value(self, database: str, key: str, cell: Cell) -> Value:
        """Return a cell as a value. Relations contain only the rows that exist by now."""
        state = self._context.state
        if isinstance(cell, RowKeys):
            page_ids = [state.row_id(cell.database, row) for row in cell.keys]
            return RelationValue(tuple(page_id for page_id in page_ids if page_id is not None))
        if isinstance(cell, OptionKeys):
            known = [state.option(database, key, option) for option in cell.keys]
            added = [OptionValue("", name) for name in cell.free]
            # Notion creates options that a row names and the property lacks.
            options = (*known, *added)
            is_multiple = property_type(self._context.template, database, key) == "multi_select"
            return options if is_multiple else options[0]
        return cell

    def _look_up(self, source_id: NotionId, name: RowName) -> Page | None:
        """Find the row, after a request to create it whose outcome is unknown."""
        context = self._context
        title_key = context.template.databases[name[0]].title_key
        title = self._starter_rows.cells(name)[title_key]
        has_title = {"property": "title", "title": {"equals": title}}
        recent = {"and": [has_title, created_since(context.since)]}
        known = context.state.known_ids()
        for page in context.client.query(source_id, filter=recent, property_ids=["title"]):
            # A person may have added a row of that title. Ours was created by our connection.
            if page.id not in known and page.created_by == context.connection_id:
                return page
        return None

    def _body(self, name: RowName) -> str | None:
        body = self._context.loaded.bodies.get(name[0])
        if not body:
            return None
        keys = property_keys(self._context.template, name[0])
        return fill_in_placeholders(body, self._starter_rows.rows[name].cells, keys)


def fill_in_placeholders(body: str, cells: Mapping[str, str], keys: tuple[str, ...]) -> str:
    """Return a body with `{problem}` replaced by the row's cell of the property `problem`.

    `keys` are the properties of the database. Other braces stay as they are.
    """

    def fill_in(placeholder: re.Match[str]) -> str:
        key = placeholder[1]
        return cells.get(key, "") if key in keys else placeholder[0]

    return _PLACEHOLDER.sub(fill_in, body)
