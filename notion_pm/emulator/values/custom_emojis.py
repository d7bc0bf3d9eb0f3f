"""Custom emojis. People upload them in Notion's app; the API lists them.

Requests use them as icons and in mentions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.http.lists import page_of
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.store.store import Table

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomEmoji:
    """A picture with a name. Plain texts show it as `:name:`."""

    id: str
    name: str
    url: str


EMOJIS = Table("custom_emojis", CustomEmoji, json_columns=(), flags=())


def add(session: Session, name: str, url: str) -> Json:
    """Add an emoji to the workspace and return it as responses show it."""
    emoji = CustomEmoji(id=new_id(), name=name, url=url)
    EMOJIS.insert(session.db, emoji)
    return asdict(emoji)


def list_emojis(
    session: Session, name: str | None, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return a page of the emojis, of all or of those with a name, in the recorded envelope."""
    # An empty name lists all emojis.
    found = EMOJIS.select(session.db, "WHERE ? IN (name, '') ORDER BY seq", (name or "",))
    page = page_of([asdict(emoji) for emoji in found], start_cursor, page_size)
    return {
        "object": "list",
        "type": "custom_emoji",
        "results": list(page.results),
        "has_more": page.next_cursor is not None,
        "next_cursor": page.next_cursor,
    }


def is_unknown(session: Session, icon: Any) -> bool:
    """Return whether an icon is a custom emoji that the workspace does not have.

    One that the request describes in full, with a name and a picture, is not unknown.
    """
    emoji = icon.get("custom_emoji") if isinstance(icon, dict) else None
    if not isinstance(emoji, dict) or not isinstance(emoji.get("id"), str):
        return False
    if emoji.get("name") and emoji.get("url"):
        return False
    return EMOJIS.find(session.db, emoji["id"]) is None


def resolve_emoji(session: Session, sent: Any, path: str) -> Json:
    """Return the emoji that an icon or a mention refers to by its id.

    No source says whether Notion checks the id. Here an unknown emoji is accepted with the name and
    picture of the request, and refused (400) without them.
    """
    emoji = checks.an_object(sent, path)
    emoji_id = checks.body_id(emoji, "id", path)
    found = EMOJIS.find(session.db, emoji_id)
    if found is not None:
        return asdict(found)
    if emoji.get("name") is None or emoji.get("url") is None:
        raise validation_error(f"Could not find custom emoji with ID: {emoji_id}.")
    name = checks.a_string(emoji["name"], f"{path}.name")
    return {"id": emoji_id, "name": name, "url": checks.a_string(emoji["url"], f"{path}.url")}
