"""Remove what identifies a workspace from the texts of a report."""

from __future__ import annotations

import re
from typing import Any

_LONGEST = 300
"""Characters of a text. Error messages may quote a whole request."""

_RULES = (
    (re.compile(r"https?://\S+"), "<url>"),
    (
        re.compile(
            r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
        ),
        "<id>",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<email>"),
    # Notion ends some messages with the name of the connection.
    (re.compile(r'((?:integration|connection|bot)\s+)"[^"]*"', re.IGNORECASE), r'\1"<name>"'),
    (re.compile(r"\b(?:secret|ntn)_\w+"), "<token>"),
)


def redacted(value: Any) -> Any:
    """Return plain data without ids, addresses, names of connections and tokens."""
    if isinstance(value, str):
        return _redacted_text(value)
    if isinstance(value, dict):
        return {key: redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


def _redacted_text(text: str) -> str:
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
