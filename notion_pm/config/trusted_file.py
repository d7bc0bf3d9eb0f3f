"""Read settings files of the current folder, but only if no other user could have changed them."""

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
"""The file that marks a Python environment: some people call its folder .env."""

_GROUP_WRITES = stat.S_IWGRP
_OTHERS_WRITE = stat.S_IWOTH
_ROOT = 0


def read_trusted(path: Path, *, is_named: bool) -> str | None:
    """Return the text of a settings file, None if it does not exist.

    `is_named`: the user named a workspace of the file on the command line, and so trusts it. Then
    its owner does not matter.

    Raises UsageError for a file that others own or can change, and for one that is not text;
    FileUnusable when it cannot be read.
    """
    if path.is_dir():
        # A Python environment called .env is common and needs no warning. Any other folder of that
        # name is more likely a mistake.
        if not (path / _PYTHON_ENVIRONMENT).exists():
            _warn_about_folder(path)
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
            f"{path} is not UTF-8 text (line {error.line}).", "Save it as UTF-8."
        ) from None


@cache
def _warn_about_folder(path: Path) -> None:
    # Cached: settings are read several times in a run, but one warning is enough.
    _log.warning("%s is a folder, not a file: no settings are read from it.", path)


def is_readable_by_others(path: Path) -> bool:
    """Whether other users can read a file. False on systems without such permissions."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def _raise_unless_ours(path: Path, found: os.stat_result) -> None:
    # Windows has no such permission bits: access lists decide there, and Python does not show them.
    if os.name != "posix":
        return
    # The link itself is checked too: another user's link could point to the file of another client.
    owners = {found.st_uid, path.lstat().st_uid}
    strangers = sorted(owners - _trusted_owners())
    if strangers:
        owner = strangers[0]
        raise UsageError(
            f"{path} belongs to {_user_name(owner)} and could send your data elsewhere. "
            "It is not used.",
            f"If you trust it, change its owner:  sudo chown {_user_name(os.geteuid())} {path}\n"
            "or choose a workspace of notion-pm.toml:  notion-pm -w NAME ...",
        )
    others_write = bool(found.st_mode & _OTHERS_WRITE)
    group_writes = bool(found.st_mode & _GROUP_WRITES) and not _is_private_group(found.st_gid)
    if others_write or group_writes:
        raise UsageError(
            f"{path} can be changed by other users of this machine and could send your data "
            "elsewhere. It is not used.",
            f"Check its content, then make it private:  chmod go-w {path}\n"
            "or choose a workspace of notion-pm.toml:  notion-pm -w NAME ...",
        )


def _trusted_owners() -> set[int]:
    """Return the user, root, and the user who called sudo (git decides in the same way)."""
    owners = {os.geteuid(), _ROOT}
    caller = os.environ.get("SUDO_UID", "")
    if os.geteuid() == _ROOT and caller.isdecimal():
        owners.add(int(caller))
    return owners


def _is_private_group(group_id: int) -> bool:
    """Whether a group belongs to the user alone.

    Debian, Fedora and others create such a group for every user, with a umask that lets it write.
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
