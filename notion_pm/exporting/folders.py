"""Folders of an export: all of their files change, or none does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder beside `target` in which everything is made before anything of the target changes."""

    folder: Path
    target: Path

    def install(self, stale: Iterable[str]) -> None:
        """Move all that was made into the target, and remove the `stale` files there, relative to it.

        A target that does not exist yet appears at once; in one that does, whose other files are somebody's own, each
        file takes its place at once.
        """
        if not self.target.exists():
            self.folder.rename(self.target)
            return
        for made, _, names in os.walk(self.folder):
            place = self.target / Path(made).relative_to(self.folder)
            place.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                (Path(made) / name).replace(place / name)
        for name in stale:
            path = (self.target / name).resolve()
            if path.is_relative_to(self.target.resolve()):
                path.unlink(missing_ok=True)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """Yield a stage for a folder; what was not installed from it vanishes."""
    target = folder.resolve()  # a symbolic link stays one
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[-100:]}.{os.getpid()}.part")
    part.mkdir()
    try:
        yield Stage(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
