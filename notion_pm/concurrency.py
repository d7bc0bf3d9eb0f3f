"""Do several things at once on threads, and know afterwards what was done.

The threads mostly wait for Notion. How many requests it gets is limited elsewhere
(`notion/limiter`), so `jobs` only says how many answers may be awaited at the same time.

- `map_concurrently`: results in the order of the items.
- `map_lazily`: the same for more items than fit into memory.
- `run_concurrently`: each task with its result as soon as it ends; for writes.
- `run_by_dependencies`: tasks that need others to be done first.
- `merge_concurrently`: what several slow iterables yield, as it comes.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from itertools import islice
from queue import SimpleQueue
from threading import Event
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_ITEMS_PER_JOB = 4
"""Items in memory for each thread of `map_lazily`: enough that no thread waits for the others."""


def map_concurrently(do: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    """Yield `do(item)` for every item, in the order of the items, with up to `jobs` at a time.

    All items are taken at once. The first error is raised where its result would come; what has not
    begun by then is left out. Nothing begins before the first result is asked for.
    """
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(do, items)


def map_lazily(do: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    """Do as `map_concurrently` does, but take only a few items at a time.

    Use it where all results together would not fit into memory.
    """
    remaining = iter(items)
    with ThreadPoolExecutor(jobs) as pool:
        while batch := list(islice(remaining, jobs * _ITEMS_PER_JOB)):
            yield from pool.map(do, batch)


def run_concurrently(do: Callable[[T], R], tasks: Sequence[T], jobs: int) -> Iterator[tuple[T, R]]:
    """Yield each task with the result of `do(task)`, in the order in which they end.

    For writes: whatever happens, the caller learns of every task that was carried out. After a
    failure no new task begins; the results of those under way are still yielded, and then the
    first error is raised.
    """
    first_error: Exception | None = None
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(do, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                try:
                    result = future.result()
                except CancelledError:
                    continue
                except Exception as error:
                    first_error = first_error or error
                    # Not shutdown(cancel_futures=True): as_completed() would wait for ever, since
                    # it is not notified of futures that are cancelled that way.
                    _cancel(futures)
                    continue
                yield futures[future], result
        finally:
            # Also after Ctrl-C, or when the caller stops iterating: what has not begun is not sent.
            _cancel(futures)
    if first_error is not None:
        raise first_error


def _cancel(futures: Iterable[Future[R]]) -> None:
    for future in futures:
        future.cancel()


class Dependent(Protocol):
    """A task that needs others, given by their names, to be done first."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> Collection[str]: ...


D = TypeVar("D", bound=Dependent)


def run_by_dependencies(do: Callable[[D], object], tasks: Sequence[D], jobs: int) -> Iterator[D]:
    """Do every task as soon as what it needs is done; yield each task when it has ended.

    After a failure no new task begins: what is under way is finished, and the error is raised.
    """
    queue = _DependencyQueue(tasks)
    running: dict[Future[object], D] = {}
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        while done < len(tasks):
            while queue.ready and len(running) < jobs:
                task = queue.ready.popleft()
                running[pool.submit(do, task)] = task
            assert running, "tasks need each other in a circle"
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                task = running.pop(future)
                future.result()
                queue.mark_done(task)
                done += 1
                yield task


class _DependencyQueue(Generic[D]):
    """The tasks whose needs are met, in their own order."""

    def __init__(self, tasks: Sequence[D]) -> None:
        self._unmet = {task.name: set(task.needs) for task in tasks}
        self._waiting_for: defaultdict[str, list[D]] = defaultdict(list)
        for task in tasks:
            for needed in task.needs:
                self._waiting_for[needed].append(task)
        self.ready = deque(task for task in tasks if not task.needs)

    def mark_done(self, task: D) -> None:
        """Let the tasks begin that waited for this one alone."""
        for waiting in self._waiting_for.pop(task.name, ()):
            unmet = self._unmet[waiting.name]
            unmet.discard(task.name)
            if not unmet:
                self.ready.append(waiting)


def merge_concurrently(sources: Mapping[str, Iterable[T]], jobs: int) -> Generator[tuple[str, T]]:
    """Yield the items of all sources as they come, each with the name of its source.

    Up to `jobs` sources are read at a time, each on a thread of its own; the items are handled in
    the caller's thread. After a failure the other sources stop at their next item, and the error is
    raised. Close the generator where it may not be read to its end.
    """
    received: SimpleQueue[tuple[str, T] | Future[None]] = SimpleQueue()
    stop = Event()

    def read_source(name: str, source: Iterable[T]) -> None:
        if stop.is_set():
            return
        for item in source:
            received.put((name, item))
            if stop.is_set():
                return

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for name, source in sources.items():
                future = pool.submit(read_source, name, source)
                # A future in the queue means that its source has ended, by itself or by an error.
                future.add_done_callback(received.put)
            yield from _receive_until_all_ended(received, len(sources), stop)
        finally:
            stop.set()


def _receive_until_all_ended(
    received: SimpleQueue[tuple[str, T] | Future[None]], running: int, stop: Event
) -> Iterator[tuple[str, T]]:
    first_error: BaseException | None = None
    while running:
        item = received.get()
        if isinstance(item, tuple):
            yield item
            continue
        running -= 1
        error = item.exception()
        if error is not None:
            first_error = first_error or error
            stop.set()
    if first_error is not None:
        raise first_error
