"""The state: what is remembered of a workspace between two runs.

Each store keeps one kind of memory. Methods named `save_...` are transactions of their own; those
named `put_...` and `drop_...` are for the transactions in this module, which write to several
stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.snapshot import BaseValue, SnapshotPage
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.rules.history import HistoryChange, pages_before
from notion_pm.rules.intents import Intents
from notion_pm.state.baseline import BaselineStore
from notion_pm.state.cache import PageStore
from notion_pm.state.connection import FILE, damaged_state, open_state, unusable_state
from notion_pm.state.history import HistoryStore, QuarantineStore, SightingStore
from notion_pm.state.imports import ImportStore
from notion_pm.state.rows import DamagedRow, Rows, transaction
from notion_pm.state.tables import RUNS, TEMPLATES
from notion_pm.state.workspace_memory import WorkspaceStore


class State:
    """The memory of one template in one workspace, as a context manager.

    Leaving it turns errors of the database, and of values that notion-pm never wrote there, into
    FileUnusable or StateUnusable: a full disk, no access, damage, a lost connection.
    """

    def __init__(self, home: StateHome, template: str) -> None:
        self.home = home
        self._connection = open_state(home)
        rows = Rows(self._connection, template)
        self.workspace = WorkspaceStore(rows)
        self.pages = PageStore(rows)
        self.baseline = BaselineStore(rows)
        self.history = HistoryStore(rows)
        self.quarantine = QuarantineStore(rows)
        self.sightings = SightingStore(rows)
        self.imports = ImportStore(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        self._connection.close()
        if isinstance(error, SQLAlchemyError):
            raise unusable_state(self.home, error) from error
        if isinstance(error, DamagedRow):
            raise damaged_state(self.home, error) from error

    # Each of the following is one transaction. A run can be killed between any two of them, so what
    # belongs together is kept together: a page without its history, or a baseline without the page
    # that it describes, would make our own write look like a person's edit in the next run.

    def save_reading(
        self,
        pages: Iterable[SnapshotPage],
        marks: Mapping[str, datetime],
        absent: Mapping[NotionId, str],
        *,
        is_full: bool = False,
        changes: Iterable[HistoryChange] = (),
    ) -> None:
        """Keep pages that were read, and what was noticed that has changed on them.

        `is_full`: all pages were read. Others are forgotten, and so are parts of this full read.
        """
        with transaction(self._connection):
            if is_full:
                self.pages.drop_all()
            self.pages.put(pages, marks, absent)
            self.history.put_changes(changes)

    def begin_writing(
        self, pages: Mapping[NotionId, Mapping[str, BaseValue]], intents: Intents
    ) -> None:
        """Keep what is about to be written, before the first write is sent.

        `pages`: the baseline of pages that are not written, or whose interrupted write was found.
        """
        with transaction(self._connection):
            for page_id in (*pages, *intents):
                self.baseline.drop_intents(page_id)
            self.baseline.put(pages)
            self.baseline.put_intents(intents)

    def save_written(
        self,
        page: SnapshotPage,
        values: Mapping[str, BaseValue],
        changes: Iterable[HistoryChange] = (),
    ) -> None:
        """Keep that a page was written: what it holds now, its baseline and its history."""
        with transaction(self._connection):
            self.pages.put([page], {}, {})
            self.baseline.put({page.id: values})
            self.baseline.drop_intents(page.id)
            self.history.put_changes(changes)

    def forget_page(
        self, page_id: NotionId, reason: str, changes: Iterable[HistoryChange] = ()
    ) -> None:
        """Drop a page that is no longer there; keep why, and in the history what it held."""
        with transaction(self._connection):
            self.pages.put_absent(page_id, reason)
            self.baseline.drop_intents(page_id)
            self.history.put_changes(changes)

    def forget_before(self, moment: datetime) -> None:
        """Drop the history before a moment, so that it does not grow without end."""
        with transaction(self._connection):
            self.history.drop_before(moment)
            self.imports.drop_writes_before(moment)

    def pages_at(self, moment: datetime) -> dict[NotionId, SnapshotPage]:
        """Return the pages as they were at a moment, as far back as history is kept."""
        current: list[SnapshotPage] = []
        for pages in self.pages.read().pages.values():
            current.extend(pages.values())
        return pages_before(current, self.history.changes_after(moment))


def known_templates(home: StateHome) -> dict[str, str]:
    """Return the templates that were synced here: name -> where its file is."""
    if not _exists(home):
        return {}
    try:
        with closing(open_state(home)) as connection:
            statement = select(TEMPLATES.c.name, TEMPLATES.c.source).order_by(TEMPLATES.c.name)
            return dict(connection.execute(statement).all())
    except SQLAlchemyError as error:
        raise unusable_state(home, error) from error


def template_of_last_import(home: StateHome) -> str | None:
    """Return the template under which the last import is remembered, None where no import is."""
    if not _exists(home):
        return None
    is_import = RUNS.c.kind == "import"
    latest = select(RUNS.c.template).where(is_import).order_by(RUNS.c.started.desc()).limit(1)
    try:
        with closing(open_state(home)) as connection:
            return connection.execute(latest).scalar()
    except SQLAlchemyError as error:
        raise unusable_state(home, error) from error


def _exists(home: StateHome) -> bool:
    """Whether there may be a state. A file is not created only to find it empty."""
    return isinstance(home, SharedState) or (home / FILE).exists()


def remembered_manifests(home: StateHome) -> dict[str, Manifest]:
    """Return the records as they are remembered here, by template."""
    manifests = {}
    for name in known_templates(home):
        with State(home, name) as state:
            memory = state.workspace.read()
        if memory is not None and memory.manifest is not None:
            manifests[name] = memory.manifest
    return manifests


def forget_manifest(home: StateHome, template: str) -> None:
    """Forget the record of a template that was removed; what else is remembered of it stays."""
    if template not in known_templates(home):
        return
    with State(home, template) as state:
        memory = state.workspace.read()
        if memory is not None:
            state.workspace.save(replace(memory, manifest=None))
