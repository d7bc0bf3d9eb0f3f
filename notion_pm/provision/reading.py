"""Read what `plan` and `apply` need to know of a workspace, with as few requests as possible.

Normally that is: the blocks of the parent page, the blocks of the record page, and for each
database its data source and the ids of its views. Views and rows are read only after an interrupted
apply, to find what it created.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from notion_pm.concurrency import map_concurrently
from notion_pm.errors import NotShared, ValuesMissing
from notion_pm.model.existing import Existing, ExistingDatabase
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock, Database, View, WidgetRows
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.client import NotionClient
from notion_pm.provision.plan.binding import bound_entry
from notion_pm.provision.plan.client_template import with_client_names
from notion_pm.provision.plan.recovery import (
    is_known_by_title_only,
    may_have_created,
    with_recovered_things,
)
from notion_pm.template import templates
from notion_pm.template.dashboards import format_view_name
from notion_pm.workspace.bindings import find_bound_source
from notion_pm.workspace.default_template import default_template, recorded_templates
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import RecordPage, find_record, missing_record_error, record_blocks
from notion_pm.workspace.record_text import template_of

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How much earlier than an apply something that it created may seem to be created.

The apply records Notion's time, but Notion cuts the seconds off creation times, and earlier
versions of notion-pm recorded the time of their machine.
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What exists, the template that it was read for, and how many requests that took.

    `page`: the record page, None before the first apply. `siblings`: number of blocks on the parent
    page. `home`: where this machine remembers the record. `reference`: the template as the user or
    the record named it.
    """

    parent_id: NotionId
    loaded: LoadedTemplate
    existing: Existing
    page: RecordPage | None
    siblings: int
    requests: int
    home: StateHome | None = None
    reference: str = ""


