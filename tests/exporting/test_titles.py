"""Titles by id, and which related pages lack one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.exporting.titles import Titles
from notion_pm.model.ids import NotionId
from tests.support.exporter_tables import page_id

_PAGES = st.integers(0, 5).map(page_id)


@given(st.dictionaries(_PAGES, st.text()), st.dictionaries(_PAGES, st.lists(_PAGES)))
def test_titles_are_what_was_noted(
    titles: dict[NotionId, str], related: dict[NotionId, list[NotionId]]
) -> None:
    with Titles() as known:
        for source, pages in related.items():
            known.relate(source, pages)
        for page, title in titles.items():
            known.note(page, title)
        wanting = {source: set(pages) - titles.keys() for source, pages in related.items()}
        assert known.wanting() == sorted(source for source, pages in wanting.items() if pages)
        assert known.untitled() == len(set().union(*wanting.values()))
        assert {page: known.of(page) for page in titles} == titles
        assert known.of(page_id(9)) is None


def test_more_titles_than_are_remembered() -> None:
    with Titles() as known:
        for number in range(12_345):
            known.note(page_id(number), f"Page {number}")
        known.relate(page_id(1), map(page_id, range(12_346)))
        assert [known.of(page_id(number)) for number in (0, 999, 12_344)] == [
            "Page 0",
            "Page 999",
            "Page 12344",
        ]
        assert known.untitled() == 1
