"""Find the databases of a template under a parent page, without a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import InTrash, NotShared
from notion_pm.model.existing import ExistingDatabase
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import Manifest
from notion_pm.model.property_types import COMPUTED_TYPES
from notion_pm.model.schema import ChildBlock, Database, View
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.provision.adopt.matching import Candidate, match_databases

# A database with another title is recognised when at least this share of the template's properties
# is in it.
_CLEARLY_ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class FoundDatabase:
    """A database of the template that exists. `how`: how it was recognised."""

    database: Database
    existing: ExistingDatabase
    how: str


def find_databases(
    client: NotionClient,
    template: Template,
    children: Sequence[ChildBlock],
    guide: Manifest | None,
    *,
    are_copies: bool,
    jobs: int,
) -> dict[str, FoundDatabase]:
    """Find a template's databases: by the ids in the guide, then by titles, then by properties.

    `children`: the blocks on the parent page. `are_copies`: the guide is the record of the
    originals, so its ids do not count.
    """
    finder = _Finder(client, template, jobs)
    if guide is not None and not are_copies:
        finder.find_by_ids(guide)
    candidates = finder.read_candidates(children)
    finder.find_by_titles(candidates, guide)
    finder.find_by_properties(candidates)
    return _read_contents(client, finder.found, jobs)


class _Finder:
    """Finds databases step by step. `found`: by key, with how it was recognised."""

    def __init__(self, client: NotionClient, template: Template, jobs: int) -> None:
        self._client = client
        self._template = template
        self._jobs = jobs
        self._wanted = [key for key, spec in template.databases.items() if spec.bind is None]
        self.found: dict[str, tuple[Candidate, str]] = {}

    def find_by_ids(self, guide: Manifest) -> None:
        for key in self._wanted:
            if key in guide.databases:
                candidate = _read_candidate(self._client, guide.databases[key].database_id)
                if candidate is not None:
                    self.found[key] = candidate, "its id"

    def read_candidates(self, children: Sequence[ChildBlock]) -> list[Candidate]:
        """Read the databases on the parent page that are not found yet."""
        found_ids = {candidate.database.id for candidate, _ in self.found.values()}
        ids = []
        for block in children:
            if block.type == "child_database" and not block.in_trash and block.id not in found_ids:
                ids.append(block.id)
        read = map_concurrently(
            lambda database_id: _read_candidate_on_page(self._client, database_id), ids, self._jobs
        )
        return [candidate for candidate in read if candidate is not None]

    def find_by_titles(self, candidates: list[Candidate], guide: Manifest | None) -> None:
        """Find databases by the titles in template or guide; remove them from the candidates."""
        for key in self._wanted:
            if key in self.found:
                continue
            titles = {self._template.databases[key].title.casefold()}
            if guide is not None and key in guide.databases and guide.databases[key].title:
                titles.add(guide.databases[key].title.casefold())
            same_title = [
                candidate
                for candidate in candidates
                if candidate.database.title.casefold() in titles
            ]
            if len(same_title) == 1:
                self.found[key] = same_title[0], "its title"
                candidates.remove(same_title[0])

    def find_by_properties(self, candidates: Sequence[Candidate]) -> None:
        missing = [key for key in self._wanted if key not in self.found]
        matches = match_databases(self._template, missing, candidates, named=True)
        for key, match in matches.items():
            # Computed properties are never matched, so they do not count.
            specs = self._template.databases[key].properties.values()
            total = sum(spec.type not in COMPUTED_TYPES for spec in specs)
            matched = sum(found.match is not None for found in match.properties.values())
            if matched >= _CLEARLY_ALIKE * total:
                how = f"its properties, {matched} of {total} alike"
                self.found[key] = match.candidate, how


def _read_candidate(client: NotionClient, database_id: NotionId) -> Candidate | None:
    """Read a database.

    Return None when it is in the trash, not shared, or has several data sources.
    """
    try:
        return _with_only_source(client, client.get_database(database_id))
    except (NotShared, InTrash):
        return None


def _read_candidate_on_page(client: NotionClient, database_id: NotionId) -> Candidate | None:
    """Read a database on the parent page; None also for a linked view of another database."""
    try:
        database = client.find_database(database_id)
        return _with_only_source(client, database) if database is not None else None
    except (NotShared, InTrash):
        return None


def _with_only_source(client: NotionClient, database: Database) -> Candidate | None:
    if database.in_trash or len(database.data_source_ids) != 1:
        return None
    return Candidate(database, client.get_data_source(database.data_source_ids[0]))


# --- views and rows


def _read_contents(
    client: NotionClient, found: Mapping[str, tuple[Candidate, str]], jobs: int
) -> dict[str, FoundDatabase]:
    candidates = [candidate for candidate, _ in found.values()]
    contents = list(
        map_concurrently(lambda candidate: _read_content(client, candidate), candidates, jobs)
    )
    widget_ids: set[NotionId] = set()
    for content in contents:
        for rows in content.dashboards.values():
            widget_ids.update(*rows)
    # A widget shows any database, so the widgets of all dashboards are read before they are
    # given to their databases.
    widgets = list(map_concurrently(client.get_view, sorted(widget_ids), jobs))

    result = {}
    for (key, (candidate, how)), content in zip(found.items(), contents, strict=True):
        existing = _with_widgets(content, widgets)
        result[key] = FoundDatabase(candidate.database, existing, how)
    return result


def _read_content(client: NotionClient, candidate: Candidate) -> ExistingDatabase:
    """Read the tabs of a database, and the titles of its rows."""
    view_ids = client.list_view_ids(candidate.database.id)
    tabs = tuple(client.get_view(view_id) for view_id in view_ids)
    rows = tuple(client.query(candidate.source.id, property_ids=["title"]))
    dashboards = {tab.id: tab.rows for tab in tabs if tab.type == "dashboard"}
    return ExistingDatabase(
        candidate.source, candidate.database.title, view_ids, dashboards, tabs, rows
    )


def _with_widgets(existing: ExistingDatabase, widgets: Sequence[View]) -> ExistingDatabase:
    own = [view for view in widgets if view.data_source_id == existing.data_source.id]
    return replace(existing, views=(*existing.views, *own))
