"""Several sources at once: everything comes, an error ends it all, and who has enough may leave."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.workspace.interleaved import interleaved


@given(
    st.dictionaries(st.text(max_size=3), st.lists(st.integers(), max_size=5), max_size=6),
    st.integers(1, 4),
)
def test_everything_comes_and_each_source_in_its_order(
    sources: dict[str, list[int]], jobs: int
) -> None:
    came: dict[str, list[int]] = {name: [] for name in sources}
    for name, each in interleaved(sources, jobs):
        came[name].append(each)
    assert came == sources


def test_they_are_waited_for_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    def source() -> Iterator[int]:
        both.wait()
        yield 1

    assert sorted(interleaved({"a": source(), "b": source()}, 2)) == [("a", 1), ("b", 1)]


def test_what_was_under_way_comes_before_the_error_and_nothing_new_is_begun() -> None:
    failed = threading.Event()
    begun: list[int] = []

    def failing() -> Iterator[int]:
        yield 0
        failed.set()
        raise OSError("the network is gone")

    def slow() -> Iterator[int]:
        failed.wait(10)
        for number in range(10**6):
            begun.append(number)
            yield number

    came = []
    with pytest.raises(OSError, match="the network is gone"):
        for each in interleaved({"failing": failing(), "slow": slow(), "waiting": slow()}, 2):
            came.append(each)
    assert ("failing", 0) in came
    assert len(begun) < 10**6
    assert {number for name, number in came if name != "failing"} == set(begun), (
        "nothing that came is lost"
    )


def test_who_has_enough_leaves_and_the_sources_stop() -> None:
    taken = interleaved({"endless": iter(int, 1)}, 1)
    assert next(taken) == ("endless", 0)
    taken.close()
    assert not [
        each
        for each in threading.enumerate()
        if "ThreadPoolExecutor" in each.name and each.is_alive()
    ]
