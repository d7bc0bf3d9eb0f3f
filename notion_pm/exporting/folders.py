"""Write a folder of an export so that all of its files change, or none does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from notion_pm.errors import UsageError


class CannotWrite(UsageError):
    """A file or folder cannot be written: no permission, no space, or another program locks it."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be written: {reason}.",
            "Close it in other programs, check your permissions, or choose another path with -o.",
        )
        self.path = path


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder beside `target`, in which all files are written before the target changes."""

    folder: Path
    target: Path

    def install(self, stale: Iterable[str]) -> None:
        """Move all files into the target, and delete the `stale` files there, relative to it.

        A target that does not exist yet appears in one step. An existing one may contain files of
        other people, so each file is moved in a step of its own.
        """
        if not self.target.exists():
            self.folder.rename(self.target)
            return
        for folder, _, names in os.walk(self.folder):
            destination = self.target / Path(folder).relative_to(self.folder)
            destination.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                (Path(folder) / name).replace(destination / name)
        for name in stale:
            path = (self.target / name).resolve()
            # The names come from a file in the folder, which others may have changed.
            if path.is_relative_to(self.target.resolve()):
                path.unlink(missing_ok=True)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Yield a stage for a folder; files that were not installed are deleted."""
    target = folder.resolve()  # a symbolic link stays one
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[-100:]}.{os.getpid()}.part")
    part.mkdir()
    try:
        yield Stage(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
