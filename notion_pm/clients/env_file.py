"""Writing `.env`: the only file of ours that holds a secret."""

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
    """Set variables in a `.env` file, keeping its other lines; only the owner may read it, also while it is written.

    A link stays one: the file that it leads to is written. Raises FileUnusable, also for a file that is not text,
    and for a link that could show the values to others.
    """
    if path.is_symlink():
        _raise_unless_beside(path)
    lines = _lines(path) if path.exists() else []
    if path.is_symlink():
        _raise_unless_settings(path, lines)
    write_private(path, "".join(f"{line}\n" for line in updated_lines(lines, values)))


def _raise_unless_beside(link: Path) -> None:
    """Refuse a link to anything but a file of the same name in its folder or below.

    A folder from elsewhere may hold such links. Only a file of that name is kept out of Git.
    """
    if not link.exists():
        raise FileUnusable(link, f"it is a link to {link.readlink()}, which is not there", _ADVICE)
    target = link.resolve()
    if not target.is_relative_to(link.parent.resolve()):
        raise FileUnusable(
            link, f"it is a link to {target}, which is outside of its folder", _ADVICE
        )
    if target.name != link.name:
        raise FileUnusable(link, f"it is a link to {target}, a file of another name", _ADVICE)


def _raise_unless_settings(link: Path, lines: list[str]) -> None:
    """Refuse a link to a file of another kind, such as ~/.bashrc: a folder from elsewhere may hold such links."""
    if all(
        not line.strip() or line.lstrip().startswith("#") or _ASSIGNMENT.match(line)
        for line in lines
    ):
        return
    raise FileUnusable(
        link,
        f"it is a link to {link.resolve()}, which is not a settings file",
        _ADVICE,
    )


def _lines(path: Path) -> list[str]:
    text = read_text(path, limit=SETTINGS_LIMIT).replace("\r\n", "\n").replace("\r", "\n")
    return (
        text.removesuffix("\n").split("\n") if text else []
    )  # splitlines would cut values at rarer line ends


def updated_lines(lines: list[str], values: Mapping[str, str]) -> list[str]:
    """Return the lines with these variables set where they stand, new ones at the end."""
    pending = {name: f"{name}={_quoted(value)}" for name, value in values.items()}
    kept = []
    for line in lines:
        found = _ASSIGNMENT.match(line)
        name = found["name"] if found else ""
        if name not in values:
            kept.append(line)
        elif name in pending:
            kept.append(pending.pop(name))
    return kept + list(pending.values())


def _quoted(value: str) -> str:
    if _PLAIN.match(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
