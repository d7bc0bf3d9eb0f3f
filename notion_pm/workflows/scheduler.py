"""Runs operations side by side, each as soon as what it needs is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from notion_pm.planning.operation import Operation
from notion_pm.workflows.progress import Progress


def run_all(operations: Sequence[Operation], do: Callable[[Operation], None], *, jobs: int, progress: Progress) -> None:
    """Do all operations. The first failure ends the run: what is under way is finished, nothing new begins."""
    waiting = {each.name: each for each in operations}
    totals = Counter(each.verb for each in operations)
    done: Counter[object] = Counter()
    finished: set[str] = set()
    running: dict[Future[None], Operation] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            for operation in _ready(waiting, finished, jobs - len(running)):
                del waiting[operation.name]
                running[pool.submit(do, operation)] = operation
            assert running, "operations need each other in a circle"
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                operation = running.pop(future)
                future.result()
                finished.add(operation.name)
                done[operation.verb] += 1
                progress(operation.verb.value, done[operation.verb], totals[operation.verb])


def _ready(waiting: dict[str, Operation], finished: set[str], most: int) -> list[Operation]:
    ready: list[Operation] = []
    for operation in waiting.values():
        if len(ready) == most:
            break
        if operation.needs <= finished:
            ready.append(operation)
    return ready
