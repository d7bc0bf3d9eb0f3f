"""Add a client to `notion-pm.toml` without changing its other lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_private

NAME = re.compile(r"[A-Za-z0-9_-]+")
"""Valid client names: the bare keys of TOML (https://toml.io)."""


def token_variable(name: str) -> str:
    """Return the name of the environment variable for the token of a client."""
    return f"{name.replace('-', '_').upper()}_NOTION_TOKEN"


def add_workspace(path: Path, name: str, settings: Mapping[str, str]) -> None:
    """Add a client at the end of the file. The file is created if it is missing.

    Raises FileUnusable when it cannot be read or written.
    """
    before = read_text(path, limit=SETTINGS_LIMIT) if path.exists() else ""
    gap = "\n" if before.endswith("\n") or not before else "\n\n"
    # Appended as text: writing the whole file from its data would lose comments and the order.
    lines = [
        f"[workspaces.{name}]",
        *(f"{key} = {_toml_string(value)}" for key, value in settings.items()),
    ]
    write_private(path, before + (gap if before else "") + "\n".join(lines) + "\n")


def _toml_string(text: str) -> str:
    # A basic string of TOML has the same escapes as a string of JSON.
    return json.dumps(text, ensure_ascii=False)
