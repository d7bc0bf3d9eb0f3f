"""Run the operations of an apply, each as soon as what it needs is done, and count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from notion_pm.concurrency import run_by_dependencies
from notion_pm.provision.plan.operation import Operation
from notion_pm.workspace.progress import Progress


def run_all(
    operations: Sequence[Operation],
    do: Callable[[Operation], None],
    *,
    jobs: int,
    progress: Progress,
) -> None:
    """Do all operations. After a failure what is under way is finished, and nothing new begins.

    Progress counts what people see in the plan: databases, views and rows. Each counts once all of
    its operations are done.
    """
    open_operations: Counter[tuple[str, str]] = Counter(
        operation.counted_as for operation in operations if operation.counted_as is not None
    )
    totals = Counter(heading for heading, _ in open_operations)
    done: Counter[str] = Counter()
    for operation in run_by_dependencies(do, operations, jobs):
        thing = operation.counted_as
        if thing is None:
            continue
        heading = thing[0]
        open_operations[thing] -= 1
        if open_operations[thing] == 0:
            done[heading] += 1
        progress(heading, done[heading], totals[heading])
