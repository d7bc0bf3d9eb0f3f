"""The bar charts of a report: which there are, and the numbers that they show."""

from __future__ import annotations

from calendar import month_abbr
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Color
from notion_pm.report.chart_drawing import (
    Chart,
    ChartData,
    ChartPart,
    Series,
    draw_bars,
    draw_columns,
    draw_stacked_bars,
)
from notion_pm.report.page_values import anchor, readable_text
from notion_pm.report.strategy import Objective
from notion_pm.report.waiting import Need, WaitingCustomer
from notion_pm.text import UNTITLED
from notion_pm.thread import Thread
from notion_pm.thread.signal import is_signal, objectives

_MONTHS = 12
_CUSTOMERS_OR_NEEDS = 10
_SERIES_COLORS: tuple[Color, ...] = ("blue", "green", "orange", "purple", "pink", "brown")
"""Colours of objectives, which have none of their own in Notion."""
_OTHER_OBJECTIVES, _NO_OBJECTIVE = "Other objectives", "No objective"


def progress_chart(goals: Iterable[Objective]) -> Chart | None:
    """Return how far the objectives are, and how far they were where that has changed.

    None when no objective has begun.
    """
    known = [objective for objective in goals if objective.progress is not None]
    # Before any feature has shipped the chart would only repeat zeros.
    if not any(objective.progress for objective in known):
        return None
    now = [objective.progress for objective in known]
    before = [objective.progress_before for objective in known]
    series = [_percent_series("Now", now, "blue")]
    if any(objective.gained for objective in known) and any(before):
        series.append(_percent_series("Before", before, "gray", is_outlined=True))
    labels = tuple(objective.page.title for objective in known)
    summary = summarize(zip(labels, series[0].texts, strict=True))
    pages = [(objective.page.id,) for objective in known]
    data = ChartData("Progress of the objectives", summary, labels, tuple(series))
    return draw_bars(_with_rows(data, pages), name="chart-progress", top=100)


def _with_rows(data: ChartData, page_ids: Sequence[tuple[str, ...]]) -> ChartData:
    """Return a chart whose labels are pages: the filter shows or empties whole rows."""
    parts = []
    for series_index, series in enumerate(data.series):
        for label_index, value in enumerate(series.values):
            if value is not None:
                part = ChartPart(label_index, series_index, value, page_ids[label_index])
                parts.append(part)
    return replace(data, parts=tuple(parts))


def _percent_series(
    name: str, values: Sequence[int | None], color: Color, *, is_outlined: bool = False
) -> Series:
    texts = tuple("" if value is None else f"{value} %" for value in values)
    return Series(name, tuple(values), texts, color, is_outlined)


def stages_chart(thread: Thread) -> Chart | None:
    """Return how many live features are at which status, and how many of them are signal.

    Bars have the colours of the status options.
    """
    features = thread.chain.database("features") or ""
    key = thread.chain.status_key(features)
    live = [feature for feature in thread.pages("features") if thread.is_live(feature)]
    if not live or key is None:
        return None

    vocabulary = thread.chain.schema
    signal: Counter[str] = Counter()
    noise: Counter[str] = Counter()
    counters = (signal, noise)
    colors: dict[str, Color] = {}
    parts = []
    # The order of the status in Notion: bars read from the first step to the last.
    live.sort(key=lambda page: vocabulary.rank(page.database, key, page.values.get(key)) or 0)
    for feature in live:
        status = thread.status(feature) or "No status"
        option = vocabulary.option(features, key, feature.values.get(key))
        colors.setdefault(status, option.color if option else "default")
        series_index = 0 if is_signal(thread, feature) else 1
        counters[series_index][status] += 1
        label_index = list(colors).index(status)
        parts.append(ChartPart(label_index, series_index, 1, (anchor(feature),)))

    series = [_count_series("Signal", [signal[status] for status in colors], "gray")]
    if noise:
        counts = [noise[status] for status in colors]
        series.append(_count_series("Noise", counts, "gray", is_outlined=True))
    pairs = [(status, str(signal[status] + noise[status])) for status in colors]
    summary = summarize(pairs, most=len(pairs))
    data = ChartData(
        "Features by stage",
        summary,
        tuple(colors),
        tuple(series),
        tuple(colors.values()),
        tuple(parts),
    )
    return draw_stacked_bars(data, name="chart-stages")


def insights_chart(thread: Thread) -> Chart | None:
    """Return how many insights were observed in each of the last months, by importance.

    None when fewer than two months have any.
    """
    groups = _Groups()
    insights = sorted(
        thread.pages("insights"), key=lambda page: thread.number(page, "importance") or 0
    )
    for insight in insights:
        name = readable_text(thread, insight, "importance") or "No importance"
        groups.add(thread, insight, name, _importance_color(thread, insight))
    return groups.chart("What customers said, by month", name="chart-insights")


