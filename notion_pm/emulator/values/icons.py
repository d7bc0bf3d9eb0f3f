"""Icons and covers of pages, databases and data sources."""

from __future__ import annotations

import re
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import custom_emojis
from notion_pm.emulator.values.file_uploads import hosted_file

# Notion's own icons come back by name, however they were sent (recorded).
_NOTION_ICON = re.compile(
    r"https://www\.notion\.so/icons/(?P<name>[a-z0-9-]+)_(?P<color>[a-z]+)\.svg"
)
_COVERS = ("external", "file_upload", "file")
_MOST_IN_EMOJI = 50  # families and flags are sequences of many characters
_ICONS = ("emoji", "custom_emoji", "icon", *_COVERS)


def icon(session: Session, value: Any, path: str = "body.icon") -> dict[str, Any] | None:
    """Return an icon as Notion shows it; None clears, and so does a custom emoji that is not there (measured)."""
    if value is None or custom_emojis.is_unknown(session, value):
        return None
    return _shown(session, value, _ICONS, path)


def cover(session: Session, value: Any, path: str = "body.cover") -> dict[str, Any] | None:
    """Return a cover as Notion shows it; None clears."""
    return None if value is None else _shown(session, value, _COVERS, path)


def _shown(session: Session, value: Any, kinds: tuple[str, ...], path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    kind = checks.tag(sent, kinds, path)
    content = checks.required(sent, kind, path)
    if kind == "emoji":
        return {"type": kind, kind: _emoji(content, f"{path}.emoji")}
    if kind == "custom_emoji":
        return {"type": kind, kind: custom_emojis.named(session, content, f"{path}.custom_emoji")}
    content = checks.an_object(content, f"{path}.{kind}")
    if kind == "file_upload":
        return {
            "type": "file",
            "file": hosted_file(session, checks.body_id(content, "id", f"{path}.file_upload")),
        }
    if kind != "external":
        return {"type": kind, kind: dict(content)}
    url = checks.an_address(
        checks.required(content, "url", f"{path}.external"), f"{path}.external.url"
    )
    own = _NOTION_ICON.fullmatch(url) if "icon" in kinds else None
    return (
        {"type": "icon", "icon": own.groupdict()}
        if own
        else {"type": "external", "external": {"url": url}}
    )


def _emoji(value: Any, path: str) -> str:
    """Return an emoji; Notion has a list of them, of which we only know that words are not on it."""
    text = checks.a_string(value, path, most=_MOST_IN_EMOJI)
    if not text or any(character.isascii() and character.isalpha() for character in text):
        raise body_error(path, "an emoji", value)
    return text
