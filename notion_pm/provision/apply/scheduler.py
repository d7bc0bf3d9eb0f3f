"""Run the operations of an apply, each as soon as those it needs are done, and count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from notion_pm.concurrency import run_by_dependencies
from notion_pm.provision.plan.operation import Operation
from notion_pm.workspace.progress import Progress


def run_all(
    operations: Sequence[Operation],
    run: Callable[[Operation], None],
    *,
    jobs: int,
    progress: Progress,
) -> None:
    """Run all operations, at most `jobs` at a time.

    After a failure the operations that have begun are finished, and no new one begins. Progress
    counts what people see in the plan: databases, views and rows. Each counts once, when all of its
    operations are done.
    """
    items = [operation.progress_item for operation in operations]
    open_operations = Counter(item for item in items if item is not None)
    totals = Counter(heading for heading, _ in open_operations)
    done: Counter[str] = Counter()
    for operation in run_by_dependencies(run, operations, jobs):
        item = operation.progress_item
        if item is None:
            continue
        heading = item[0]
        open_operations[item] -= 1
        if open_operations[item] == 0:
            done[heading] += 1
        progress(heading, done[heading], totals[heading])
