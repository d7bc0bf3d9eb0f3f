"""Telling a webhook how a sync went, without letting the message get in the way of the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from notion_pm.cli.output import note
from notion_pm.cli.render_sync import summary
from notion_pm.errors import NotificationFailed, NotionPmError
from notion_pm.workflows.sync import SyncResult


@contextmanager
def told(url: str | None) -> Iterator[None]:
    """Tell of an error that ends the run, and let it go on its way."""
    try:
        yield
    except NotionPmError as error:
        if url:
            _post(url, f"notion-pm sync failed: {error}", {"ok": False, "exit_code": error.exit_code})
        raise


def tell(url: str, result: SyncResult) -> None:
    """Tell what a sync has done; nothing when it had nothing to do and nothing to say."""
    evaluation = result.evaluation
    fresh = sum(each.new for each in evaluation.conflicts)
    if result.dry_run or not (evaluation.updates or fresh):
        return
    facts = {"ok": True, "updates": len(evaluation.updates), "conflicts": len(evaluation.conflicts)}
    _post(url, f"notion-pm sync: {summary(result)}", facts)


def _post(url: str, text: str, facts: Mapping[str, Any]) -> None:
    from notion_pm import notify  # requests: only for those who want to be told

    try:
        notify.post(url, text, facts)
    except NotificationFailed as error:
        note(f"{error} {error.advice}")
