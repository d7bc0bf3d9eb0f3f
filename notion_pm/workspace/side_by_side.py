"""Writing many things side by side, so that whatever happens it is known what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(do: Callable[[T], R], tasks: Sequence[T], jobs: int) -> Iterator[tuple[T, R]]:
    """Do something with every task, some at once; yield each with its result, in the order in which they end.

    When one fails nothing new is begun; what was begun is still yielded, and then the first error is raised.
    """
    first_error: BaseException | None = None
    with ThreadPoolExecutor(jobs) as pool, ExitStack() as ending:
        futures = {pool.submit(do, task): task for task in tasks}
        ending.callback(
            _call_off, futures
        )  # also when Ctrl-C ends it here: what was not begun is not sent
        for task, outcome in _outcomes(futures):
            if isinstance(outcome, _Failed):
                first_error = first_error or outcome.error
                _call_off(
                    futures
                )  # not shutdown(cancel_futures=True), which as_completed never hears of
                continue
            yield task, outcome
    if first_error:
        raise first_error


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _call_off(futures: Iterable[Future[R]]) -> None:
    for future in futures:
        future.cancel()


def _outcomes(futures: Mapping[Future[R], T]) -> Iterator[tuple[T, R | _Failed]]:
    """What became of each task, as it comes; those that were not begun are left out."""
    for future in as_completed(futures):
        try:
            yield futures[future], future.result()
        except CancelledError:
            continue
        except Exception as error:
            yield futures[future], _Failed(error)
