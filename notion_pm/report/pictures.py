"""Which charts a report shows, and what they say."""

from __future__ import annotations

from calendar import month_abbr
from collections import Counter
from collections.abc import Iterable, Sequence

from notion_pm.report.charts import Chart, Data, Series, bars, columns, in_words, stacked_bars
from notion_pm.report.page_values import label
from notion_pm.report.strategy import Objective
from notion_pm.report.waiting import Need, Waiter
from notion_pm.rules.values import SnapshotPage
from notion_pm.thread import Thread
from notion_pm.thread.audit_checks import is_signal

_MONTHS = 12
_BARS = 10


def progress(objectives: Iterable[Objective]) -> Chart | None:
    """Draw how far the objectives are, where any has begun; beside it how far they were, where that was else."""
    known = [each for each in objectives if each.progress is not None]
    if not any(each.progress for each in known):
        return None
    labels = tuple(each.page.title for each in known)
    series = [Series("Now", tuple(float(each.progress or 0) for each in known))]
    if any(each.gained for each in known) and any(each.progress_before for each in known):
        before = tuple(
            None if each.progress_before is None else float(each.progress_before) for each in known
        )
        series.append(Series("Before", before))
    says = in_words([(each.page.title, f"{each.progress} %") for each in known])
    return bars(
        Data("Progress of the objectives", says, labels, tuple(series), " %"),
        name="chart-progress",
        top=100,
    )


def stages(thread: Thread) -> Chart | None:
    """Draw how many live features are at which step, and how many of them are signal."""
    key = thread.chain.status_key(thread.chain.database("features") or "")
    live = [each for each in thread.pages("features") if thread.is_live(each)]
    if not live or key is None:
        return None
    by_status: dict[str, list[bool]] = {}
    rank = thread.chain.vocabulary.rank
    for each in sorted(live, key=lambda page: rank(page.database, key, page.values.get(key)) or 0):
        by_status.setdefault(thread.status(each) or "No status", []).append(is_signal(thread, each))
    labels = tuple(by_status)
    signal = Series("Signal", tuple(float(sum(each)) or None for each in by_status.values()))
    noise = Series(
        "Noise", tuple(float(len(each) - sum(each)) or None for each in by_status.values())
    )
    says = in_words(
        [(label, str(len(each))) for label, each in by_status.items()], most=len(labels)
    )
    shown = (signal, noise) if any(noise.values) else (signal,)
    return stacked_bars(Data("Features by stage", says, labels, shown), name="chart-stages")


def heard(thread: Thread) -> Chart | None:
    """Draw how many insights were observed in each of the last months in which any were, by importance."""
    insights = sorted(
        thread.pages("insights"), key=lambda each: thread.number(each, "importance") or 0
    )
    months = tuple(sorted(filter(None, {_month(thread, each) for each in insights}))[-_MONTHS:])
    if len(months) < 2:
        return None
    counts: dict[str, Counter[str]] = {}
    for each in insights:
        name = label(thread, each, "importance") or "Not said"
        counts.setdefault(name, Counter())[_month(thread, each)] += 1
    series = tuple(
        Series(name, tuple(float(count[month]) for month in months))
        for name, count in counts.items()
    )
    labels = tuple(month_abbr[int(month[5:])] for month in months)
    totals = [(month, str(sum(count[month] for count in counts.values()))) for month in months]
    title = f"What customers said, by month, {months[0]} to {months[-1]}"
    data = Data(title, in_words(totals, most=_MONTHS), labels, series)
    return columns(data, name="chart-heard")


def _month(thread: Thread, insight: SnapshotPage) -> str:
    return thread.text(insight, "observed_on")[:7]


def who_waits(customers: Iterable[Waiter]) -> Chart | None:
    """Draw the customers that wait: by what they pay where that is known, else by how much they ask."""
    rows = [(each.name, each.arr, each.amount, len(each.asks)) for each in customers]
    return _first(rows, "ARR that waits, by customer", "Open asks by customer", "chart-waiting")


def what_waits(needs: Iterable[Need]) -> Chart | None:
    """Draw the opportunities that customers wait for, alike."""
    rows = [(each.page.title, each.weight.arr, each.amount, each.weight.insights) for each in needs]
    return _first(rows, "ARR that waits, by opportunity", "Open asks by opportunity", "chart-needs")


def _first(
    rows: Sequence[tuple[str, str, float, int]], by_amount: str, by_asks: str, name: str
) -> Chart | None:
    """Draw the first rows of label, amount in words, amount, and asks: by amount where any is known."""
    first = rows[:_BARS]
    if not first:
        return None
    is_known = any(amount for _, _, amount, _ in first)
    values = tuple(amount if is_known else float(asks) for _, _, amount, asks in first)
    title = by_amount if is_known else by_asks
    says = in_words(
        [(label, words or "0" if is_known else str(asks)) for label, words, _, asks in first]
    )
    return bars(
        Data(
            title,
            says,
            tuple(row[0] for row in first),
            (Series("ARR" if is_known else "Asks", values),),
        ),
        name=name,
    )
