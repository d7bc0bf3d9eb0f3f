"""Regular expressions and texts of strangers: what would take years ends soon."""

from __future__ import annotations

import time

import pytest

from notion_pm.importing.values.texts import (
    from_html,
    from_jira,
    from_notion,
    holds_only_page_links,
)
from notion_pm.patterns import BoundedPattern, PatternInvalid, PatternTooSlow


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"((a|aa)+)+$", "a" * 60 + "b"),
        (r"(\w+\s?)*$", "a " * 2000 + "!"),
        (r"(.*,)*x", "a," * 3000),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 200),
    ],
)
def test_a_slow_expression_is_stopped(pattern: str, text: str) -> None:
    began = time.process_time()
    try:
        assert BoundedPattern(pattern).first_group(text) is None
    except PatternTooSlow as error:
        assert pattern in str(error)
    assert time.process_time() - began < 1


def test_an_expression_that_is_slow_on_every_text_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("notion_pm.patterns._SECONDS_IN_ALL", 0.3)
    pattern = BoundedPattern(r"(x+x+x+)y")
    began = time.process_time()
    with pytest.raises(PatternTooSlow):
        for _ in range(100_000):
            pattern.first_group("x" * 180)
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "pattern", ["(", "(a", "a" * 5_000, "(" * 400 + "a" + ")" * 400, "(?P<a>x)(?P<a", "a{9,1}"]
)
def test_what_is_no_expression_is_told(pattern: str) -> None:
    with pytest.raises(PatternInvalid):
        BoundedPattern(pattern)


_SIGNS = [
    "<", "<a ", "<!--", "<![", "<![x", "&#", "&#9", "</", '<a b="', "<?", "<!", "<script>",
    "[", "[a|", "[a|b|", "{{", "!a|", "*a", "_a",

    "{code", "{code:", "[~", "h1. ", "[http://", "!", "**", "\n\n* ", "\n  ", "# ", "a", " (http://a", "a%20",
    "a (http://a),", " " * 32, "\n",
]  # fmt: skip


@pytest.mark.parametrize("sign", _SIGNS)
def test_no_text_of_another_tool_takes_long(sign: str) -> None:
    text = sign * (200_000 // len(sign))
    began = time.process_time()
    for act in (from_html, from_jira, from_notion, holds_only_page_links):
        act(text)
    assert time.process_time() - began < 3
