"""Runs operations side by side, each as soon as what it needs is done."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from notion_pm.provision.plan.operation import Operation
from notion_pm.workspace.progress import Progress


class _Queue:
    """The operations that may begin, in their own order."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._missing = {each.name: set(each.needs) for each in operations}
        self._waiting: defaultdict[str, list[Operation]] = defaultdict(list)
        for operation in operations:
            for needed in operation.needs:
                self._waiting[needed].append(operation)
        self._ready = deque(each for each in operations if not each.needs)

    def next(self) -> Operation | None:
        return self._ready.popleft() if self._ready else None

    def finished(self, operation: Operation) -> None:
        for waiting in self._waiting.pop(operation.name, ()):
            missing = self._missing[waiting.name]
            missing.discard(operation.name)
            if not missing:
                self._ready.append(waiting)


class _Counter:
    """Counts what people see in the plan: databases, views and rows, each once all of its operations are done."""

    def __init__(self, operations: Sequence[Operation], progress: Progress) -> None:
        self._progress = progress
        self._open = Counter(each.counted_as for each in operations if each.counted_as is not None)
        self._totals = Counter(heading for heading, _ in self._open)
        self._done: Counter[str] = Counter()

    def finished(self, operation: Operation) -> None:
        thing = operation.counted_as
        if thing is None:
            return
        heading = thing[0]
        self._open[thing] -= 1
        if not self._open[thing]:
            self._done[heading] += 1
        self._progress(heading, self._done[heading], self._totals[heading])


def run_all(
    operations: Sequence[Operation],
    do: Callable[[Operation], None],
    *,
    jobs: int,
    progress: Progress,
) -> None:
    """Do all operations. The first failure ends the run: what is under way is finished, nothing new begins."""
    queue, counter = _Queue(operations), _Counter(operations, progress)
    done = 0
    running: dict[Future[None], Operation] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while done < len(operations):
            while len(running) < jobs and (operation := queue.next()) is not None:
                running[pool.submit(do, operation)] = operation
            assert running, "operations need each other in a circle"
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                finished = running.pop(future)
                future.result()
                queue.finished(finished)
                done += 1
                counter.finished(finished)
