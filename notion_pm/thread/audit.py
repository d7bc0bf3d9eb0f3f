"""The audit: where the thread is broken, and how many of the live features are signal.

Checks know properties by the template's keys and meanings, not by the names that a client gives
them. A check that the template has nothing for is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.text import quantity
from notion_pm.thread.graph import Thread
from notion_pm.thread.health import HEALTH_DATE, health_days
from notion_pm.thread.loop import needs_message
from notion_pm.thread.signal import (
    has_evidence,
    has_strategy,
    is_signal,
    live_features,
    objectives,
    serves_strategy,
)

PagesWithDetail = Iterator[tuple[SnapshotPage, str]]
"""Pages that a check found, each with what is wrong there."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """After how many days something is a finding.

    `health_days`: None takes what the template says.
    """

    insight_days: int = 14
    spec_days: int = 30
    health_days: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding: its name, what to do about it, and how it is found.

    `applies`: whether a template has what the check looks at.
    """

    name: str
    title: str
    advice: str
    applies: Callable[[Thread], bool]
    find: Callable[[Thread, Thresholds], PagesWithDetail]


@dataclass(frozen=True, slots=True)
class Finding:
    """A page at which the thread is broken."""

    check: Check
    page: SnapshotPage
    detail: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings by check, the number of live features and how many of them are signal.

    `left_out`: checks that the template has nothing for.
    """

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    live: int
    signal: int
    left_out: tuple[Check, ...] = ()

    @property
    def share(self) -> float | None:
        """The share of signal, from 0 to 1; None if no feature is live."""
        return self.signal / self.live if self.live else None

    def of(self, check: Check) -> tuple[Finding, ...]:
        """Return the findings of a check."""
        return tuple(finding for finding in self.findings if finding.check is check)


def audit(
    thread: Thread, thresholds: Thresholds | None = None, *, names: Collection[str] = ()
) -> Audit:
    """Run the checks that fit the template: all of them, or those with the given names."""
    thresholds = thresholds or Thresholds()
    checks: list[Check] = []
    left_out: list[Check] = []
    findings: list[Finding] = []
    for check in CHECKS:
        if names and check.name not in names:
            continue
        if not check.applies(thread):
            left_out.append(check)
            continue
        checks.append(check)
        for page, detail in sorted(check.find(thread, thresholds), key=_by_title):
            findings.append(Finding(check, page, detail))
    live = live_features(thread)
    return Audit(
        checks=tuple(checks),
        findings=tuple(findings),
        live=len(live),
        signal=sum(is_signal(thread, feature) for feature in live),
        left_out=tuple(left_out),
    )


def _by_title(page_with_detail: tuple[SnapshotPage, str]) -> str:
    return page_with_detail[0].title.casefold()


# --- what each check finds


def _features_without_evidence(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    for feature in live_features(thread):
        if not has_evidence(thread, feature):
            yield feature, thread.status(feature)


def _features_without_objective(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    for feature in live_features(thread):
        if not serves_strategy(thread, feature):
            yield feature, thread.status(feature)


def _objectives_without_features(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    for objective in objectives(thread):
        features = thread.features_below(objective)
        has_live_features = any(thread.is_live(feature) for feature in features)
        if thread.is_open(objective) and not has_live_features:
            yield objective, thread.status(objective)


def _unlinked_insights(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    for insight in thread.pages("insights"):
        # By creation in Notion: an old conversation that was imported yesterday is not neglected.
        days = _days_since(thread, thread.created[insight.id].date())
        is_waiting = thread.is_open(insight) and not thread.above(insight)
        if is_waiting and days > thresholds.insight_days:
            status = thread.status(insight) or "unlinked"
            yield insight, f"{status}, created {quantity(days, 'day')} ago"


def _stale_specs(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    # Notion has one time of the last edit per page: a stamp of sync hides that people are silent.
    for feature in thread.pages("features"):
        days = _days_since(thread, feature.last_edited.date())
        if thread.category(feature) == "doing" and days > thresholds.spec_days:
            yield feature, f"{thread.status(feature)}, not edited for {quantity(days, 'day')}"


def _stale_health(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    most_days = thresholds.health_days
    if most_days is None:
        most_days = health_days(thread.chain.schema.template)
    for objective in objectives(thread):
        if not thread.is_open(objective):
            continue
        problem = _health_problem(thread, objective, most_days)
        if problem:
            yield objective, problem


def _health_problem(thread: Thread, objective: SnapshotPage, most_days: int) -> str:
    """Return what is wrong with the health of an objective; empty if it is recent."""
    stated_on = thread.text(objective, HEALTH_DATE)
    if stated_on:
        days = _days_since(thread, date.fromisoformat(stated_on[:10]))
        if days <= most_days:
            return ""
        health = thread.readable(objective, "health") or "No update"
        return f"{health}, updated {quantity(days, 'day')} ago"
    # A template without a date of the health cannot say how old one is: any health counts.
    has_date = thread.chain.has(objective.database, HEALTH_DATE)
    if has_date or thread.value(objective, "health") in {None, "no_update"}:
        return "no health update"
    return ""


def _past_due(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    dated = [(page, thread.text(page, "target")) for page in thread.pages("features")]
    dated += [(page, thread.text(page, "review_by")) for page in thread.pages("vision")]
    for page, text in dated:
        if not text or not thread.is_open(page):
            continue
        due = text[:10]
        days = _days_since(thread, date.fromisoformat(due))
        if days > 0:
            yield page, f"{thread.status(page)}, due {due}, {quantity(days, 'day')} ago"


def _customers_to_tell(thread: Thread, thresholds: Thresholds) -> PagesWithDetail:
    for insight in thread.pages("insights"):
        if needs_message(thread, insight):
            yield insight, ", ".join(thread.customers_of(insight)) or "no name given"


def _days_since(thread: Thread, day: date) -> int:
    return (thread.today - day).days


# --- what a template must have for a check


def _always(thread: Thread) -> bool:
    return True


def _has_insights(thread: Thread) -> bool:
    return thread.chain.database("insights") is not None


def _has_stated_health(thread: Thread) -> bool:
    """Whether people state the health of objectives: it is a property that no rule writes."""
    database = thread.chain.database("objectives") or thread.chain.database("vision") or ""
    if not thread.chain.has(database, "health"):
        return False
    spec = thread.chain.schema.spec(database, "health")
    return spec is not None and not spec.stamped


CHECKS = (
    Check(
        "no-evidence",
        "Features without evidence",
        "Link the insights that ask for it, talk to customers, or park it.",
        _has_insights,
        _features_without_evidence,
    ),
    Check(
        "no-objective",
        "Features that serve no objective",
        "Link it to the objective that it serves, or park it.",
        has_strategy,
        _features_without_objective,
    ),
    Check(
        "idle-objective",
        "Objectives without features",
        "Add the features that would move it, or drop the objective.",
        has_strategy,
        _objectives_without_features,
    ),
    Check(
        "unread-insight",
        "Insights that are not linked",
        "Link it to a feature or an opportunity, or decline it and say why.",
        _has_insights,
        _unlinked_insights,
    ),
    Check(
        "stale-spec",
        "Features in progress with a stale spec",
        "Ask the owner to update the spec, or to change the status.",
        _always,
        _stale_specs,
    ),
    Check(
        "stale-health",
        "Objectives without a recent health update",
        "Ask the owner for the health, a note and the date.",
        _has_stated_health,
        _stale_health,
    ),
    Check(
        "overdue",
        "Past their date",
        "Set a new date and tell those who wait, or finish it.",
        _always,
        _past_due,
    ),
    Check(
        "owed",
        "Customers to tell about what has shipped",
        "Run  notion-pm loop  for the message, and  notion-pm loop --told  once it is sent.",
        _has_insights,
        _customers_to_tell,
    ),
)
"""All checks, in the order in which they are shown."""
