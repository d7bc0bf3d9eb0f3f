"""Journals on the disk: one file an apply, a line a telling, each on the disk before the request that it tells of."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from notion_pm.errors import FileUnusable
from notion_pm.files.writing import PrivateLog, write_private
from notion_pm.model.journal import LINE, Begun, Doing, Done, Ended, Journal, Line, Undone, Verb

_FOLDER = "applies"
_KEPT = 50
"""So many journals are kept of a workspace; older ones go."""


class JournalWriter:
    """Adds to a journal. Safe for threads. Use it as a context manager."""

    def __init__(self, path: Path, begun: Begun) -> None:
        """Open the journal of an apply; one that was interrupted goes on where it ended.

        Raises FileUnusable.
        """
        known = read(path)
        self._number = sum(isinstance(each, Doing) for each in known.lines) if known else 0
        self._lock = threading.Lock()
        _drop_torn_line(path)
        self._file = PrivateLog(path)
        if known is None:
            self._append(begun)
            _drop_oldest(path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def doing(self, verb: Verb, notion_id: str, name: str, before: Any) -> int:
        """Tell a write that is about to be sent; return its number."""
        with self._lock:
            self._number += 1
            self._append(
                Doing(number=self._number, verb=verb, id=notion_id, name=name, before=before)
            )
            return self._number

    def done(self, number: int, notion_id: str, after: Any) -> None:
        """Tell that a write was answered."""
        with self._lock:
            self._append(Done(number=number, id=notion_id, after=after))

    def ended(self, moment: datetime) -> None:
        """Tell that the apply came to its end."""
        with self._lock:
            self._append(Ended(moment=moment))

    def _append(self, line: Line) -> None:
        """Write a line to the disk itself: what is told must be there also when the machine goes down next."""
        self._file.append(line.model_dump_json(by_alias=True))


def path_of(state_directory: Path, template: str, started: datetime) -> Path:
    """Return the journal of the apply of a template that began at a moment."""
    return (
        state_directory / _FOLDER / f"{started.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{template}.jsonl"
    )


def read(path: Path) -> Journal | None:
    """Return a journal, None when there is none, or not a whole line of it.

    A last line that was cut off, by a power failure for one, is as if it had not been written: nothing was sent yet.

    Raises FileUnusable when it is damaged, or of a later version's format.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnusable(path, str(error)) from error
    try:
        told = [LINE.validate_json(each) for each in lines]
    except ValidationError as error:
        raise FileUnusable(
            path, "it is not a journal that this version of notion-pm wrote"
        ) from error
    if not told:
        return None
    begun = told[0]
    if not isinstance(begun, Begun):
        raise FileUnusable(path, "its beginning is missing")
    return Journal(begun, tuple(told[1:]))


def mark_undone(path: Path, moment: datetime) -> None:
    """Tell in a journal that its apply was taken back."""
    with PrivateLog(path) as log:
        log.append(Undone(moment=moment).model_dump_json())


def _drop_torn_line(path: Path) -> None:
    if path.exists():
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            lines, newline, _ = content.rpartition(b"\n")
            write_private(path, lines + newline)


def _drop_oldest(folder: Path) -> None:
    for each in sorted(folder.glob("*.jsonl"))[:-_KEPT]:
        each.unlink(missing_ok=True)
