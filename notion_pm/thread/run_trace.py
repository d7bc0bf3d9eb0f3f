"""The story of `trace`: read the thread, find the page that is meant, follow it up and down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.branches import DEEPEST, Branch, Trace, trace
from notion_pm.thread.graph import Evidence, Related, Thread, Unseen
from notion_pm.thread.lookup import find, unfound
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace, the thread that it was found in, and what it took."""

    trace: Trace
    thread: Thread
    requests: int

    def as_data(self) -> Json:
        """Return it as JSON data with stable keys."""
        return {
            "page": page_data(self.thread, self.trace.page),
            "above": [self._branch(each, "above") for each in self.trace.above],
            "below": [self._branch(each, "below") for each in self.trace.below],
            "requests": self.requests,
        }

    def _branch(self, branch: Branch, way: str) -> Json:
        marks = (
            {"repeated": True}
            if branch.repeated
            else {"beyond": branch.beyond}
            if branch.beyond
            else {}
        )
        told = page_data(self.thread, branch.page)
        return {**told, **marks, way: [self._branch(each, way) for each in branch.branches]}


def follow(
    place: SyncContext, words: str, *, template: str | None = None, depth: int = DEEPEST
) -> Traced:
    """Return the thread through the page that words name: a link, an id, a number (FEAT-12) or a title.

    Raises UsageError when they name none, or several.
    """
    before = place.gateway.requests.logical
    thread = read_thread(place, template).thread
    page = find(thread, words)
    if page is None:
        thread = read_thread(place, template, asides=True).thread
        page = find(thread, words)
    if page is None:
        raise unfound(thread, words)
    return Traced(trace(thread, page, depth=depth), thread, place.gateway.requests.logical - before)


def page_data(thread: Thread, page: Related) -> Json:
    """Return what a program wants to know of a page of the thread."""
    if isinstance(page, Unseen):
        return {"id": page.id, "unseen": True}
    told = {"id": page.id, "database": page.database, "title": page.title, "url": page.url}
    told |= {"number": thread.number_of(page)} if thread.number_of(page) else {}
    told |= {"status": thread.status(page)} if thread.status(page) else {}
    return told | (
        _words(thread, page) if thread.role(page) == "insights" else _weight(thread.evidence(page))
    )


def _words(thread: Thread, insight: SnapshotPage) -> Json:
    return {
        "quote": thread.text(insight, "quote"),
        "customers": list(thread.customers_of(insight)),
        "importance": thread.number(insight, "importance"),
        "observed_on": thread.text(insight, "observed_on") or None,
    }


def _weight(evidence: Evidence) -> Json:
    return {
        "evidence": {
            "insights": len(evidence.insights),
            "customers": evidence.customers,
            "importance": evidence.importance,
            "arr": evidence.arr,
        }
    }
