"""The requests that carry out replacements of options.

The options to move to exist already. Pages are listed a hundred at a time, and each is read right
before it moves, so that a value people choose in the meantime is not undone. Before an option is
removed, the list of options is read, and then the pages that still hold it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notion_pm.model.ids import NotionId
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.operation import PAGE_SIZE, Operation, OperationKind
from notion_pm.provision.plan.options.replacements import (
    MOVE_BACK,
    MOVE_OUT,
    OptionReplacement,
)


def replacement_operations(changes: Iterable[Change], needs: frozenset[str]) -> list[Operation]:
    """Return the operations of all replacements among these changes, database by database."""
    changes_by_database: dict[str, list[Change]] = {}
    for change in changes:
        if change.replacement is not None:
            changes_by_database.setdefault(change.database, []).append(change)

    operations = []
    for database, replacing in changes_by_database.items():
        operations += _DatabaseReplacements(database, replacing, needs).operations()
    return operations


class _DatabaseReplacements:
    """The operations of one database. Each needs the one before it; only the pages of one batch
    move side by side."""

    def __init__(self, database: str, changes: Sequence[Change], needs: frozenset[str]) -> None:
        self._database = database
        self._changes = tuple(changes)
        self._needs = needs
        self._operations: list[Operation] = []

    @property
    def _replacements(self) -> list[OptionReplacement]:
        return [change.replacement for change in self._changes if change.replacement is not None]

    def operations(self) -> list[Operation]:
        """Return the operations: pages leave old options, deferred ones are added, pages go
        back."""
        replacements = self._replacements
        if any(replacement.option_left_at(MOVE_OUT) for replacement in replacements):
            self._move_pages(MOVE_OUT)
        if any(replacement.deferred for replacement in replacements):
            self._add_next(OperationKind.ADD_OPTIONS, MOVE_OUT)
        if any(replacement.option_left_at(MOVE_BACK) for replacement in replacements):
            self._move_pages(MOVE_BACK)
        return self._operations

    def _move_pages(self, stage: int) -> None:
        """Add the operations that move all pages of a stage, and then remove what they left."""
        pages: set[NotionId] = set()
        for replacement in self._replacements:
            pages |= replacement.pages_moving_at(stage)  # one page may hold several such options
        for start in range(0, len(pages), PAGE_SIZE):
            end = min(start + PAGE_SIZE, len(pages))
            self._add_next(OperationKind.FIND_PAGES, stage, str(start))
            self._add_side_by_side(stage, range(start, end))
        if stage == MOVE_BACK:
            # Once the placeholders are gone, Notion no longer shows which option one was for. So
            # the record gets the new options first.
            self._add_next(OperationKind.RECORD_OPTIONS, stage)
        self._add_next(OperationKind.DROP_OPTIONS, stage)

    def _add_next(self, kind: OperationKind, stage: int, key: str = "") -> None:
        operation = self._operation(kind, stage, key)
        self._operations.append(operation)
        self._needs = frozenset({operation.name})

    def _add_side_by_side(self, stage: int, numbers: Iterable[int]) -> None:
        moves = [self._operation(OperationKind.MOVE_PAGE, stage, str(number)) for number in numbers]
        self._operations += moves
        self._needs = frozenset(move.name for move in moves)

    def _operation(self, kind: OperationKind, stage: int, key: str) -> Operation:
        return Operation(kind, self._database, key, stage, self._changes, self._needs)
