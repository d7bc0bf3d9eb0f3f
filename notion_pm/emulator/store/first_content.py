"""What a new page holds from the start: the blocks its request lists (notion-api.md 2.3).

Markdown is written once the page is there (content.py), because it may make pages on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notion_pm.emulator.blocks.block_requests import Draft, drafts
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.store.session import Session

_WAYS = ("children", "content", "markdown")


def first_blocks(session: Session, body: Mapping[str, Any]) -> Sequence[Draft]:
    """Return the blocks that a request puts on its new page; raises 400 where it says so in two ways at once."""
    given = [way for way in _WAYS if body.get(way) is not None]
    if len(given) > 1:
        raise body_error(f"body.{given[1]}", "not present", body[given[1]])
    if not given:
        return ()
    way = given[0]
    if way == "markdown":
        checks.a_string(body[way], "body.markdown")
        return ()
    return drafts(session, body[way], f"body.{way}")
