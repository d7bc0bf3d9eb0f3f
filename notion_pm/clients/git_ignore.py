"""Keeping a file with secrets out of Git."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_shared


def ignore_in_git(file: Path) -> Path | None:
    """Have the repository that a file is in ignore it; return the .gitignore that was changed for that.

    Return None outside of a repository, and where the file is ignored already. Git itself is not
    asked: in a repository from elsewhere it may run programs that the repository names.

    Raises FileUnusable when the .gitignore cannot be read or written.
    """
    folder = file.absolute().parent
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if root is None:
        return None
    above = [each for each in (folder, *folder.parents) if each.is_relative_to(root)]
    if any(_lists(each / ".gitignore", file.name, is_beside=each == folder) for each in above):
        return None
    ignore = folder / ".gitignore"
    before = _text(ignore)
    gap = "" if before.endswith("\n") or not before else "\n"
    write_shared(ignore, f"{before}{gap}{file.name}\n")
    return file.parent / ".gitignore"


def _lists(ignore: Path, name: str, *, is_beside: bool) -> bool:
    """Whether a .gitignore names a file. The last line that does so decides, and may be an exception (`!`)."""
    is_listed = False
    for line in _text(ignore).splitlines():
        pattern = line.strip().removeprefix("!").removeprefix("**/")
        if is_beside:
            pattern = pattern.removeprefix("/")
        if fnmatchcase(name, pattern):
            is_listed = not line.startswith("!")
    return is_listed


def _text(ignore: Path) -> str:
    return read_text(ignore, limit=SETTINGS_LIMIT) if ignore.exists() else ""
