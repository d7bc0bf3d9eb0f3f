"""What an undo reads of the databases of an apply: all of them for the plan, and again right before each write.

People edit a workspace while an undo asks and while it works. So what a request would take away is
read once more just before it is sent, and judged as the plan judged it. Notion has no conditional
write: what a person does between that reading and the request is not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import InTrash, NotShared
from notion_pm.model.ids import NotionId
from notion_pm.model.journal import Journal
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.property_types import READ_ONLY_TYPES
from notion_pm.model.schema import (
    DataSource,
    FormulaConfig,
    OptionsConfig,
    Property,
    RelationConfig,
    RollupConfig,
    View,
    options_of,
)
from notion_pm.notion.client import NotionClient
from notion_pm.provision.plan.affected_pages import values_filter
from notion_pm.provision.undo.steps import (
    Act,
    DeleteView,
    Found,
    SetDatabase,
    SetProperties,
    SetView,
    TrashDatabase,
    TrashPage,
)
from notion_pm.workspace.fresh_updates import BATCH, created_range

REQUESTS_OF_A_DATABASE = 3
"""The database, its data source and the list of its views; views and pages come on top."""


class FoundDatabases:
    """The databases that an apply concerned, as they were read last. `found` has them by key, without those gone."""

    def __init__(
        self, gateway: NotionClient, journal: Journal, manifest: Manifest, jobs: int
    ) -> None:
        self._gateway = gateway
        self._journal = journal
        self._manifest = manifest
        self._before = journal.begun.manifest.owned if journal.begun.manifest else {}
        self._has_set_properties = False
        touched = [key for key, entry in manifest.owned.items() if self._is_concerned(key, entry)]
        read = dict(zip(touched, map_concurrently(self._read, touched, jobs), strict=True))
        self.found: Mapping[str, Found] = {
            key: each for key, each in read.items() if each is not None
        }

    def _is_concerned(self, key: str, entry: DatabaseEntry) -> bool:
        """Return whether the apply did anything to a database."""
        before = self._before.get(key)
        if before is None or set(entry.rows) - set(before.rows):
            return True
        views = {each.id for each in (*entry.views.values(), *before.views.values())}
        return bool({entry.database_id, entry.data_source_id, *views} & self._journal.ids)

    def _read(self, key: str) -> Found | None:
        """Return a database as it is, None when it is in the trash or out of reach.

        The template's own views of a new database are left out: they go, or stay, with the database.
        """
        entry, before = self._manifest.owned[key], self._before.get(key)
        try:
            database = self._gateway.get_database(entry.database_id)
            source = self._gateway.get_data_source(entry.data_source_id)
        except (NotShared, InTrash):
            return None
        if database.in_trash or source.in_trash:
            return None
        view_ids = self._gateway.list_view_ids(database.id)
        ours = {each.id for each in entry.views.values()}
        untouched = (
            {each.id for each in before.views.values()} - self._journal.ids if before else ours
        )
        views = {}
        for view_id in sorted({*view_ids, *ours} - untouched):
            view = self._read_view(view_id)
            if view is not None:
                views[view_id] = view
        return Found(database, source, view_ids, views, tuple(self._gateway.query(source.id)))

    def _read_view(self, view_id: NotionId) -> View | None:
        try:
            return self._gateway.get_view(view_id)
        except NotShared:
            return None

    # --- right before a write

    def read_again(self, acts: Sequence[Act]) -> None:
        """Read again what these acts, all of one kind and one database, would take from people."""
        key = acts[0].database
        if key not in self.found:
            return
        try:
            again = self._as_it_is_now(self.found[key], acts)
        except (NotShared, InTrash):
            again = None
        others = {other: each for other, each in self.found.items() if other != key}
        self.found = others if again is None else {**others, key: again}

    def _as_it_is_now(self, found: Found, acts: Sequence[Act]) -> Found | None:
        act = acts[0]
        match act:
            case TrashPage():
                return self._with_rows(
                    found, {each.page_id for each in acts if isinstance(each, TrashPage)}
                )
            case SetProperties():
                return self._with_properties(found, act)
            case DeleteView(view_id=view_id):
                return self._with_view(found, view_id)
            case SetView(now=now):
                return self._with_view(found, now.id)
            case SetDatabase():
                database = self._gateway.get_database(found.database.id)
                return None if database.in_trash else replace(found, database=database)
            case TrashDatabase(database=key):
                return self._read(key)
        return found  # a view that is made takes nothing away

    def _with_rows(self, found: Found, page_ids: set[NotionId]) -> Found:
        """Read rows again, whoever edited them: a link from another page does not count as an edit everywhere."""
        rows = [page for page in found.pages if page.id in page_ids]
        others = [page for page in found.pages if page.id not in page_ids]
        if not rows:
            return found
        since = min(page.created_time for page in rows)
        created = created_range(page.created_time for page in rows)
        again = self._gateway.edited_since(found.source.id, since, created=created)
        return replace(found, pages=(*others, *(page for page in again if page.id in page_ids)))

    def _with_properties(self, found: Found, act: SetProperties) -> Found | None:
        source = self._gateway.get_data_source(act.data_source_id)
        if source.in_trash:
            return None
        removed = list(removed_values(act, source))  # what is gone already has no values
        again: dict[NotionId, Page] = {}
        if removed:
            pages = self._gateway.query(source.id, filter=values_filter(removed))
            again = {page.id: page for page in pages}
        pages_now = {page.id: page for page in found.pages} | again
        return replace(
            found, source=self._judged(found.source, source), pages=tuple(pages_now.values())
        )

    def _judged(self, before: DataSource, now: DataSource) -> DataSource:
        """Return a data source as it is now, with what is computed as it was before an undo set properties.

        The text of a formula changes with the title of a property that it names: that is no person's edit.
        """
        if not self._has_set_properties:
            return now
        return replace(
            now, properties={key: _as_judged(before, prop) for key, prop in now.properties.items()}
        )

    def _with_view(self, found: Found, view_id: NotionId) -> Found:
        view = self._read_view(view_id)
        others = {other: each for other, each in found.views.items() if other != view_id}
        if view is not None:
            return replace(found, views={**others, view_id: view})
        view_ids = tuple(other for other in found.view_ids if other != view_id)
        return replace(found, views=others, view_ids=view_ids)

    # --- after a write

    def note_done(self, act: Act) -> None:
        """Take down what an act took away, so that it does not count as somebody's deletion."""
        if isinstance(act, TrashDatabase):
            self.found = {key: each for key, each in self.found.items() if key != act.database}
        if isinstance(act, SetProperties):
            self._has_set_properties = True
            removed = _removed_properties(act, self.found[act.database].source)
            self.found = {key: _without(each, removed) for key, each in self.found.items()}


