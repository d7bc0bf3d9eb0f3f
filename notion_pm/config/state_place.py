"""The place for the state of a workspace: a folder, or a PostgreSQL database."""

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
"""The scheme of a URL. A single letter is a drive of Windows, not a scheme."""
_ACCESS = re.compile(r"[^/\\:@]+:[^/\\@]+@")
"""A user name and a password in a URL."""
_LOCAL_DATABASE = re.compile(
    r"[A-Za-z+]+://"
    r"([^@/:?#]*(:[^@/?#]*)?@)?"  # user and password
    r"(localhost|127(\.\d{1,3}){3}|\[::1\])?(:\d+)?"
    r"(/[^@/?#]*)?"
)
"""The URL of a database on this machine, without anything that two parsers could read differently.

SQLAlchemy accepts an `@` after a slash as the end of a password, and libpq reads hosts from the
query. So neither may occur.
"""
_BESIDE_LOCAL = ".notion-pm"
_CLAIM = "workspace-file"
"""A file in the state folder of a local workspace. It names the file of the workspace."""


@dataclass(frozen=True, slots=True)
class StateSetting:
    """The value of NOTION_PM_STATE, or of `state` in notion-pm.toml. `name`: its name there."""

    value: SecretStr
    source: Source
    name: str

    @property
    def is_database(self) -> bool:
        """Whether it is the URL of a database rather than a folder."""
        return _scheme_of(self.value.get_secret_value()) in _DATABASE_SCHEMES

    @property
    def without_password(self) -> str:
        """The value without a password."""
        text = self.value.get_secret_value()
        if not self.is_database:
            return text
        try:
            host = urlsplit(text.strip()).hostname
        except ValueError:
            return "a PostgreSQL"
        return f"a PostgreSQL at {host or 'this machine'}"


def validate_state(setting: StateSetting) -> StateSetting:
    """Return the setting if it is a folder or a database.

    Raises UsageError otherwise. Its text does not show the value, which may contain a password.
    """
    text = setting.value.get_secret_value()
    if setting.is_database:
        return setting
    scheme = _scheme_of(text)
    if scheme is not None or "://" in text:
        reason = f"it begins with {scheme}:" if scheme else "it contains ://"
        raise UsageError(
            f"{setting.name} in {setting.source} is neither a folder nor the URL of a PostgreSQL "
            f"database: {reason}",
            "Use a folder, or a database like  postgresql://user:password@host/database",
        )
    # Without this check, `user:secret@host/db` would become the name of a folder, with the password
    # in it.
    if _ACCESS.search(text):
        raise UsageError(
            f"{setting.name} in {setting.source} looks like a URL without its scheme: "
            "it contains a password.",
            "Use a folder, or a database like  postgresql://user:password@host/database",
        )
    return setting


def raise_if_state_redirected(setting: StateSetting, workspace: Source) -> None:
    """Refuse to send the state to a server that another file than that of the workspace names.

    The state contains customers' words, and a downloaded folder may contain a file that redirects
    them. Folders, and databases on this machine, are private, so any file may name them.

    `workspace`: the source of the token, or of the local workspace. Raises UsageError.
    """
    is_own = not setting.source.is_file or setting.source == workspace
    if is_own or not setting.is_database or _is_on_this_machine(setting):
        return
    file_of_token = workspace if workspace.is_file else Source.ENV_FILE
    raise UsageError(
        f"The state of the workspace would be sent to {setting.without_password}, which "
        f"{setting.name} in {setting.source} names, but the workspace comes from {workspace}. "
        "Nothing was sent.",
        "If you trust that database, name it in the same place as the workspace: "
        f"NOTION_PM_STATE in the environment, or in {file_of_token} together with the token. "
        f"Otherwise remove it from {setting.source}.",
    )


def state_home(
    local: Path | None, parent_page: NotionId, setting: StateSetting | None
) -> StateHome:
    """Return the place for the state of a workspace. A folder is created if it is missing.

    The parent page identifies the state, so that another client's token never meets it.
    `local`: the file of a local workspace; its state is kept beside it.

    Raises FileUnusable when the folder cannot be created.
    """
    if setting is not None and setting.is_database:
        # Each workspace has its own schema there, named after its parent page.
        return SharedState(setting.value, parent_page)
    return state_folder(local, parent_page, setting)


def state_folder(local: Path | None, parent_page: NotionId, setting: StateSetting | None) -> Path:
    """Return the folder for the state on this machine. It is created if it is missing.

    Journals are kept there even when a database keeps the rest. Raises FileUnusable.
    """
    # Beside the file, so that deleting the folder of a local workspace also deletes its state.
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
        advice = "notion-pm keeps its state there. Name another folder with NOTION_PM_STATE."
        raise FileUnusable(error.path, error.reason, advice) from error


def _folder_of_file(parent: Path, parent_page: NotionId, file: Path) -> Path:
    """Return the state folder of one local workspace.

    A copy of a workspace has the same parent page but needs its own state and lock. So each folder
    names its file. When that file no longer exists, it was renamed or moved, and the folder is
    used again.
    """
    known = list(_existing_folders(parent, parent_page))
    for folder in known:
        if _file_named_in(folder) == file.resolve():
            make_private_folder(folder)
            return folder
    # Example: demo.sqlite was copied to test.sqlite. The first has the folder ID, the copy gets
    # ID-2. If demo.sqlite is then renamed, its folder names a missing file, and the new name takes
    # it over.
    abandoned = (folder for folder in known if not _is_in_use(folder))
    folder = next(abandoned, None) or _numbered_folder(parent, parent_page, len(known) + 1)
    make_private_folder(folder)
    # A relative path, so that the folder with the workspace and its state can be moved as a whole.
    write_private(folder / _CLAIM, os.path.relpath(file.resolve(), folder.resolve()) + "\n")
    return folder


def _existing_folders(parent: Path, parent_page: NotionId) -> Iterator[Path]:
    for number in count(1):
        folder = _numbered_folder(parent, parent_page, number)
        # notion-pm only adds folders, each with the next number: the first missing one is the end.
        if not folder.is_dir():
            return
        yield folder


def _numbered_folder(parent: Path, parent_page: NotionId, number: int) -> Path:
    if number == 1:
        return parent / parent_page
    return parent / f"{parent_page}-{number}"


def _file_named_in(folder: Path) -> Path | None:
    try:
        return (folder / (folder / _CLAIM).read_text(encoding="utf-8").strip()).resolve()
    except (OSError, ValueError):
        return None


def _is_in_use(folder: Path) -> bool:
    owner = _file_named_in(folder)
    return owner is not None and owner.is_file()


def _scheme_of(text: str) -> str | None:
    found = _SCHEME.match(text.strip())
    return found["scheme"].lower() if found else None


def _is_on_this_machine(setting: StateSetting) -> bool:
    return _LOCAL_DATABASE.fullmatch(setting.value.get_secret_value().strip()) is not None
