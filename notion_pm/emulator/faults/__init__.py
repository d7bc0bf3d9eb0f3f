"""Faults between a client and Notion, made on purpose and repeatable from a seed.

open_workspace(path, faults=read_faults("503 when=after first=1 methods=POST", seed=7))
"""

from __future__ import annotations

from notion_pm.emulator.faults.injector import FaultInjector
from notion_pm.emulator.faults.middleware import ConnectionDroppedError, FaultMiddleware
from notion_pm.emulator.faults.rules import NO_FAULTS, Faults, Limits, Rule
from notion_pm.emulator.faults.source import (
    InvalidFaultsError,
    parse_faults,
    read_faults,
    validate_faults,
)

__all__ = [
    "NO_FAULTS",
    "ConnectionDroppedError",
    "FaultInjector",
    "FaultMiddleware",
    "Faults",
    "InvalidFaultsError",
    "Limits",
    "Rule",
    "parse_faults",
    "read_faults",
    "validate_faults",
]
