"""Telling a webhook how a sync went, without letting the message get in the way of the work.

What is told is news: pages that were changed, conflicts that are new, a failure that the run before had not, and its
end. A job that fails for a night is one message, not a hundred.
"""

from __future__ import annotations

from notion_pm.console.notifying import post
from notion_pm.sync.commands.render_sync import summary
from notion_pm.sync.run import SyncRun


def tell(url: str, run: SyncRun, *, client: str = "") -> None:
    """Tell what is new about a run, nothing when nothing is. `client`: whose run, where there are several."""
    text = _news(run, f"notion-pm sync of {client}" if client else "notion-pm sync")
    if text:
        ok = run.result is not None
        facts = (
            ({"client": client} if client else {})
            | run.as_data()
            | {"ok": ok}
            | ({} if ok else {"exit_code": run.error.exit_code if run.error else 1})
        )
        post(url, text, facts)


def _news(run: SyncRun, who: str) -> str:
    if run.trouble and run.trouble != run.trouble_before:
        return f"{who} failed: {run.error}"
    result = run.result
    if result is None or result.dry_run:
        return ""
    if run.trouble_before:
        return f"{who} works again: {summary(result)}"
    return f"{who}: {summary(result)}" if run.has_news else ""
