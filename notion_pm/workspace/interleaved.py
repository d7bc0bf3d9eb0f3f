"""Taking from several slow sources at once: threads wait for them, and what comes is handled where it was asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

T = TypeVar("T")


def interleaved(sources: Mapping[str, Iterable[T]], jobs: int) -> Generator[tuple[str, T]]:
    """Yield what the sources give, as it comes, each with its source's name; so many sources at a time.

    When one fails the others stop as soon as they have given what was under way, and its error is raised. Close it
    where you may not take it to its end.
    """
    came: SimpleQueue[tuple[str, T] | Future[None]] = SimpleQueue()
    stop = Event()

    def take(name: str, source: Iterable[T]) -> None:
        for each in () if stop.is_set() else source:
            came.put((name, each))
            if stop.is_set():
                return

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for name, source in sources.items():
                pool.submit(take, name, source).add_done_callback(came.put)
            yield from _until_all_have_ended(came, len(sources), stop)
        finally:
            stop.set()


def _until_all_have_ended(
    came: SimpleQueue[tuple[str, T] | Future[None]], running: int, stop: Event
) -> Iterator[tuple[str, T]]:
    first_error: BaseException | None = None
    while running:
        each = came.get()
        if isinstance(each, tuple):
            yield each
            continue
        running -= 1
        if error := each.exception():
            first_error = first_error or error
            stop.set()
    if first_error is not None:
        raise first_error
