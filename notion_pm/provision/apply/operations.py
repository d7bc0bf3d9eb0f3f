"""Doing the operations of a plan, one request each. What creates is looked up when its outcome is unknown."""

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
    """One apply on its way. Called with each operation, from several threads."""

    def __init__(
        self,
        gateway: NotionClient,
        reading: Reading,
        state: ApplyState,
        moment: datetime,
        lock: WorkspaceLock,
    ) -> None:
        context = ApplyContext(
            gateway,
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
        self.twins = TwinFinder(gateway, context, reading.existing, lambda: self._manifest_page.id)
        self._rows = RowWriter(context)
        moves = OptionMoves(context)
        self._do: dict[OperationKind, Callable[[Operation], None]] = {
            OperationKind.OPEN_MANIFEST: self._open_manifest,
            OperationKind.CHECK_FIRST_PAGE: self._check_first_page,
            OperationKind.READ_MANIFEST: self._read_manifest,
            OperationKind.MARK_MANIFEST: self._record,
            OperationKind.CREATE_DATABASE: partial(structure.create_database, context),
            OperationKind.UPDATE_DATABASE: partial(structure.update_database, context),
            OperationKind.APPLY_PROPERTIES: self._settle,
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
            OperationKind.RECORD_OPTIONS: self._record,
            OperationKind.RECORD_STRUCTURE: self._record,
            OperationKind.CREATE_ROW: self._rows.create,
            OperationKind.COMPLETE_ROW: self._rows.complete,
            OperationKind.WRITE_SUMMARY: self._tell,
            OperationKind.RECORD_END: self._record_end,
        }

    def __call__(self, operation: Operation) -> None:
        self._do[operation.kind](operation)

    def written(self, name: RowName) -> dict[str, PropertyValue]:
        """Return what was written to a starter row, by property key."""
        return self._rows.written(name)

    def manifest(self) -> Manifest:
        """Return the record as it is at the end of the apply."""
        return self._manifest_page.placed(self.context.state.manifest("applied"))

    def _settle(self, operation: Operation) -> None:
        try:
            structure.settle(self.context, operation)
        except RequestRefused:
            # When a database was created twice, its twin may hold the name that a mirror of ours is to have.
            self.twins.among(self.context.gateway.list_children(self.context.parent_id))
            if not self.twins.found.gone:
                raise
            source_id = self.context.state.data_source_id(operation.database)
            self.twins.mirrors([self.context.gateway.get_data_source(source_id)])
            structure.settle(self.context, operation)

    def _open_manifest(self, _: Operation) -> None:
        manifest = self.context.state.manifest("applying")
        self._opened = create_record_page(
            self.context.gateway, self.context.parent_id, manifest, self._lock
        )
        self.context.since = self._opened.created_time

    def _check_first_page(self, _: Operation) -> None:
        context = self.context
        check_first_page(
            context.gateway, context.parent_id, self._opened, context.template.template, self._lock
        )

    def _read_manifest(self, _: Operation) -> None:
        self._page = read_record_page(self.context.gateway, self._opened.id, self.context.parent_id)
        self._lock.confirm(self._page.claims)

    def _record(self, _: Operation) -> None:
        write_record(
            self.context.gateway, self._manifest_page, self.context.state.manifest("applying")
        )

    def _tell(self, _: Operation) -> None:
        write_summary(
            self.context.gateway,
            self._manifest_page,
            self.context.state.manifest("applied"),
            self._moment,
        )

    def _record_end(self, _: Operation) -> None:
        write_record(
            self.context.gateway, self._manifest_page, self.context.state.manifest("applied")
        )

    @property
    def _manifest_page(self) -> RecordPage:
        assert self._page is not None, "operations open the manifest first"
        return self._page