def _as_judged(before: DataSource, now: Property) -> Property:
    was = before.properties.get(now.id)
    if was is None or not isinstance(now.config, FormulaConfig | RollupConfig):
        return now
    return (
        was
        if (was.name, was.type, was.description) == (now.name, now.type, now.description)
        else now
    )


def _removed_properties(act: SetProperties, source: DataSource) -> set[tuple[str, str]]:
    """Return the data source and id of each property that goes, with the other sides of two-way relations."""
    removed: set[tuple[str, str]] = set()
    for property_id, patch in act.patches.items():
        if patch is not None:
            continue
        removed.add((source.id, property_id))
        prop = source.properties.get(property_id)
        if (
            prop is not None
            and isinstance(prop.config, RelationConfig)
            and prop.config.synced_property_id
        ):
            removed.add((prop.config.data_source_id, prop.config.synced_property_id))
    return removed


def _without(found: Found, removed: Collection[tuple[str, str]]) -> Found:
    source = found.source
    properties = {
        key: prop for key, prop in source.properties.items() if (source.id, key) not in removed
    }
    return replace(found, source=replace(source, properties=properties))


def removed_values(act: SetProperties, source: DataSource) -> Iterator[tuple[Property, list[str]]]:
    """Yield the properties that an act removes, and those of which it removes options, with the options' ids."""
    for property_id, patch in act.patches.items():
        prop = source.properties.get(property_id)
        if prop is None:
            continue
        if patch is None and prop.type not in READ_ONLY_TYPES:
            yield prop, []
        if patch is not None and isinstance(patch.config, OptionsConfig):
            kept = {option.id for option in patch.config.options}
            dropped = [
                option.id for option in options_of(prop) if option.id and option.id not in kept
            ]
            if dropped:
                yield prop, dropped


def requests_to_read_again(acts: Sequence[Act], found: Mapping[str, Found]) -> int:
    """Return how many requests `read_again` needs for a batch, as far as the plan can know."""
    act = acts[0]
    match act:
        case SetProperties():
            return 2 if list(removed_values(act, found[act.database].source)) else 1
        case TrashDatabase():
            here = found[act.database]
            return REQUESTS_OF_A_DATABASE + len(here.views) + max(1, -(-len(here.pages) // BATCH))
        case TrashPage() | DeleteView() | SetView() | SetDatabase():
            return 1
    return 0
