"""The story of `digest`: read the workspace, recall what it was, and decide what is news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notion_pm.report.digest import Digest, digest
from notion_pm.report.memory import recall
from notion_pm.state.state import State
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext


@dataclass(frozen=True, slots=True)
class DigestResult:
    """A digest, and what it took. `remembers`: whether anything is known of the time before."""

    digest: Digest
    remembers: bool
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        return {**self.digest.as_data(), "requests": self.requests}


def read_digest(place: SyncContext, since: datetime, template: str | None = None) -> DigestResult:
    """Return what happened since a moment, and remember what the workspace is now."""
    before = place.gateway.requests.logical
    read = read_thread(place, template, asides=True)
    loaded = read.loaded.template
    thread = read.thread.with_computed_stamps()
    with State(place.state_home, loaded.template) as state:
        past = recall(state, thread, since, place.now)
    made = digest(thread, past, title=loaded.title, now=place.now)
    return DigestResult(made, past.since is not None, place.gateway.requests.logical - before)
