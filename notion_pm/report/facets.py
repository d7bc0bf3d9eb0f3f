"""The filters of a report: objective, owner, release and segment of each page in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from notion_pm.model.snapshot import SnapshotPage
from notion_pm.report.page_values import anchor
from notion_pm.thread import Thread
from notion_pm.thread.signal import objectives

_LETTERS = {"objective": "o", "owner": "w", "release": "r", "segment": "s"}
"""The first letter of the tokens of each facet."""

_OBJECTIVE, _OWNER, _SEGMENT = _LETTERS["objective"], _LETTERS["owner"], _LETTERS["segment"]


@dataclass(frozen=True, slots=True)
class Facet:
    """One filter. `options`: token and name of each choice; the token marks rows of the page."""

    name: str
    title: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Facets:
    """The filters with options, and the tokens of each page by its id in the document."""

    choices: tuple[Facet, ...] = ()
    tokens: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, *ids: str) -> str:
        """Return the tokens of pages as the value of an attribute."""
        found: set[str] = set()
        for page_id in ids:
            found |= self.tokens.get(page_id.replace("-", ""), frozenset())
        return " ".join(sorted(found))

    def in_lane(self, page_id: str, objective_id: str) -> str:
        """Return the tokens of a card in the lane of an objective.

        A feature that serves two objectives is in two lanes. In each it matches only the filter of
        that lane's objective.
        """
        own = [token for token in self.of(page_id).split() if token[0] != _OBJECTIVE]
        lane = [token for token in self.of(objective_id).split() if token[0] == _OBJECTIVE]
        return " ".join(sorted([*own, *lane]))


def facets(thread: Thread) -> Facets:
    """Return the filters and the tokens of all pages.

    A feature has the objectives that it serves, its owner, its releases, and the segments of the
    customers behind it. Other pages also have tokens of the features next to them.
    """
    collector = _Collector(thread)
    for page in thread.pages("features"):
        collector.add_own(page)
    for pages in thread.snapshot.databases.values():
        for page in pages.values():
            if thread.role(page) != "features":
                collector.add_own(page)
                collector.add_from_features(page)
    return collector.result()


class _Collector:
    """Collects tokens: the letter of a facet and the number of an option."""

    def __init__(self, thread: Thread) -> None:
        self._thread = thread
        self._objective_ids = {objective.id for objective in objectives(thread)}
        self._tokens_by_option: dict[str, dict[str, str]] = {name: {} for name in _LETTERS}
        self._tokens: dict[str, set[str]] = defaultdict(set)
        # First, so that the choices are in Notion's order and include objectives without features.
        for objective in objectives(thread):
            if thread.is_open(objective):
                self._token("objective", objective.title)
        self._releases = self._releases_by_feature()

    def add_own(self, page: SnapshotPage) -> None:
        """Add the tokens of a page's own values, and of the objectives above it."""
        thread, tokens = self._thread, self._tokens[anchor(page)]
        open_objectives = self._tokens_by_option["objective"]
        for other in (page, *thread.all_above(page)):
            if other.id in self._objective_ids and other.title in open_objectives:
                tokens.add(open_objectives[other.title])

        owners = thread.readable(page, "owner")
        if isinstance(owners, tuple):
            tokens |= self._tokens_of("owner", owners)
        tokens |= self._tokens_of("release", self._releases.get(page.id, ()))
        if page.database == "releases":
            tokens.add(self._token("release", page.title))
        for customer in self._customer_pages(page):
            segment = thread.readable(customer, "segment")
            segments = segment if isinstance(segment, tuple) else (segment,)
            tokens |= self._tokens_of("segment", segments)

    def _customer_pages(self, page: SnapshotPage) -> list[SnapshotPage]:
        """Return the customers whose segments count for a page."""
        role = self._thread.role(page)
        if role == "customers":
            return [page]
        if role not in {"features", "insights"}:
            return []
        customers = self._thread.customers.of(self._thread.insights_behind(page))
        return [customer.page for customer in customers if customer.page]

    def add_from_features(self, page: SnapshotPage) -> None:
        """Add the tokens of the features next to a page, with these exceptions.

        - Owners only to insights and customers: the owner of a feature is responsible for what
          customers say about it, but not for its objective.
        - Segments not to insights and customers: they have their own.
        - Objectives not to other objectives: two objectives with a common feature are two.
        """
        thread = self._thread
        near = [*thread.above(page), *thread.below(page)]
        excluded = set()
        if page.id in self._objective_ids:
            near += thread.all_below(page)
            excluded.add(_OBJECTIVE)
        has_own_segment = thread.role(page) in {"insights", "customers"}
        excluded.add(_SEGMENT if has_own_segment else _OWNER)
        for feature in near:
            if isinstance(feature, SnapshotPage) and thread.role(feature) == "features":
                for token in self._tokens[anchor(feature)]:
                    if token[0] not in excluded:
                        self._tokens[anchor(page)].add(token)

    def result(self) -> Facets:
        choices = []
        for name, tokens in self._tokens_by_option.items():
            if tokens or name == "objective":
                options = tuple((token, option) for option, token in tokens.items())
                choices.append(Facet(name, name.capitalize(), options))
        all_tokens = {key: frozenset(tokens) for key, tokens in self._tokens.items() if tokens}
        return Facets(tuple(choices), all_tokens)

    def _tokens_of(self, facet: str, values: Iterable[object]) -> set[str]:
        names = [str(getattr(value, "name", value)) for value in values if value]
        return {self._token(facet, name) for name in names}

    def _token(self, facet: str, option: str) -> str:
        tokens = self._tokens_by_option[facet]
        # Short tokens such as `o3`, since every row of the page carries them; titles would make the
        # file larger and may contain blanks.
        return tokens.setdefault(option, f"{_LETTERS[facet]}{len(tokens)}")

    def _releases_by_feature(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for release in self._thread.snapshot.databases.get("releases", {}).values():
            for feature in self._thread.below(release):
                found[feature.id].append(release.title)
        return found
