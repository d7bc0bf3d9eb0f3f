"""The chart of value against effort: what open features would give customers, and what they
cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log10, sqrt

from notion_pm.report.page_values import anchor
from notion_pm.text import UNTITLED
from notion_pm.thread import Thread

_LEFT, _RIGHT, _TOP, _BOTTOM = 6.0, 94.0, 40.0, 300.0
"""The area of the bubbles: percent of the width, pixels of the height."""

_SMALLEST, _LARGEST = 4.0, 13.0
"""Radius of a bubble in pixels, for no customer and for the most customers."""

_TYPICAL_WIDTH, _CHARACTER_WIDTH, _LINE_HEIGHT = 520, 6.4, 14
"""Pixels of the drawing and of text at 12 px, to find names that would overlap."""

_LONGEST_NAME = 26
_FEWEST = 3


@dataclass(frozen=True, slots=True)
class Bubble:
    """A feature. `name` is empty where it would overlap another name; the table has all names.

    `x` is in percent, `y` and `radius` in pixels.
    """

    page_id: str
    title: str
    effort: float
    importance: float
    customers: int
    x: float = 0
    y: float = 0
    radius: float = 0
    name: str = ""

    @property
    def is_name_left(self) -> bool:
        """Whether the name is to the left of the bubble, since there is no space to the right."""
        return self.x > (_LEFT + _RIGHT) / 2


@dataclass(frozen=True, slots=True)
class EffortChart:
    """Bubbles by effort (logarithmic) and importance. `ticks`: efforts with their place on x."""

    bubbles: tuple[Bubble, ...]
    ticks: tuple[tuple[str, float], ...]


def effort_chart(thread: Thread) -> EffortChart | None:
    """Return the open features with an effort and evidence; None if fewer than three have both."""
    features = []
    for feature in thread.pages("features"):
        effort = thread.number(feature, "effort")
        evidence = thread.evidence(feature)
        if not thread.is_open(feature) or not effort or effort <= 0 or not evidence.insights:
            continue
        title = feature.title.strip() or UNTITLED
        importance = evidence.importance or 0
        customers = evidence.customers or 0
        features.append(Bubble(anchor(feature), title, effort, importance, customers))
    if len(features) < _FEWEST:
        return None
    # The most value for the effort first: these names are placed before others.
    features.sort(key=lambda bubble: bubble.importance / bubble.effort, reverse=True)
    efforts = [bubble.effort for bubble in features]
    return EffortChart(tuple(_place(features)), _ticks(min(efforts), max(efforts)))


def _place(features: Sequence[Bubble]) -> list[Bubble]:
    efforts = [bubble.effort for bubble in features]
    most_importance = max(bubble.importance for bubble in features) or 1
    most_customers = max(bubble.customers for bubble in features) or 1
    placed: list[Bubble] = []
    for feature in features:
        height = (_BOTTOM - _TOP) * feature.importance / most_importance
        # The area of a bubble is what people compare, so the radius grows with the square root.
        growth = sqrt(feature.customers / most_customers)
        bubble = replace(
            feature,
            x=_effort_x(feature.effort, min(efforts), max(efforts)),
            y=_BOTTOM - height,
            radius=_SMALLEST + (_LARGEST - _SMALLEST) * growth,
            name=_shorten(feature.title),
        )
        if any(_names_overlap(bubble, other) for other in placed if other.name):
            bubble = replace(bubble, name="")
        placed.append(bubble)
    return placed


def _effort_x(effort: float, least: float, most: float) -> float:
    if most == least:
        return (_LEFT + _RIGHT) / 2
    # Logarithmic: estimates usually double (1, 2, 4, 8 ...), and one huge feature would press all
    # others to the left edge.
    share = (log10(effort) - log10(least)) / (log10(most) - log10(least))
    return _LEFT + (_RIGHT - _LEFT) * share


def _ticks(least: float, most: float) -> tuple[tuple[str, float], ...]:
    """Return round efforts (1, 2, 5, 10, ...) within the range."""
    ticks = []
    for power in range(-3, 7):
        for digit in (1, 2, 5):
            effort = digit * 10.0**power
            if least <= effort <= most:
                ticks.append((f"{effort:,g}", _effort_x(effort, least, most)))
    return tuple(ticks)


def _names_overlap(one: Bubble, other: Bubble) -> bool:
    if abs(one.y - other.y) >= _LINE_HEIGHT:
        return False
    (start, end), (other_start, other_end) = _name_span(one), _name_span(other)
    return start < other_end and other_start < end


def _name_span(bubble: Bubble) -> tuple[float, float]:
    """Return where a name starts and ends, in pixels."""
    middle = bubble.x / 100 * _TYPICAL_WIDTH
    width = bubble.radius + 4 + len(bubble.name) * _CHARACTER_WIDTH
    return (middle - width, middle) if bubble.is_name_left else (middle, middle + width)


def _shorten(title: str) -> str:
    return title if len(title) <= _LONGEST_NAME else title[: _LONGEST_NAME - 1].rstrip() + "…"
