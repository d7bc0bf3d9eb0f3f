"""Read files that other people may have written.

A template, a map or a CSV file can come from anywhere. What it names may be a named pipe, a device, a folder, or a file
of many gigabytes: reading such a thing would block the program or fill its memory. So every file that is not ours is
read here: it must be a regular file, of a limited size, and text must be UTF-8.
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
"""`.env`, `notion-pm.toml`, a message, a faults file."""
YAML_LIMIT = MEGABYTE
"""A template or a map. The largest template that ships has 22 KB; PyYAML reads about 250 KB a second."""
TABLE_LIMIT = 10 * MEGABYTE
"""Starter rows and page bodies of a template, and a plan file."""


Check = Callable[[os.stat_result], None]
"""Raises an error for a file that must not be read."""


def read_bytes(path: Path, *, limit: int, check: Check | None = None) -> bytes:
    """Return what a regular file of at most `limit` bytes holds.

    `check` judges the open file before it is read, so that nobody can replace the file in between.

    Raises FileMissing when there is none, FileUnusable when it is no regular file, is too large, or cannot be read.
    """
    try:
        # A named pipe without a writer blocks `open`, unless it is opened without waiting.
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)  # `os.fdopen` would leave that of a folder open
            raise FileUnusable(
                path, _kind_of(found.st_mode), "Give a regular file: save what it holds to one."
            )
        with os.fdopen(descriptor, "rb") as file:
            if found.st_size > limit:
                raise _too_large(path, limit)
            if check is not None:
                check(found)
            return read_stream(file, path, limit=limit)
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissing(path) from None
    except OSError as error:
        raise FileUnusable(path, error.strerror or str(error)) from error
    except ValueError as error:  # a path with a NUL character, or with what no file name can hold
        raise FileUnusable(
            repr(str(path)), f"it is no path ({error})", "Correct the path."
        ) from None


def read_stream(stream: BinaryIO, name: Path | str, *, limit: int) -> bytes:
    """Return what a stream holds to its end, which must come within `limit` bytes.

    A file may grow while it is read, and standard input has no size beforehand.
    Raises FileUnusable when there is more.
    """
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise _too_large(name, limit)
    return data


def read_text(path: Path, *, limit: int, check: Check | None = None) -> str:
    """Return the text of a regular file in UTF-8, without a byte order mark.

    Raises FileNotText with the line when it is no UTF-8, and what `read_bytes` raises.
    """
    data = read_bytes(path, limit=limit, check=check)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileNotText(path, data[: error.start].count(b"\n") + 1) from None


def _kind_of(mode: int) -> str:
    kinds = {
        stat.S_ISDIR: "a folder",
        stat.S_ISFIFO: "a named pipe",
        stat.S_ISSOCK: "a socket",
        stat.S_ISCHR: "a device",
        stat.S_ISBLK: "a device",
    }
    kind = next((name for is_kind, name in kinds.items() if is_kind(mode)), "something else")
    return f"it is {kind}, not a regular file"


def _too_large(path: Path | str, limit: int) -> FileUnusable:
    size = f"{limit // MEGABYTE} MB" if limit >= MEGABYTE else f"{limit // KILOBYTE} KB"
    reason = f"it has more than {size}, which is the limit for such a file"
    return FileUnusable(path, reason, "Split it, or shorten it.")
