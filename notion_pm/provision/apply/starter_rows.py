"""Writing starter rows."""

from __future__ import annotations

from functools import cached_property

from notion_pm.model.ids import NotionId
from notion_pm.model.page import Page, PropertyValue
from notion_pm.model.property_lookup import property_keys
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.plan.operation import Operation
from notion_pm.provision.plan.order.starter_rows import RowName, StarterRows
from notion_pm.provision.plan.row_values import fill_in, row_values
from notion_pm.provision.reading import created_since


class RowWriter:
    """Writes the starter rows of one apply."""

    def __init__(self, context: ApplyContext) -> None:
        self._context = context

    @cached_property
    def _starter(self) -> StarterRows:
        return StarterRows(self._context.loaded)

    def create(self, operation: Operation) -> None:
        """Create a row, with its relations to the rows that are there by now and its body."""
        context, name = self._context, (operation.database, operation.key)
        late = {key for key, _ in self._starter.late_of(name)}
        cells = {key: cell for key, cell in self._starter.cells(name).items() if key not in late}
        source_id = context.state.data_source_id(operation.database)
        page = context.gateway.create_row(
            source_id,
            row_values(context.template, operation.database, cells, context.state).values(),
            markdown=self._body(name),
            look_up=lambda: self._look_up(source_id, name),
        )
        context.state.note_row(operation.database, operation.key, page.id)

    def complete(self, operation: Operation) -> None:
        """Write the relations between rows that need each other."""
        context, name = self._context, (operation.database, operation.key)
        cells = self._starter.cells(name)
        late = {key: cells[key] for key, _ in self._starter.late_of(name)}
        page_id = context.state.row_id(*name)
        assert page_id is not None, "rows are completed after they are created"
        context.gateway.update_page(
            page_id, row_values(context.template, name[0], late, context.state).values()
        )

    def written(self, name: RowName) -> dict[str, PropertyValue]:
        """Return what was written to a row, by property key."""
        return row_values(
            self._context.template, name[0], self._starter.cells(name), self._context.state
        )

    def _look_up(self, source_id: NotionId, name: RowName) -> Page | None:
        context = self._context
        title = self._starter.cells(name)[context.template.databases[name[0]].title_key]
        named = {"property": "title", "title": {"equals": title}}
        recent = {"and": [named, created_since(context.since)]}
        pages = context.gateway.query(source_id, filter=recent, property_ids=["title"])
        known = context.state.known_ids()
        new = (page for page in pages if page.id not in known)
        # A person may have added a row of that title. Ours was made by our connection.
        return next((page for page in new if page.created_by == context.connection_id), None)

    def _body(self, name: RowName) -> str | None:
        body = self._context.loaded.bodies.get(name[0])
        keys = property_keys(self._context.template, name[0])
        return fill_in(body, self._starter.rows[name].cells, keys) if body else None
