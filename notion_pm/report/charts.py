"""The bar charts of a report: which there are, their numbers, and where each bar is drawn.

The page's template draws them as SVG (pages/charts.html.jinja). Lengths along a bar are percentages
of the drawing's width, everything else is in pixels. So text keeps its size on a phone, where a
drawing that is scaled as a whole would have labels that are too small to read.
"""

from __future__ import annotations

from calendar import month_abbr
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.model.template import Color
from notion_pm.report.page_values import readable_text
from notion_pm.report.strategy import Objective
from notion_pm.report.waiting import Need, WaitingCustomer
from notion_pm.thread import Thread
from notion_pm.thread.signal import is_signal

_MONTHS = 12
_CUSTOMERS_OR_NEEDS = 10

_BAR_SPACE = 80.0
"""Percent of the width that the longest bar fills; the rest is for its number."""

_LABEL_HEIGHT, _BAR_HEIGHT, _BAR_GAP, _ROW_GAP = 18, 16, 3, 10
_PLOT_HEIGHT, _TOTALS_HEIGHT, _MONTHS_HEIGHT = 150, 18, 20
_COLUMN_FILL = 0.7
"""The share of a month's width that its column fills."""

_NARROWEST_TEXT, _LOWEST_TEXT = 7.0, 15.0
"""The narrowest part of a bar (percent) and the lowest of a column that hold their number."""

