"""Which values survive when a property gets another type."""

from __future__ import annotations

import pytest

from notion_pm.model.page import DateValue, OptionValue, Value
from notion_pm.provision.plan.conversions import classify_conversion, loses_in_conversion

_A, _B = OptionValue("a", "A"), OptionValue("b", "B")


@pytest.mark.parametrize(
    ("old", "new", "judged"),
    [
        ("url", "rich_text", "safe"),
        ("number", "rich_text", "safe"),
        ("email", "url", "safe"),
        ("select", "multi_select", "safe"),
        ("formula", "number", "safe"),
        ("rich_text", "url", "lossy"),
        ("rich_text", "number", "lossy"),
        ("multi_select", "select", "lossy"),
        ("date", "checkbox", "lossy"),
        ("number", "formula", "lossy"),
        ("status", "select", "lossy"),
        ("status", "rich_text", "lossy"),
        ("select", "status", "lossy"),
        ("select", "url", "safe"),
        ("rich_text", "people", "lossy"),
        ("people", "rich_text", "safe"),
        ("people", "number", "lossy"),
        ("relation", "rich_text", "blocked"),
        ("rich_text", "title", "blocked"),
        ("title", "rich_text", "blocked"),
        ("files", "rich_text", "blocked"),
        ("formula", "relation", "blocked"),
    ],
)
def test_types(old: str, new: str, judged: str) -> None:
    found = classify_conversion(old, new)
    assert found.change_class == judged
    assert bool(found.way_out) == (judged == "blocked")


@pytest.mark.parametrize(
    ("old", "new", "value", "lost"),
    [
        ("rich_text", "number", "12.5", False),
        ("rich_text", "number", "about 12", True),
        ("rich_text", "number", "42 text", True),
        ("rich_text", "number", "1e3", True),
        ("rich_text", "url", "no URL", False),
        ("rich_text", "date", "2026-01-15", False),
        ("rich_text", "date", "15/01/2026", False),
        ("url", "date", "15/01/2026", True),
        ("rich_text", "select", "A", False),
        ("rich_text", "select", "A, B", True),
        ("rich_text", "multi_select", "A, B", False),
        ("rich_text", "multi_select", "A, C", True),
        ("rich_text", "checkbox", "true", True),
        ("number", "select", 7, False),
        ("number", "select", 7.5, True),
        ("number", "checkbox", 1, True),
        ("select", "multi_select", _A, False),
        ("select", "status", OptionValue("c", "C"), True),
        ("select", "number", OptionValue("c", "7"), False),
        ("multi_select", "select", (_A,), False),
        ("multi_select", "select", (_A, _B), True),
        ("status", "rich_text", _A, False),
        ("status", "select", _A, False),
        ("status", "number", OptionValue("c", "7"), True),
        ("date", "number", "2026-11-22", True),
        ("date", "select", DateValue("2026-11-22"), True),
        ("checkbox", "select", True, True),
        ("url", "rich_text", "https://example.com", False),
        ("people", "select", (), True),
    ],
)
def test_values(old: str, new: str, value: Value, *, lost: bool) -> None:
    assert loses_in_conversion(old, new, value, ["A", "B", "7"]) == lost


def test_a_status_that_may_never_have_been_set_counts_as_lost() -> None:
    assert loses_in_conversion("status", "rich_text", _A, may_be_unset=True)
