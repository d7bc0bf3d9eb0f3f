"""The charts of a report: what they count, and that the drawing agrees with the table beside it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notion_pm.model.template import OptionSpec
from notion_pm.report.chart_drawing import (
    Chart,
    ChartData,
    Series,
    draw_bars,
    draw_columns,
    draw_stacked_bars,
)
from notion_pm.report.charts import (
    insights_chart,
    objectives_chart,
    progress_chart,
    stages_chart,
)
from notion_pm.report.effort_chart import effort_chart
from notion_pm.report.html import environment
from notion_pm.report.strategy import strategy
from tests.report.test_reports import NOTHING, composed, past_of, product_world
from tests.support.rules_world import World
from tests.support.thread_world import thread_of


@dataclass
class Figure(HTMLParser):
    """A figure as the page has it: rectangles, texts of the drawing by role, cells of the table."""

    source: str
    rectangles: list[dict[str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    svg: dict[str, str] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: value or "" for key, value in attrs}
        self.tags.add(tag)
        self._open.append(tag)
        if tag == "svg" and attributes.get("role") == "img":
            self.svg = attributes
        elif tag == "rect":
            self.rectangles.append(attributes)
        elif tag == "text":
            self.texts.append((attributes["class"], ""))
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "text" in self._open:
            role, text = self.texts[-1]
            self.texts[-1] = (role, text + data)
        elif {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    def bars(self) -> list[dict[str, str]]:
        """The rectangles of the drawing that stand for a number."""
        drawn = self.source.split("</svg>")[0].count("<rect")
        return [each for each in self.rectangles[:drawn] if each["class"] != "track"]


def figure_of(chart: Chart) -> Figure:
    return Figure(str(environment().get_template("charts.html.jinja").module.figure(chart)))  # type: ignore[attr-defined]


def count_series(name: str, values: tuple[int | None, ...]) -> Series:
    return Series(name, values, tuple("" if value is None else f"{value:,}" for value in values))


def data_of(*rows: tuple[int | None, ...]) -> ChartData:
    labels = tuple(f"Label {index}" for index in range(len(rows[0])))
    series = tuple(count_series(f"Series {index}", values) for index, values in enumerate(rows))
    return ChartData("Asks", "Label 0 3.", labels, series)


numbers = st.one_of(st.none(), st.integers(1, 2_000_000))
tables = st.integers(1, 12).flatmap(
    lambda labels: st.lists(st.tuples(*[numbers] * labels), min_size=1, max_size=4)
)


@given(tables)
@settings(max_examples=60, deadline=None)
def test_bars_draw_the_numbers_of_the_table(rows: list[tuple[int | None, ...]]) -> None:
    figure = figure_of(draw_bars(data_of(*rows), name="chart"))
    in_table = [cell for row in figure.rows[1:] for cell in row[1:] if cell]
    assert [text for role, text in figure.texts if role == "value"] == in_table
    lengths = [float(bar["width"].rstrip("%")) for bar in figure.bars()]
    amounts = [int(cell.replace(",", "")) for cell in in_table]
    longest = max(amounts, default=1)
    for length, amount in zip(lengths, amounts, strict=True):
        assert length == pytest.approx(80 * amount / longest, abs=0.01)


@given(tables)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize(
    ("draw", "role", "side"),
    [(draw_stacked_bars, "value", "width"), (draw_columns, "total", "height")],
)
def test_stacks_draw_the_numbers_of_the_table(
    draw: object, role: str, side: str, rows: list[tuple[int | None, ...]]
) -> None:
    figure = figure_of(draw(data_of(*rows), name="chart"))  # type: ignore[operator]
    cells = [[int(cell.replace(",", "") or 0) for cell in row[1:]] for row in figure.rows[1:]]
    totals = [sum(row) for row in cells]
    assert [text for kind, text in figure.texts if kind == role] == [f"{n:,}" for n in totals]
    amounts = [amount for row in cells for amount in row if amount]
    lengths = [float(bar[side].rstrip("%")) for bar in figure.bars()]
    assert len(lengths) == len(amounts)
    full = 80 if side == "width" else 150
    for length, amount in zip(lengths, amounts, strict=True):
        assert length == pytest.approx(full * amount / max(totals), abs=0.01)


def test_a_chart_has_a_name_for_people_who_do_not_see_it_and_escapes_what_it_shows() -> None:
    series = count_series("Asks", (3, 1))
    data = ChartData("Open <asks>", 'Acme 3, "Bob" 1.', ("Acme", "<b>Bob</b>"), (series,))
    figure = figure_of(draw_bars(data, name="chart"))
    assert figure.svg["role"] == "img"
    assert figure.svg["aria-label"] == 'Open <asks>. Acme 3, "Bob" 1.'
    assert not figure.tags & {"style", "script", "b"}
    assert ("label", "<b>Bob</b>") in figure.texts
    assert "style=" not in figure.source  # the content security policy would block it


def test_a_legend_is_there_where_it_is_needed() -> None:
    assert "legend" not in figure_of(draw_bars(data_of((1, 2)), name="chart")).source
    source = figure_of(draw_bars(data_of((1, 2), (3, 4)), name="chart")).source
    assert re.findall(r"</svg> (Series \d)", source) == ["Series 0", "Series 1"]


def test_bars_of_one_label_do_not_overlap() -> None:
    figure = figure_of(draw_bars(data_of((1, 2), (3, 4)), name="chart"))
    tops = [(float(bar["y"]), float(bar["height"])) for bar in figure.bars()]
    for (top, height), (next_top, _) in pairwise(tops):
        assert top + height < next_top


def test_long_labels_are_cut_in_the_drawing_and_whole_in_the_table() -> None:
    data = ChartData("Asks", "", ("x" * 200,), (count_series("Asks", (1,)),))
    figure = figure_of(draw_bars(data, name="chart"))
    (label,) = [text for role, text in figure.texts if role == "label"]
    assert (len(label), label[-1]) == (48, "…")
    assert figure.rows[1][0] == "x" * 200


# --- which charts there are


def test_stages_have_the_colours_of_their_options_and_mark_noise() -> None:
    chart = stages_chart(thread_of(product_world()))
    assert chart
    data = chart.data
    assert data.labels == ("Idea", "Spec", "In progress", "Shipped")
    assert [(each.name, each.texts) for each in data.series] == [
        ("Signal", ("", "", "1", "")),
        ("Noise", ("1", "1", "", "1")),
    ]
    options = {each.name: each.color for each in _options("features", "status")}
    assert data.label_colors == tuple(options[label] for label in data.labels)


def test_insights_by_month_have_the_colours_of_their_importance() -> None:
    world = product_world().insight(
        "later", "new", importance="nice", observed_on="2026-11-02", customer="Bob"
    )
    chart = insights_chart(thread_of(world))
    assert chart
    assert chart.data.labels == ("Oct", "Nov")
    options = {each.name: each.color for each in _options("insights", "importance")}
    assert {each.name: each.texts for each in chart.data.series} == {
        "1 Nice to have": ("", "1"),
        "3 Critical": ("1", ""),
    }
    assert [each.color for each in chart.data.series] == [
        options[each.name] for each in chart.data.series
    ]


def test_evidence_by_objective_counts_each_insight_once() -> None:
    world = product_world().add("vision", "goal", kind="objective", status="active")
    world.feature("fur", vision=["goal"])
    for name, feature, month in (("a", "fur", 9), ("b", "fur", 10), ("c", "wings", 10)):
        world.insight(name, features=[feature], observed_on=f"2026-{month:02}-03")
    world.insight("d", observed_on="2026-10-05")
    chart = objectives_chart(thread_of(world))
    assert chart
    assert chart.data.labels == ("Sep", "Oct")
    assert {each.name: each.texts for each in chart.data.series} == {
        "Goal": ("1", "1"),
        "Aim": ("", "2"),
        "No objective": ("", "1"),
    }


def test_the_parts_of_a_chart_add_up_to_its_numbers() -> None:
    for chart in composed(product_world()).charts.values():
        sums: Counter[tuple[int, int]] = Counter()
        for part in chart.data.parts:
            sums[part.label_index, part.series_index] += part.value  # type: ignore[assignment]
        for series_index, series in enumerate(chart.data.series):
            for label_index, value in enumerate(series.values):
                assert sums[label_index, series_index] == (value or 0)


def test_an_insight_without_a_date_is_in_no_month() -> None:
    assert insights_chart(thread_of(product_world().insight("undated", "new"))) is None


def test_progress_shows_what_it_was_where_it_has_moved() -> None:
    thread = thread_of(product_world())
    chart = progress_chart(strategy(thread, past_of(product_world(), progress=0.2)).objectives)
    assert chart
    assert [(each.name, each.texts) for each in chart.data.series] == [
        ("Now", ("50 %",)),
        ("Before", ("20 %",)),
    ]
    chart = progress_chart(strategy(thread, NOTHING).objectives)
    assert chart
    assert [each.name for each in chart.data.series] == ["Now"]


def _options(database: str, key: str) -> tuple[OptionSpec, ...]:
    return thread_of(World()).chain.schema.options(database, key)


# --- value against effort


def test_value_against_effort_shows_open_features_with_both() -> None:
    world = World()
    for name, effort, asks in (("a", 1, 3), ("b", 10, 2), ("c", 100, 1), ("d", None, 1)):
        world.feature(name, effort=effort)
        for number in range(asks):
            world.insight(
                f"{name}{number}", features=[name], importance="nice", customer=f"{number}"
            )
    world.feature("done", "shipped", effort=3).insight("e", features=["done"])
    world.feature("unasked", effort=3)
    chart = effort_chart(thread_of(world))
    assert chart
    found = [(each.title, each.effort, each.importance, each.customers) for each in chart.bubbles]
    assert found == [("A", 1, 3, 3), ("B", 10, 2, 2), ("C", 100, 1, 1)]
    first, middle, last = chart.bubbles
    assert middle.x == pytest.approx((first.x + last.x) / 2)  # the axis is logarithmic
    assert first.y < middle.y < last.y
    assert first.radius > middle.radius > last.radius
    assert [tick for tick, _ in chart.ticks] == ["1", "2", "5", "10", "20", "50", "100"]
    assert all(each.name for each in chart.bubbles)


def test_names_that_would_overlap_are_left_out() -> None:
    world = World()
    for number in range(5):
        world.feature(f"a long name {number}", effort=2)
        world.insight(f"ask {number}", features=[f"a long name {number}"], customer="Acme")
    chart = effort_chart(thread_of(world))
    assert chart
    assert len([each for each in chart.bubbles if each.name]) == 1


def test_without_efforts_there_is_no_chart_of_them() -> None:
    assert effort_chart(thread_of(product_world())) is None
