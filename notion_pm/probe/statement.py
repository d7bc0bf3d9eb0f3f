"""Statements about Notion, and the findings of checking them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notion_pm.probe.lab import Lab


class Source(StrEnum):
    """Where a statement comes from, the strongest first."""

    RECORDING = "recording"
    """It is in recorded traffic of the real service."""
    MEASUREMENT = "measurement"
    """It was measured on the real service, and the result published."""
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

    # The consequence depends on what a difference can do. A command that could damage data must
    # not be used. Where a person sees the result (views, bodies, files), checking it is enough.
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
    """Facts that no command needs, such as limits that Notion may raise."""


class Verdict(StrEnum):
    """The result of checking a statement."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check expected and what it saw, without ids or names of the workspace.

    `reason`: why the statement could not be checked. `is_optional`: the check needs something that
    the user did not give, so trying again would not help.
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
    # Compared before the redaction, after which two different ids would both be `<id>`.
    verdict = Verdict.AGREES if seen == expected else Verdict.DIFFERS
    return Finding(verdict, redact(expected), redact(seen))


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
    # Imported here, because each subject imports this module.
    from notion_pm.probe import subjects  # noqa: F401 - importing them registers their statements

    return tuple(_registry.values())


# --- nothing in a report identifies a workspace

_LONGEST_TEXT = 300
"""Characters of a text. Error messages may quote a whole request."""

_REDACTIONS = (
    (re.compile(r"https?://\S+"), "<url>"),
    (
        re.compile(
            r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
        ),
        "<id>",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<email>"),
    # Notion ends some messages with the name of the connection, which may be a company's.
    (re.compile(r'((?:integration|connection|bot)\s+)"[^"]*"', re.IGNORECASE), r'\1"<name>"'),
    (re.compile(r"\b(?:secret|ntn)_\w+"), "<token>"),
)


def redact(value: Any) -> Any:
    """Return plain data without ids, addresses, names of connections and tokens."""
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, dict):
        # Keys are words of the API, or names that the probe itself gave.
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def _redact_text(text: str) -> str:
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."