_LONGEST_LABEL = 48
"""Characters of a label: what fits into the width of a phone at 12 px."""


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers of one kind, one for each label of the chart; None where there is none.

    `texts` are the same numbers as people read them ("$1,200", "40 %"), empty for None.
    `color` is one of Notion's colours. An outlined series is drawn without a fill.
    """

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    color: Color = "blue"
    is_outlined: bool = False


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart shows.

    `summary` is the chart in one sentence, for people who do not see it. `label_colors`: colours of
    the labels' own options in Notion; they replace the colours of the series.
    """

    title: str
    summary: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    label_colors: tuple[Color, ...] = ()

    def table_rows(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each label with its numbers, for the table beside the drawing."""
        for index, label_text in enumerate(self.labels):
            yield label_text, [series.texts[index] for series in self.series]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, in lengths of SVG ("12.5%", "16")."""

    x: str
    y: str
    width: str
    height: str
    color: Color = "default"
    is_outlined: bool = False


@dataclass(frozen=True, slots=True)
class ChartText:
    """A text of the drawing, placed by its baseline.

    `role`: "label", "value" (after a bar), "inside" (within a part), "total" or "month".
    """

    x: str
    y: str
    text: str
    role: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and its data. `tracks` lie behind the bars; `height` is in pixels."""

    name: str
    data: ChartData
    height: str
    bars: tuple[Bar, ...]
    texts: tuple[ChartText, ...]
    tracks: tuple[Bar, ...] = ()


# --- drawing


def draw_bars(data: ChartData, *, name: str, top: float | None = None) -> Chart:
    """Draw a bar for each number, those of one label under each other.

    With `top` a track shows how far a bar could reach, such as 100 %.
    """
    longest = top or _largest(value for series in data.series for value in series.values)
    bars, tracks, texts = [], [], []
    y = 0.0
    for index, label_text in enumerate(data.labels):
        texts.append(_label(label_text, y))
        y += _LABEL_HEIGHT
        for series in data.series:
            value = series.values[index]
            if value is None:
                continue
            length = _share(value, longest) * _BAR_SPACE
            if top:
                tracks.append(_lying_bar(0, y, _BAR_SPACE))
            bars.append(_colored(_lying_bar(0, y, length), data, series, index))
            value_x = _BAR_SPACE if top else length
            texts.append(_text_on_bar(value_x, y, series.texts[index], "value"))
            y += _BAR_HEIGHT + _BAR_GAP
        y += _ROW_GAP
    return Chart(name, data, _pixels(y), tuple(bars), tuple(texts), tuple(tracks))


def draw_stacked_bars(data: ChartData, *, name: str) -> Chart:
    """Draw one bar for each label, with a part for each series and the total at its end."""
    totals = [_total(data, index) for index in range(len(data.labels))]
    longest = _largest(totals)
    bars, texts = [], []
    y = 0.0
    for index, label_text in enumerate(data.labels):
        texts.append(_label(label_text, y))
        y += _LABEL_HEIGHT
        x = 0.0
        for series in data.series:
            length = _share(series.values[index] or 0, longest) * _BAR_SPACE
            if not length:
                continue
            bars.append(_colored(_lying_bar(x, y, length), data, series, index))
            if len(data.series) > 1 and length >= _NARROWEST_TEXT:
                texts.append(_text_on_bar(x + length / 2, y, series.texts[index], "inside"))
            x += length
        texts.append(_text_on_bar(x, y, f"{totals[index]:,.0f}", "value"))
        y += _BAR_HEIGHT + _ROW_GAP
    return Chart(name, data, _pixels(y), tuple(bars), tuple(texts))


def draw_columns(data: ChartData, *, name: str) -> Chart:
    """Draw one column for each label, with a part for each series and the total above it."""
    totals = [_total(data, index) for index in range(len(data.labels))]
    highest = _largest(totals)
    space = 100 / len(data.labels)
    width = space * _COLUMN_FILL
    ground = _TOTALS_HEIGHT + _PLOT_HEIGHT
    bars, texts = [], []
    for index, label_text in enumerate(data.labels):
        middle = space * (index + 0.5)
        left = _percent(middle - width / 2)
        y = float(ground)
        for series in data.series:
            height = _share(series.values[index] or 0, highest) * _PLOT_HEIGHT
            if not height:
                continue
            y -= height
            bar = Bar(left, _pixels(y), _percent(width), _pixels(height))
            bars.append(_colored(bar, data, series, index))
            if len(data.series) > 1 and height >= _LOWEST_TEXT:
                baseline = _pixels(y + height / 2 + 4)
                texts.append(ChartText(_percent(middle), baseline, series.texts[index], "inside"))
        total = f"{totals[index]:,.0f}"
        texts.append(ChartText(_percent(middle), _pixels(y - 5), total, "total"))
        texts.append(ChartText(_percent(middle), _pixels(ground + 15), label_text, "month"))
    return Chart(name, data, _pixels(ground + _MONTHS_HEIGHT), tuple(bars), tuple(texts))


def _lying_bar(x: float, y: float, length: float) -> Bar:
    return Bar(_percent(x), _pixels(y), _percent(length), _pixels(_BAR_HEIGHT))


def _colored(bar: Bar, data: ChartData, series: Series, label_index: int) -> Bar:
    color = data.label_colors[label_index] if data.label_colors else series.color
    return replace(bar, color=color, is_outlined=series.is_outlined)


def _label(text: str, y: float) -> ChartText:
    shown = text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"
    return ChartText("0", _pixels(y + 13), shown, "label")


def _text_on_bar(x: float, y: float, text: str, role: str) -> ChartText:
    return ChartText(_percent(x), _pixels(y + 12), text, role)


def _percent(length: float) -> str:
    return f"{_pixels(length)}%"


def _pixels(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")


def _largest(values: Iterable[float | None]) -> float:
    return max((value for value in values if value is not None), default=0)


def _share(value: float, whole: float) -> float:
    """Return how much of the longest bar a value fills, from 0 to 1."""
    return min(max(value / whole, 0), 1) if whole > 0 else 0


def _total(data: ChartData, index: int) -> float:
    return sum(series.values[index] or 0 for series in data.series)


# --- the charts of a report


def progress_chart(objectives: Iterable[Objective]) -> Chart | None:
    """Return how far the objectives are, and how far they were where that has changed.

    None when no objective has begun.
    """
    known = [objective for objective in objectives if objective.progress is not None]
    if not any(objective.progress for objective in known):
        return None
    now = [objective.progress for objective in known]
    before = [objective.progress_before for objective in known]
    series = [_percent_series("Now", now, "blue")]
    if any(objective.gained for objective in known) and any(before):
        series.append(_percent_series("Before", before, "gray", is_outlined=True))
    labels = tuple(objective.page.title for objective in known)
    summary = summarize(zip(labels, series[0].texts, strict=True))
    data = ChartData("Progress of the objectives", summary, labels, tuple(series))
    return draw_bars(data, name="chart-progress", top=100)


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
    colors: dict[str, Color] = {}
    live.sort(key=lambda page: vocabulary.rank(page.database, key, page.values.get(key)) or 0)
    for feature in live:
        status = thread.status(feature) or "No status"
        option = vocabulary.option(features, key, feature.values.get(key))
        colors.setdefault(status, option.color if option else "default")
        counter = signal if is_signal(thread, feature) else noise
        counter[status] += 1

    series = [_count_series("Signal", [signal[status] for status in colors], "gray")]
    if noise:
        counts = [noise[status] for status in colors]
        series.append(_count_series("Noise", counts, "gray", is_outlined=True))
    pairs = [(status, str(signal[status] + noise[status])) for status in colors]
    summary = summarize(pairs, most=len(pairs))
    data = ChartData(
        "Features by stage", summary, tuple(colors), tuple(series), tuple(colors.values())
    )
    return draw_stacked_bars(data, name="chart-stages")


def insights_chart(thread: Thread) -> Chart | None:
    """Return how many insights were observed in each of the last months, by importance.

    None when fewer than two months have any.
    """
    by_importance: dict[str, Counter[str]] = {}
    colors: dict[str, Color] = {}
    insights = sorted(
        thread.pages("insights"), key=lambda page: thread.number(page, "importance") or 0
    )
    for insight in insights:
        name = readable_text(thread, insight, "importance") or "No importance"
        month = _month(thread, insight)
        if month:
            by_importance.setdefault(name, Counter())[month] += 1
            colors.setdefault(name, _importance_color(thread, insight))
    observed = {month for counts in by_importance.values() for month in counts}
    months = sorted(observed)[-_MONTHS:]
    if len(months) < 2:
        return None

    series = tuple(
        _count_series(name, [counts[month] for month in months], colors[name])
        for name, counts in by_importance.items()
        if any(counts[month] for month in months)
    )
    totals = [str(sum(counts[month] for counts in by_importance.values())) for month in months]
    data = ChartData(
        f"What customers said, by month, {months[0]} to {months[-1]}",
        summarize(zip(months, totals, strict=True), most=_MONTHS),
        tuple(month_abbr[int(month[5:])] for month in months),
        series,
    )
    return draw_columns(data, name="chart-insights")


def _count_series(
    name: str, counts: Sequence[int], color: Color, *, is_outlined: bool = False
) -> Series:
    """Return counts as a series; a count of zero is not drawn."""
    values = tuple(count or None for count in counts)
    texts = tuple(f"{count:,}" if count else "" for count in counts)
    return Series(name, values, texts, color, is_outlined)


def _month(thread: Thread, insight: SnapshotPage) -> str:
    return thread.text(insight, "observed_on")[:7]


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


def waiting_customers_chart(customers: Iterable[WaitingCustomer]) -> Chart | None:
    """Return the customers that wait, by ARR where any is known, else by their open asks."""
    rows = [
        _Row(customer.name, customer.amount, customer.arr, len(customer.asks))
        for customer in customers
    ]
    titles = ("ARR that waits, by customer", "Open asks by customer")
    return _ranking_chart(rows, titles, name="chart-waiting")


def waiting_needs_chart(needs: Iterable[Need]) -> Chart | None:
    """Return the opportunities that customers wait for, by ARR where any is known, else by asks."""
    rows = [
        _Row(need.page.title, need.amount, need.weight.arr, need.weight.insights) for need in needs
    ]
    titles = ("ARR that waits, by opportunity", "Open asks by opportunity")
    return _ranking_chart(rows, titles, name="chart-needs")


def _ranking_chart(rows: Sequence[_Row], titles: tuple[str, str], *, name: str) -> Chart | None:
    first = rows[:_CUSTOMERS_OR_NEEDS]
    if not first:
        return None
    by_amount, by_asks = titles
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
    return draw_bars(ChartData(title, summary, labels, (series,)), name=name)


def summarize(pairs: Iterable[tuple[str, str]], most: int = 4) -> str:
    """Return labels with their numbers as a sentence: the first few, and how many follow."""
    parts = [f"{name} {number}" for name, number in pairs]
    if not parts:
        return "Nothing yet."
    shown = ", ".join(parts[:most])
    more = len(parts) - most
    return f"{shown}, and {more} more." if more > 0 else f"{shown}."
