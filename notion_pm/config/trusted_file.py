"""Reading settings files of the current folder: only those that nobody else can have put there or changed."""

from __future__ import annotations

import logging
import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path

from notion_pm.errors import FileMissing, FileNotText, UsageError
from notion_pm.files.safe_read import SETTINGS_LIMIT, read_text

_log = logging.getLogger(__name__)
_PYTHON_ENVIRONMENT = "pyvenv.cfg"
"""Some keep a Python environment in a folder called .env: this file is in it."""

_GROUP_WRITES = stat.S_IWGRP
_OTHERS_WRITE = stat.S_IWOTH
_ROOT = 0


def read_trusted(path: Path, *, is_named: bool) -> str | None:
    """Return the text of a settings file, None when there is none.

    `is_named`: the user named a workspace on the command line and thereby trusts the folder, so it
    does not matter who owns the file.

    Raises UsageError for a file that others own or may change, and for one that is no text;
    FileUnusable when it cannot be read.
    """
    if path.is_dir():
        if not (path / _PYTHON_ENVIRONMENT).exists():
            _warn_of_folder(path)
        return None

    def check(found: os.stat_result) -> None:
        if not is_named:
            _raise_unless_ours(path, found)

    try:
        return read_text(path, limit=SETTINGS_LIMIT, check=check)
    except FileMissing:
        return None
    except FileNotText as error:
        raise UsageError(
            f"{path} is not text in UTF-8 (line {error.line}).", "Save it as UTF-8."
        ) from None


@cache
def _warn_of_folder(path: Path) -> None:
    """Say it once a run: settings are read more than once."""
    _log.warning("%s is a folder, not a file: no settings are read from it.", path)


def is_readable_by_others(path: Path) -> bool:
    """Whether more than the owner may read a file. Systems without such rights answer no."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def _raise_unless_ours(path: Path, found: os.stat_result) -> None:
    if os.name != "posix":
        return
    # A link that somebody else made could point to a file of ours, such as that of another client.
    link = path.lstat()
    owner = next(
        (each.st_uid for each in (found, link) if each.st_uid not in _trusted_owners()), None
    )
    if owner is not None:
        raise UsageError(
            f"{path} belongs to {_user_name(owner)}, and could send your data elsewhere. It is not used.",
            f"If you trust it, make it yours:  sudo chown {_user_name(os.geteuid())} {path}\n"
            "or name one of the workspaces of notion-pm.toml:  notion-pm -w NAME ...",
        )
    if found.st_mode & _OTHERS_WRITE or (
        found.st_mode & _GROUP_WRITES and not _is_private_group(found.st_gid)
    ):
        raise UsageError(
            f"{path} can be changed by others on this machine, and could send your data elsewhere. It is not used.",
            f"Look at what it says, then close it to others:  chmod go-w {path}\n"
            "or name one of the workspaces of notion-pm.toml:  notion-pm -w NAME ...",
        )


def _trusted_owners() -> set[int]:
    """The user, root, and who called sudo (as git does it, for a root who works in a user's folder)."""
    owners = {os.geteuid(), _ROOT}
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == _ROOT and caller.isdecimal():
        owners.add(int(caller))
    return owners


def _is_private_group(group_id: int) -> bool:
    """Whether a group is the user's own and has no other members.

    Debian, Fedora and others give every user such a group, and a umask that lets it write.
    """
    import grp
    import pwd

    if os.geteuid() == _ROOT:
        return False
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(group_id)
    except KeyError:
        return False
    return (
        group.gr_gid == user.pw_gid
        and group.gr_name == user.pw_name
        and set(group.gr_mem) <= {user.pw_name}
    )


def _user_name(user_id: int) -> str:
    import pwd

    with suppress(KeyError):
        return pwd.getpwuid(user_id).pw_name
    return str(user_id)
