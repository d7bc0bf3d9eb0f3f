"""Titles by id, and which related pages lack one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.exporting.temp_storage import Titles
from notion_pm.model.ids import NotionId
from tests.support.exporter_tables import page_id

_PAGES = st.integers(0, 5).map(page_id)


@given(st.dictionaries(_PAGES, st.text()), st.dictionaries(_PAGES, st.lists(_PAGES)))
def test_titles_are_what_was_noted(
    titles: dict[NotionId, str], related: dict[NotionId, list[NotionId]]
) -> None:
    with Titles() as known:
        for source, pages in related.items():
            known.add_related(source, pages)
        for page, title in titles.items():
            known.add_title(page, title)
        wanting = {source: set(pages) - titles.keys() for source, pages in related.items()}
        assert known.sources_without_titles() == sorted(
            source for source, pages in wanting.items() if pages
        )
        assert known.count_untitled() == len(set().union(*wanting.values()))
        assert {page: known.title_of(page) for page in titles} == titles
        assert known.title_of(page_id(9)) is None


def test_more_titles_than_are_remembered() -> None:
    with Titles() as known:
        for number in range(12_345):
            known.add_title(page_id(number), f"Page {number}")
        known.add_related(page_id(1), map(page_id, range(12_346)))
        assert [known.title_of(page_id(number)) for number in (0, 999, 12_344)] == [
            "Page 0",
            "Page 999",
            "Page 12344",
        ]
        assert known.count_untitled() == 1
