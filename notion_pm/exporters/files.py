"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notion_pm.errors import UsageError


class CannotWrite(UsageError):
    """A file or folder cannot be written: no permission, no space, or another program holds it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be written: {reason}.",
            "Is it open in another program, or the folder not yours? Name another place with -o.",
        )
        self.path = path


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it takes the place of `path` at the end, and vanishes when anything goes wrong.

    What is no plain file, such as /dev/stdout or a named pipe, is written to as it is.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()  # a symbolic link stays one
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[-100:]}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
