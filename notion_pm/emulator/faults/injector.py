"""The faults of a running workspace: count the requests, and decide what the next one meets."""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults.rules import NO_FAULTS, Faults, Limits, Rule

_CONNECTION = "public_api_request_rate_limit"
_WORKSPACE = "public_api_space_request_rate_limit"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one request meets: a delay in seconds, and the rule of the fault, if any."""

    delay: float = 0
    rule: Rule | None = None


class FaultInjector:
    """Counts requests and decides on them. Threads may share it: a lock orders the decisions."""

    def __init__(self, faults: Faults = NO_FAULTS) -> None:
        self._lock = threading.Lock()
        self.change(faults)

    def change(self, faults: Faults) -> None:
        """Use other faults, with all counters at zero."""
        with self._lock:
            self._faults = faults
            # By the number of a rule: how many requests it counted, and how many of them it struck.
            self._seen: Counter[int] = Counter()
            self._struck: Counter[int] = Counter()
            self._usage = _Usage()

    @property
    def behaviour(self) -> Behaviour:
        """The choices for all that the real service does in several ways."""
        return self._faults.behaviour

    def restart(self) -> None:
        """Set all counters to zero, so that the same requests meet the same faults again."""
        self.change(self._faults)

    def report(self) -> dict[str, Any]:
        """Return the faults as data, with the requests that each rule has counted and struck."""
        with self._lock:
            data = self._faults.model_dump(mode="json", exclude_defaults=True)
            rules = [
                {**rule, "seen": self._seen[number], "struck": self._struck[number]}
                for number, rule in enumerate(data.get("rules", ()))
            ]
            report = {
                "seed": self._faults.seed,
                "limits": self._faults.limits.model_dump(exclude_unset=True),
                "rules": rules,
                "limited": self._usage.refused,
            }
            behaviour = self._faults.behaviour.model_dump(exclude_unset=True)
            if behaviour:
                report["behaviour"] = behaviour
            return report

    def decide(self, method: str, path: str, connection: str, moment: datetime) -> Decision:
        """Decide on the next request.

        Limits come first: a request that they refuse is not counted by any rule.
        """
        with self._lock:
            refused = self._usage.take(self._faults.limits, connection, moment.timestamp())
            if refused:
                return Decision(rule=refused)
            # All rules count the request before one of them strikes it, so that a rule does the
            # same whatever other rules come before it.
            positions = [
                self._count(number, rule, method, path)
                for number, rule in enumerate(self._faults.rules)
            ]
            return self._strike(positions)

    def _count(self, number: int, rule: Rule, method: str, path: str) -> int | None:
        """Return the request's position (from 1) among those of a rule, None if it is not one."""
        if not rule.is_about(method, path):
            return None
        self._seen[number] += 1
        return self._seen[number]

    def _strike(self, positions: list[int | None]) -> Decision:
        """Add up the delays of slow rules, up to the first rule with another fault."""
        delay = 0.0
        for number, position in enumerate(positions):
            rule = self._faults.rules[number]
            if position is None:
                continue
            chance = self._faults.chance(number, position)
            if not rule.strikes(position, chance):
                continue
            self._struck[number] += 1
            if rule.trouble != "slow":
                return Decision(delay + rule.seconds, rule)
            delay += chance.uniform(0, rule.seconds)
        return Decision(delay)


@dataclass(slots=True)
class _Usage:
    """How many requests were made in the current windows of the limits."""

    # By connection, and for the whole workspace: the window's number, and the requests in it.
    windows: dict[str, tuple[int, int]] = field(default_factory=dict)
    refused: int = 0

    def take(self, limits: Limits, connection: str, now: float) -> Rule | None:
        """Count a request, or return the 429 of the first limit that is used up."""
        asked = (
            (f"connection {connection}", limits.connection, limits.connection_seconds, _CONNECTION),
            ("workspace", limits.workspace, limits.workspace_seconds, _WORKSPACE),
        )
        # A refused request uses up nothing, so both limits are checked before either is counted.
        for holder, limit, seconds, reason in asked:
            if limit is not None and self._count_in_window(holder, now, seconds) >= limit:
                self.refused += 1
                seconds_left = math.ceil(seconds - now % seconds)
                return Rule(trouble=429, retry_after=seconds_left, reason=reason)
        for holder, limit, seconds, _ in asked:
            if limit is not None:
                window = int(now // seconds)
                self.windows[holder] = (window, self._count_in_window(holder, now, seconds) + 1)
        return None

    def _count_in_window(self, holder: str, now: float, seconds: int) -> int:
        window, count = self.windows.get(holder, (0, 0))
        return count if window == int(now // seconds) else 0
