"""Where what is remembered of a workspace is kept: a folder, or a PostgreSQL database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_state_path
from pydantic import SecretStr

from notion_pm.config.sources import Source
from notion_pm.errors import FileUnusable, UsageError
from notion_pm.files.writing import make_private_folder, write_private
from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import SharedState, StateHome

_DATABASE_SCHEMES = frozenset({"postgresql", "postgresql+psycopg", "postgres"})
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):")
"""The beginning of a URL. One letter alone is a drive of Windows."""
_ACCESS = re.compile(r"[^/\\:@]+:[^/\\@]+@")
"""A user name and a password, as they stand in URLs."""
_LOCAL_DATABASE = re.compile(
    r"[A-Za-z+]+://"
    r"([^@/:?#]*(:[^@/?#]*)?@)?"  # user and password
    r"(localhost|127(\.\d{1,3}){3}|\[::1\])?(:\d+)?"
    r"(/[^@/?#]*)?"
)
"""A database on this machine, written so that every reader finds the same host in it.

SQLAlchemy takes an `@` after a slash for the end of a password, and libpq takes hosts from the query.
"""
_BESIDE_LOCAL = ".notion-pm"
_CLAIM = "workspace-file"
"""A file in the folder of a local workspace's memory. It says which workspace that is."""


@dataclass(frozen=True, slots=True)
class StateSetting:
    """What NOTION_PM_STATE, or `state` in notion-pm.toml, says. `name`: what it is called there."""

    value: SecretStr
    source: Source
    name: str

    @property
    def is_database(self) -> bool:
        """Whether it is the URL of a database rather than a folder."""
        return _scheme_of(self.value.get_secret_value()) in _DATABASE_SCHEMES

    @property
    def shown(self) -> str:
        """The value without a password."""
        text = self.value.get_secret_value()
        if not self.is_database:
            return text
        try:
            host = urlsplit(text.strip()).hostname
        except ValueError:
            return "a PostgreSQL"
        return f"a PostgreSQL at {host or 'this machine'}"


def checked_state(setting: StateSetting) -> StateSetting:
    """Return the setting where it names a folder or a database that can be used.

    Raises UsageError that does not show the value: it may hold a password.
    """
    text = setting.value.get_secret_value()
    if setting.is_database:
        return setting
    scheme = _scheme_of(text)
    if scheme is not None or "://" in text:
        kind = f"it begins with {scheme}:" if scheme else "it has :// in it"
        raise UsageError(
            f"{setting.name} in {setting.source} is neither a folder nor the URL of a PostgreSQL: {kind}",
            "Name a folder, or a database as  postgresql://user:password@host/database",
        )
    if _ACCESS.search(text):
        raise UsageError(
            f"{setting.name} in {setting.source} looks like a URL that lacks its beginning: it holds a password.",
            "Name a folder, or a database as  postgresql://user:password@host/database",
        )
    return setting


def raise_if_state_redirected(setting: StateSetting, workspace: Source) -> None:
    """Refuse to send what is remembered of a workspace to a server that a file from elsewhere names.

    `workspace`: what named the token, or the local workspace. What is remembered are customers'
    words. Databases on this machine and folders are private to their owner, so a file may name them.

    Raises UsageError.
    """
    is_own = not setting.source.is_file or setting.source == workspace
    if is_own or not setting.is_database or _is_on_this_machine(setting):
        return
    raise UsageError(
        f"What is remembered of the workspace would be sent to {setting.shown}, which {setting.name} in "
        f"{setting.source} names, while the workspace comes from {workspace}. Nothing was sent.",
        f"If you trust that database, name it where the workspace is named: NOTION_PM_STATE in the environment, or "
        f"in {workspace if workspace.is_file else Source.ENV_FILE} together with the token. Otherwise remove it from "
        f"{setting.source}.",
    )


def state_home(
    local: Path | None, parent_page: NotionId, setting: StateSetting | None
) -> StateHome:
    """Return where what is remembered of one workspace is kept. A folder is made if need be.

    It is named by the parent page, so that a token or file that changes hands never meets another's
    memory. `local`: the file of a local workspace. Its memory is kept beside it.

    Raises FileUnusable when the folder cannot be made.
    """
    if setting is not None and setting.is_database:
        return SharedState(setting.value, parent_page)
    return state_folder(local, parent_page, setting)


def state_folder(local: Path | None, parent_page: NotionId, setting: StateSetting | None) -> Path:
    """Return the folder for what is remembered on this machine, made if need be.

    Journals and such are kept there also where a database keeps the rest. Raises FileUnusable.
    """
    parent = local.parent / _BESIDE_LOCAL if local else user_state_path("notion-pm")
    if setting is not None and not setting.is_database:
        parent = Path(setting.value.get_secret_value()).expanduser()
    try:
        if local is None:
            folder = parent / parent_page
            make_private_folder(folder)
            return folder
        return _folder_of_file(parent, parent_page, local)
    except FileUnusable as error:
        advice = (
            "Caches and baselines are kept there. Name a folder that is yours with NOTION_PM_STATE."
        )
        raise FileUnusable(error.path, error.reason, advice) from error


def _folder_of_file(parent: Path, parent_page: NotionId, file: Path) -> Path:
    """Return the folder of one local workspace.

    A copy of a workspace has the same parent page, and needs a memory and a lock of its own. So each
    folder says whose it is. A file that was renamed or moved finds its folder: the file that the
    folder names is no longer there.
    """
    known = list(_existing_folders(parent, parent_page))
    for folder in known:
        if _claimed_by(folder) == file.resolve():
            make_private_folder(folder)
            return folder
    free = next((each for each in known if not _is_in_use(each)), None)
    folder = free or _numbered(parent, parent_page, len(known) + 1)
    make_private_folder(folder)
    write_private(folder / _CLAIM, os.path.relpath(file.resolve(), folder.resolve()) + "\n")
    return folder


def _existing_folders(parent: Path, parent_page: NotionId) -> Iterator[Path]:
    for number in count(1):
        folder = _numbered(parent, parent_page, number)
        if not folder.is_dir():
            return
        yield folder


def _numbered(parent: Path, parent_page: NotionId, number: int) -> Path:
    return parent / (parent_page if number == 1 else f"{parent_page}-{number}")


def _claimed_by(folder: Path) -> Path | None:
    try:
        return (folder / (folder / _CLAIM).read_text(encoding="utf-8").strip()).resolve()
    except (OSError, ValueError):
        return None


def _is_in_use(folder: Path) -> bool:
    owner = _claimed_by(folder)
    return owner is not None and owner.is_file()


def _scheme_of(text: str) -> str | None:
    found = _SCHEME.match(text.strip())
    return found["scheme"].lower() if found else None


def _is_on_this_machine(setting: StateSetting) -> bool:
    return _LOCAL_DATABASE.fullmatch(setting.value.get_secret_value().strip()) is not None
