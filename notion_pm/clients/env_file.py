"""Write `.env`, the file for tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from notion_pm.errors import FileUnusable
from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_private

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+-]*$")

_ADVICE = "Remove the link, or name another file with --env-file."


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Set variables in a `.env` file and keep its other lines. Only the owner can read it.

    A symbolic link stays a link: its target is written. Raises FileUnusable for a file that is not
    text, and for a link that could show the values to others.
    """
    if path.is_symlink():
        _raise_unless_beside(path)
    lines = _lines(path) if path.exists() else []
    # Checked only now: the lines are needed to decide, and nothing is written yet.
    if path.is_symlink():
        _raise_unless_settings(path, lines)
    write_private(path, "".join(f"{line}\n" for line in updated_lines(lines, values)))


def _raise_unless_beside(link: Path) -> None:
    """Refuse a link, except to a file of the same name in its folder or below.

    A downloaded folder may contain other links; and Git ignores only a file of that name.
    """
    if not link.exists():
        raise FileUnusable(
            link, f"it is a link to {link.readlink()}, which does not exist", _ADVICE
        )
    target = link.resolve()
    if not target.is_relative_to(link.parent.resolve()):
        raise FileUnusable(
            link, f"it is a link to {target}, which is outside of its folder", _ADVICE
        )
    if target.name != link.name:
        raise FileUnusable(link, f"it is a link to {target}, a file of another name", _ADVICE)


def _raise_unless_settings(link: Path, lines: list[str]) -> None:
    """Refuse a link to a file of another kind, for example ~/.bashrc."""
    for line in lines:
        is_comment = not line.strip() or line.lstrip().startswith("#")
        if not is_comment and not _ASSIGNMENT.match(line):
            reason = f"it is a link to {link.resolve()}, which is not a settings file"
            raise FileUnusable(link, reason, _ADVICE)


def _lines(path: Path) -> list[str]:
    text = read_text(path, limit=SETTINGS_LIMIT).replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        return []
    # Not splitlines(): it would also cut values at rarer line ends, such as U+2028.
    return text.removesuffix("\n").split("\n")


def updated_lines(lines: list[str], values: Mapping[str, str]) -> list[str]:
    """Return the lines with these variables set in place, and new ones at the end."""
    pending = {name: f"{name}={_env_string(value)}" for name, value in values.items()}
    result = []
    for line in lines:
        found = _ASSIGNMENT.match(line)
        name = found["name"] if found else ""
        if name not in values:
            result.append(line)
        # A variable that is set twice gets one line: the second would still hold the old value, and
        # win.
        elif name in pending:
            result.append(pending.pop(name))
    return result + list(pending.values())


def _env_string(value: str) -> str:
    if _PLAIN.match(value):
        return value
    # Inside single quotes python-dotenv decodes only these two escapes.
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
