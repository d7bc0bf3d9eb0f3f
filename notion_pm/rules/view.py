"""What rules read while they run: the snapshot, covered by the values they have decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
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
class ReachedPages:
    """The pages at the end of a path, each once. Incomplete when some could not be read."""

    pages: tuple[SnapshotPage, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _NameIndex:
    """The pages of a database, and for each identity the positions of the pages that name it."""

    pages: list[SnapshotPage]
    positions: defaultdict[object, list[int]] = field(default_factory=lambda: defaultdict(list))


class View:
    """The pages that rules read, their values of this moment, and their related pages."""

    def __init__(
        self, schema: TemplateSchema, snapshot: Snapshot, baseline: Baseline, today: date
    ) -> None:
        self.schema = schema
        self.snapshot = snapshot
        self.today = today
        self._baseline = baseline
        self._decided: dict[NotionId, dict[str, RuleValue]] = {}
        self._inverse: dict[tuple[str, str], dict[NotionId, list[SnapshotPage]]] = {}
        self._naming: dict[tuple[str, str], _NameIndex] = {}

    def value(self, page: SnapshotPage, key: str) -> RuleValue:
        """Return a property's value: as decided in this run, else as it was read."""
        decided = self._decided.get(page.id)
        if decided is not None and key in decided:
            return decided[key]
        return page.values.get(key)

    def set(self, page: SnapshotPage, key: str, value: RuleValue) -> None:
        """Give a property a value from now on."""
        self._decided.setdefault(page.id, {})[key] = value
        # Only this index can be stale: rules never set relations, so `_inverse` stays valid.
        self._naming.pop((page.database, key), None)

    def before(self, page: SnapshotPage, key: str) -> BaseValue | None:
        """Return what is remembered of a property from the last sync."""
        remembered = self._baseline.get(page.id)
        return remembered.get(key) if remembered else None

    def pages_naming(
        self, database: str, key: str, wanted: Collection[object]
    ) -> list[SnapshotPage]:
        """Return the pages of a database whose property names one of these identities.

        The order is that of the snapshot. An index is made on first use: without it, a sum over
        all insights of a customer would compare each feature with every insight.
        """
        index = self._naming.get((database, key))
        if index is None:
            index = _NameIndex(list(self.snapshot.databases.get(database, {}).values()))
            for position, page in enumerate(index.pages):
                for identity in identities(self.value(page, key)):
                    index.positions[identity].append(position)
            self._naming[database, key] = index
        positions: set[int] = set()
        for identity in wanted:
            positions.update(index.positions.get(identity, ()))
        return [index.pages[position] for position in sorted(positions)]

    def number(self, page: SnapshotPage, key: str) -> float | UnknownOption | None:
        """Return a value as a number: a number itself, or the weight of an option."""
        value = self.value(page, key)
        if isinstance(value, UnknownOption):
            return value
        if isinstance(value, str):
            option = self.schema.option(page.database, key, value)
            return option.weight if option else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return value

    def reach(self, page: SnapshotPage, path: Path) -> ReachedPages:
        """Return the pages at the end of any route of a path, each once."""
        if len(path.routes) == 1:
            return self.follow(page, path.routes[0])
        return _union(self.follow(page, route) for route in path.routes)

    def follow(self, page: SnapshotPage, hops: Sequence[Hop]) -> ReachedPages:
        """Return the pages at the end of a sequence of hops."""
        reached = ReachedPages((page,))
        for hop in hops:
            reached = self._hop(reached, hop)
        return reached

    def _hop(self, start: ReachedPages, hop: Hop) -> ReachedPages:
        if hop.deep:
            return self._with_all_below(start, hop)
        step = self._backward if hop.inverse else self._forward
        if len(start.pages) == 1 and start.complete:  # the most frequent case needs no union
            return step(start.pages[0], hop)
        reached = _union(step(page, hop) for page in start.pages)
        return ReachedPages(reached.pages, reached.complete and start.complete)

    def _with_all_below(self, start: ReachedPages, hop: Hop) -> ReachedPages:
        """Return pages with all pages below them. A circle of pages ends where it began."""
        reached = {page.id: page for page in start.pages}
        waiting = list(start.pages)
        while waiting:
            for child in self._backward(waiting.pop(), hop).pages:
                if child.id not in reached:
                    reached[child.id] = child
                    waiting.append(child)
        return ReachedPages(tuple(reached.values()), start.complete)

    def _forward(self, page: SnapshotPage, hop: Hop) -> ReachedPages:
        related = self.value(page, hop.relation)
        if not isinstance(related, RelatedPages):
            return ReachedPages(())
        by_id = self.snapshot.databases.get(hop.end, {})
        pages = tuple([by_id[id] for id in related.ids if id in by_id])
        # A related page that is not in the snapshot is deleted or not shared.
        return ReachedPages(pages, related.complete and len(pages) == len(related.ids))

    def _backward(self, page: SnapshotPage, hop: Hop) -> ReachedPages:
        """Return the pages whose relation names this page, by an index made on first use."""
        index = self._inverse.get((hop.end, hop.relation))
        if index is None:
            index = _inverse_index(self.snapshot.databases.get(hop.end, {}).values(), hop.relation)
            self._inverse[hop.end, hop.relation] = index
        return ReachedPages(tuple(index.get(page.id, ())))


def _union(parts: Iterable[ReachedPages]) -> ReachedPages:
    """Return the pages of all parts, each once. Complete only if all parts are."""
    pages: dict[NotionId, SnapshotPage] = {}
    complete = True
    for part in parts:
        complete = complete and part.complete
        for page in part.pages:
            pages[page.id] = page
    return ReachedPages(tuple(pages.values()), complete)


def _inverse_index(
    pages: Iterable[SnapshotPage], relation: str
) -> dict[NotionId, list[SnapshotPage]]:
    """Return, for each page that a relation names, the pages that name it."""
    index: dict[NotionId, list[SnapshotPage]] = defaultdict(list)
    for page in pages:
        related = page.values.get(relation)
        if isinstance(related, RelatedPages):
            for target in related.ids:
                index[target].append(page)
    return index


def identities(value: RuleValue) -> list[object]:
    """Return what a value counts as, for counting each customer once.

    Case and outer blanks of names do not matter: "Acme" and "acme " are one customer.
    """
    if isinstance(value, RelatedPages):
        return list(value.ids)
    items = value if isinstance(value, tuple) else (value,)
    found: list[object] = []
    for item in items:
        identity = item.strip().casefold() if isinstance(item, str) else item
        if identity is not None and identity != "":
            found.append(identity)
    return found
