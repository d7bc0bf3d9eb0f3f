"""What a report can be filtered by: objective, owner, release and segment of each page in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import anchor
from notion_pm.thread import Thread
from notion_pm.thread.signal import objectives

_LETTERS = {"objective": "o", "owner": "w", "release": "r", "segment": "s"}
"""How the tokens of each facet begin."""

_OBJECTIVE, _OWNER = _LETTERS["objective"], _LETTERS["owner"]


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing to filter by. `options`: what people choose from, with the token that marks it in the page."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """The facets that have options, and the tokens of each page, by its id within the document."""

    choices: tuple[Facet, ...] = ()
    tokens: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, *ids: str) -> str:
        """Return the tokens of pages, as one attribute holds them."""
        found: set[str] = set()
        for page_id in ids:
            found |= self.tokens.get(page_id.replace("-", ""), frozenset())
        return " ".join(sorted(found))

    def in_lane(self, page_id: str, objective_id: str) -> str:
        """Return the tokens of a card in the lane of an objective: of objectives only that one."""
        own = [token for token in self.of(page_id).split() if token[0] != _OBJECTIVE]
        lane = [token for token in self.of(objective_id).split() if token[0] == _OBJECTIVE]
        return " ".join(sorted([*own, *lane]))


def facets(thread: Thread) -> Facets:
    """Return what can be filtered by, and the tokens of all pages.

    A feature has the objectives that it serves, its owner, its releases, and the segments of the customers behind it.
    Other pages also have those of the features next to them.
    """
    collected = _Collector(thread)
    for page in thread.pages("features"):
        collected.add_own(page)
    others = [page for pages in thread.snapshot.databases.values() for page in pages.values()]
    for page in others:
        if thread.role(page) != "features":
            collected.add_own(page)
            collected.add_from_features(page)
    return collected.result()


class _Collector:
    """Gathers tokens. A token is a letter for the facet and the number of the option."""

    def __init__(self, thread: Thread) -> None:
        self._thread = thread
        self._goals = {each.id: each for each in objectives(thread)}
        self._options: dict[str, dict[str, str]] = {name: {} for name in _LETTERS}
        self._tokens: dict[str, set[str]] = defaultdict(set)
        for goal in self._goals.values():
            if thread.is_open(goal):
                self._token("objective", goal.title)
        self._releases = self._releases_by_feature()

    def add_own(self, page: SnapshotPage) -> None:
        """Add what a page says itself, and the strategy above it."""
        thread, found = self._thread, self._tokens[anchor(page)]
        for goal in (page, *thread.all_above(page)):
            if goal.id in self._goals and goal.title in self._options["objective"]:
                found.add(self._options["objective"][goal.title])
        owners = thread.readable(page, "owner")
        found |= self._tokens_of("owner", owners if isinstance(owners, tuple) else ())
        found |= self._tokens_of("release", self._releases.get(page.id, ()))
        if page.database == "releases":
            found.add(self._token("release", page.title))
        customers = (
            thread.customers.of(thread.insights_behind(page))
            if thread.role(page) == "features"
            else ()
        )
        if thread.role(page) == "insights":
            customers = thread.customers.of([page])
        pages = [customer.page for customer in customers if customer.page]
        if thread.role(page) == "customers":
            pages = [page]
        for customer_page in pages:
            segment = thread.readable(customer_page, "segment")
            found |= self._tokens_of(
                "segment", segment if isinstance(segment, tuple) else (segment,)
            )

    def add_from_features(self, page: SnapshotPage) -> None:
        """Add the tokens of the features next to a page, except owners: an owner of a feature
        owns what customers say about it, but not its objective."""
        thread = self._thread
        near = [*thread.above(page), *thread.below(page)]
        if page.id in self._goals:
            near += thread.all_below(page)
        # An objective must not match another one that shares a feature with it.
        kept_out = {_OBJECTIVE} if page.id in self._goals else set()
        if thread.role(page) not in {"insights", "customers"}:
            kept_out.add(_OWNER)
        for feature in near:
            if isinstance(feature, SnapshotPage) and thread.role(feature) == "features":
                tokens = self._tokens[anchor(feature)]
                self._tokens[anchor(page)] |= {
                    token for token in tokens if token[0] not in kept_out
                }

    def result(self) -> Facets:
        titles = {
            "objective": "Objective",
            "owner": "Owner",
            "release": "Release",
            "segment": "Segment",
        }
        choices = [
            Facet(name, titles[name], tuple((token, label) for label, token in options.items()))
            for name, options in self._options.items()
            if options or name == "objective"
        ]
        return Facets(
            tuple(choices),
            {key: frozenset(tokens) for key, tokens in self._tokens.items() if tokens},
        )

    def _tokens_of(self, facet: str, labels: Iterable[object]) -> set[str]:
        names = (str(getattr(label, "name", label)) for label in labels if label)
        return {self._token(facet, name) for name in names}

    def _token(self, facet: str, label: str) -> str:
        options = self._options[facet]
        return options.setdefault(label, f"{_LETTERS[facet]}{len(options)}")

    def _releases_by_feature(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for release in self._thread.snapshot.databases.get("releases", {}).values():
            for feature in self._thread.below(release):
                found[feature.id].append(release.title)
        return found
