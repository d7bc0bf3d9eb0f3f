"""Operations: the requests that carry out a plan, as values. Each is exactly one request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from notion_pm.planning.change import Change


class Verb(Enum):
    """What an operation does; the value is what people read while it runs."""

    OPEN_MANIFEST = "Making the manifest page"
    READ_MANIFEST = "Reading the manifest page"
    MARK_MANIFEST = "Marking the start"
    CREATE_DATABASE = "Creating databases"
    UPDATE_DATABASE = "Updating databases"
    SETTLE = "Setting up properties"
    LIST_VIEWS = "Reading views"
    ADOPT_VIEW = "Setting up views"
    CREATE_VIEW = "Creating views"
    UPDATE_VIEW = "Updating views"
    DROP_DEFAULT_VIEW = "Removing default views"
    RECORD_STRUCTURE = "Recording what was made"
    CREATE_ROW = "Creating rows"
    COMPLETE_ROW = "Linking rows"
    TELL = "Writing the manifest page"
    RECORD_END = "Recording the end"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request, and the names of the operations that must be done before it.

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
    def name(self) -> str:
        """The operation's own name, unique in a plan."""
        return "/".join(filter(None, (self.verb.name.lower(), self.database, self.key, str(self.level or ""))))
