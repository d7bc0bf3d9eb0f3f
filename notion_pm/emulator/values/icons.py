"""Icons and covers of pages, databases and data sources."""

from __future__ import annotations

import re
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import custom_emojis
from notion_pm.emulator.values.file_uploads import hosted_file

# Notion returns its own icons by name, even if they were sent as a URL (recorded).
_NOTION_ICON = re.compile(
    r"https://www\.notion\.so/icons/(?P<name>[a-z0-9-]+)_(?P<color>[a-z]+)\.svg"
)
_COVERS = ("external", "file_upload", "file")
_MOST_IN_EMOJI = 50  # families and flags consist of many characters
_ICONS = ("emoji", "custom_emoji", "icon", *_COVERS)


def read_icon(session: Session, value: Any, path: str = "body.icon") -> dict[str, Any] | None:
    """Return an icon as responses show it. None and an unknown custom emoji clear it (measured)."""
    if value is None or custom_emojis.is_unknown(session, value):
        return None
    return _read_any(session, value, _ICONS, path)


def read_cover(session: Session, value: Any, path: str = "body.cover") -> dict[str, Any] | None:
    """Return a cover as responses show it. None clears it."""
    return None if value is None else _read_any(session, value, _COVERS, path)


def _read_any(session: Session, value: Any, kinds: tuple[str, ...], path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    kind = checks.read_type(sent, kinds, path)
    content = checks.require(sent, kind, path)
    if kind == "emoji":
        return {"type": kind, kind: _emoji(content, f"{path}.emoji")}
    if kind == "custom_emoji":
        return {
            "type": kind,
            kind: custom_emojis.resolve_emoji(session, content, f"{path}.custom_emoji"),
        }
    content = checks.an_object(content, f"{path}.{kind}")
    # Responses show an attached upload as a hosted file (notion-api.md 2.8).
    if kind == "file_upload":
        upload_id = checks.body_id(content, "id", f"{path}.file_upload")
        return {"type": "file", "file": hosted_file(session, upload_id)}
    if kind != "external":
        return {"type": kind, kind: dict(content)}
    url = checks.an_address(
        checks.require(content, "url", f"{path}.external"), f"{path}.external.url"
    )
    notion_icon = _NOTION_ICON.fullmatch(url)
    if notion_icon and "icon" in kinds:
        return {"type": "icon", "icon": notion_icon.groupdict()}
    return {"type": "external", "external": {"url": url}}


def _emoji(value: Any, path: str) -> str:
    """Return an emoji. Notion checks it against a list; here only ASCII letters are refused."""
    text = checks.a_string(value, path, most=_MOST_IN_EMOJI)
    if not text or any(character.isascii() and character.isalpha() for character in text):
        raise body_error(path, "an emoji", value)
    return text
