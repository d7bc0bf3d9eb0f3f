"""The thread through one page, as trees: up to the vision, and down to the customers' words.

A page that several others share is told once; where it comes again it is only named. So circles end, and nothing that a
nearer page implies is told twice: a feature under an opportunity is not told again under that one's objective.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.graph import Related, Thread, Unseen

DEEPEST = 50
"""How many steps are told at most; a thread has six, unless trees of features or opportunities are that deep."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A page with what is beyond it. `repeated`: it was told before; `beyond`: so many pages that were not told."""

    page: Related
    branches: tuple[Branch, ...] = ()
    repeated: bool = False
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """What a page serves, and what stands behind it."""

    page: SnapshotPage
    above: tuple[Branch, ...]
    below: tuple[Branch, ...]


Step = Callable[[SnapshotPage], Sequence[Related]]


def trace(thread: Thread, page: SnapshotPage, *, depth: int = DEEPEST) -> Trace:
    """Follow the thread through a page, so many steps up and down."""
    return Trace(
        page,
        _Walk(thread, thread.above, upward=True).branches(page, depth),
        _Walk(thread, thread.below, upward=False).branches(page, depth),
    )


def forest(thread: Thread, tops: Iterable[SnapshotPage]) -> tuple[Branch, ...]:
    """Return the trees below several pages. One that an earlier tree told has no tree of its own."""
    walk = _Walk(thread, thread.below, upward=False)
    return tuple(
        Branch(each, walk.branches(each, DEEPEST)) for each in tops if not walk.has_told(each)
    )


def branches_in(branches: Sequence[Branch]) -> Iterator[Branch]:
    """Yield all branches of trees, each before those beyond it."""
    for each in branches:
        yield each
        yield from branches_in(each.branches)


class _Walk:
    """One direction: remembers what was told."""

    def __init__(self, thread: Thread, step: Step, *, upward: bool) -> None:
        self._thread = thread
        self._step = step
        self._upward = upward
        self._told: set[NotionId] = set()
        self._reached: dict[NotionId, frozenset[NotionId]] = {}

    def has_told(self, page: SnapshotPage) -> bool:
        return page.id in self._told

    def branches(self, page: SnapshotPage, depth: int) -> tuple[Branch, ...]:
        self._told.add(page.id)
        return tuple(self._branch(each, depth - 1) for each in self._next(page))

    def _branch(self, page: Related, depth: int) -> Branch:
        if isinstance(page, Unseen):
            return Branch(page)
        if page.id in self._told:
            return Branch(page, repeated=True)
        if depth <= 0:
            return Branch(page, beyond=len(self._next(page)))
        return Branch(page, self.branches(page, depth))

    def _next(self, page: SnapshotPage) -> list[Related]:
        """The pages one step on, without those that another of them leads to."""
        near = self._step(page)
        beyond = {each.id: self._all_beyond(each) for each in near} if len(near) > 1 else {}
        implied = {
            page_id
            for other, reached in beyond.items()
            if other != page.id
            and page.id not in reached  # what leads back here tells nothing new of here
            for page_id in reached & beyond.keys()
            if other not in beyond[page_id]  # in a circle neither implies the other
        }
        return self._thread.in_order(each for each in near if each.id not in implied)

    def _all_beyond(self, page: Related) -> frozenset[NotionId]:
        if isinstance(page, Unseen):
            return frozenset()
        if page.id not in self._reached:
            found = self._thread.all_above(page) if self._upward else self._thread.all_below(page)
            self._reached[page.id] = frozenset(each.id for each in found)
        return self._reached[page.id]
