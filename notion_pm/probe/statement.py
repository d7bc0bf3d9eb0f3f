"""What a statement is, and what came of checking it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from notion_pm.probe.redaction import redacted

if TYPE_CHECKING:
    from notion_pm.probe.lab import Lab


class Source(StrEnum):
    """Where a statement comes from, the strongest first."""

    RECORDING = "recording"
    """It is in recorded traffic of the real service."""
    MEASUREMENT = "measurement"
    """Somebody measured it on the real service and published the result."""
    CHANGELOG = "changelog"
    """Notion's changelog says so."""
    DOCUMENTATION = "documentation"
    """Notion's documentation or official SDK says so."""
    ASSUMED = "assumed"
    """Reported by single users, or plausible. No source shows it."""


class Area(Enum):
    """What a statement means for the user: the part of notion-pm that relies on it."""

    def __init__(self, title: str, consequence: str) -> None:
        self.title = title
        self.consequence = consequence
        """What to do when a statement of the area differs."""

    APPLY = "apply", "do not use on this workspace yet"
    PROPERTY_IDS = "property ids (all commands)", "do not use on this workspace yet"
    VIEWS = "views", "check the views by hand after an apply"
    BODIES = "page bodies", "check the page bodies by hand after an apply"
    OPTIONS = "option replacement", "do not use; change options by hand"
    TYPES = "type changes", "do not use; change types by hand"
    RELATIONS = "two-way relations", "do not use; make relations by hand and adopt them"
    SYNC = "sync", "do not use on this workspace yet"
    IMPORT = "import", "do not use on this workspace yet"
    EXPORT = "export", "compare the files with Notion before you use them"
    TRASH = "trash, undo and destroy", "do not use; delete and restore by hand"
    LOCKS = "locks between machines", "let one machine write at a time"
    SEARCH = "search", "give page ids instead of choosing from a list"
    ERRORS = "error messages", "advice in error messages may be missing"
    UNUSED = "facts that no command relies on", "no command is affected"
    """What notion-pm works without, such as limits that may be raised."""


class Verdict(StrEnum):
    """What came of checking a statement."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check expected and what it saw, without ids or names of the workspace.

    `reason`: why nothing can be told. `is_optional`: the check needs something that the user did
    not give, so that trying again would not help.
    """

    verdict: Verdict
    expected: Any = None
    seen: Any = None
    reason: str = ""
    is_optional: bool = False


class CannotTell(Exception):
    """A statement cannot be checked. The text says why."""

    def __init__(self, reason: str, *, is_optional: bool = False) -> None:
        super().__init__(reason)
        self.is_optional = is_optional


def expect(expected: Any, seen: Any) -> Finding:
    """Compare what the statement says with what Notion did."""
    verdict = Verdict.AGREES if seen == expected else Verdict.DIFFERS
    return Finding(verdict, redacted(expected), redacted(seen))


Check = Callable[["Lab"], Finding]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence about Notion, and the function that checks it."""

    id: str
    sentence: str
    area: Area
    source: Source
    check: Check


_registry: dict[str, Statement] = {}


def statement(id: str, sentence: str, area: Area, source: Source) -> Callable[[Check], Check]:
    """Register a function as the check of a statement. Its `id` is stable: reports name it."""

    def register(check: Check) -> Check:
        assert id not in _registry, f"two statements are called {id}"
        _registry[id] = Statement(id, sentence, area, source, check)
        return check

    return register


def all_statements() -> tuple[Statement, ...]:
    """Return every statement, in the order in which they are checked."""
    from notion_pm.probe import subjects  # noqa: F401 - importing them registers their statements

    return tuple(_registry.values())
