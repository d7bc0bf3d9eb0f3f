"""Operations: the steps that carry out a plan, as values. Each is one write, and at most one read before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from notion_pm.model.ids import NotionId
from notion_pm.provision.plan.change import Change


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


_PHASES = {
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
"""Under which heading people see the progress of an operation. Others prepare or tidy up, and are not counted."""


PAGE_SIZE = 100
"""How many pages Notion lists per request."""

_LOOKS_FIRST = frozenset(
    {
        OperationKind.UPDATE_DATABASE,
        OperationKind.UPDATE_VIEW,
        OperationKind.DELETE_VIEW,
        OperationKind.MOVE_PAGE,
        OperationKind.ADD_OPTIONS,
    }
)
"""What these change is read before: so that the journal can tell how it was, or because people may have edited it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step, and the names of the operations that must be done before it.

    SETTLE brings properties of one level into being, or only reads the data source when nothing is left to send: what
    Notion called the mirrors of two-way relations is known by then and no earlier. Its `changes` are those properties.
    It `reads_first` where people may have edited the data source since the plan was made.
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
            return 3  # the options, the pages that hold one which goes, and the change
        if self.kind in _LOOKS_FIRST or self.reads_first:
            return 2 + self._recounts
        return 1 + self._recounts

    @property
    def is_recorded_only(self) -> bool:
        """Whether people's title and look of a database stay, and only the record notes the template's."""
        sets = {facet for change in self.changes for facet in change.facets} & {"title", "look"}
        return self.kind is OperationKind.UPDATE_DATABASE and not sets

    @property
    def _recounts(self) -> int:
        """How many requests count once more the pages that lossy changes affect."""
        counted = [change.affected for change in self.changes if change.affected is not None]
        if self.kind is not OperationKind.APPLY_PROPERTIES or not counted:
            return 0
        asked: set[NotionId] = set()
        for pages in counted:
            asked |= pages.asked
        lists = max(1, -(-len(asked) // PAGE_SIZE))
        return lists + 1 if lists > 1 else lists

    @property
    def counted_as(self) -> tuple[str, str] | None:
        """The heading of its progress, and which thing it works on: a database takes several operations, and is one."""
        heading = _PHASES.get(self.kind)
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
        return "/".join(
            filter(None, (self.kind.name.lower(), self.database, self.key, str(self.level or "")))
        )


def operation_names(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the names of operations, as others need them."""
    return frozenset(each.name for each in operations)
