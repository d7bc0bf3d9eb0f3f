"""Long lines in a terminal."""

from __future__ import annotations

import pytest

from notion_pm.console.output import wrap_line

LINK = "https://app.notion.com/p/a-title-that-is-long-1fc5cdb926a5494ebb4a7877e2edaf72"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("It fits in here.", "It fits in here."),
        ("A line that is longer than that.", "A line that is\nlonger than that."),
        ("  Two spaces stay before what follows.", "  Two spaces stay\n  before what\n  follows."),
        ("  - An item goes on under itself.", "  - An item goes\n    on under\n    itself."),
        (f"    {LINK}", f"    {LINK}"),
        ("", ""),
    ],
)
def test_lines_break_between_words_under_where_they_begin(line: str, told: str) -> None:
    assert wrap_line(line, 17) == told
