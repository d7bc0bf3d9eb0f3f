"""A list that lives on disk once it is large: rows are all read before the first is written, whatever their number."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from operator import attrgetter, methodcaller
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from notion_pm.exporting.temp_database import no_room

T = TypeVar("T")

_IN_MEMORY = 2**20  # bytes


_Reduce = Callable[[Any], Any]
_AS_IT_IS: _Reduce = methodcaller("__reduce_ex__", pickle.HIGHEST_PROTOCOL)


class _Reducers(dict[type, _Reduce]):
    """How the pickler takes objects apart: dataclasses into the arguments that make them, others as they know.

    What dataclasses do by themselves asks for their fields at every object, and took most of the time.
    """

    def __missing__(self, kind: type) -> _Reduce:
        self[kind] = _by_fields(kind) if is_dataclass(kind) else _AS_IT_IS
        return self[kind]


def _by_fields(kind: type) -> _Reduce:
    first, *others = (each.name for each in fields(kind))
    values: Callable[[Any], Any] = attrgetter(first, *others)
    return lambda it: (kind, values(it) if others else (values(it),))


_REDUCERS = _Reducers()


class Spool(Generic[T]):
    """Append first, then walk as often as you like. A context manager: what is on disk goes with it.

    Raises FileUnusable when the disk is full.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._starts = array("Q")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # of a full disk; nobody needs what is in it
            self._file.close()

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[T]:
        return self.at(range(len(self)))

    def at(self, places: Iterable[int]) -> Iterator[T]:
        """Walk the items of these places, in this order."""
        for place in places:
            try:
                self._file.seek(self._starts[place])
                item: T = pickle.load(self._file)  # noqa: S301 - our own bytes, in a file that has no name
            except OSError as error:
                raise no_room(error) from error
            yield item

    def append(self, item: T) -> None:
        """Add an item at the end."""
        try:
            self._starts.append(self._file.seek(0, 2))
            pickler = pickle.Pickler(self._file, protocol=pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = _REDUCERS
            pickler.dump(item)
        except OSError as error:
            raise no_room(error) from error
