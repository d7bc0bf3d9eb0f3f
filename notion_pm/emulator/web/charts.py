"""The figures of a chart. All kinds of charts are drawn as bars, except a single number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.ids import decode_property_id
from notion_pm.emulator.store.records import Page, Property
from notion_pm.emulator.values.rollups import aggregate
from notion_pm.emulator.web import formats
from notion_pm.emulator.web.cells import CellReader, Tag, tag

MOST_BARS = 30
# Aggregators with results in the unit of the property. The others count.
_FORMATTED_FUNCTIONS = ("sum", "average", "median", "min", "max", "range")
_DEFAULT_COLOR = "blue"  # of groups without a color


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar. `start` and `length` are in percent of the longest bar."""

    tag: Tag
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One group: its name, its figure, and the parts of its bar."""

    tag: Tag
    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it measures, and its bars or its single figure."""

    measures: str
    bars: tuple[Bar, ...] = ()
    figure: str = ""
    left_out: int = 0


def chart(
    cells: CellReader, schema: Schema, config: Mapping[str, Any], pages: Sequence[Page]
) -> Chart | None:
    """Return the figures of a chart.

    Return None if it does not name the property of its groups, or that was deleted.
    """
    figures = _ChartFigures(cells, schema, config)
    if config.get("chart_type") == "number":
        return Chart(figures.measures, figure=figures.text(figures.figure(pages)))
    by = figures.grouped_by("x_axis")
    if by is None:
        return None
    bars = figures.bars(by, pages)
    return Chart(
        f"{figures.measures} by {by.name}", tuple(bars[:MOST_BARS]), left_out=len(bars[MOST_BARS:])
    )


class _ChartFigures:
    """Computes the figures of one chart."""

    def __init__(self, cells: CellReader, schema: Schema, config: Mapping[str, Any]) -> None:
        self._cells, self._schema, self._config = cells, schema, config
        measure = config.get("value") or config.get("y_axis") or {}
        self._function = str(measure.get("aggregator") or "count")
        self._measured = self._property(measure)

    @property
    def measures(self) -> str:
        word = self._function.replace("_", " ").capitalize()
        return f"{word} of {self._measured.name}" if self._measured else word

    def grouped_by(self, axis: str) -> Property | None:
        return self._property(self._config.get(axis) or {})

    def _property(self, setting: Mapping[str, Any]) -> Property | None:
        return self._schema.get(decode_property_id(setting.get("property_id") or ""))

    def figure(self, pages: Sequence[Page]) -> float:
        """Return the figure of some pages.

        A result that is not a number, like a date, counts as 0.
        """
        if self._measured is None:
            return len(pages)
        values = [self._cells.reader.serialize(page, self._measured) for page in pages]
        result = aggregate(self._function, values)
        return float(result.get("number") or 0)

    def text(self, figure: float) -> str:
        """Return a figure in the format of the property that is measured."""
        if self._function.startswith("percent"):
            return formats.number_text(figure, "percent")
        number_format = None
        if self._measured and self._function in _FORMATTED_FUNCTIONS:
            number_format = self._measured.config.get("format")
        return formats.number_text(round(figure, 2), number_format or "number")

    def bars(self, by: Property, pages: Sequence[Page]) -> list[Bar]:
        groups = self._groups(by, pages)
        figures = {group: self.figure(members) for group, members in groups.items()}
        longest = max((abs(figure) for figure in figures.values()), default=0) or 1
        bars = []
        for group in sorted(groups, key=lambda group: _rank(by, group, figures[group])):
            segments = self._segments(group, groups[group], longest)
            bars.append(Bar(group, self.text(figures[group]), segments))
        return bars

    def _segments(self, whole: Tag, pages: Sequence[Page], longest: float) -> tuple[Segment, ...]:
        stack_by = self.grouped_by("stack_by")
        if stack_by is None:
            parts = {whole: list(pages)}
            order = [whole]
        else:
            by = stack_by
            parts = self._groups(by, pages)
            order = sorted(parts, key=lambda part: _rank(by, part, 0))
        segments: list[Segment] = []
        start = 0.0
        for part in order:
            length = round(100 * abs(self.figure(parts[part])) / longest, 2)
            if length:
                segments.append(Segment(part, start, length))
            start = round(start + length, 2)
        return tuple(segments)

    def _groups(self, by: Property, pages: Sequence[Page]) -> dict[Tag, list[Page]]:
        """Group pages. A page with several values is in several groups, as in Notion."""
        groups: dict[Tag, list[Page]] = defaultdict(list)
        for page in pages:
            for group in self._tags(page, by):
                groups[group].append(page)
        return groups

    def _tags(self, page: Page, by: Property) -> tuple[Tag, ...]:
        cell = self._cells.cell(page, by)
        if not cell.items:
            return (Tag(f"No {by.name}", "gray"),)
        if cell.kind in ("tags", "status"):
            return cell.items
        if cell.kind == "spans":
            return (Tag("".join(span.text for span in cell.items), _DEFAULT_COLOR),)
        if cell.kind == "dates":
            return (Tag(formats.month_text(cell.items[0].start), _DEFAULT_COLOR),)
        if cell.kind == "check":
            return (Tag(by.name if cell.items[0] else f"Not {by.name}", _DEFAULT_COLOR),)
        return tuple(Tag(getattr(item, "text", str(item)), _DEFAULT_COLOR) for item in cell.items)


def _rank(by: Property, group: Tag, figure: float) -> tuple[float, float, str]:
    """Return the sort key of a group.

    Options come in the order of their property, other groups by their figures, the largest first.
    The group of pages without a value comes last.
    """
    options = [tag(option) for option in by.config.get("options") or ()]
    if group in options:
        return (0, options.index(group), "")
    if group == Tag(f"No {by.name}", "gray"):
        return (2, 0, "")
    return (1, -figure, group.name)
