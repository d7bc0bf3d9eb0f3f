"""Charts as SVG, drawn by pygal; colours and type come from the page that they stand in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from markupsafe import Markup
from pygal import HorizontalBar, HorizontalStackedBar, StackedBar
from pygal.etree import etree
from pygal.style import Style

# pygal leaves a finder for its maps behind, of a kind that Python has given up: every later import would warn of it
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

_WIDTH = 520
_BAR, _FRAME = 26, 70
"""Height of a bar and of what is around them all."""
_LONGEST = 28
"""Characters of a label beside a bar."""

_LEFT_OUT = frozenset({"script", "style", "defs", "desc", "title"})
"""Elements that pygal adds for a drawing that stands alone: the page has its own style, and runs nothing of it."""


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers of one kind, one for each label; None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """What a chart shows. `says` is the chart in one sentence, for those who do not see it; `unit` follows numbers."""

    title: str
    says: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its data, which stand beside it as a table."""

    data: Data
    svg: Markup


def bars(data: Data, *, name: str, top: float | None = None) -> Chart:
    """Draw a bar, or a few, for each label; the first label on top."""
    return _drawn(HorizontalBar, data, name, top=top)


def stacked_bars(data: Data, *, name: str) -> Chart:
    """Draw one bar for each label, in parts; the first label on top."""
    return _drawn(HorizontalStackedBar, data, name)


def columns(data: Data, *, name: str) -> Chart:
    """Draw one column for each label, in parts."""
    chart = _chart(StackedBar, data, height=260)
    chart.x_labels = data.labels
    chart.y_labels = _ticks(_highest(data, stacked=True))
    for each in data.series:
        chart.add(_printable(each.name), list(each.values))
    return Chart(data, _svg(chart, data, name))


def _drawn(kind: Any, data: Data, name: str, *, top: float | None = None) -> Chart:
    rows = len(data.labels) * (len(data.series) if kind is HorizontalBar else 1)
    chart = _chart(kind, data, height=_FRAME + _BAR * max(rows, len(data.labels)))
    chart.x_labels = [
        _cut(each) for each in reversed(data.labels)
    ]  # pygal draws from the bottom up
    chart.range = (0, top) if top else None
    chart.y_labels = _ticks(top or _highest(data, stacked=kind is HorizontalStackedBar))
    for each in data.series:
        chart.add(_printable(each.name), list(reversed(each.values)))
    return Chart(data, _svg(chart, data, name))


def _chart(kind: Any, data: Data, *, height: int) -> Any:
    return kind(
        width=_WIDTH,
        height=height,
        margin=8,
        margin_right=24,
        spacing=8,
        style=Style(font_family="inherit", label_font_size=12, major_label_font_size=12, value_font_size=12,
                    legend_font_size=12, background="transparent", plot_background="transparent"),
        js=[],
        show_legend=len(data.series) > 1,
        legend_at_bottom=True,
        legend_box_size=10,
        print_values=True,
        show_y_guides=False,
        show_x_guides=False,
        rounded_bars=2,
        value_formatter=partial(_number, unit=data.unit),
        truncate_label=-1,
        disable_xml_declaration=True,
    )  # fmt: skip


def _svg(chart: Any, data: Data, name: str) -> Markup:
    """The drawing alone, named for those who cannot see it."""
    root = chart.render_tree()
    root.attrib.update(
        {"id": name, "role": "img", "aria-label": _printable(f"{data.title}. {data.says}")}
    )
    _strip(root)
    return Markup(etree.tostring(root, encoding="unicode", method="html"))  # noqa: S704 - it escapes


def _strip(element: Any) -> None:
    element.attrib.pop("style", None)
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _LEFT_OUT:
            element.remove(child)
        else:
            _strip(child)


def _highest(data: Data, *, stacked: bool) -> float:
    """Where the longest bar ends."""
    rows = [
        [value or 0 for value in row]
        for row in zip(*(each.values for each in data.series), strict=True)
    ]
    return max((sum(row) if stacked else max(row) for row in rows), default=0)


def _ticks(top: float) -> list[float]:
    """Round numbers up to the top, four at most: counts are whole, so there is nothing between them."""
    steps = (digit * 10**power for power in count() for digit in (1, 2, 5))
    step = next(each for each in steps if top / each < 5)
    return [float(step * place) for place in range(1, int(top // step) + 1)]


def _number(value: float | None, unit: str) -> str:
    return f"{value:,.0f}{unit}" if value else ""


def _cut(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def _printable(text: str) -> str:
    """Text without what XML cannot hold: pygal builds it with lxml where that is installed, which refuses the rest."""
    return "".join(each for each in text if each.isprintable())


def in_words(pairs: Sequence[tuple[str, str]], most: int = 4) -> str:
    """Return labels with their numbers as a sentence: the first few, and how many follow."""
    shown = ", ".join(f"{label} {number}" for label, number in pairs[:most])
    more = len(pairs) - most
    return f"{shown}, and {more} more." if more > 0 else f"{shown}." if shown else "Nothing yet."
