"""Write the files of this program: each one completely, or not at all.

Files with secrets or customers' words are *private*: only their owner may read them (mode 0600, in
folders of mode 0700). Files that a person asked for (exports, plans, captured templates) get the
rights of the person's umask.

All code of notion-pm that writes a file does it here. SQLite writes its own files; this module
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
"""The rights of all other users."""

_PART = ".part"
"""The ending of temporary files."""

_BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")
"""The files that SQLite keeps beside a database. SQLite gives new ones the mode of the database."""


@contextmanager
def atomic_path(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write to. It replaces `path` at the end, or is removed on an error.

    A symbolic link stays a link: its target is replaced. Something else than a regular file, such
    as /dev/stdout or a named pipe, is written to directly. A replaced file keeps its mode, except
    with `private`.

    Raises OSError that names `path`.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    with _with_known_name(path):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _with_known_name(path), _new_part(target, private=private) as part:
        yield part
        _flush_to_disk(part)
        part.replace(target)
        _flush_to_disk(target.parent)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read. Folders that are missing are made, as private.

    Raises FileUnusable.
    """
    with _file_unusable(path):
        _make_missing_folders(path.parent)
        with atomic_path(path, private=True) as part:
            part.write_bytes(_as_bytes(content))


def write_shared(path: Path, content: str | bytes) -> None:
    """Write a file that a person asked for, with the rights of the umask.

    Raises FileUnusable.
    """
    with _file_unusable(path), atomic_path(path) as part:
        part.write_bytes(_as_bytes(content))


def require_folder(file: Path) -> None:
    """Raise FileUnusable if the folder of a file is missing: its name may be mistyped."""
    if not file.parent.is_dir():
        raise FileUnusable(
            file, f"there is no folder {file.parent}", "Make the folder, or name another one."
        )


def create_shared(path: Path, content: str | bytes) -> None:
    """Write a file that a person asked for, without ever replacing another one.

    Raises FileExistsError when the name is taken, FileUnusable.
    """
    is_taken = False
    with _file_unusable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _new_part(path, private=False) as part:
            part.write_bytes(_as_bytes(content))
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
        """Open the file, or create it. Raises FileUnusable."""
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
                # The next line is written right behind a partial one, and would be unreadable.
                with suppress(OSError):
                    os.ftruncate(self._descriptor, size)
                raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner may use. An existing one loses the rights of others.

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
    """Remove the rights of other users to a file. Raises OSError, FileUnusable."""
    _tighten(path, PRIVATE_FILE)


def _create_without_opening(path: Path) -> None:
    """Make an empty private file without opening it under its own name.

    When a process closes any descriptor of a file, it loses all its locks on that file, also those
    of SQLite (https://www.sqlite.org/howtocorrupt.html, 2.2). Another thread may hold some.
    """
    with _new_part(path, private=True) as part, suppress(FileExistsError):
        _move_to_new_name(part, path)


@contextmanager
def _new_part(target: Path, *, private: bool) -> Iterator[Path]:
    """Create an empty temporary file beside `target`. Remove it at the end if it is still there.

    It is in the same folder because a rename is atomic only inside one file system.
    """
    # The name is chosen before `try`: a signal may end the program right after the file is made.
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
    """Give a temporary file its final name. Raises FileExistsError when the name is taken."""
    try:
        os.link(part, target)  # unlike a rename it never replaces anything
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError from None
        part.replace(target)


def _flush_to_disk(path: Path) -> None:
    """Wait until the content is on the disk, so that it survives a power failure."""
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
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    if not folder.is_dir():
        folder.mkdir()  # a file has that name: this raises the right error


def _tighten(path: Path, mode: int) -> None:
    if os.name != "posix":
        return
    status = path.stat()
    if not status.st_mode & _OTHERS:
        return
    try:
        path.chmod(mode)
    except OSError:
        # Some file systems have no modes and report all files as ours: they are accepted. A file
        # of another user that others can read must not get customers' words.
        if status.st_uid != os.geteuid():
            raise FileUnusable(
                path,
                "it belongs to another user of this machine, and others can read it",
                "The state of a client is private. Use a folder of your own.",
            ) from None


@contextmanager
def _with_known_name(path: Path) -> Iterator[None]:
    """Put the file that a person knows into errors.

    The error of a full disk names no file, others name the temporary one.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or str(error.filename).endswith(_PART):
            error.filename, error.filename2 = str(path), None
        raise


@contextmanager
def _file_unusable(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into errors for people."""
    try:
        yield
    except OSError as error:
        raise FileUnusable(path, error.strerror or str(error)) from error


def _as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
