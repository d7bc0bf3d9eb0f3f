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
from notion_pm.provision.apply.apply_context import Site
from notion_pm.provision.apply.apply_state import Ledger
from notion_pm.provision.apply.option_moves import OptionMoves
from notion_pm.provision.apply.starter_rows import RowWriter
from notion_pm.provision.apply.twins import TwinFinder
from notion_pm.provision.plan.operation import Operation, Verb
from notion_pm.provision.plan.order.starter_rows import RowName
from notion_pm.provision.reading import CLOCK_TOLERANCE, Reading, since
from notion_pm.workspace.lock import WorkspaceLock
from notion_pm.workspace.record import (
    ManifestPage,
    check_first_page,
    create_manifest_page,
    read_manifest_page,
    tell,
    write_record,
)


class Applying:
    """One apply on its way. Called with each operation, from several threads."""

    def __init__(
        self,
        gateway: NotionClient,
        reading: Reading,
        ledger: Ledger,
        moment: datetime,
        lock: WorkspaceLock,
    ) -> None:
        site = Site(
            gateway,
            reading.parent_id,
            reading.loaded,
            ledger,
            since=since(ledger.started, reading.page),
            began=moment - CLOCK_TOLERANCE,
            sibling_ids=reading.existing.sibling_ids,
        )
        self.site = site
        self._moment = moment
        self._lock = lock
        self._page = reading.page
        self.twins = TwinFinder(gateway, site, reading.existing, lambda: self._manifest_page.id)
        self._rows = RowWriter(site)
        moves = OptionMoves(site)
        self._do: dict[Verb, Callable[[Operation], None]] = {
            Verb.OPEN_MANIFEST: self._open_manifest,
            Verb.CHECK_FIRST_PAGE: self._check_first_page,
            Verb.READ_MANIFEST: self._read_manifest,
            Verb.MARK_MANIFEST: self._record,
            Verb.CREATE_DATABASE: partial(structure.create_database, site),
            Verb.UPDATE_DATABASE: partial(structure.update_database, site),
            Verb.SETTLE: self._settle,
            Verb.LIST_VIEWS: partial(views.list_views, site),
            Verb.ADOPT_VIEW: partial(views.adopt_view, site),
            Verb.CREATE_VIEW: partial(views.create_view, site),
            Verb.UPDATE_VIEW: partial(views.update_view, site),
            Verb.DROP_DEFAULT_VIEW: partial(views.drop_default_view, site),
            Verb.DELETE_VIEW: partial(views.delete_view, site),
            Verb.FIND_PAGES: moves.find,
            Verb.MOVE_PAGE: moves.move,
            Verb.DROP_OPTIONS: moves.drop,
            Verb.ADD_OPTIONS: moves.add,
            Verb.RECORD_OPTIONS: self._record,
            Verb.RECORD_STRUCTURE: self._record,
            Verb.CREATE_ROW: self._rows.create,
            Verb.COMPLETE_ROW: self._rows.complete,
            Verb.TELL: self._tell,
            Verb.RECORD_END: self._record_end,
        }

    def __call__(self, operation: Operation) -> None:
        self._do[operation.verb](operation)

    def written(self, name: RowName) -> dict[str, PropertyValue]:
        """Return what was written to a starter row, by property key."""
        return self._rows.written(name)

    def manifest(self) -> Manifest:
        """Return the record as it is at the end of the apply."""
        return self._manifest_page.placed(self.site.ledger.manifest("applied"))

    def _settle(self, operation: Operation) -> None:
        try:
            structure.settle(self.site, operation)
        except RequestRefused:
            # When a database was created twice, its twin may hold the name that a mirror of ours is to have.
            self.twins.among(self.site.gateway.list_children(self.site.parent_id))
            if not self.twins.found.gone:
                raise
            source_id = self.site.ledger.data_source_id(operation.database)
            self.twins.mirrors([self.site.gateway.get_data_source(source_id)])
            structure.settle(self.site, operation)

    def _open_manifest(self, _: Operation) -> None:
        manifest = self.site.ledger.manifest("applying")
        self._opened = create_manifest_page(
            self.site.gateway, self.site.parent_id, manifest, self._lock
        )
        self.site.since = self._opened.created_time

    def _check_first_page(self, _: Operation) -> None:
        site = self.site
        check_first_page(
            site.gateway, site.parent_id, self._opened, site.template.template, self._lock
        )

    def _read_manifest(self, _: Operation) -> None:
        self._page = read_manifest_page(self.site.gateway, self._opened.id, self.site.parent_id)
        self._lock.confirm(self._page.claims)

    def _record(self, _: Operation) -> None:
        write_record(self.site.gateway, self._manifest_page, self.site.ledger.manifest("applying"))

    def _tell(self, _: Operation) -> None:
        tell(
            self.site.gateway,
            self._manifest_page,
            self.site.ledger.manifest("applied"),
            self._moment,
        )

    def _record_end(self, _: Operation) -> None:
        write_record(self.site.gateway, self._manifest_page, self.site.ledger.manifest("applied"))

    @property
    def _manifest_page(self) -> ManifestPage:
        assert self._page is not None, "operations open the manifest first"
        return self._page
