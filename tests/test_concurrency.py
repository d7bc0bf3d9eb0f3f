"""Doing several things at once: results come in order, errors end the work, nothing done is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.concurrency import (
    map_concurrently,
    map_lazily,
    merge_concurrently,
    run_by_dependencies,
    run_concurrently,
)


@given(
    st.dictionaries(st.text(max_size=3), st.lists(st.integers(), max_size=5), max_size=6),
    st.integers(1, 4),
)
def test_merging_yields_every_item_and_keeps_the_order_of_each_source(
    sources: dict[str, list[int]], jobs: int
) -> None:
    received: dict[str, list[int]] = {name: [] for name in sources}
    for name, item in merge_concurrently(sources, jobs):
        received[name].append(item)
    assert received == sources


def test_merged_sources_are_read_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def source() -> Iterator[int]:
        both.wait()
        yield 1

    assert sorted(merge_concurrently({"a": source(), "b": source()}, 2)) == [("a", 1), ("b", 1)]


def test_merging_yields_what_was_under_way_before_it_raises_and_begins_nothing_new() -> None:
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

    received = []
    sources = {"failing": failing(), "slow": slow(), "waiting": slow()}
    with pytest.raises(OSError, match="the network is gone"):
        for item in merge_concurrently(sources, 2):
            received.append(item)
    assert ("failing", 0) in received
    assert len(begun) < 10**6
    from_slow = {number for name, number in received if name != "failing"}
    assert from_slow == set(begun), "no item is lost"


def test_closing_a_merge_stops_its_sources() -> None:
    merged = merge_concurrently({"endless": iter(int, 1)}, 1)
    assert next(merged) == ("endless", 0)
    merged.close()
    names = [thread.name for thread in threading.enumerate() if thread.is_alive()]
    assert not [name for name in names if "ThreadPoolExecutor" in name]


def test_mapping_keeps_the_order_of_the_items() -> None:
    def double(number: int) -> int:
        time.sleep(0.01 if number == 0 else 0)
        return number * 2

    assert list(map_concurrently(double, range(20), 4)) == [number * 2 for number in range(20)]


def test_lazy_mapping_takes_only_a_few_items_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_lazily(lambda number: number * 2, items(), 2)
    assert next(results) == 0
    assert len(taken) < 20
    assert list(results) == [number * 2 for number in range(1, 1000)]


def test_running_yields_what_was_done_before_it_raises_the_first_error() -> None:
    def run(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        time.sleep(0.005)
        return number * 2

    done = {}
    with pytest.raises(ValueError, match="three"):
        for number, result in run_concurrently(run, range(100), 1):
            done[number] = result
    assert {0: 0, 1: 2, 2: 4}.items() <= done.items()
    assert len(done) < 99, "nothing new begins after the failure"


@dataclass(frozen=True)
class _Task:
    name: str
    needs: tuple[str, ...] = ()


def test_a_task_begins_only_after_what_it_needs() -> None:
    tasks = [_Task("roof", ("walls",)), _Task("walls", ("ground",)), _Task("ground")]
    done: list[str] = []
    ended = run_by_dependencies(lambda task: done.append(task.name), tasks, 3)
    assert [task.name for task in ended] == ["ground", "walls", "roof"]
    assert done == ["ground", "walls", "roof"]
