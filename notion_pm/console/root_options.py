"""The global options, which apply to all commands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RootOptions:
    """The values of the global options."""

    local: str | None
    local_from_environment: bool
    workspace: str | None
    jobs: int
    max_wait: float
    debug: bool
