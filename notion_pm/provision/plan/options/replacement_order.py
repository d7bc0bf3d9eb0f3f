"""The requests that carry out swaps of options: pages are moved a hundred at a time, and nothing is removed unchecked.

The options to move to are there by now. Each page is read right before it moves, so that what people choose in the
meantime is not undone. The list of options, and then the pages that hold one which goes, are read right before the
list is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.operation import PAGE_SIZE, Operation, OperationKind
from notion_pm.provision.plan.options.replacements import MOVE_BACK, MOVE_OUT


def replacement_operations(changes: Iterable[Change], needs: frozenset[str]) -> list[Operation]:
    """Return the operations of all swaps among these changes, database by database."""
    swaps = [each for each in changes if each.replacement is not None]
    databases = dict.fromkeys(each.database for each in swaps)
    return [
        operation
        for key in databases
        for operation in _Chain(
            key, [each for each in swaps if each.database == key], needs
        ).operations()
    ]


class _Chain:
    """The operations of one database, each after the one before; only the pages of one round move side by side."""

    def __init__(self, database: str, changes: Sequence[Change], needs: frozenset[str]) -> None:
        self._database = database
        self._changes = tuple(changes)
        self._needs = needs
        self._found: list[Operation] = []

    def operations(self) -> list[Operation]:
        swaps = [each.replacement for each in self._changes if each.replacement]
        if any(each.option_left_at(MOVE_OUT) for each in swaps):
            self._move(MOVE_OUT)
        if any(each.deferred for each in swaps):
            self._then(OperationKind.ADD_OPTIONS, MOVE_OUT)
        if any(each.option_left_at(MOVE_BACK) for each in swaps):
            self._move(MOVE_BACK)
        return self._found

    def _move(self, stage: int) -> None:
        left = len(
            {
                page
                for each in self._changes
                if each.replacement
                for page in each.replacement.pages_moving_at(stage)
            }
        )
        moved = 0
        while moved < left:
            self._then(OperationKind.FIND_PAGES, stage, str(moved))
            until = min(moved + PAGE_SIZE, left)
            self._side_by_side(stage, range(moved, until))
            moved = until
        if (
            stage == MOVE_BACK
        ):  # from here on nothing in Notion tells any more which option stood in for which
            self._then(OperationKind.RECORD_OPTIONS, stage)
        self._then(OperationKind.DROP_OPTIONS, stage)

    def _then(self, verb: OperationKind, stage: int, key: str = "") -> None:
        operation = Operation(verb, self._database, key, stage, self._changes, self._needs)
        self._found.append(operation)
        self._needs = frozenset({operation.name})

    def _side_by_side(self, stage: int, numbers: Iterable[int]) -> None:
        moves = [
            Operation(
                OperationKind.MOVE_PAGE,
                self._database,
                str(number),
                stage,
                self._changes,
                self._needs,
            )
            for number in numbers
        ]
        self._found += moves
        self._needs = frozenset(each.name for each in moves)
