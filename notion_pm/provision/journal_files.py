"""The journals of applies on disk: one file per apply, with one line before and one after each
write.

A line is on disk before the request that it describes is sent. So after a crash, `undo` knows every
write that may have happened.
"""

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
_MAX_JOURNALS = 50
"""How many journals are kept of a workspace; older ones are deleted."""


class JournalWriter:
    """Adds to a journal. Safe for threads. Use it as a context manager."""

    def __init__(self, path: Path, begun: Begun) -> None:
        """Open the journal of an apply. That of an interrupted apply is continued.

        Raises FileUnusable.
        """
        known = read_journal(path)
        self._number = 0
        if known is not None:
            self._number = sum(1 for line in known.lines if isinstance(line, Doing))
        self._lock = threading.Lock()
        # A torn line is from a run that was killed while it wrote.
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
        """Record a write that is about to be sent; return its number."""
        # Number and line belong together: the lock is held for both.
        with self._lock:
            self._number += 1
            self._append(
                Doing(number=self._number, verb=verb, id=notion_id, name=name, before=before)
            )
            return self._number

    def done(self, number: int, notion_id: str, after: Any) -> None:
        """Record that a write was answered."""
        with self._lock:
            self._append(Done(number=number, id=notion_id, after=after))

    def ended(self, moment: datetime) -> None:
        """Record that the apply was completed."""
        with self._lock:
            self._append(Ended(moment=moment))

    def _append(self, line: Line) -> None:
        """Write a line and wait until it is on disk: it must survive a power failure right
        after."""
        self._file.append(line.model_dump_json(by_alias=True))


def journal_path(state_directory: Path, template: str, started: datetime) -> Path:
    """Return the path of the journal of the apply of a template that began at a moment."""
    moment = f"{started.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    return state_directory / _FOLDER / f"{moment}-{template}.jsonl"


def read_journal(path: Path) -> Journal | None:
    """Return a journal, None if there is no file or no complete line in it.

    A last line that was cut off, for example by a power failure, counts as not written: its request
    was not sent yet.

    Raises FileUnusable if it is damaged, or has the format of a later version.
    """
    try:
        complete_lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnusable(path, str(error)) from error
    try:
        lines = [LINE.validate_json(line) for line in complete_lines]
    except ValidationError as error:
        raise FileUnusable(
            path, "it is not a journal that this version of notion-pm wrote"
        ) from error
    if not lines:
        return None
    begun = lines[0]
    if not isinstance(begun, Begun):
        raise FileUnusable(path, "its beginning is missing")
    return Journal(begun, tuple(lines[1:]))


def mark_undone(path: Path, moment: datetime) -> None:
    """Record in a journal that its apply was undone."""
    with PrivateLog(path) as log:
        log.append(Undone(moment=moment).model_dump_json())


def _drop_torn_line(path: Path) -> None:
    """Remove a last line that was cut off, so that the next one does not continue it."""
    if not path.exists():
        return
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        lines, newline, _ = content.rpartition(b"\n")
        write_private(path, lines + newline)


def _drop_oldest(folder: Path) -> None:
    """Delete the oldest journals. Names begin with the time, so they sort by age."""
    for path in sorted(folder.glob("*.jsonl"))[:-_MAX_JOURNALS]:
        path.unlink(missing_ok=True)
