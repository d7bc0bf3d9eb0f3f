"""Cells of starter rows: what texts mean, and what is refused."""

from __future__ import annotations

import pytest

from notion_pm.model.cells import Cell, CellInvalid, OptionKeys, RowKeys, parse_cell
from notion_pm.model.page import DateValue
from notion_pm.provision.apply.starter_rows import fill_in_placeholders
from tests.support.template_worlds import load

_OPTIONS = [{"key": "a", "name": "Alpha"}, {"key": "b", "name": "Beta"}]
_TEMPLATE = load(
    {
        "databases": {
            "features": {
                "title": "Features",
                "properties": {
                    "name": {"type": "title", "title": "Name"},
                    "text": {"type": "rich_text", "title": "Text"},
                    "number": {"type": "number", "title": "Number"},
                    "ticked": {"type": "checkbox", "title": "Ticked"},
                    "due": {"type": "date", "title": "Due"},
                    "status": {"type": "status", "title": "Status", "options": _OPTIONS},
                    "tags": {"type": "multi_select", "title": "Tags", "options": _OPTIONS},
                    "free": {"type": "multi_select", "title": "Free", "open": True},
                    "half": {
                        "type": "select",
                        "title": "Half open",
                        "options": _OPTIONS,
                        "open": True,
                    },
                    "after": {"type": "relation", "title": "After", "to": "features"},
                    "owner": {"type": "people", "title": "Owner"},
                },
            }
        }
    }
).template


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("text", "=1+1", "=1+1"),
        ("number", "1250", 1250),
        ("number", "0.8", 0.8),
        ("number", "80%", 0.8),
        ("number", "-3e2", -300),
        ("ticked", "Yes", True),
        ("ticked", "0", False),
        ("due", "2026-11-22", DateValue("2026-11-22")),
        ("due", "2026-11-22/2026-11-30", DateValue("2026-11-22", "2026-11-30")),
        ("due", "2026-11-22T09:00:00+01:00", DateValue("2026-11-22T09:00:00+01:00")),
        ("status", "a", OptionKeys(("a",))),
        ("status", "beta", OptionKeys(("b",))),
        ("tags", "b; Alpha;b", OptionKeys(("b", "a"))),
        ("free", "x;y", OptionKeys(free=("x", "y"))),
        ("half", "new", OptionKeys(free=("new",))),
        ("half", "alpha", OptionKeys(("a",))),
        ("after", "one; two", RowKeys("features", ("one", "two"))),
    ],
)
def test_what_a_cell_means(key: str, text: str, value: Cell) -> None:
    parsed = parse_cell(_TEMPLATE, "features", key, text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("number", "many", "`many` is not a number"),
        ("number", "nan", "`nan` is not a number that Notion accepts"),
        ("number", "inf", "`inf` is not a number that Notion accepts"),
        ("ticked", "maybe", "`maybe` is neither yes nor no"),
        ("due", "22.11.2026", "`22.11.2026` is not a date"),
        ("due", "2026-02-30", "`2026-02-30` is not a date"),
        ("status", "c", "unknown option `c`"),
        ("owner", "me@example.org", "starter rows cannot fill a property of type people"),
    ],
)
def test_what_a_cell_cannot_be(key: str, text: str, reason: str) -> None:
    with pytest.raises(CellInvalid, match="^" + reason.replace("`", ".")):
        parse_cell(_TEMPLATE, "features", key, text)


def test_a_body_is_filled_in_with_the_rows_own_cells() -> None:
    body = "## Problem\n{problem}\n{missing} {size}"
    assert (
        fill_in_placeholders(body, {"problem": "It hurts."}, ("problem", "size"))
        == "## Problem\nIt hurts.\n{missing} "
    )
