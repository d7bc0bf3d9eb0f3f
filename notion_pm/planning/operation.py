"""Operations: the steps that carry out a plan, as values. Each is one write, and at most one read before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from notion_pm.planning.change import Change


class Verb(Enum):
    """What an operation does."""

    OPEN_MANIFEST = "open manifest"
    CHECK_FIRST_PAGE = "check first page"
    READ_MANIFEST = "read manifest"
    MARK_MANIFEST = "mark manifest"
    CREATE_DATABASE = "create database"
    UPDATE_DATABASE = "update database"
    SETTLE = "settle"
    LIST_VIEWS = "list views"
    ADOPT_VIEW = "adopt view"
    CREATE_VIEW = "create view"
    UPDATE_VIEW = "update view"
    DROP_DEFAULT_VIEW = "drop default view"
    DELETE_VIEW = "delete view"
    FIND_PAGES = "find pages"
    MOVE_PAGE = "move page"
    CHECK_MOVED = "check moved"
    READ_OPTIONS = "read options"
    DROP_OPTIONS = "drop options"
    ADD_OPTIONS = "add options"
    RECORD_OPTIONS = "record options"
    RECORD_STRUCTURE = "record structure"
    CREATE_ROW = "create row"
    COMPLETE_ROW = "complete row"
    TELL = "tell"
    RECORD_END = "record end"

    @property
    def phase(self) -> str:
        """What people read while it runs."""
        return _PHASES.get(self, "Databases")


_PHASES = {
    Verb.LIST_VIEWS: "Views",
    Verb.ADOPT_VIEW: "Views",
    Verb.CREATE_VIEW: "Views",
    Verb.UPDATE_VIEW: "Views",
    Verb.DROP_DEFAULT_VIEW: "Views",
    Verb.DELETE_VIEW: "Views",
    Verb.FIND_PAGES: "Options",
    Verb.MOVE_PAGE: "Options",
    Verb.CHECK_MOVED: "Options",
    Verb.READ_OPTIONS: "Options",
    Verb.DROP_OPTIONS: "Options",
    Verb.ADD_OPTIONS: "Options",
    Verb.RECORD_OPTIONS: "Record",
    Verb.CREATE_ROW: "Rows",
    Verb.COMPLETE_ROW: "Rows",
    Verb.TELL: "Record",
    Verb.RECORD_STRUCTURE: "Record",
    Verb.RECORD_END: "Record",
}


_LOOKS_FIRST = frozenset({Verb.UPDATE_DATABASE, Verb.UPDATE_VIEW, Verb.DELETE_VIEW})
"""What these change is read before, so that the journal can tell how it was."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step, and the names of the operations that must be done before it.

    SETTLE brings properties of one level into being, or only reads the data source when nothing is left to send: what
    Notion called the mirrors of two-way relations is known by then and no earlier. Its `changes` are those properties.
    """

    verb: Verb
    database: str = ""
    key: str = ""
    level: int = 0
    changes: tuple[Change, ...] = ()
    needs: frozenset[str] = frozenset()

    @property
    def requests(self) -> int:
        """How many requests it takes. Those of the lock are counted by the plan."""
        if self.verb is Verb.CHECK_FIRST_PAGE:
            return 0
        return 2 if self.verb in _LOOKS_FIRST else 1

    @property
    def name(self) -> str:
        """The operation's own name, unique in a plan."""
        return "/".join(filter(None, (self.verb.name.lower(), self.database, self.key, str(self.level or ""))))


def names(operations: Iterable[Operation]) -> frozenset[str]:
    """Return the names of operations, as others need them."""
    return frozenset(each.name for each in operations)
