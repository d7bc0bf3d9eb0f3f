"""Which files of rejected rows an import has written, and what they held.

Each run updates the file of its source. A file that a person has begun to correct is not written
over: it no longer holds what was written.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from notion_pm.files.writing import write_private

FILE = "rejects.json"
_FORMAT = TypeAdapter(dict[str, str])


def is_as_written(directory: Path, path: Path) -> bool:
    """Return whether a file still holds what an import wrote to it."""
    return path.is_file() and _all(directory).get(_name(path)) == _digest(path)


def remember(directory: Path, path: Path) -> None:
    """Remember what a file holds. Raises FileUnusable."""
    write_private(
        directory / FILE, _FORMAT.dump_json({**_all(directory), _name(path): _digest(path)})
    )


def _all(directory: Path) -> dict[str, str]:
    try:
        return _FORMAT.validate_json((directory / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}


def _name(path: Path) -> str:
    return str(path.resolve())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
