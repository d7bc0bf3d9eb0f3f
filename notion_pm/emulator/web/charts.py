"""A chart's figures, group by group.

Every kind of chart is drawn as bars, but the single number.
"""

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
_COLOR = "blue"  # of groups that have none of their own


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: where it begins and how long it is, in percent of the longest bar."""

    tag: Tag
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One group: its name, its figure, and the parts that it is divided into."""

    tag: Tag
    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it measures, and its bars or its one figure."""

    measures: str
    bars: tuple[Bar, ...] = ()
    figure: str = ""
    left_out: int = 0


def chart(
    cells: CellReader, schema: Schema, config: Mapping[str, Any], pages: Sequence[Page]
) -> Chart | None:
    """Return the figures of a chart; None where it does not say, or no longer, by what it groups."""
    drawing = _Drawing(cells, schema, config)
    if config.get("chart_type") == "number":
        return Chart(drawing.measures, figure=drawing.text(drawing.figure(pages)))
    by = drawing.grouped_by("x_axis")
    if by is None:
        return None
    bars = drawing.bars(by, pages)
    return Chart(
        f"{drawing.measures} by {by.name}", tuple(bars[:MOST_BARS]), left_out=len(bars[MOST_BARS:])
    )


class _Drawing:
    """One chart on its way."""

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
        """What pages come to; dates and the like are no lengths, and count as nothing."""
        if self._measured is None:
            return len(pages)
        found = aggregate(
            self._function, [self._cells.reader.serialize(page, self._measured) for page in pages]
        )
        return float(found.get("number") or 0)

    def text(self, figure: float) -> str:
        config = self._measured.config if self._measured else {}
        if self._function.startswith("percent"):
            return formats.number_text(figure, "percent")
        kept = (
            config.get("format")
            if self._function in ("sum", "average", "median", "min", "max", "range")
            else None
        )
        return formats.number_text(round(figure, 2), kept or "number")

    def bars(self, by: Property, pages: Sequence[Page]) -> list[Bar]:
        groups = self._groups(by, pages)
        figures = {name: self.figure(members) for name, members in groups.items()}
        longest = max((abs(each) for each in figures.values()), default=0) or 1
        order = sorted(groups, key=lambda each: _rank(by, each, figures[each]))
        return [
            Bar(each, self.text(figures[each]), self._segments(each, groups[each], longest))
            for each in order
        ]

    def _segments(self, whole: Tag, pages: Sequence[Page], longest: float) -> tuple[Segment, ...]:
        stack_by = self.grouped_by("stack_by")
        parts = self._groups(stack_by, pages) if stack_by else {whole: list(pages)}
        segments: list[Segment] = []
        start = 0.0
        for each in sorted(parts, key=lambda part: _rank(stack_by, part, 0) if stack_by else ()):
            length = round(100 * abs(self.figure(parts[each])) / longest, 2)
            segments.append(Segment(each, start, length))
            start = round(start + length, 2)
        return tuple(each for each in segments if each.length)

    def _groups(self, by: Property, pages: Sequence[Page]) -> dict[Tag, list[Page]]:
        """Group pages; one with several values stands in several groups, as in Notion."""
        groups: dict[Tag, list[Page]] = defaultdict(list)
        for page in pages:
            for each in self._tags(page, by):
                groups[each].append(page)
        return groups

    def _tags(self, page: Page, by: Property) -> tuple[Tag, ...]:
        cell = self._cells.cell(page, by)
        if not cell.items:
            return (Tag(f"No {by.name}", "gray"),)
        if cell.kind in ("tags", "status"):
            return cell.items
        if cell.kind == "spans":
            return (Tag("".join(each.text for each in cell.items), _COLOR),)
        if cell.kind == "dates":
            return (Tag(formats.month_text(cell.items[0].start), _COLOR),)
        if cell.kind == "check":
            return (Tag(by.name if cell.items[0] else f"Not {by.name}", _COLOR),)
        return tuple(Tag(getattr(each, "text", str(each)), _COLOR) for each in cell.items)


def _rank(by: Property, group: Tag, figure: float) -> tuple[float, float, str]:
    """Options stand in the order of their property; other groups by their figures, the largest first; none last."""
    options = [tag(each) for each in by.config.get("options") or ()]
    if group in options:
        return (0, options.index(group), "")
    return (2, 0, "") if group == Tag(f"No {by.name}", "gray") else (1, -figure, group.name)