def read(
    client: NotionClient,
    parent_id: NotionId,
    reference: str | None,
    values: Mapping[str, str] | None = None,
    *,
    first: str | None = None,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Reading:
    """Read what exists of a template (a shipped name or a path); without one, of the recorded
    template.

    `first`: the template to use in a workspace without a record. `values`: variables of the
    template; those not given are as last time. `home`: where this machine remembers the record, in
    case its page was moved.

    Raises TemplateInvalid, UsageError, or what `find_record` raises; RecordLost if there are
    databases of the template but no record.
    """
    given = values or {}
    # Load the template before anything is asked of Notion, so that its mistakes are reported at
    # once.
    loaded = _load_if_complete(reference, given) if reference else None
    requests_before = client.requests.logical
    children = list_parent_page(client, parent_id)
    if reference is None:
        recorded = _recorded_templates(client, parent_id, children, home)
        reference = default_template(recorded, first)
    page = find_record(client, parent_id, children, templates.name_of(reference), home)
    if page is not None:
        loaded = templates.load(reference, {**page.manifest.variables, **given})
    elif loaded is None:
        loaded = templates.load(reference, given)
    existing_reader = _WorkspaceReader(client, parent_id, children, page, jobs)
    reading = existing_reader.reading(loaded, requests_before)
    return replace(reading, home=home, reference=reference)


def _load_if_complete(reference: str, values: Mapping[str, str]) -> LoadedTemplate | None:
    """Return the template, None if variables are missing: the record may have them."""
    try:
        return templates.load(reference, values)
    except ValuesMissing:
        return None


def _recorded_templates(
    client: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    home: StateHome | None,
) -> tuple[str, ...]:
    """Return the templates applied under a page, even if the only record was renamed or moved."""
    recorded = recorded_templates(children)
    if recorded or home is None:
        return recorded
    page = find_record(client, parent_id, children, None, home)
    return (page.manifest.template,) if page else ()


def read_for(
    client: NotionClient,
    parent_id: NotionId,
    loaded: LoadedTemplate,
    *,
    jobs: int = 4,
    list_views: bool = True,
    children: tuple[ChildBlock, ...] | None = None,
    home: StateHome | None = None,
) -> Reading:
    """Read what exists of a template that is loaded already.

    `children`: the parent page's blocks, if known. Without `list_views` the recorded views are
    assumed to exist: right after an apply, Notion's answers have just shown each of them.

    Raises what `read` raises, except TemplateInvalid.
    """
    requests_before = client.requests.logical
    if children is None:
        children = list_parent_page(client, parent_id)
    page = find_record(client, parent_id, children, loaded.template.template, home)
    reader = _WorkspaceReader(client, parent_id, children, page, jobs, list_views=list_views)
    return replace(reader.reading(loaded, requests_before), home=home)


def read_other_records(
    client: NotionClient, parent_id: NotionId, children: Sequence[ChildBlock], template: str
) -> tuple[Manifest, ...]:
    """Read the records of all other templates under a page."""
    names = dict.fromkeys(template_of(block.title) for block in record_blocks(children))
    manifests = []
    for name in names:
        if name == template:
            continue
        page = find_record(client, parent_id, children, name)
        if page is not None:
            manifests.append(page.manifest)
    return tuple(manifests)


def owned_databases(manifests: Iterable[Manifest]) -> frozenset[NotionId]:
    """Return the databases that these records own."""
    owned: set[NotionId] = set()
    for manifest in manifests:
        owned |= {entry.database_id for entry in manifest.owned.values()}
    return frozenset(owned)


@dataclass(frozen=True, slots=True)
class _WorkspaceReader:
    """Reads what exists under one parent page."""

    client: NotionClient
    parent_id: NotionId
    children: tuple[ChildBlock, ...]
    page: RecordPage | None
    jobs: int
    list_views: bool = True

    def reading(self, loaded: LoadedTemplate, requests_before: int) -> Reading:
        """Read, and return it with the number of requests sent since `requests_before`."""
        if self.page is None:
            self._refuse_second_set(loaded)
            existing = Existing()
        else:
            # The client's titles are needed to find databases, their settings only afterwards.
            entries = self.page.manifest.databases
            loaded = with_client_names(loaded, entries)
            existing = _DatabaseReader(self, loaded, self.page).existing()
            loaded = with_client_names(loaded, entries, existing.databases)
        existing = self._with_bound_databases(loaded, existing)
        other_templates = [
            name for name in recorded_templates(self.children) if name != loaded.template.template
        ]
        existing = replace(
            existing,
            neighbours=frozenset(block.title for block in self._database_blocks()),
            claims=len(self.page.claims) if self.page else 0,
            other_templates=tuple(other_templates),
            sibling_ids=frozenset(block.id for block in self.children),
        )
        requests = self.client.requests.logical - requests_before
        return Reading(self.parent_id, loaded, existing, self.page, len(self.children), requests)

    def _database_blocks(self) -> list[ChildBlock]:
        return [
            block
            for block in self.children
            if block.type == "child_database" and not block.in_trash
        ]

    def _refuse_second_set(self, loaded: LoadedTemplate) -> None:
        """Raise RecordLost if there are databases with the template's titles, and no record.

        A missing record is never a reason to create everything again. Databases of another template
        under the same page may have the same titles: its record names them.
        """
        specs = loaded.template.databases.values()
        wanted = {spec.title.casefold() for spec in specs if spec.bind is None}
        found = [block for block in self._database_blocks() if block.title.casefold() in wanted]
        if not found:
            return
        template = loaded.template.template
        others = read_other_records(self.client, self.parent_id, self.children, template)
        owned_by_others = owned_databases(others)
        unclaimed = []
        for block in found:
            if block.id in owned_by_others:
                continue
            if self.client.find_database(block.id) is not None:
                unclaimed.append(block.title)
        if unclaimed:
            raise missing_record_error(template, unclaimed)

    def _with_bound_databases(self, loaded: LoadedTemplate, existing: Existing) -> Existing:
        """Return what exists together with the databases that the template only reads."""
        recorded = existing.manifest.databases if existing.manifest else {}
        databases = dict(existing.databases)
        bound = {}
        for key, spec in loaded.template.databases.items():
            if spec.bind is None:
                continue
            source = find_bound_source(
                self.client, self.children, spec.bind or "", recorded.get(key)
            )
            databases[key] = ExistingDatabase(source)
            bound[key] = bound_entry(key, spec, source)
        return replace(existing, databases=databases, bound=bound)


def _without_unbound(manifest: Manifest, loaded: LoadedTemplate) -> Manifest:
    """Return the manifest without databases that were bound and no longer are: they are not
    ours."""
    kept = {}
    for key, entry in manifest.databases.items():
        spec = loaded.template.databases.get(key)
        is_still_bound = spec is not None and bool(spec.bind)
        if not entry.bound or is_still_bound:
            kept[key] = entry
    return manifest.model_copy(update={"databases": kept})


class _DatabaseReader:
    """Reads the databases of one record, and after an interrupted apply what that created."""

    def __init__(
        self, workspace: _WorkspaceReader, loaded: LoadedTemplate, page: RecordPage
    ) -> None:
        self._workspace = workspace
        self._client = workspace.client
        self._loaded = loaded
        self._page = page
        self._manifest = _without_unbound(page.manifest, loaded)
        self._is_recovering = page.manifest.state == "applying"
        self._trashed: dict[str, str] = {}
        self._not_ours: list[str] = []

    def existing(self) -> Existing:
        """Read all databases and return what exists."""
        keys = self._keys_to_read()
        found = map_concurrently(self._read_database, keys, self._workspace.jobs)
        databases = {
            key: database for key, database in zip(keys, found, strict=True) if database is not None
        }
        owned = self._manifest.owned
        lost = frozenset(key for key in keys if key in owned and key not in databases)
        manifest = self._manifest
        # Widgets are read after all databases, because a dashboard shows views of several.
        if self._is_recovering:
            databases = self._with_widgets(databases)
            manifest = with_recovered_things(manifest, self._loaded, databases)
        return Existing(
            manifest,
            databases,
            lost,
            trashed=self._trashed,
            not_ours=tuple(sorted(self._not_ours)),
        )

    def _keys_to_read(self) -> list[str]:
        """Return the databases to read: the recorded ones, and those of the template that an
        interrupted apply may have created."""
        owned = self._manifest.owned
        specs = self._loaded.template.databases
        keys = [key for key in owned if key not in specs or specs[key].bind is None]
        if self._is_recovering:
            keys += [key for key, spec in specs.items() if key not in owned and spec.bind is None]
        return keys

    def _read_database(self, key: str) -> ExistingDatabase | None:
        """Read one database; None if it is in the trash, not shared, or does not exist."""
        entry = self._manifest.databases.get(key)
        if entry is not None:
            database_id, source_id = entry.database_id, entry.data_source_id
        else:
            left_behind = self._find_left_behind(key) if self._is_recovering else None
            if left_behind is None:
                return None
            database_id, source_id = left_behind.id, left_behind.data_source_ids[0]
        try:
            source = self._client.get_data_source(source_id)
            # Notion still returns a data source in the trash; one that is not shared raises
            # NotShared.
            if source.in_trash:
                self._trashed[key] = source.url
                return None
            view_ids = self._view_ids(entry, database_id)
        except NotShared:
            return None
        found = ExistingDatabase(
            source, self._title(database_id), view_ids, self._read_dashboards(key, view_ids)
        )
        return self._with_unrecorded_things(key, found) if self._is_recovering else found

    def _title(self, database_id: NotionId) -> str | None:
        """Return the title of a database on the parent page; None if it is elsewhere."""
        for block in self._workspace.children:
            if block.id == database_id:
                return block.title
        return None

    def _view_ids(self, entry: DatabaseEntry | None, database_id: NotionId) -> tuple[NotionId, ...]:
        if entry is not None and not self._workspace.list_views:
            return tuple(view.id for view in entry.views.values())
        return self._client.list_view_ids(database_id)

    def _read_dashboards(
        self, key: str, view_ids: Sequence[NotionId]
    ) -> dict[NotionId, WidgetRows]:
        """Read the dashboards that hold views of ours: Notion lists widgets nowhere else."""
        entry = self._manifest.databases.get(key)
        if entry is None or not self._workspace.list_views:
            return {}
        dashboards_in_use: set[str | None] = set()
        for other in self._manifest.databases.values():
            dashboards_in_use |= {view.dashboard for view in other.views.values()}
        rows = {}
        for view_key, view in entry.views.items():
            if format_view_name((key, view_key)) in dashboards_in_use and view.id in view_ids:
                rows[view.id] = self._client.get_view(view.id).rows
        return rows

    # --- after an interrupted apply

    @property
    def _start(self) -> datetime:
        return unfinished_apply_start(self._manifest.started, self._page)

    @cached_property
    def _owned_by_others(self) -> frozenset[NotionId]:
        workspace = self._workspace
        template = self._loaded.template.template
        others = read_other_records(self._client, workspace.parent_id, workspace.children, template)
        return owned_databases(others)

    def _find_left_behind(self, key: str) -> Database | None:
        """Return the database that an interrupted apply created and did not record."""
        title = self._loaded.template.databases[key].title
        known = frozenset(entry.database_id for entry in self._manifest.databases.values())
        candidates = new_databases(self._workspace.children, title, self._start, known)
        if not candidates:
            return None  # before the records of other templates are read, which takes requests
        # A database of another template may have the same title and be as new.
        candidates = [block for block in candidates if block.id not in self._owned_by_others]
        for block in candidates:
            database = self._client.find_database(block.id)
            if database is not None and self._may_be_left_behind(key, database):
                return database
        if candidates:
            self._not_ours.append(title)
        return None

    def _may_be_left_behind(self, key: str, database: Database) -> bool:
        if len(database.data_source_ids) != 1:
            return False
        source = self._client.get_data_source(database.data_source_ids[0])
        if not may_have_created(self._loaded.template, key, source):
            return False
        if not is_known_by_title_only(self._loaded.template, key):
            return True
        # An apply writes rows only after it has recorded the database. So these pages are people's.
        has_pages = any(True for _ in self._client.query(source.id, property_ids=["title"]))
        return not has_pages

    def _with_unrecorded_things(self, key: str, found: ExistingDatabase) -> ExistingDatabase:
        """Return a database with the views and rows that an interrupted apply may have created."""
        entry = self._manifest.databases.get(key)
        recorded_ids = {view.id for view in entry.views.values()} if entry else set()
        views: list[View] = []
        if key in self._loaded.template.databases:
            for view_id in found.view_ids:
                if view_id not in recorded_ids:
                    views.append(self._client.get_view(view_id))
        dashboards = dict(found.dashboards)
        for view in views:
            if view.type == "dashboard":
                dashboards[view.id] = view.rows
        return replace(
            found,
            views=tuple(views),
            dashboards=dashboards,
            rows=self._read_new_rows(key, found),
            left_behind=entry is None,
        )

    def _with_widgets(
        self, databases: Mapping[str, ExistingDatabase]
    ) -> dict[str, ExistingDatabase]:
        """Read the widgets that the interrupted apply created, each for the database that it
        shows."""
        recorded_ids: set[NotionId] = set()
        for entry in self._manifest.databases.values():
            recorded_ids |= {view.id for view in entry.views.values()}
        new_ids = Existing(databases=databases).widget_ids - recorded_ids
        widgets = [self._client.get_view(view_id) for view_id in sorted(new_ids)]
        completed = {}
        for key, database in databases.items():
            own_widgets = [
                view for view in widgets if view.data_source_id == database.data_source.id
            ]
            completed[key] = replace(database, views=(*database.views, *own_widgets))
        return completed

    def _read_new_rows(self, key: str, found: ExistingDatabase) -> tuple[Page, ...]:
        """Return the rows that the interrupted apply may have created: those since it began, oldest
        first."""
        entry = self._manifest.databases.get(key)
        recorded = entry.rows if entry else {}
        wanted = self._loaded.rows.get(key, ())
        if all(row.key in recorded for row in wanted):
            return ()
        recent = created_since(self._start)
        pages = self._client.query(found.data_source.id, filter=recent, property_ids=["title"])
        return tuple(pages)


def unfinished_apply_start(started: datetime, page: RecordPage | None) -> datetime:
    """Return the earliest time, by Notion's clock, at which the unfinished apply may have created
    things.

    The record page of a first apply has Notion's own time.
    """
    if page is None or page.created_time is None or page.manifest.databases:
        return started - CLOCK_TOLERANCE
    return page.created_time


def created_since(moment: datetime) -> dict[str, object]:
    """Return the API's filter for pages created at or after a moment."""
    return {"timestamp": "created_time", "created_time": {"on_or_after": moment.isoformat()}}


def new_databases(
    children: Sequence[ChildBlock], title: str, moment: datetime, known: Set[str]
) -> list[ChildBlock]:
    """Return the unknown databases of that title on the parent page that were created since a
    moment.

    It does not matter which connection created them: a client's connections may change between two
    runs.
    """
    return [
        block
        for block in children
        if block.type == "child_database"
        and block.title == title
        and not block.in_trash
        and block.id not in known
        and (block.created_time is None or block.created_time >= moment)
    ]
