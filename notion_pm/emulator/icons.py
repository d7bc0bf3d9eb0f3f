"""Icons and covers of pages, databases and data sources."""

from __future__ import annotations

import re
from typing import Any

from . import checks
from .errors import body_error

# Notion's own icons come back by name, however they were sent (recorded).
_NOTION_ICON = re.compile(r"https://www\.notion\.so/icons/(?P<name>[a-z0-9-]+)_(?P<color>[a-z]+)\.svg")
_COVERS = ("external", "file_upload", "file")
_ICONS = ("emoji", "custom_emoji", "icon", *_COVERS)


def icon(value: Any, path: str = "body.icon") -> dict[str, Any] | None:
    """Returns an icon as Notion shows it; None clears."""
    return None if value is None else _shown(value, _ICONS, path)


def cover(value: Any, path: str = "body.cover") -> dict[str, Any] | None:
    """Returns a cover as Notion shows it; None clears."""
    return None if value is None else _shown(value, _COVERS, path)


def _shown(value: Any, kinds: tuple[str, ...], path: str) -> dict[str, Any]:
    sent = checks.an_object(value, path)
    kind = sent.get("type") or next((kind for kind in kinds if kind in sent), None)
    if kind is None:
        raise body_error(f"{path}.{kinds[0]}", "defined")
    checks.one_of(kind, kinds, f"{path}.type")
    content = checks.required(sent, kind, path)
    if kind == "emoji":
        return {"type": kind, kind: checks.a_string(content, f"{path}.emoji")}
    content = checks.an_object(content, f"{path}.{kind}")
    return _external(content, f"{path}.external") if kind == "external" else {"type": kind, kind: dict(content)}


def _external(content: dict[str, Any], path: str) -> dict[str, Any]:
    url = checks.a_url(checks.required(content, "url", path), f"{path}.url")
    own = _NOTION_ICON.fullmatch(url)
    if own and path.startswith("body.icon"):
        return {"type": "icon", "icon": own.groupdict()}
    return {"type": "external", "external": {"url": url}}
