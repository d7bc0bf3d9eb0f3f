"""Conditions as people type them, and on rows that were read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from notion_pm.conditions.evaluate import RowTest
from notion_pm.conditions.text_form import (
    ColumnCondition,
    Order,
    parse_condition,
    parse_moment,
    parse_order,
    parse_since,
)
from notion_pm.errors import UsageError
from notion_pm.exporting.selection import cell_passes
from notion_pm.exporting.table import Cell, Reference
from notion_pm.model.condition import Comparison
from notion_pm.model.page import DateValue, OptionValue, PersonValue
from tests.support.exporter_tables import page_id

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status=shipped", ColumnCondition("status", Comparison("=", ("shipped",)))),
        (
            " Last heard >= 14 days ago ",
            ColumnCondition("Last heard", Comparison(">=", ("14 days ago",))),
        ),
        ('name="a, b", c', ColumnCondition("name", Comparison("=", ("a, b", "c")))),
        ("owner=", ColumnCondition("owner", Comparison("empty"))),
        ("owner!=", ColumnCondition("owner", Comparison("not_empty"))),
        ("name!~a=b", ColumnCondition("name", Comparison("!~", ("a=b",)))),
    ],
)
def test_a_condition_is_a_column_an_operator_and_values(
    text: str, expected: ColumnCondition
) -> None:
    assert parse_condition(text) == expected


@pytest.mark.parametrize("text", ["status", "=3", "reach>", ""])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_condition(text)


def test_orders() -> None:
    assert [*map(parse_order, ["reach", "-reach", "reach:desc", "reach:asc"])] == [
        Order("reach", descends=False),
        Order("reach", descends=True),
        Order("reach", descends=True),
        Order("reach", descends=False),
    ]


def test_a_day_begins_where_the_client_is() -> None:
    now = datetime.fromisoformat("2026-11-22T20:00:00+01:00")
    assert parse_moment("today", now).isoformat() == "2026-11-22T00:00:00+01:00"
    assert parse_moment("7 days ago", now).isoformat() == "2026-11-15T00:00:00+01:00"
    assert parse_moment("2026-11-01T09:30", now).isoformat() == "2026-11-01T09:30:00+01:00"
    assert parse_moment("2026-11-01T09:30Z", now) == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def test_a_time_that_lies_ahead_is_refused() -> None:
    now = datetime.fromisoformat("2026-11-22T20:00:00+01:00")
    assert parse_since("today", now).isoformat() == "2026-11-22T00:00:00+01:00"
    with pytest.raises(UsageError, match="in the future"):
        parse_since("in 3 days", now)


ADA, BEN = PersonValue(page_id(1), "Ada"), PersonValue(page_id(2), "Ben")


@pytest.mark.parametrize(
    ("condition", "cell", "expected"),
    [
        ("owner=ada", (ADA, BEN), True),
        ("owner!=ada", (ADA, BEN), False),
        ("owner!=ada", (BEN,), True),
        ("owner!=ada", (), True),
        ("owner~be", (ADA, BEN), True),
        ("owner!~be", (ADA,), True),
        ("score>9", 10, True),
        ("score>9", 9, False),
        ("score>=9", 9.0, True),
        ("score<=9", 10, False),
        ("score<ten", 10, True),
        ("score=", None, True),
        ("score!=", 0, True),
        ("ready=yes", True, True),
        ("ready=yes", False, False),
        ("ready=no", False, True),
        ("seen>=14 days ago", DateValue("2026-11-08T09:00:00Z"), True),
        ("seen<2026-11-08", DateValue("2026-11-08"), False),
        ("stage=BETA", OptionValue("", "Beta"), True),
        ("related~retry", (Reference(page_id(7), "Retry"),), True),
    ],
)
def test_conditions_on_cells(condition: str, cell: Cell, expected: bool) -> None:
    assert cell_passes(RowTest(parse_condition(condition), TODAY), cell) is expected
