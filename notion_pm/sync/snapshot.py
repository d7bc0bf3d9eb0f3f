"""The workspace as a sync would see it now, without writing anything: for `why` and for undo."""

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
class CurrentPages:
    """The pages as they are now, with what it takes to read them again and to write them."""

    workspace: LoadedWorkspace
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
        """The names that people give to properties and values."""
        return Wording(self.rules.schema, self.workspace.manifest, self.option_names)

    def page(self, page_id: NotionId) -> SnapshotPage | None:
        """Return a page of any database, None where it is gone."""
        for pages in self.snapshot.databases.values():
            if page_id in pages:
                return pages[page_id]
        return None

    def as_sync_result(self, evaluation: Evaluation, *, requests: int, dry_run: bool) -> SyncResult:
        """Return an evaluation as the result of a sync, for reports."""
        return SyncResult(
            self.workspace.loaded,
            self.workspace.manifest,
            evaluation,
            self.snapshot,
            self.option_names,
            requests,
            dry_run,
        )


def read_current_pages(
    context: SyncContext, state: State, workspace: LoadedWorkspace
) -> CurrentPages:
    """Read what was edited since the last sync: one request per database where that is little.

    Raises UsageError when the workspace lacks what the rules need, or is in the trash.
    """
    rules = RuleSet(workspace.loaded.template)
    reader = Reader(
        context.notion, rules, workspace.manifest, jobs=context.jobs, progress=context.progress
    )
    memory = state.workspace.read()
    notion_now = context.now - memory.ahead if memory else context.now
    try:
        if memory is not None and memory.scope == reader.scope:
            reading = reader.read_edited(state.pages.read(), notion_now)
        else:
            reading = reader.read_all(notion_now)
    except NotShared:
        check_parent(context.notion, context.parent_id)
        raise
    names = {**state.pages.option_names(), **reading.option_names}
    return CurrentPages(workspace, rules, reader, reading, MappingProxyType(names))
