"""Write files of this program: each is there as a whole, or not at all.

Files that hold secrets or customers' words are *private*: only their owner may read them (mode 0600,
in folders of mode 0700). Files that a person asked for (exports, plans, captured templates) get the
rights that the person's umask gives.

Everything of notion-pm that writes a file does it here. SQLite writes its own files; this module
makes them private before SQLite opens them.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from notion_pm.errors import FileUnusable

STDOUT = "-"
"""The name of a file that means standard output."""
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_BY_UMASK = 0o666
_OTHERS = 0o077
"""The rights of everybody but the owner."""

_PART = ".part"
"""The ending of files that are being written."""

_BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")
"""The files that SQLite keeps beside a database. SQLite gives new ones the mode of the database."""


@contextmanager
def atomic_path(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield a path to write to. It replaces `path` at the end; after an error it vanishes.

    A symbolic link stays a link: its target is replaced. What is not a plain file, such as
    /dev/stdout or a named pipe, is written to directly. A replaced file keeps its mode, unless it
    is to be private.

    Raises OSError that names `path`.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    with _errors_name(path):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _errors_name(path), _new_part(target, private=private) as part:
        yield part
        _flush_to_disk(part)
        part.replace(target)
        _flush_to_disk(target.parent)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read, in a folder that is made private where it is new.

    Raises FileUnusable.
    """
    with _file_unusable(path):
        _make_missing_folders(path.parent)
        with atomic_path(path, private=True) as part:
            part.write_bytes(_encoded(content))


def write_shared(path: Path, content: str | bytes) -> None:
    """Write a file that a person asked for, with the rights that the umask gives.

    Raises FileUnusable.
    """
    with _file_unusable(path), atomic_path(path) as part:
        part.write_bytes(_encoded(content))


def require_folder(file: Path) -> None:
    """Raise FileUnusable where the folder of a file is missing: it may be a typing mistake."""
    if not file.parent.is_dir():
        raise FileUnusable(
            file, f"there is no folder {file.parent}", "Make the folder, or name another one."
        )


def create_shared(path: Path, content: str | bytes) -> None:
    """Write a file that a person asked for, and never over another one.

    Raises FileExistsError when something has that name, FileUnusable.
    """
    is_taken = False
    with _file_unusable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _new_part(path, private=False) as part:
            part.write_bytes(_encoded(content))
            _flush_to_disk(part)
            try:
                _move_to_new_name(part, path)
            except FileExistsError:
                is_taken = True
    if is_taken:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


class PrivateLog:
    """A private file that only grows. Each line is on the disk itself when `append` returns.

    Use it as a context manager. Not safe for threads.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made when it is missing. Raises FileUnusable."""
        self._path = path
        with _file_unusable(path):
            make_private_folder(path.parent)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, flags, PRIVATE_FILE)
            tighten_file(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, line: str) -> None:
        """Add a line. After an error, such as a full disk, the file is as it was before.

        Raises FileUnusable.
        """
        with _file_unusable(self._path):
            size = os.fstat(self._descriptor).st_size
            try:
                rest = f"{line}\n".encode()
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
                os.fsync(self._descriptor)
            except OSError:
                # A line that was cut off would spoil the next one, which is written right after it.
                with suppress(OSError):
                    os.ftruncate(self._descriptor, size)
                raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner may use, and take the rights of others away where they have some.

    Raises FileUnusable.
    """
    with _file_unusable(folder):
        _make_missing_folders(folder)
        _tighten(folder, PRIVATE_FOLDER)


def prepare_private_database(path: Path) -> None:
    """Make a database file private before SQLite opens it, together with the files beside it.

    Raises FileUnusable.
    """
    make_private_folder(path.parent)
    with _file_unusable(path):
        if not path.exists():
            _create_without_opening(path)
        tighten_file(path)
        for ending in _BESIDE_A_DATABASE:
            with suppress(FileNotFoundError):
                tighten_file(path.with_name(path.name + ending))


def tighten_file(path: Path) -> None:
    """Take the rights to a file from everybody but its owner. Raises OSError, FileUnusable."""
    _tighten(path, PRIVATE_FILE)


def _create_without_opening(path: Path) -> None:
    """Make an empty private file under its name without a descriptor of it ever being open.

    When a process closes any descriptor of a file, it loses all its locks on that file, also those
    of SQLite (https://www.sqlite.org/howtocorrupt.html, 2.2). Another thread may have some already.
    """
    with _new_part(path, private=True) as part, suppress(FileExistsError):
        _move_to_new_name(part, path)


@contextmanager
def _new_part(target: Path, *, private: bool) -> Iterator[Path]:
    """Create the empty file that is to become `target`, and remove what is left of it at the end.

    Its name is chosen before it is made: a signal may end the program right after that.
    """
    part = target.with_name(f".notion-pm-{secrets.token_hex(6)}{_PART}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        os.close(os.open(part, flags, PRIVATE_FILE if private else _BY_UMASK))
        if not private and target.exists():
            with suppress(OSError):  # a file system without modes
                part.chmod(stat.S_IMODE(target.stat().st_mode))
        yield part
    finally:
        part.unlink(missing_ok=True)


def _move_to_new_name(part: Path, target: Path) -> None:
    """Give a file its name. Raises FileExistsError when something has it already."""
    try:
        os.link(part, target)  # unlike a rename it never replaces anything
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError from None
        part.replace(target)


def _flush_to_disk(path: Path) -> None:
    """Wait until the disk has what was written, so that a power failure cannot take it back."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():  # some file systems cannot flush folders
            raise
    finally:
        os.close(descriptor)


def _make_missing_folders(folder: Path) -> None:
    """Make a folder and the ones above it that are missing, all private."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    if not folder.is_dir():
        folder.mkdir()  # raises the error that says what is in the way


def _tighten(path: Path, mode: int) -> None:
    if os.name != "posix":
        return
    found = path.stat()
    if not found.st_mode & _OTHERS:
        return
    try:
        path.chmod(mode)
    except OSError:
        # Some file systems have no modes, and all files there are said to be ours. What another
        # user owns and opened to everybody must not get customers' words.
        if found.st_uid != os.geteuid():
            raise FileUnusable(
                path,
                "it belongs to another user of this machine, and others can read it",
                "What notion-pm remembers of a client is for you alone. Use a folder of your own.",
            ) from None


@contextmanager
def _errors_name(path: Path) -> Iterator[None]:
    """Let errors name the file that a person knows: a full disk names none, others the temporary one."""
    try:
        yield
    except OSError as error:
        if error.filename is None or str(error.filename).endswith(_PART):
            error.filename, error.filename2 = str(path), None
        raise


@contextmanager
def _file_unusable(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an error for people."""
    try:
        yield
    except OSError as error:
        raise FileUnusable(path, error.strerror or str(error)) from error


def _encoded(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
