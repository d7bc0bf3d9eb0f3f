"""What `plan` and `apply` read of a workspace: as little as tells what is there.

Without anything wrong: the parent page's blocks, the manifest page's blocks, and of each database its data source and
the ids of its views. Views and rows are read only after an interrupted apply, to find what it made.
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
"""How much earlier than an apply began something may seem to be created that it made.

The apply records Notion's time. But Notion floors the times of what is created to the minute, and earlier versions
recorded the time of their machine.
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What exists, the template that it was read for, and how many requests that took."""

    parent_id: NotionId
    loaded: LoadedTemplate
    existing: Existing
    page: RecordPage | None
    siblings: int
    requests: int
    home: StateHome | None = None
    reference: str = ""


def read(
    gateway: NotionClient,
    parent_id: NotionId,
    reference: str | None,
    values: Mapping[str, str] | None = None,
    *,
    first: str | None = None,
    jobs: int = 4,
    home: StateHome | None = None,
) -> Reading:
    """Read what exists of a template (a shipped name or a path); without one, of the recorded template.

    `first` is the template of a workspace that has no record. Variables that are not given are as last time.

    `home` is where this machine remembers the record, in case its page is not where it was.

    Raises TemplateInvalid, UsageError, or what `find_manifest` raises; RecordLost when there are databases of the
    template and no record.
    """
    loaded = _loaded(reference, values or {}) if reference else None
    before = gateway.requests.logical
    children = list_parent_page(gateway, parent_id)
    if reference is None:
        reference = default_template(_applied_templates(gateway, parent_id, children, home), first)
    page = find_record(gateway, parent_id, children, templates.name_of(reference), home)
    if page is not None or loaded is None:
        loaded = templates.load(
            reference, {**(page.manifest.variables if page else {}), **(values or {})}
        )
    reading = _read(gateway, parent_id, loaded, children, page, before, jobs)
    return replace(reading, home=home, reference=reference)


def _applied_templates(
    gateway: NotionClient,
    parent_id: NotionId,
    children: Sequence[ChildBlock],
    home: StateHome | None,
) -> tuple[str, ...]:
    """Return the templates that were applied under a page, also when the only record was renamed or moved."""
    recorded = recorded_templates(children)
    if recorded or home is None:
        return recorded
    page = find_record(gateway, parent_id, children, None, home)
    return (page.manifest.template,) if page else ()


def _loaded(reference: str, values: Mapping[str, str]) -> LoadedTemplate | None:
    """Return the template before anything is asked of Notion, None when the workspace may know what is missing."""
    try:
        return templates.load(reference, values)
    except ValuesMissing:
        return None


def read_for(
    gateway: NotionClient,
    parent_id: NotionId,
    loaded: LoadedTemplate,
    *,
    jobs: int = 4,
    list_views: bool = True,
    children: tuple[ChildBlock, ...] | None = None,
    home: StateHome | None = None,
) -> Reading:
    """Read what exists of a template that is loaded already. `children`: the parent page's blocks, if known.

    Without `list_views` the views of the manifest are taken for there: after an apply, Notion's answers have just
    shown each of them.

    Raises what `read` raises, but for TemplateInvalid.
    """
    before = gateway.requests.logical
    if children is None:
        children = list_parent_page(gateway, parent_id)
    page = find_record(gateway, parent_id, children, loaded.template.template, home)
    reading = _read(gateway, parent_id, loaded, children, page, before, jobs, list_views=list_views)
    return replace(reading, home=home)


def _read(
    gateway: NotionClient,
    parent_id: NotionId,
    loaded: LoadedTemplate,
    children: tuple[ChildBlock, ...],
    page: RecordPage | None,
    before: int,
    jobs: int,
    *,
    list_views: bool = True,
) -> Reading:
    if page is None:
        _refuse_second_set(gateway, parent_id, loaded, children)
    entries = page.manifest.databases if page else {}
    loaded = with_client_names(loaded, entries)
    existing = Existing()
    if page:
        existing = _Reader(
            gateway, parent_id, loaded, children, page, jobs, list_views=list_views
        ).existing()
    loaded = with_client_names(loaded, entries, existing.databases)
    existing = _with_bound(gateway, loaded, children, existing)
    others = [name for name in recorded_templates(children) if name != loaded.template.template]
    existing = replace(
        existing,
        neighbours=_database_titles(children),
        claims=len(page.claims) if page else 0,
        other_templates=tuple(others),
        sibling_ids=frozenset(block.id for block in children),
    )
    return Reading(
        parent_id, loaded, existing, page, len(children), gateway.requests.logical - before
    )


def _refuse_second_set(
    gateway: NotionClient,
    parent_id: NotionId,
    loaded: LoadedTemplate,
    children: Sequence[ChildBlock],
) -> None:
    """Raise RecordLost when databases with the template's titles are there, and no record says whose they are.

    A missing record is never a reason to create everything again. Databases of another template under the same page
    may have the same titles: its record is there.
    """
    wanted = {
        spec.title.casefold() for spec in loaded.template.databases.values() if spec.bind is None
    }
    found = [
        block
        for block in children
        if block.type == "child_database"
        and not block.in_trash
        and block.title.casefold() in wanted
    ]
    if not found:
        return
    others = read_other_records(gateway, parent_id, children, loaded.template.template)
    owned = owned_databases(others)
    unclaimed = [
        block.title
        for block in found
        if block.id not in owned and gateway.find_database(block.id) is not None
    ]
    if unclaimed:
        raise missing_record_error(loaded.template.template, unclaimed)


def read_other_records(
    gateway: NotionClient, parent_id: NotionId, children: Sequence[ChildBlock], template: str
) -> tuple[Manifest, ...]:
    """Read the records of all other templates under a page."""
    names = dict.fromkeys(template_of(block.title) for block in record_blocks(children))
    pages = [find_record(gateway, parent_id, children, name) for name in names if name != template]
    return tuple(page.manifest for page in pages if page is not None)


def owned_databases(manifests: Iterable[Manifest]) -> frozenset[NotionId]:
    """Return the databases that these records own."""
    return frozenset(entry.database_id for each in manifests for entry in each.owned.values())


def _database_titles(children: Iterable[ChildBlock]) -> frozenset[str]:
    return frozenset(
        each.title for each in children if each.type == "child_database" and not each.in_trash
    )


def _with_bound(
    gateway: NotionClient,
    loaded: LoadedTemplate,
    children: Sequence[ChildBlock],
    existing: Existing,
) -> Existing:
    """Return what exists together with the databases that the template only reads."""
    specs = {key: each for key, each in loaded.template.databases.items() if each.bind is not None}
    recorded = existing.manifest.databases if existing.manifest else {}
    sources = {
        key: find_bound_source(gateway, children, each.bind or "", recorded.get(key))
        for key, each in specs.items()
    }
    return replace(
        existing,
        databases={
            **existing.databases,
            **{key: ExistingDatabase(source) for key, source in sources.items()},
        },
        bound={key: bound_entry(key, specs[key], source) for key, source in sources.items()},
    )


def _without_unbound(manifest: Manifest, loaded: LoadedTemplate) -> Manifest:
    """Return the manifest without databases that were bound and no longer are: they are not ours to change."""
    specs = loaded.template.databases
    kept = {
        key: each
        for key, each in manifest.databases.items()
        if not each.bound or (key in specs and specs[key].bind)
    }
    return manifest.model_copy(update={"databases": kept})


class _Reader:
    """Reads the databases of one manifest."""

    def __init__(
        self,
        gateway: NotionClient,
        parent_id: NotionId,
        loaded: LoadedTemplate,
        children: Sequence[ChildBlock],
        page: RecordPage,
        jobs: int,
        *,
        list_views: bool,
    ) -> None:
        self._gateway = gateway
        self._parent_id = parent_id
        self._loaded = loaded
        self._children = children
        self._page = page
        self._manifest = _without_unbound(page.manifest, loaded)
        self._healing = page.manifest.state == "applying"
        self._jobs = jobs
        self._list_views = list_views
        self._trashed: dict[str, str] = {}
        self._not_ours: list[str] = []

    def existing(self) -> Existing:
        ours, specs = self._manifest.owned, self._loaded.template.databases
        keys = [key for key in ours if key not in specs or specs[key].bind is None]
        if self._healing:
            keys += [key for key, spec in specs.items() if key not in ours and spec.bind is None]
        found = dict(zip(keys, map_concurrently(self._database, keys, self._jobs), strict=True))
        databases = {key: each for key, each in found.items() if each is not None}
        lost = frozenset(key for key in keys if key in ours and key not in databases)
        databases = self._with_widgets(databases) if self._healing else databases
        manifest = (
            with_recovered_things(self._manifest, self._loaded, databases)
            if self._healing
            else self._manifest
        )
        not_ours = tuple(sorted(self._not_ours))
        return Existing(manifest, databases, lost, trashed=self._trashed, not_ours=not_ours)

    def _database(self, key: str) -> ExistingDatabase | None:
        entry = self._manifest.databases.get(key)
        if entry is not None:
            database_id, source_id = entry.database_id, entry.data_source_id
        else:
            left_behind = self._left_behind(key) if self._healing else None
            if left_behind is None:
                return None
            database_id, source_id = left_behind.id, left_behind.data_source_ids[0]
        try:
            source = self._gateway.get_data_source(source_id)
            if source.in_trash:
                self._trashed[key] = source.url
                return None
            view_ids = self._view_ids(entry, database_id)
        except NotShared:
            return None
        title = next((each.title for each in self._children if each.id == database_id), None)
        found = ExistingDatabase(source, title, view_ids, self._dashboards(key, view_ids))
        return self._with_leftovers(key, found) if self._healing else found

    @cached_property
    def _owned_by_others(self) -> frozenset[NotionId]:
        template = self._loaded.template.template
        return owned_databases(
            read_other_records(self._gateway, self._parent_id, self._children, template)
        )

    def _view_ids(self, entry: DatabaseEntry | None, database_id: NotionId) -> tuple[NotionId, ...]:
        if entry is not None and not self._list_views:
            return tuple(each.id for each in entry.views.values())
        return self._gateway.list_view_ids(database_id)

    def _dashboards(self, key: str, view_ids: Sequence[NotionId]) -> dict[NotionId, WidgetRows]:
        """Read the dashboards that hold views of ours: Notion lists widgets nowhere else."""
        entries = self._manifest.databases
        holding = {view.dashboard for entry in entries.values() for view in entry.views.values()}
        views = entries[key].views if key in entries and self._list_views else {}
        ids = [
            view.id
            for each, view in views.items()
            if format_view_name((key, each)) in holding and view.id in view_ids
        ]
        return {each: self._gateway.get_view(each).rows for each in ids}

    def _left_behind(self, key: str) -> Database | None:
        """Return the database that an interrupted apply created and did not come to record."""
        title, began = (
            self._loaded.template.databases[key].title,
            unfinished_apply_start(self._manifest.started, self._page),
        )
        known = frozenset(entry.database_id for entry in self._manifest.databases.values())
        blocks = new_databases(self._children, title, began, known)
        # Another template's database may have the same title and be as new.
        blocks = (
            [block for block in blocks if block.id not in self._owned_by_others] if blocks else []
        )
        for block in blocks:
            database = self._gateway.find_database(block.id)
            if database is not None and self._may_be_left_behind(key, database):
                return database
        if blocks:
            self._not_ours.append(title)
        return None

    def _may_be_left_behind(self, key: str, database: Database) -> bool:
        if len(database.data_source_ids) != 1:
            return False
        source = self._gateway.get_data_source(database.data_source_ids[0])
        if not may_have_created(self._loaded.template, key, source):
            return False
        if not is_known_by_title_only(self._loaded.template, key):
            return True
        # An apply makes rows only after it has recorded the database. So these pages are people's.
        return not any(True for _ in self._gateway.query(source.id, property_ids=["title"]))

    def _with_leftovers(self, key: str, found: ExistingDatabase) -> ExistingDatabase:
        entry = self._manifest.databases.get(key)
        known = {each.id for each in entry.views.values()} if entry else set()
        views: tuple[View, ...] = ()
        if key in self._loaded.template.databases:
            views = tuple(
                self._gateway.get_view(each) for each in found.view_ids if each not in known
            )
        dashboards = {
            **found.dashboards,
            **{each.id: each.rows for each in views if each.type == "dashboard"},
        }
        rows = self._rows(key, found)
        return replace(
            found, views=views, dashboards=dashboards, rows=rows, left_behind=entry is None
        )

    def _with_widgets(
        self, databases: Mapping[str, ExistingDatabase]
    ) -> dict[str, ExistingDatabase]:
        """Read the widgets that the interrupted apply made, each for the database whose pages it shows."""
        known = {
            view.id for entry in self._manifest.databases.values() for view in entry.views.values()
        }
        widget_ids = Existing(databases=databases).widget_ids - known
        views = [self._gateway.get_view(each) for each in sorted(widget_ids)]
        return {
            key: replace(
                each,
                views=(
                    *each.views,
                    *(view for view in views if view.data_source_id == each.data_source.id),
                ),
            )
            for key, each in databases.items()
        }

    def _rows(self, key: str, found: ExistingDatabase) -> tuple[Page, ...]:
        """Return the rows that the interrupted apply may have made, oldest first: those created since it began."""
        entry = self._manifest.databases.get(key)
        known = entry.rows if entry else {}
        if all(row.key in known for row in self._loaded.rows.get(key, ())):
            return ()
        recent = created_since(unfinished_apply_start(self._manifest.started, self._page))
        return tuple(
            self._gateway.query(found.data_source.id, filter=recent, property_ids=["title"])
        )


def unfinished_apply_start(started: datetime, page: RecordPage | None) -> datetime:
    """Return the moment from which on the unfinished apply may have created things, by Notion's clock.

    The page of a first apply carries Notion's own time.
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
    """Return the databases of that title under the parent page that are not known and were created since a moment.

    Which connection created them does not matter: a client's connections change between two runs.
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
