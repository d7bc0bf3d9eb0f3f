"""Read the thread of a workspace, find a page, and follow the thread through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.branches import DEEPEST, Branch, Trace, trace
from notion_pm.thread.graph import Related, Thread, UnsharedPage
from notion_pm.thread.lookup import find_page, page_not_found
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TraceResult:
    """A trace, the thread that it was found in, and the number of requests."""

    trace: Trace
    thread: Thread
    requests: int

    def as_data(self) -> Json:
        """Return it as JSON data with stable keys."""
        trace = self.trace
        return {
            "page": _page_data(self.thread, trace.page),
            "above": [self._branch_data(branch, "above") for branch in trace.above],
            "below": [self._branch_data(branch, "below") for branch in trace.below],
            "requests": self.requests,
        }

    def _branch_data(self, branch: Branch, direction: str) -> Json:
        data = _page_data(self.thread, branch.page)
        if branch.repeated:
            data["repeated"] = True
        elif branch.beyond:
            data["beyond"] = branch.beyond
        data[direction] = [self._branch_data(other, direction) for other in branch.branches]
        return data


def trace_page(
    place: SyncContext, words: str, *, template: str | None = None, depth: int = DEEPEST
) -> TraceResult:
    """Return the thread through the page that words name: see `find_page`.

    Releases, experiments and decisions are read only if no page of the thread matches. Raises
    UsageError if words name no page, or several.
    """
    requests_before = place.notion.requests.logical
    thread = read_thread(place, template).thread
    page = find_page(thread, words)
    # Most traces start in the thread: reading the other databases would only cost requests.
    if page is None:
        thread = read_thread(place, template, asides=True).thread
        page = find_page(thread, words)
    if page is None:
        raise page_not_found(thread, words)
    requests = place.notion.requests.logical - requests_before
    return TraceResult(trace(thread, page, depth=depth), thread, requests)


def _page_data(thread: Thread, page: Related) -> Json:
    if isinstance(page, UnsharedPage):
        return {"id": page.id, "unseen": True}
    data = {"id": page.id, "database": page.database, "title": page.title, "url": page.url}
    number, status = thread.unique_id(page), thread.status(page)
    if number:
        data["number"] = number
    if status:
        data["status"] = status
    if thread.role(page) == "insights":
        return {**data, **_insight_data(thread, page)}
    return {**data, "evidence": _evidence_data(thread, page)}


def _insight_data(thread: Thread, insight: SnapshotPage) -> Json:
    return {
        "quote": thread.text(insight, "quote"),
        "customers": list(thread.customers_of(insight)),
        "importance": thread.number(insight, "importance"),
        "observed_on": thread.text(insight, "observed_on") or None,
    }


def _evidence_data(thread: Thread, page: SnapshotPage) -> Json:
    evidence = thread.evidence(page)
    return {
        "insights": len(evidence.insights),
        "customers": evidence.customers,
        "importance": evidence.importance,
        "arr": evidence.arr,
    }
