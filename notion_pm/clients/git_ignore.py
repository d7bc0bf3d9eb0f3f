"""Keep a file with secrets out of Git."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text
from notion_pm.files.writing import write_shared


def ignore_in_git(file: Path) -> Path | None:
    """Make Git ignore a file. Return the .gitignore that was changed, or None.

    None: the file is outside a repository, or ignored already. Git itself is not called: in a
    downloaded repository it may run programs that the repository names.

    Raises FileUnusable when the .gitignore cannot be read or written.
    """
    folder = file.absolute().parent
    root = _repository_root(folder)
    if root is None:
        return None
    for parent in (folder, *folder.parents):
        is_in_repository = parent.is_relative_to(root)
        if is_in_repository and _lists(
            parent / ".gitignore", file.name, is_beside=parent == folder
        ):
            return None
    ignore = folder / ".gitignore"
    before = _text(ignore)
    # Without the line break the name would be appended to the last pattern, and change it.
    gap = "" if before.endswith("\n") or not before else "\n"
    write_shared(ignore, f"{before}{gap}{file.name}\n")
    return file.parent / ".gitignore"


def _repository_root(folder: Path) -> Path | None:
    for parent in (folder, *folder.parents):
        # A folder, or a file in a worktree or a submodule.
        if (parent / ".git").exists():
            return parent
    return None


def _lists(ignore: Path, name: str, *, is_beside: bool) -> bool:
    """Whether a .gitignore ignores a file. The last matching line decides; `!` makes an
    exception.
    """
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
