"""Carry out the operations of a plan, one request each.

A request that creates something and gets no answer is not repeated blindly: what it may have
created is looked up first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from notion_pm.errors import RequestRefused
from notion_pm.model.manifest import Manifest
from notion_pm.model.page import PropertyValue
from notion_pm.notion.client import NotionClient
from notion_pm.provision.apply import structure, views
from notion_pm.provision.apply.apply_context import ApplyContext
from notion_pm.provision.apply.apply_state import ApplyState
from notion_pm.provision.apply.option_moves import OptionMoves
from notion_pm.provision.apply.starter_rows import RowWriter
from notion_pm.provision.apply.twins import TwinFinder
from notion_pm.provision.plan.operation import Operation, OperationKind
from notion_pm.provision.plan.order.starter_rows import RowName
from notion_pm.provision.reading import CLOCK_TOLERANCE, Reading, unfinished_apply_start
from notion_pm.workspace.lock import WorkspaceLock
from notion_pm.workspace.record import (
    RecordPage,
    check_first_page,
    create_record_page,
    read_record_page,
    write_record,
    write_summary,
)


class ApplyRun:
    """One apply in progress. `run` is called with each operation, from several threads."""

    def __init__(
        self,
        client: NotionClient,
        reading: Reading,
        state: ApplyState,
        moment: datetime,
        lock: WorkspaceLock,
    ) -> None:
        context = ApplyContext(
            client,
            reading.parent_id,
            reading.loaded,
            state,
            since=unfinished_apply_start(state.started, reading.page),
            began=moment - CLOCK_TOLERANCE,
            sibling_ids=reading.existing.sibling_ids,
        )
        self.context = context
        self._moment = moment
        self._lock = lock
        self._page = reading.page
        self.twins = TwinFinder(context, reading.existing, lambda: self._manifest_page.id)
        self._rows = RowWriter(context)
        moves = OptionMoves(context)
        self._run_by_kind: dict[OperationKind, Callable[[Operation], None]] = {
            OperationKind.OPEN_MANIFEST: self._open_manifest,
            OperationKind.CHECK_FIRST_PAGE: self._check_first_page,
            OperationKind.READ_MANIFEST: self._read_manifest,
            OperationKind.MARK_MANIFEST: self._write_record,
            OperationKind.CREATE_DATABASE: partial(structure.create_database, context),
            OperationKind.UPDATE_DATABASE: partial(structure.update_database, context),
            OperationKind.APPLY_PROPERTIES: self._apply_properties,
            OperationKind.LIST_VIEWS: partial(views.list_views, context),
            OperationKind.ADOPT_VIEW: partial(views.adopt_view, context),
            OperationKind.CREATE_VIEW: partial(views.create_view, context),
            OperationKind.UPDATE_VIEW: partial(views.update_view, context),
            OperationKind.DROP_DEFAULT_VIEW: partial(views.drop_default_view, context),
            OperationKind.DELETE_VIEW: partial(views.delete_view, context),
            OperationKind.FIND_PAGES: moves.find,
            OperationKind.MOVE_PAGE: moves.move,
            OperationKind.DROP_OPTIONS: moves.drop,
            OperationKind.ADD_OPTIONS: moves.add,
            OperationKind.RECORD_OPTIONS: self._write_record,
            OperationKind.RECORD_STRUCTURE: self._write_record,
            OperationKind.CREATE_ROW: self._rows.create,
            OperationKind.COMPLETE_ROW: self._rows.complete,
            OperationKind.WRITE_SUMMARY: self._write_summary,
            OperationKind.RECORD_END: self._write_end_of_record,
        }

    def run(self, operation: Operation) -> None:
        """Carry out one operation. Raises a NotionError or ChangedDuringRun."""
        self._run_by_kind[operation.kind](operation)

    def written_values(self, name: RowName) -> dict[str, PropertyValue]:
        """Return what was written to a starter row, by property key."""
        return self._rows.written_values(name)

    def manifest(self) -> Manifest:
        """Return the record as it is at the end of the apply."""
        return self._manifest_page.with_page_ids(self.context.state.manifest("applied"))

    def _apply_properties(self, operation: Operation) -> None:
        try:
            structure.apply_properties(self.context, operation)
        except RequestRefused:
            # When a database was created twice, the mirror of its twin may have the name that a
            # mirror of ours is to get. Without such a twin the refusal has another reason.
            context = self.context
            self.twins.trash_among(context.client.list_children(context.parent_id))
            if not self.twins.found.trashed_ids:
                raise
            source_id = context.state.data_source_id(operation.database)
            self.twins.remove_mirrors([context.client.get_data_source(source_id)])
            structure.apply_properties(context, operation)

    def _open_manifest(self, _: Operation) -> None:
        context = self.context
        manifest = context.state.manifest("applying")
        self._opened = create_record_page(context.client, context.parent_id, manifest, self._lock)
        # From here on Notion's own clock is known.
        context.since = self._opened.created_time

    def _check_first_page(self, _: Operation) -> None:
        context = self.context
        template = context.template.template
        check_first_page(context.client, context.parent_id, self._opened, template, self._lock)

    def _read_manifest(self, _: Operation) -> None:
        context = self.context
        self._page = read_record_page(context.client, self._opened.id, context.parent_id)
        # Two machines may have created a record page at once: only one of them goes on.
        self._lock.confirm(self._page.claims)

    def _write_record(self, _: Operation) -> None:
        manifest = self.context.state.manifest("applying")
        write_record(self.context.client, self._manifest_page, manifest)

    def _write_summary(self, _: Operation) -> None:
        manifest = self.context.state.manifest("applied")
        write_summary(self.context.client, self._manifest_page, manifest, self._moment)

    def _write_end_of_record(self, _: Operation) -> None:
        manifest = self.context.state.manifest("applied")
        write_record(self.context.client, self._manifest_page, manifest)

    @property
    def _manifest_page(self) -> RecordPage:
        assert self._page is not None, "the first operations open the record"
        return self._page
