"""Read the history: the runs, and what has changed on pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notion_pm.model.snapshot import RelatedPages, RuleValue, SnapshotPage
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.history import THE_PAGE, HistoryChange
from notion_pm.rules.wording import Wording
from notion_pm.state.history import RunRecord
from notion_pm.state.state import State
from notion_pm.workspace.sync_context import SyncContext, load_workspace

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """Runs, and the changes of pages where they were asked for, in people's words."""

    runs: tuple[RunRecord, ...]
    changes: tuple[HistoryChange, ...]
    wording: Wording

    def title(self, change: HistoryChange) -> str:
        """Return the title of the property, or "the page" for a change of the page itself."""
        if change.property == THE_PAGE:
            return "the page"
        return self.wording.title(change.database, change.property)

    def readable(self, change: HistoryChange, value: RuleValue) -> Any:
        """Return a value as people read it; related pages by their ids."""
        if isinstance(value, RelatedPages):
            return ", ".join(value.ids) or None
        page = SnapshotPage(
            change.page, change.database, change.title, change.url, change.edited, {}
        )
        return self.wording.readable(page, change.property, value)

    def as_data(self) -> Json:
        """Return it as JSON data with stable keys."""
        return {
            "runs": [_run_as_data(run) for run in self.runs],
            "changes": [self._change_as_data(change) for change in self.changes],
        }

    def _change_as_data(self, change: HistoryChange) -> Json:
        return {
            "run": change.run,
            "at": change.at.isoformat(),
            "edited": change.edited.isoformat(),
            "page": change.page,
            "title": change.title,
            "url": change.url,
            "property": self.title(change),
            "address": f"{change.database}.{change.property}".rstrip("."),
            "from": self.readable(change, change.before),
            "to": self.readable(change, change.after),
            "by": change.actor,
            "rules": list(change.rules),
        }


def read_history(
    context: SyncContext, since: datetime | None, *, template: str | None = None
) -> History:
    """Return all runs; with a moment the runs and the changes since then."""
    workspace = load_workspace(context, template)
    schema = TemplateSchema(workspace.loaded.template)
    with State(context.state_home, workspace.loaded.template.template) as state:
        changes = tuple(state.history.changes(since)) if since else ()
        wording = Wording(schema, workspace.manifest, state.pages.option_names())
        return History(tuple(state.history.runs(since)), changes, wording)


def _run_as_data(run: RunRecord) -> Json:
    return {
        "run": run.id,
        "kind": run.kind,
        "started": run.started.isoformat(),
        "finished": run.finished.isoformat() if run.finished else None,
        "outcome": run.outcome,
        **(run.told or {}),
    }
