"""Trees of the thread: from a page up to the vision, and down to the customers' words.

A page with several parents is shown in full once, afterwards by title only, so circles end. A page
that a nearer page already implies is left out: a feature under an opportunity is not shown again
under the objective of that opportunity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import SnapshotPage
from notion_pm.thread.graph import Related, Thread, UnsharedPage

DEEPEST = 50
"""The most steps that are followed. A thread has six, unless features or opportunities are nested
that deep."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A page with the pages beyond it.

    `repeated`: it is shown in full elsewhere. `beyond`: the number of pages beyond the last step.
    """

    page: Related
    branches: tuple[Branch, ...] = ()
    repeated: bool = False
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """What a page serves (above) and what serves it (below)."""

    page: SnapshotPage
    above: tuple[Branch, ...]
    below: tuple[Branch, ...]


Step = Callable[[SnapshotPage], Sequence[Related]]


def trace(thread: Thread, page: SnapshotPage, *, depth: int = DEEPEST) -> Trace:
    """Follow the thread through a page, at most `depth` steps up and down."""
    upward = _Walk(thread, thread.above, thread.all_above)
    downward = _Walk(thread, thread.below, thread.all_below)
    return Trace(page, upward.branches(page, depth), downward.branches(page, depth))


def trees_below(thread: Thread, tops: Iterable[SnapshotPage]) -> tuple[Branch, ...]:
    """Return the trees below several pages. A page within an earlier tree gets no tree itself."""
    walk = _Walk(thread, thread.below, thread.all_below)
    trees = []
    for page in tops:
        if not walk.has_shown(page):
            trees.append(Branch(page, walk.branches(page, DEEPEST)))
    return tuple(trees)


def branches_in(branches: Sequence[Branch]) -> Iterator[Branch]:
    """Yield all branches of trees, each before those beyond it."""
    for branch in branches:
        yield branch
        yield from branches_in(branch.branches)


class _Walk:
    """A walk in one direction. It remembers the pages that were shown in full.

    `step` returns the pages one step on, `all_steps` those in any number of steps.
    """

    def __init__(self, thread: Thread, step: Step, all_steps: Step) -> None:
        self._thread = thread
        self._step = step
        self._all_steps = all_steps
        self._shown: set[NotionId] = set()
        self._reachable: dict[NotionId, frozenset[NotionId]] = {}

    def has_shown(self, page: SnapshotPage) -> bool:
        return page.id in self._shown

    def branches(self, page: SnapshotPage, depth: int) -> tuple[Branch, ...]:
        """Return what is beyond a page, which counts as shown from here on."""
        self._shown.add(page.id)
        return tuple(self._branch(related, depth - 1) for related in self._next_pages(page))

    def _branch(self, page: Related, depth: int) -> Branch:
        if isinstance(page, UnsharedPage):
            return Branch(page)
        if page.id in self._shown:
            return Branch(page, repeated=True)
        if depth <= 0:
            return Branch(page, beyond=len(self._next_pages(page)))
        return Branch(page, self.branches(page, depth))

    def _next_pages(self, page: SnapshotPage) -> list[Related]:
        """Return the pages one step on, without those that another of them implies."""
        near = self._step(page)
        if len(near) > 1:
            implied = self._find_implied(page, near)
            near = [related for related in near if related.id not in implied]
        return self._thread.sort_for_reading(near)

    def _find_implied(self, page: SnapshotPage, near: Sequence[Related]) -> set[NotionId]:
        """Return the near pages that are also reached by way of another near page.

        Example: an objective's feature F is implied if F also addresses an opportunity of that
        objective. Two exceptions keep circles from hiding pages: a near page from which the way
        back to `page` is open implies nothing, and in a circle neither page implies the other.
        """
        reachable = {related.id: self._reachable_from(related) for related in near}
        implied: set[NotionId] = set()
        for other, reached in reachable.items():
            if other == page.id or page.id in reached:
                continue
            for page_id in reached & reachable.keys():
                if other not in reachable[page_id]:
                    implied.add(page_id)
        return implied

    def _reachable_from(self, page: Related) -> frozenset[NotionId]:
        if isinstance(page, UnsharedPage):
            return frozenset()
        if page.id not in self._reachable:
            self._reachable[page.id] = frozenset(other.id for other in self._all_steps(page))
        return self._reachable[page.id]
