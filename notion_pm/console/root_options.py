"""The options that stand before the command and apply to all commands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RootOptions:
    """The global options, as they were given."""

    local: str | None
    local_from_environment: bool
    workspace: str | None
    jobs: int
    max_wait: float
    debug: bool
