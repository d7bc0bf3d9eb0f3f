"""The weather of a running workspace: how many requests each rule has seen, and what the next one meets."""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults.rules import CALM, Limits, Rule, Weather

_CONNECTION = "public_api_request_rate_limit"
_WORKSPACE = "public_api_space_request_rate_limit"


@dataclass(frozen=True, slots=True)
class Fate:
    """What one request meets: a wait, and perhaps a trouble."""

    delay: float = 0
    rule: Rule | None = None


class Conditions:
    """Counts requests and decides on them. Safe for threads: decisions are made one after the other."""

    def __init__(self, weather: Weather = CALM) -> None:
        self._lock = threading.Lock()
        self.change(weather)

    def change(self, weather: Weather) -> None:
        """Begin a weather from its start."""
        with self._lock:
            self._weather = weather
            self._seen: Counter[int] = Counter()
            self._struck: Counter[int] = Counter()
            self._used = _Used()

    @property
    def behaviour(self) -> Behaviour:
        """How the service behaves where it might behave in several ways."""
        return self._weather.behaviour

    def restart(self) -> None:
        """Begin the same weather again."""
        self.change(self._weather)

    def report(self) -> dict[str, Any]:
        """Return the weather as data, with what each rule has seen and struck since its start."""
        with self._lock:
            data = self._weather.model_dump(mode="json", exclude_defaults=True)
            rules = [
                {**rule, "seen": self._seen[number], "struck": self._struck[number]}
                for number, rule in enumerate(data.get("rules", ()))
            ]
            limits = self._weather.limits.model_dump(exclude_unset=True)
            behaviour = self._weather.behaviour.model_dump(exclude_unset=True)
            told = {
                "seed": self._weather.seed,
                "limits": limits,
                "rules": rules,
                "limited": self._used.refused,
            }
            return {**told, "behaviour": behaviour} if behaviour else told

    def meet(self, method: str, path: str, connection: str, moment: datetime) -> Fate:
        """Decide on the next request; limits come first, for what they refuse meets nothing else."""
        with self._lock:
            refused = self._used.take(self._weather.limits, connection, moment.timestamp())
            if refused:
                return Fate(rule=refused)
            return self._fate(
                [
                    (number, self._count(number, rule, method, path))
                    for number, rule in self._rules()
                ]
            )

    def _rules(self) -> list[tuple[int, Rule]]:
        return list(enumerate(self._weather.rules))

    def _count(self, number: int, rule: Rule, method: str, path: str) -> int | None:
        """Return the request's number among those that a rule is about, None where it is none of them."""
        if not rule.is_about(method, path):
            return None
        self._seen[number] += 1
        return self._seen[number]

    def _fate(self, counted: list[tuple[int, int | None]]) -> Fate:
        """Add up the waits, up to the first rule that strikes with more than a wait."""
        delay = 0.0
        for number, place in counted:
            rule = self._weather.rules[number]
            if place is None:
                continue
            chance = self._weather.chance(number, place)
            if not rule.strikes(place, chance):
                continue
            self._struck[number] += 1
            if rule.trouble != "slow":
                return Fate(delay + rule.seconds, rule)
            delay += chance.uniform(0, rule.seconds)
        return Fate(delay)


@dataclass(slots=True)
class _Used:
    """What has been used of the limits in the windows that run."""

    windows: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  # by who: the window's number, requests in it
    refused: int = 0

    def take(self, limits: Limits, connection: str, now: float) -> Rule | None:
        """Count a request, or return the 429 of the limit that has no room for it."""
        asked = (
            (f"connection {connection}", limits.connection, limits.connection_seconds, _CONNECTION),
            ("workspace", limits.workspace, limits.workspace_seconds, _WORKSPACE),
        )
        for who, limit, seconds, reason in asked:
            if limit is not None and self._count(who, now, seconds) >= limit:
                self.refused += 1
                left = math.ceil(seconds - now % seconds)
                return Rule(trouble=429, retry_after=left, reason=reason)
        for who, limit, seconds, _ in asked:
            if limit is not None:
                self.windows[who] = (int(now // seconds), self._count(who, now, seconds) + 1)
        return None

    def _count(self, who: str, now: float, seconds: int) -> int:
        window, count = self.windows.get(who, (0, 0))
        return count if window == int(now // seconds) else 0
