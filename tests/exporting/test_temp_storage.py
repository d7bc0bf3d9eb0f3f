"""Dicts and titles on disk behave like those in memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.exporting.formats.names import Names
from notion_pm.exporting.temp_storage import DiskDict, Titles
from notion_pm.model.ids import NotionId
from tests.support.exporter_tables import page_id

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.tuples(_TEXT, _TEXT)), _TEXT)
def test_a_dict_on_disk_is_like_a_dict(pairs: list[tuple[str, str]], other: str) -> None:
    with DiskDict() as texts:
        for key, value in pairs:
            texts[key] = value
        expected = dict(pairs)
        assert (other in texts, texts.get(other)) == (other in expected, expected.get(other))
        assert list(texts.items()) == sorted(expected.items())
        assert len(texts) == len(expected)


def test_a_dict_with_more_entries_than_stay_in_memory() -> None:
    with DiskDict() as texts:
        for number in range(2_500):
            texts[f"{number % 1_800}"] = f"value {number}"
        assert len(texts) == 1_800
        assert [texts[key] for key in ("0", "699", "700", "1799")] == [
            "value 1800",
            "value 2499",
            "value 700",
            "value 1799",
        ]


@given(st.lists(st.sampled_from(["a", "A", "b", "a 2", "straße", "STRASSE"])))
def test_names_on_disk_are_like_those_in_memory(wanted: list[str]) -> None:
    with DiskDict() as disk:
        on_disk, in_memory = Names("b", memory=disk), Names("b")
        assert [on_disk.free(name) for name in wanted] == [in_memory.free(name) for name in wanted]


_PAGES = st.integers(0, 5).map(page_id)


@given(st.dictionaries(_PAGES, st.text()), st.dictionaries(_PAGES, st.lists(_PAGES)))
def test_titles_are_those_that_were_added(
    titles: dict[NotionId, str], related: dict[NotionId, list[NotionId]]
) -> None:
    with Titles() as known:
        for source, pages in related.items():
            known.add_related(source, pages)
        for page, title in titles.items():
            known.add_title(page, title)
        missing = {source: set(pages) - titles.keys() for source, pages in related.items()}
        assert known.sources_without_titles() == sorted(
            source for source, pages in missing.items() if pages
        )
        assert known.count_untitled() == len(set().union(*missing.values()))
        assert {page: known.title_of(page) for page in titles} == titles
        assert known.title_of(page_id(9)) is None


def test_more_titles_than_the_cache_keeps() -> None:
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
