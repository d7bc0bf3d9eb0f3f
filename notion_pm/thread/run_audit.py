"""Read a workspace and audit its thread."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from notion_pm.thread.audit import Audit, Thresholds, audit
from notion_pm.thread.read_thread import read_thread
from notion_pm.thread.signal import SIGNAL_DEFINITION
from notion_pm.workspace.sync_context import SyncContext


@dataclass(frozen=True, slots=True)
class AuditResult:
    """An audit and the number of requests that it took."""

    audit: Audit
    requests: int

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON data with stable keys."""
        audit = self.audit
        return {
            "signal": {
                "live": audit.live,
                "signal": audit.signal,
                "share": audit.share,
                "definition": SIGNAL_DEFINITION,
            },
            "checks": {check.name: len(audit.of(check)) for check in audit.checks},
            "findings": [
                {
                    "check": finding.check.name,
                    "page": finding.page.id,
                    "title": finding.page.title,
                    "url": finding.page.url,
                    "detail": finding.detail,
                    "advice": finding.check.advice,
                }
                for finding in audit.findings
            ],
            "left_out": [check.name for check in audit.left_out],
            "requests": self.requests,
        }


def audit_workspace(
    place: SyncContext, thresholds: Thresholds, *, names: Collection[str] = (), template: str | None
) -> AuditResult:
    """Read a workspace and run the checks with these names, none means all."""
    requests_before = place.notion.requests.logical
    thread = read_thread(place, template).thread
    result = audit(thread, thresholds, names=names)
    return AuditResult(result, place.notion.requests.logical - requests_before)
