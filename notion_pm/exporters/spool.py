"""A list that lives on disk once it is large: rows are all read before the first is written, whatever their number."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")

_IN_MEMORY = 8 * 2**20  # bytes


class Spool(Generic[T]):
    """Append first, then walk as often as you like. A context manager: what is on disk goes with it."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._starts = array("Q")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[T]:
        return self.at(range(len(self)))

    def at(self, places: Iterable[int]) -> Iterator[T]:
        """Walk the items of these places, in this order."""
        for place in places:
            self._file.seek(self._starts[place])
            item: T = pickle.load(self._file)  # noqa: S301 - our own bytes, in a file that has no name
            yield item

    def append(self, item: T) -> None:
        """Add an item at the end."""
        self._starts.append(self._file.seek(0, 2))
        pickle.dump(item, self._file, protocol=pickle.HIGHEST_PROTOCOL)
