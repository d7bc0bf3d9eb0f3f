"""Adding a client to `notion-pm.toml`: what is there stays as it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_private

NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What a client may be called: a bare key of TOML (https://toml.io)."""


def token_variable(name: str) -> str:
    """Return the environment variable that holds the token of a client."""
    return f"{name.replace('-', '_').upper()}_NOTION_TOKEN"


def add_workspace(path: Path, name: str, settings: Mapping[str, str]) -> None:
    """Add a client at the end of the file, which is made if need be. Raises FileUnusable when that cannot be done."""
    before = read_text(path, limit=SETTINGS_LIMIT) if path.exists() else ""
    gap = "\n" if before.endswith("\n") or not before else "\n\n"
    lines = [
        f"[workspaces.{name}]",
        *(f"{key} = {_quoted(value)}" for key, value in settings.items()),
    ]
    write_private(path, before + (gap if before else "") + "\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a basic string of TOML takes the same escapes
