"""A look at a workspace as a sync would see it now, without writing anything: for `why` and for undo."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from notion_pm.errors import NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import Snapshot, SnapshotPage
from notion_pm.rules import RuleSet
from notion_pm.rules.evaluation import Evaluation
from notion_pm.rules.wording import Wording
from notion_pm.state.state import State
from notion_pm.sync.reading import Reader, Reading
from notion_pm.sync.sync import SyncResult
from notion_pm.workspace.parent_page import check_parent
from notion_pm.workspace.sync_context import LoadedWorkspace, SyncContext


@dataclass(frozen=True, slots=True)
class Look:
    """What is there now, and what it takes to read it again and to write it."""

    opened: LoadedWorkspace
    rules: RuleSet
    reader: Reader
    reading: Reading
    option_names: MappingProxyType[str, str]

    @property
    def snapshot(self) -> Snapshot:
        """The pages, as rules see them."""
        return self.reading.snapshot

    @property
    def wording(self) -> Wording:
        """What people call its properties and values."""
        return Wording(self.rules.schema, self.opened.manifest, self.option_names)

    def page(self, page_id: NotionId) -> SnapshotPage | None:
        """Return a page of any database, None where it is not there."""
        return next(
            (pages[page_id] for pages in self.snapshot.databases.values() if page_id in pages), None
        )

    def result(self, evaluation: Evaluation, *, requests: int, dry_run: bool) -> SyncResult:
        """Return an evaluation as the result of a sync, for reports."""
        opened = self.opened
        return SyncResult(
            opened.loaded,
            opened.manifest,
            evaluation,
            self.snapshot,
            self.option_names,
            requests,
            dry_run,
        )


def look(place: SyncContext, state: State, opened: LoadedWorkspace) -> Look:
    """Read what was edited since the last sync: a request per database where little was.

    Raises UsageError when the workspace lacks what the rules need, or is in the trash.
    """
    rules = RuleSet(opened.loaded.template)
    reader = Reader(place.gateway, rules, opened.manifest, jobs=place.jobs, progress=place.progress)
    remembered = state.workspace.read()
    fits = remembered is not None and remembered.scope == reader.scope
    ahead = place.now - remembered.ahead if remembered else place.now
    try:
        reading = reader.read_edited(state.pages.read(), ahead) if fits else reader.read_all(ahead)
    except NotShared:
        check_parent(place.gateway, place.parent_id)
        raise
    names = {**state.pages.option_names(), **reading.option_names}
    return Look(opened, rules, reader, reading, MappingProxyType(names))
