"""Where a person can see what a command changed."""

from __future__ import annotations

from shlex import quote

from notion_pm.config import Local
from notion_pm.console.context import Context
from notion_pm.model.ids import page_url


def where_to_look(context: Context) -> str:
    """Return how to open the parent page: its link, or the command that shows a local workspace."""
    if isinstance(context.target, Local):
        return f"See it in a browser:  notion-pm local serve {quote(str(context.target.path))}"
    return f"Open: {page_url(context.parent_page)}"
