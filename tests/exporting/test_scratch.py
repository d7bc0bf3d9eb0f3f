"""A dict on disk behaves like a dict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from notion_pm.exporting.formats.names import Names
from notion_pm.exporting.temp_storage import DiskDict

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.tuples(_TEXT, _TEXT)), _TEXT)
def test_what_was_set_last_counts(pairs: list[tuple[str, str]], other: str) -> None:
    with DiskDict() as shelf:
        for key, value in pairs:
            shelf[key] = value
        expected = dict(pairs)
        assert (other in shelf, shelf.get(other)) == (other in expected, expected.get(other))
        assert list(shelf.items()) == sorted(expected.items())
        assert len(shelf) == len(expected)


def test_more_than_is_held_in_memory_before_it_is_stored() -> None:
    with DiskDict() as shelf:
        for number in range(2_500):
            shelf[f"{number % 1_800}"] = f"value {number}"
        assert len(shelf) == 1_800
        assert [shelf[key] for key in ("0", "699", "700", "1799")] == [
            "value 1800",
            "value 2499",
            "value 700",
            "value 1799",
        ]


@given(st.lists(st.sampled_from(["a", "A", "b", "a 2", "straße", "STRASSE"])))
def test_names_on_disk_are_handed_out_as_those_in_memory(wanted: list[str]) -> None:
    with DiskDict() as disk:
        on_disk, in_memory = Names("b", memory=disk), Names("b")
        assert [on_disk.free(each) for each in wanted] == [in_memory.free(each) for each in wanted]
