"""The snapshot while rules run: what they have decided lies over what was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from notion_pm.model.ids import NotionId
from notion_pm.model.snapshot import (
    Baseline,
    BaseValue,
    RelatedPages,
    RuleValue,
    Snapshot,
    SnapshotPage,
    UnknownOption,
)
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.paths import Hop, Path


@dataclass(frozen=True, slots=True)
class Found:
    """The pages at the end of a path, each once; incomplete when some could not be read."""

    pages: tuple[SnapshotPage, ...]
    complete: bool = True


class View:
    """What rules read: pages, their values of this moment, and the pages related to them."""

    def __init__(
        self, schema: TemplateSchema, snapshot: Snapshot, baseline: Baseline, today: date
    ) -> None:
        self.schema = schema
        self.snapshot = snapshot
        self.today = today
        self._baseline = baseline
        self._decided: dict[NotionId, dict[str, RuleValue]] = {}
        self._inverse: dict[tuple[str, str], dict[NotionId, list[SnapshotPage]]] = {}

    def value(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return a property's value: as decided in this run, else as it was read."""
        decided = self._decided.get(page.id)
        return decided[key] if decided is not None and key in decided else page.values.get(key)

    def set(self, page: SnapshotPage, key: str, value: RuleValue) -> None:
        """Let a property have a value from now on."""
        self._decided.setdefault(page.id, {})[key] = value

    def before(self, page: SnapshotPage, key: str) -> BaseValue | None:
        """Return what is remembered of a property from the last sync."""
        remembered = self._baseline.get(page.id)
        return remembered.get(key) if remembered else None

    def number(self, page: SnapshotPage, key: str) -> float | UnknownOption | None:
        """Return a value as a number: a number itself, or the weight of an option."""
        value = self.value(page, key)
        if isinstance(value, UnknownOption):
            return value
        if isinstance(value, str):
            option = self.schema.option(page.database, key, value)
            return option.weight if option else None
        return None if isinstance(value, bool) or not isinstance(value, int | float) else value

    def reach(self, page: SnapshotPage, path: Path) -> Found:
        """Return the pages that a path leads to by any of its routes, each once."""
        if len(path.routes) == 1:
            return self.follow(page, path.routes[0])
        reached: dict[NotionId, SnapshotPage] = {}
        complete = True
        for route in path.routes:
            found = self.follow(page, route)
            reached.update((each.id, each) for each in found.pages)
            complete = complete and found.complete
        return Found(tuple(reached.values()), complete)

    def follow(self, page: SnapshotPage, hops: Sequence[Hop]) -> Found:
        """Return the pages that hops lead to."""
        found = Found((page,))
        for hop in hops:
            found = self._step(found, hop)
        return found

    def _step(self, found: Found, hop: Hop) -> Found:
        if hop.deep:
            return self._below(found, hop)
        if len(found.pages) == 1 and found.complete:
            return (
                self._backward(found.pages[0], hop)
                if hop.inverse
                else self._forward(found.pages[0], hop)
            )
        reached: dict[NotionId, SnapshotPage] = {}
        complete = found.complete
        for page in found.pages:
            there = self._backward(page, hop) if hop.inverse else self._forward(page, hop)
            complete = complete and there.complete
            reached.update((each.id, each) for each in there.pages)
        return Found(tuple(reached.values()), complete)

    def _below(self, found: Found, hop: Hop) -> Found:
        """Return pages with all that lead to them in any number of steps."""
        reached = {each.id: each for each in found.pages}
        waiting = list(found.pages)
        while waiting:
            new = [
                each for each in self._backward(waiting.pop(), hop).pages if each.id not in reached
            ]
            reached.update((each.id, each) for each in new)
            waiting += new
        return Found(tuple(reached.values()), found.complete)

    def _forward(self, page: SnapshotPage, hop: Hop) -> Found:
        links = self.value(page, hop.relation)
        if not isinstance(links, RelatedPages):
            return Found(())
        there = self.snapshot.databases.get(hop.end, {})
        pages = tuple([there[id] for id in links.ids if id in there])
        return Found(pages, links.complete and len(pages) == len(links.ids))

    def _backward(self, page: SnapshotPage, hop: Hop) -> Found:
        index = self._inverse.get((hop.end, hop.relation))
        if index is None:
            index = _inverse_index(self.snapshot.databases.get(hop.end, {}).values(), hop.relation)
            self._inverse[hop.end, hop.relation] = index
        return Found(tuple(index.get(page.id, ())))


def _inverse_index(
    pages: Iterable[SnapshotPage], relation: str
) -> dict[NotionId, list[SnapshotPage]]:
    index: dict[NotionId, list[SnapshotPage]] = defaultdict(list)
    for page in pages:
        links = page.values.get(relation)
        for target in links.ids if isinstance(links, RelatedPages) else ():
            index[target].append(page)
    return index
