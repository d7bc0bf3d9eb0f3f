"""Draw bar charts: where each bar and text of a chart is.

The page's template writes them as SVG (pages/charts.html.jinja). Lengths along a bar are percent of
the drawing's width, everything else is in pixels. So text keeps its size on a phone, where a
drawing that is scaled as a whole would have labels that are too small to read. The script of the
page draws the same bars again under a filter (redraw in pages/report.js).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from notion_pm.model.template import Color

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
class ChartPart:
    """A part of one number of a chart, and the pages that it counts."""

    label_index: int
    series_index: int
    value: float
    page_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart shows.

    `summary` is the chart in one sentence, for people who do not see it. `label_colors`: colours of
    the labels' own options in Notion; they replace the colours of the series. `parts`: which pages
    make up the numbers, so that the filter of the page can count them again.
    """

    title: str
    summary: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    label_colors: tuple[Color, ...] = ()
    parts: tuple[ChartPart, ...] = ()

    def table_rows(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each label with its numbers, for the table beside the drawing."""
        for index, label_text in enumerate(self.labels):
            yield label_text, [series.texts[index] for series in self.series]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, in lengths of SVG ("12.5%", "16"), and the place of its number in the data."""

    x: str
    y: str
    width: str
    height: str
    color: Color = "default"
    is_outlined: bool = False
    label_index: int = 0
    series_index: int = 0


@dataclass(frozen=True, slots=True)
class ChartText:
    """A text of the drawing, placed by its baseline.

    `role`: "label", "value" (after a bar), "inside" (within a part), "total" or "month". A text
    without a `series_index` belongs to all series of its label.
    """

    x: str
    y: str
    text: str
    role: str
    label_index: int
    series_index: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and its data. `tracks` lie behind the bars; `height` is in pixels.

    `kind`: "bars", "stacked" or "columns". `scale`: the number that a bar of full length shows.
    """

    name: str
    kind: str
    scale: float
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
    scale = top or max(_largest(series.values) for series in data.series)
    bars, tracks, texts = [], [], []
    y = 0.0
    for label_index, label_text in enumerate(data.labels):
        texts.append(_label(label_text, y, label_index))
        y += _LABEL_HEIGHT
        for series_index, series in enumerate(data.series):
            value = series.values[label_index]
            if value is None:
                continue
            length = _share(value, scale) * _BAR_SPACE
            if top:
                tracks.append(_lying_bar(0, y, _BAR_SPACE))
            bars.append(_for_number(_lying_bar(0, y, length), data, label_index, series_index))
            # With a track numbers are in one column at its end, so that they can be compared.
            text_x = _BAR_SPACE if top else length
            number = series.texts[label_index]
            texts.append(_text_on_bar(text_x, y, number, "value", label_index, series_index))
            y += _BAR_HEIGHT + _BAR_GAP
        y += _ROW_GAP
    height = _pixels(y)
    return Chart(name, "bars", scale, data, height, tuple(bars), tuple(texts), tuple(tracks))


def draw_stacked_bars(data: ChartData, *, name: str) -> Chart:
    """Draw one bar for each label, with a part for each series and the total at its end."""
    totals = [_total(data, index) for index in range(len(data.labels))]
    scale = _largest(totals)
    bars, texts = [], []
    y = 0.0
    for label_index, label_text in enumerate(data.labels):
        texts.append(_label(label_text, y, label_index))
        y += _LABEL_HEIGHT
        x = 0.0
        for series_index, series in enumerate(data.series):
            length = _share(series.values[label_index] or 0, scale) * _BAR_SPACE
            # An empty part would still draw its edge.
            if not length:
                continue
            bars.append(_for_number(_lying_bar(x, y, length), data, label_index, series_index))
            if len(data.series) > 1 and length >= _NARROWEST_TEXT:
                number = series.texts[label_index]
                middle = x + length / 2
                texts.append(_text_on_bar(middle, y, number, "inside", label_index, series_index))
            x += length
        texts.append(_text_on_bar(x, y, f"{totals[label_index]:,.0f}", "value", label_index))
        y += _BAR_HEIGHT + _ROW_GAP
    return Chart(name, "stacked", scale, data, _pixels(y), tuple(bars), tuple(texts))


def draw_columns(data: ChartData, *, name: str) -> Chart:
    """Draw one column for each label, with a part for each series and the total above it."""
    totals = [_total(data, index) for index in range(len(data.labels))]
    scale = _largest(totals)
    space = 100 / len(data.labels)
    width = space * _COLUMN_FILL
    ground = _TOTALS_HEIGHT + _PLOT_HEIGHT
    bars, texts = [], []
    for label_index, label_text in enumerate(data.labels):
        middle = space * (label_index + 0.5)
        left = _percent(middle - width / 2)
        y = float(ground)
        for series_index, series in enumerate(data.series):
            height = _share(series.values[label_index] or 0, scale) * _PLOT_HEIGHT
            if not height:
                continue
            # SVG counts y from the top, so a column is built from the ground upward.
            y -= height
            bar = Bar(left, _pixels(y), _percent(width), _pixels(height))
            bars.append(_for_number(bar, data, label_index, series_index))
            if len(data.series) > 1 and height >= _LOWEST_TEXT:
                place = (_percent(middle), _pixels(y + height / 2 + 4))
                number = series.texts[label_index]
                texts.append(ChartText(*place, number, "inside", label_index, series_index))
        place = (_percent(middle), _pixels(y - 5))
        texts.append(ChartText(*place, f"{totals[label_index]:,.0f}", "total", label_index))
        place = (_percent(middle), _pixels(ground + 15))
        texts.append(ChartText(*place, label_text, "month", label_index))
    total_height = _pixels(ground + _MONTHS_HEIGHT)
    return Chart(name, "columns", scale, data, total_height, tuple(bars), tuple(texts))


def _lying_bar(x: float, y: float, length: float) -> Bar:
    return Bar(_percent(x), _pixels(y), _percent(length), _pixels(_BAR_HEIGHT))


def _for_number(bar: Bar, data: ChartData, label_index: int, series_index: int) -> Bar:
    """Return a bar with the colour and the place of its number."""
    series = data.series[series_index]
    color = data.label_colors[label_index] if data.label_colors else series.color
    return replace(
        bar,
        color=color,
        is_outlined=series.is_outlined,
        label_index=label_index,
        series_index=series_index,
    )


def _label(text: str, y: float, label_index: int) -> ChartText:
    shown = text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"
    return ChartText("0", _pixels(y + 13), shown, "label", label_index)


def _text_on_bar(
    x: float, y: float, text: str, role: str, label_index: int, series_index: int | None = None
) -> ChartText:
    return ChartText(_percent(x), _pixels(y + 12), text, role, label_index, series_index)


def _percent(length: float) -> str:
    return f"{_pixels(length)}%"


def _pixels(length: float) -> str:
    # Two decimals of a pixel or percent are more than a screen can show.
    return f"{length:.2f}".rstrip("0").rstrip(".")


def _largest(values: Iterable[float | None]) -> float:
    return max((value for value in values if value is not None), default=0)


def _share(value: float, whole: float) -> float:
    """Return how much of the longest bar a value fills, from 0 to 1."""
    # A progress above 100 % or a negative ARR must not leave the drawing.
    return min(max(value / whole, 0), 1) if whole > 0 else 0


def _total(data: ChartData, index: int) -> float:
    return sum(series.values[index] or 0 for series in data.series)
