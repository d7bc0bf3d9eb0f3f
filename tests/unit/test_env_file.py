"""`.env` is rewritten line by line."""

from __future__ import annotations

from io import StringIO

from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.storage.env_file import updated_lines

NAMES = st.sampled_from(["NOTION_TOKEN", "NOTION_PM_PARENT_PAGE", "OTHER"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85"), max_size=30)


@given(before=st.dictionaries(NAMES, VALUES), after=st.dictionaries(NAMES, VALUES))
def test_what_was_written_is_read_and_the_rest_is_kept(before: dict[str, str], after: dict[str, str]) -> None:
    lines = updated_lines(updated_lines(["# mine", ""], before), after)
    assert lines[:2] == ["# mine", ""]
    assert dotenv_values(stream=StringIO("\n".join(lines)), interpolate=False) == {**before, **after}
