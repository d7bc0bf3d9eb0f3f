"""Detect the pattern of a column of dates, and report columns that can be read in two ways."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.importing.values.dates import (
    PATTERNS,
    DatesAmbiguous,
    detect_pattern,
    is_pattern,
    parse_day,
)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-09-03", "2026-09-03"),
        ("2026-09-03T23:05:00Z", "2026-09-03"),
        ("2026-09-03T23:05:00-08:00", "2026-09-03"),  # as it stands there
        ("2017-11-14 21:45:08", "2017-11-14"),  # Intercom
        ("2024-10-05 02:41:38 UTC", "2024-10-05"),
        ("03/Sep/26 9:05 AM", "2026-09-03"),  # Jira
        ("Fri Oct 02 2026 17:00:00 GMT+0000 (GMT+00:00)", "2026-10-02"),  # Linear
        ("January 5, 2026 10:40 AM", "2026-01-05"),  # Notion
        ("January 5, 2026 → January 9, 2026", "2026-01-05"),
        ("1/31/2026 9:05:12", "2026-01-31"),  # Google Forms
        ("31/01/2026 09:05:12", "2026-01-31"),
        ("31.1.2026", "2026-01-31"),
        ("28 Nov 2026", "2026-11-28"),
        ("Sat, 28 Nov 2026 10:00:00 +0100", "2026-11-28"),
        ("1790000000", "2026-09-21"),
        ("1790000000000", "2026-09-21"),
    ],
)
def test_dates_of_other_tools(text: str, day: str) -> None:
    assert parse_day(text, detect_pattern([text])) == day


def test_one_day_above_twelve_decides_for_the_column() -> None:
    column = ["03/04/2026", "05/06/2026", "13/06/2026"]
    assert [parse_day(each, detect_pattern(column)) for each in column] == [
        "2026-04-03",
        "2026-06-05",
        "2026-06-13",
    ]


def test_ambiguous_dates_are_not_guessed() -> None:
    with pytest.raises(DatesAmbiguous) as told:
        detect_pattern(["04/04/2026", "05/06/2026"])
    assert told.value.example == "05/06/2026"
    assert set(told.value.patterns) == {"%m/%d/%Y", "%d/%m/%Y"}


def test_date_with_equal_day_and_month_is_not_ambiguous() -> None:
    assert parse_day("04/04/2026", detect_pattern(["04/04/2026"])) == "2026-04-04"


def test_few_odd_cells_do_not_change_the_pattern() -> None:
    column = ["31/01/2026", "soon", "28/02/2026"]
    assert detect_pattern(column) == "%d/%m/%Y"
    with pytest.raises(ValueError, match="soon"):
        parse_day("soon", detect_pattern(column))


def test_pattern_without_year_or_day_is_invalid() -> None:
    assert not is_pattern("%d/%m")
    assert not is_pattern("DD/MM/YYYY")
    assert all(map(is_pattern, PATTERNS))


@given(
    st.sampled_from([each for each in PATTERNS if "%" in each]),
    st.lists(st.dates(date(2001, 1, 1), date(2068, 12, 31)), min_size=1, max_size=20),
)
def test_column_of_any_pattern_is_read_correctly_or_is_ambiguous(
    pattern: str, days: list[date]
) -> None:
    column = [
        datetime(each.year, each.month, each.day, 9, 5, 7, tzinfo=UTC).strftime(pattern)
        for each in days
    ]
    try:
        found = detect_pattern(column)
    except DatesAmbiguous:
        return
    assert [parse_day(each, found) for each in column] == [each.isoformat() for each in days]


@given(st.text())
def test_any_text_is_a_day_or_an_error(text: str) -> None:
    for pattern in PATTERNS:
        try:
            assert len(parse_day(text, pattern)) == 10
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("15/ene/26 9:53 AM", "2026-01-15"),
        ("12/Dez/25 9:01", "2025-12-12"),
        ("3 de noviembre de 2026", "2026-11-03"),
        ("3. März 2026, 09:05 Uhr", "2026-03-03"),
        ("3 ноября 2026 г.", "2026-11-03"),
        ("2026年11月3日", "2026-11-03"),
        ("@May 2 2024", "2024-05-02"),
        ("2026/10/05 11:59:59 PM GMT+2", "2026-10-05"),
        ("Tuesday, November 3rd, 2026 at 9:05 a.m.", "2026-11-03"),
        ("45963", "2025-11-02"),
    ],
)
def test_dates_of_other_languages_and_tools(text: str, day: str) -> None:
    assert parse_day(text, detect_pattern([text, "n/a", "-"])) == day
