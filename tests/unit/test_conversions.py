"""What becomes of values when a property gets another type."""

from __future__ import annotations

import pytest

from notion_pm.model.page import OptionValue, Value
from notion_pm.planning.conversions import conversion, loses

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
        ("status", "select", "blocked"),
        ("select", "status", "blocked"),
        ("relation", "rich_text", "blocked"),
        ("rich_text", "title", "blocked"),
        ("title", "rich_text", "blocked"),
        ("people", "rich_text", "blocked"),
        ("formula", "relation", "blocked"),
    ],
)
def test_types(old: str, new: str, judged: str) -> None:
    found = conversion(old, new)
    assert found.change_class == judged
    assert bool(found.way_out) == (judged == "blocked")


@pytest.mark.parametrize(
    ("old", "new", "value", "lost"),
    [
        ("rich_text", "number", "12.5", False),
        ("rich_text", "number", "about 12", True),
        ("multi_select", "select", (_A,), False),
        ("multi_select", "select", (_A, _B), True),
        ("date", "number", "2026-11-22", True),
        ("url", "rich_text", "https://example.com", False),
    ],
)
def test_values(old: str, new: str, value: Value, *, lost: bool) -> None:
    assert loses(old, new, value) == lost
