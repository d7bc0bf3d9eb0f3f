"""A file to zip a workbook into that can be given up quietly."""

from __future__ import annotations

from typing import BinaryIO


class Sink:
    """Passes on what is written to a file until that fails; from then on takes everything and keeps nothing.

    zipfile tries to finish an archive that was given up when it is forgotten, and would complain of a full disk to
    nobody in particular.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._failed = False

    def write(self, data: bytes) -> int:
        if self._failed:
            return len(data)
        try:
            return self._file.write(data)
        except OSError:
            self._failed = True
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self._failed else self._file.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self._failed else self._file.tell()

    def flush(self) -> None:
        if not self._failed:
            self._file.flush()

    def give_up(self) -> None:
        """Keep nothing any more."""
        self._failed = True
