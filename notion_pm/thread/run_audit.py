"""The story of `audit`: read the thread, look where it is broken."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from notion_pm.thread.audit import Audit, Thresholds, audit
from notion_pm.thread.audit_checks import CHECKS, SIGNAL, is_signal
from notion_pm.thread.graph import Thread
from notion_pm.thread.read_thread import read_thread
from notion_pm.workspace.sync_context import SyncContext


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit, the thread that it is of, and what it took."""

    audit: Audit
    thread: Thread
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        found = self.audit
        return {
            "signal": {
                "live": found.live,
                "signal": found.signal,
                "share": found.share,
                "definition": SIGNAL,
            },
            "checks": {each.name: len(found.of(each)) for each in found.checks},
            "findings": [
                {
                    "check": each.check.name,
                    "page": each.page.id,
                    "title": each.page.title,
                    "url": each.page.url,
                    "detail": each.detail,
                    "advice": each.check.advice,
                }
                for each in found.findings
            ],
            "left_out": [each.name for each in found.left_out],
            "requests": self.requests,
        }


def look(
    place: SyncContext,
    *,
    template: str | None = None,
    only: Collection[str] = (),
    thresholds: Thresholds,
) -> Audited:
    """Audit a workspace; `only` names checks, none means all."""
    before = place.gateway.requests.logical
    thread = read_thread(place, template).thread
    checks = [each for each in CHECKS if not only or each.name in only]
    found = audit(thread, checks, is_signal, thresholds)
    return Audited(found, thread, place.gateway.requests.logical - before)
