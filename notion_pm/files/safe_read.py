"""Read files that other people may have written.

A template, a map or a CSV file can come from a stranger. A path in it may name a pipe, a device, a
folder, or a file of many gigabytes: reading it would block the program or fill its memory. So this
module reads every file that notion-pm did not write: it must be a regular file of a limited size,
and text must be UTF-8.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from notion_pm.errors import FileMissing, FileNotText, FileUnusable

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE

SETTINGS_LIMIT = MEGABYTE
"""The limit of `.env`, `notion-pm.toml`, a message, and a file with faults."""
YAML_LIMIT = MEGABYTE
"""A template or a map. The largest shipped template has 22 KB; PyYAML reads 250 KB a second."""
TABLE_LIMIT = 10 * MEGABYTE
"""Starter rows and page bodies of a template, and a plan file."""


Check = Callable[[os.stat_result], None]
"""Raises an error for a file that must not be read."""


def read_bytes(path: Path, *, limit: int, check: Check | None = None) -> bytes:
    """Return the content of a regular file of at most `limit` bytes.

    `check` judges the open file before it is read, so the file cannot be replaced in between.

    Raises FileMissing when the file does not exist. Raises FileUnusable when it is not a regular
    file, is too large, or cannot be read.
    """
    try:
        # Opening a named pipe without a writer blocks, except with O_NONBLOCK. Windows lacks that
        # flag; other systems lack O_BINARY.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)  # for a folder, `os.fdopen` fails and leaves it open
            problem = f"it is {_kind_of_file(status.st_mode)}, not a regular file"
            raise FileUnusable(path, problem, "Save its content to a regular file, and use that.")
        with os.fdopen(descriptor, "rb") as file:
            if status.st_size > limit:
                raise _too_large(path, limit)
            if check is not None:
                check(status)
            return read_stream(file, path, limit=limit)
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissing(path) from None
    except OSError as error:
        raise FileUnusable(path, error.strerror or str(error)) from error
    except ValueError as error:  # a NUL or a surrogate character in the path
        problem = f"it is not a valid path ({error})"
        raise FileUnusable(repr(str(path)), problem, "Correct the path.") from None


def read_stream(stream: BinaryIO, name: Path | str, *, limit: int) -> bytes:
    """Return the rest of a stream, at most `limit` bytes.

    The limit is checked here too: a file may grow while it is read, and the size of standard input
    is not known before.

    Raises FileUnusable when there is more.
    """
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise _too_large(name, limit)
    return data


def read_text(path: Path, *, limit: int, check: Check | None = None) -> str:
    """Return the text of a regular file in UTF-8, without a byte order mark.

    Raises FileNotText with the number of the line when it is not UTF-8, and all errors of
    `read_bytes`.
    """
    data = read_bytes(path, limit=limit, check=check)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FileNotText(path, line) from None


def _kind_of_file(mode: int) -> str:
    """Return the kind of a file that is not regular, such as `a folder`."""
    kinds = {
        stat.S_ISDIR: "a folder",
        stat.S_ISFIFO: "a named pipe",
        stat.S_ISSOCK: "a socket",
        stat.S_ISCHR: "a device",
        stat.S_ISBLK: "a device",
    }
    for is_kind, name in kinds.items():
        if is_kind(mode):
            return name
    return "something else"


def _too_large(path: Path | str, limit: int) -> FileUnusable:
    size = f"{limit // MEGABYTE} MB" if limit >= MEGABYTE else f"{limit // KILOBYTE} KB"
    reason = f"it has more than {size}, which is the limit for such a file"
    return FileUnusable(path, reason, "Split it, or shorten it.")
