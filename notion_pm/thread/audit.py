"""An audit: where the thread is broken, and how much of what is built is signal. The checks are in `audit_checks`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.graph import Thread

Found = Iterator[tuple[SnapshotPage, str]]
"""Pages with a detail: by how much the thread is broken there, empty where the kind of finding says it all."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """After how many days something is told. `health_days`: None is what the template says."""

    insight_days: int = 14
    spec_days: int = 30
    health_days: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding: what it is called, what to do about it, and how it is found.

    `applies` tells whether a template has what the check looks at.
    """

    name: str
    title: str
    advice: str
    applies: Callable[[Thread], bool]
    look: Callable[[Thread, Thresholds], Found]


@dataclass(frozen=True, slots=True)
class Finding:
    """A page at which the thread is broken."""

    check: Check
    page: SnapshotPage
    detail: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit came to: findings by check, the live features and how many of them are signal.

    `left_out`: checks that the template has nothing for, or that were not asked for.
    """

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    live: int
    signal: int
    left_out: tuple[Check, ...] = ()

    @property
    def share(self) -> float | None:
        """The share of signal, from 0 to 1; None when no feature is live."""
        return self.signal / self.live if self.live else None

    def of(self, check: Check) -> tuple[Finding, ...]:
        """Return the findings of a check."""
        return tuple(each for each in self.findings if each.check is check)


def audit(
    thread: Thread,
    checks: Collection[Check],
    is_signal: Callable[[Thread, SnapshotPage], bool],
    thresholds: Thresholds,
) -> Audit:
    """Look at a thread with those of the checks that it has something for."""
    apply = tuple(each for each in checks if each.applies(thread))
    findings = [
        Finding(check, page, detail)
        for check in apply
        for page, detail in sorted(
            check.look(thread, thresholds), key=lambda found: found[0].title.casefold()
        )
    ]
    live = [each for each in thread.pages("features") if thread.is_live(each)]
    signal = sum(is_signal(thread, each) for each in live)
    return Audit(
        apply,
        tuple(findings),
        len(live),
        signal,
        tuple(each for each in checks if each not in apply),
    )
