"""Operations: the steps that carry out a plan. Each is one write, and at most a few reads before
it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from notion_pm.model.ids import NotionId
from notion_pm.provision.plan.change import Change

PAGE_SIZE = 100
"""How many items Notion lists per request (notion-api.md 2.3)."""


class OperationKind(Enum):
    """What an operation does."""

    OPEN_MANIFEST = "open manifest"
    CHECK_FIRST_PAGE = "check first page"
    READ_MANIFEST = "read manifest"
    MARK_MANIFEST = "mark manifest"
    CREATE_DATABASE = "create database"
    UPDATE_DATABASE = "update database"
    APPLY_PROPERTIES = "apply properties"
    LIST_VIEWS = "list views"
    ADOPT_VIEW = "adopt view"
    CREATE_VIEW = "create view"
    UPDATE_VIEW = "update view"
    DROP_DEFAULT_VIEW = "drop default view"
    DELETE_VIEW = "delete view"
    FIND_PAGES = "find pages"
    MOVE_PAGE = "move page"
    DROP_OPTIONS = "drop options"
    ADD_OPTIONS = "add options"
    RECORD_OPTIONS = "record options"
    RECORD_STRUCTURE = "record structure"
    CREATE_ROW = "create row"
    COMPLETE_ROW = "complete row"
    WRITE_SUMMARY = "write summary"
    RECORD_END = "record end"


_PROGRESS_HEADINGS = {
    OperationKind.CREATE_DATABASE: "Databases",
    OperationKind.UPDATE_DATABASE: "Databases",
    OperationKind.APPLY_PROPERTIES: "Databases",
    OperationKind.ADOPT_VIEW: "Views",
    OperationKind.CREATE_VIEW: "Views",
    OperationKind.UPDATE_VIEW: "Views",
    OperationKind.DELETE_VIEW: "Views",
    OperationKind.FIND_PAGES: "Options",
    OperationKind.MOVE_PAGE: "Options",
    OperationKind.DROP_OPTIONS: "Options",
    OperationKind.ADD_OPTIONS: "Options",
    OperationKind.CREATE_ROW: "Rows",
    OperationKind.COMPLETE_ROW: "Rows",
    OperationKind.RECORD_OPTIONS: "Record",
    OperationKind.RECORD_STRUCTURE: "Record",
    OperationKind.WRITE_SUMMARY: "Record",
    OperationKind.RECORD_END: "Record",
}
"""The heading under which people see the progress of an operation. Others prepare or tidy up, and
are not counted."""

_READS_ITS_TARGET = frozenset(
    {
        OperationKind.UPDATE_DATABASE,
        OperationKind.UPDATE_VIEW,
        OperationKind.DELETE_VIEW,
        OperationKind.MOVE_PAGE,
        OperationKind.ADD_OPTIONS,
    }
)
"""Operations that first read what they change: people may have edited it since the plan was made,
or the journal needs its former state."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step, and the names of the operations that must be done before it.

    APPLY_PROPERTIES creates and changes properties of one level; `changes` are these. With nothing
    to send, it only reads the data source: the names that Notion gave to the mirrors of two-way
    relations are known by then and no earlier. It `reads_first` if people may have edited the data
    source since the plan was made.
    """

    kind: OperationKind
    database: str = ""
    key: str = ""
    level: int = 0
    changes: tuple[Change, ...] = ()
    needs: frozenset[str] = frozenset()
    reads_first: bool = False

    @property
    def requests(self) -> int:
        """How many requests it takes. Those of the lock are counted by the plan."""
        if self.kind is OperationKind.CHECK_FIRST_PAGE or self.is_recorded_only:
            return 0
        if self.kind is OperationKind.DROP_OPTIONS:
            return 3  # read the options, look for pages that hold a removed one, and change
        if self.kind in _READS_ITS_TARGET or self.reads_first:
            return 2 + self._recount_requests
        return 1 + self._recount_requests

    @property
    def is_recorded_only(self) -> bool:
        """Whether it only records a database's title and look, because people set their own."""
        facets: set[str] = set()
        for change in self.changes:
            facets |= change.facets
        sets_something = bool(facets & {"title", "look"})
        return self.kind is OperationKind.UPDATE_DATABASE and not sets_something

    @property
    def _recount_requests(self) -> int:
        """How many requests count the pages again that lossy changes affect."""
        counted = [change.affected for change in self.changes if change.affected is not None]
        if self.kind is not OperationKind.APPLY_PROPERTIES or not counted:
            return 0
        asked: set[NotionId] = set()
        for pages in counted:
            asked |= pages.asked
        lists = list_requests(len(asked))
        # A list of several requests is not one moment: one more asks for pages edited since.
        return lists + 1 if lists > 1 else lists

    @property
    def progress_item(self) -> tuple[str, str] | None:
        """The heading of its progress, and the thing that it works on; None if it is not counted.

        A database takes several operations and is one thing.
        """
        heading = _PROGRESS_HEADINGS.get(self.kind)
        if heading is None:
            return None
        if heading == "Databases":
            return heading, self.database
        if heading in {"Views", "Rows"}:
            return heading, f"{self.database}/{self.key}"
        return heading, self.name

    @property
    def name(self) -> str:
        """The operation's own name, unique in a plan."""
        level = str(self.level) if self.level else ""
        parts = [self.kind.name.lower(), self.database, self.key, level]
        return "/".join(part for part in parts if part)


def operation_names(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the names of operations, as `needs` contains them."""
    return frozenset(operation.name for operation in operations)


def list_requests(items: int) -> int:
    """Return how many requests it takes to list `items` things; an empty list takes one."""
    return max(1, -(-items // PAGE_SIZE))