def objectives_chart(thread: Thread) -> Chart | None:
    """Return how many insights were observed in each of the last months, by objective.

    An insight counts for the first objective that it serves. The objectives with the most insights
    have a series each, the rest is one series.
    """
    objective_ids = {objective.id for objective in objectives(thread)}
    # With one objective all columns would have one colour, and repeat the chart by importance.
    if len(objective_ids) < 2:
        return None
    titles: dict[NotionId, str] = {}
    # Count an insight once, or the columns would be higher than the number of insights.
    for insight in thread.pages("insights"):
        served = [page for page in thread.all_above(insight) if page.id in objective_ids]
        if served:
            titles[insight.id] = served[0].title or UNTITLED

    counts = Counter(titles.values())
    largest = [title for title, _ in counts.most_common(len(_SERIES_COLORS))]
    order = [*largest, _OTHER_OBJECTIVES, _NO_OBJECTIVE]
    colors: dict[str, Color] = dict(zip(largest, _SERIES_COLORS, strict=False))

    def series_of(insight: SnapshotPage) -> str:
        title = titles.get(insight.id)
        if title is None:
            return _NO_OBJECTIVE
        return title if title in colors else _OTHER_OBJECTIVES

    groups = _Groups()
    for insight in sorted(thread.pages("insights"), key=lambda page: order.index(series_of(page))):
        name = series_of(insight)
        groups.add(thread, insight, name, colors.get(name, "gray"))
    return groups.chart("Evidence by objective and month", name="chart-objectives")


class _Groups:
    """Counts insights by month and by a group, in the order in which the groups come."""

    def __init__(self) -> None:
        self._insights: dict[str, dict[str, list[SnapshotPage]]] = {}
        self._colors: dict[str, Color] = {}

    def add(self, thread: Thread, insight: SnapshotPage, group: str, color: Color) -> None:
        """Count an insight. One without a date is in no month."""
        month = thread.text(insight, "observed_on")[:7]
        if month:
            by_month = self._insights.setdefault(group, {})
            by_month.setdefault(month, []).append(insight)
            self._colors.setdefault(group, color)

    def chart(self, title: str, *, name: str) -> Chart | None:
        """Return columns for the last months, None when fewer than two have an insight."""
        observed: set[str] = set()
        for by_month in self._insights.values():
            observed.update(by_month)
        # Months without an insight are left out: imported feedback often has gaps of years.
        months = sorted(observed)[-_MONTHS:]
        if len(months) < 2:
            return None
        series: list[Series] = []
        parts = []
        totals: Counter[str] = Counter()
        for group, by_month in self._insights.items():
            counts = [len(by_month.get(month, ())) for month in months]
            if not any(counts):
                continue
            for label_index, month in enumerate(months):
                totals[month] += counts[label_index]
                for insight in by_month.get(month, ()):
                    parts.append(ChartPart(label_index, len(series), 1, (anchor(insight),)))
            series.append(_count_series(group, counts, self._colors[group]))
        data = ChartData(
            title=f"{title}, {months[0]} to {months[-1]}",
            summary=summarize([(month, str(totals[month])) for month in months], most=_MONTHS),
            labels=tuple(month_abbr[int(month[5:])] for month in months),
            series=tuple(series),
            parts=tuple(parts),
        )
        return draw_columns(data, name=name)


def _count_series(
    name: str, counts: Sequence[int], color: Color, *, is_outlined: bool = False
) -> Series:
    """Return counts as a series; a count of zero is not drawn."""
    values = tuple(count or None for count in counts)
    texts = tuple(f"{count:,}" if count else "" for count in counts)
    return Series(name, values, texts, color, is_outlined)


def _importance_color(thread: Thread, insight: SnapshotPage) -> Color:
    value = insight.values.get("importance")
    option = thread.chain.schema.option(insight.database, "importance", value)
    return option.color if option else "default"


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    amount: float
    amount_text: str
    asks: int
    page_ids: tuple[str, ...]


def waiting_customers_chart(customers: Iterable[WaitingCustomer]) -> Chart | None:
    """Return the customers that wait, by ARR where any is known, else by their open asks."""
    rows = [
        _Row(
            customer.name,
            customer.amount,
            customer.arr,
            len(customer.asks),
            tuple(ask.id for ask in customer.asks),
        )
        for customer in customers
    ]
    titles = ("ARR that waits, by customer", "Open asks by customer")
    return _ranking_chart(rows, titles, name="chart-waiting")


def waiting_needs_chart(needs: Iterable[Need]) -> Chart | None:
    """Return the opportunities that customers wait for, by ARR where any is known, else by asks."""
    rows = [
        _Row(
            need.page.title,
            need.amount,
            need.weight.arr,
            need.weight.insights,
            (need.page.id,),
        )
        for need in needs
    ]
    titles = ("ARR that waits, by opportunity", "Open asks by opportunity")
    return _ranking_chart(rows, titles, name="chart-needs")


def _ranking_chart(rows: Sequence[_Row], titles: tuple[str, str], *, name: str) -> Chart | None:
    first = rows[:_CUSTOMERS_OR_NEEDS]
    if not first:
        return None
    by_amount, by_asks = titles
    # One known amount is enough to rank by ARR: the others are drawn as zero, like in the table.
    if any(row.amount for row in first):
        title = by_amount
        texts = tuple(row.amount_text or "0" for row in first)
        series = Series("ARR", tuple(row.amount for row in first), texts)
    else:
        title = by_asks
        texts = tuple(f"{row.asks:,}" for row in first)
        series = Series("Asks", tuple(float(row.asks) for row in first), texts)
    labels = tuple(row.label for row in first)
    summary = summarize(zip(labels, texts, strict=True))
    data = ChartData(title, summary, labels, (series,))
    return draw_bars(_with_rows(data, [row.page_ids for row in first]), name=name)


def summarize(pairs: Iterable[tuple[str, str]], most: int = 4) -> str:
    """Return labels with their numbers as a sentence: the first few, and how many follow."""
    parts = [f"{name} {number}" for name, number in pairs]
    if not parts:
        return "Nothing yet."
    shown = ", ".join(parts[:most])
    more = len(parts) - most
    return f"{shown}, and {more} more." if more > 0 else f"{shown}."
