"""Texts that Notion cut in the middle of a character."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.notion.wire_page import read_markdown, read_value
from notion_pm.notion.wire_text import plain


def _items(*texts: str) -> list[dict[str, str]]:
    return [{"type": "text", "plain_text": each} for each in texts]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whole_texts_are_not_changed(text: str) -> None:
    assert plain(_items(text)) == text


@given(st.lists(st.text()))
def test_any_text_can_be_written(texts: list[str]) -> None:
    assert plain(_items(*texts)).encode() is not None


def test_two_halves_become_one_character() -> None:
    assert plain(_items("Ship \ud83d", "\ude80 now")) == "Ship 🚀 now"


@pytest.mark.parametrize("text", ["Ship \ud83d", "\ude80 Ship"])
def test_a_single_half_is_replaced(text: str) -> None:
    whole = text.replace("\ud83d", "�").replace("\ude80", "�")
    assert plain(_items(text)) == whole
    assert read_value({"type": "formula", "formula": {"type": "string", "string": text}}) == whole
    assert read_markdown({"markdown": text}).markdown == whole
