"""What exists so far during an apply: the record being built, and each data source as Notion last
returned it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from notion_pm.model.existing import Existing
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import OptionValue
from notion_pm.model.property_lookup import own_property, property_keys, property_title
from notion_pm.model.schema import (
    Database,
    DataSource,
    Property,
    View,
    WidgetPlace,
    WidgetRows,
    options_of,
)
from notion_pm.model.template import LoadedTemplate
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.entries import (
    mirror_of,
    new_option_ids,
    view_entry,
    with_current_keys,
    with_found_properties,
    with_replaced_options,
    without_deleted,
)
from notion_pm.provision.plan.options.option_memory import with_agreed_option_facts
from notion_pm.provision.plan.order.views import default_view
from notion_pm.template.dashboards import (
    choose_place,
    dashboards_by_widget,
    insert_widget,
    widget_rows,
)

T = TypeVar("T")


class ApplyState:
    """Names and ids of everything that exists so far. Safe for threads that work on different
    things."""

    def __init__(
        self, loaded: LoadedTemplate, existing: Existing, *, started: datetime, with_rows: bool
    ) -> None:
        self._loaded = loaded
        self._template = loaded.template
        self._with_rows = with_rows
        # Several operations on one database run at once (its views, its rows). Each reads an entry
        # and sets a changed copy, so both happen under the lock.
        self._lock = threading.RLock()
        manifest = existing.manifest
        # After an interruption the first start counts: everything since then may be ours.
        self._started = manifest.started if manifest and existing.is_interrupted else started
        self._sources: dict[str, DataSource] = {}
        self._default_views: dict[str, NotionId] = {}
        self._dashboards: dict[NotionId, WidgetRows] = {}
        for key, found in existing.databases.items():
            self._sources[key] = found.data_source
            self._dashboards.update(found.dashboards)
            # Set only after an interruption: then the views of new databases were read.
            view = default_view(found.views)
            if view is not None:
                self._default_views[key] = view.id
        self._entries: dict[str, DatabaseEntry] = {**existing.owned, **existing.bound}
        self._rows = {key: dict(entry.rows) for key, entry in self._entries.items()}
        for key in existing.databases:
            if key in self._template.databases and key in self._entries:
                self._entries[key] = self._bring_up_to_date(key, self._entries[key])

    def _bring_up_to_date(self, database: str, entry: DatabaseEntry) -> DatabaseEntry:
        """Return an entry with the template's present keys, without properties that people deleted,
        and with options of the template that people added themselves."""
        source = self._sources[database]
        entry = with_current_keys(self._template, database, entry)
        properties = {
            key: property_id
            for key, property_id in entry.properties.items()
            if property_id in source.properties
        }
        options = dict(entry.options)
        for key in property_keys(self._template, database):
            if key in properties:
                prop = source.properties[properties[key]]
                options |= new_option_ids(self._template, database, key, prop, options)
        entry = entry.model_copy(update={"properties": properties, "options": options})
        return with_agreed_option_facts(self._template, database, entry, source)

    @property
    def started(self) -> datetime:
        """When the apply began; after an interruption, when the first one did."""
        return self._started

    def manifest(self, state: str) -> Manifest:
        """Return the manifest as it is now; `state` is "applied" or "applying"."""
        with self._lock:
            return Manifest(
                template=self._template.template,
                version=self._template.version,
                variables=self._loaded.variables,
                state="applied" if state == "applied" else "applying",
                started=self._started,
                with_rows=self._with_rows,
                databases={
                    key: self._entry_in_template_order(key)
                    for key in _in_order(self._entries, self._template.databases)
                },
            )

    def _entry_in_template_order(self, key: str) -> DatabaseEntry:
        """Return an entry with its properties in the template's order. Exports use this order."""
        entry = self._entries[key]
        known_keys = property_keys(self._template, key) if key in self._template.databases else ()
        properties = _in_order(entry.properties, known_keys)
        rows = dict(self._rows.get(key, {}))
        return entry.model_copy(update={"properties": properties, "rows": rows})

    # --- ids and names

    def entry(self, database: str) -> DatabaseEntry:
        """Return the recorded entry of a database."""
        return self._entries[database]

    def data_source_id(self, database: str) -> NotionId:
        """Return the data source of a database."""
        return self._entries[database].data_source_id

    def source(self, database: str) -> DataSource:
        """Return a data source as Notion last returned it."""
        return self._sources[database]

    def property_id(self, database: str, key: str) -> str:
        """Return the id of a property."""
        return self._entries[database].properties[key]

    def property_name(self, database: str, key: str) -> str:
        """Return the name of a property in Notion.

        People may have renamed it, and Notion may have named a mirror differently.
        """
        prop = self.find_property(database, key)
        if prop is not None:
            return prop.name
        mirror = mirror_of(self._template, database, key, self._sources)
        return mirror[1] if mirror else property_title(self._template, database, key)

    def known_property_id(self, database: str, key: str) -> str | None:
        """Return the id of a property, None as long as Notion has not returned it."""
        prop = self.find_property(database, key)
        if prop is not None:
            return prop.id
        mirror = mirror_of(self._template, database, key, self._sources)
        return mirror[0] if mirror else None

    def find_property(self, database: str, key: str) -> Property | None:
        """Return a property as Notion last returned it, None if it does not exist yet."""
        source = self._sources.get(database)
        entry = self._entries.get(database)
        if source is None or entry is None:
            return None
        return source.properties.get(entry.properties.get(key, ""))

    def mirrors(self, database: str) -> dict[str, tuple[str, str]]:
        """Return the mirrors on a database that exist and are not recorded yet.

        By key: the id and the name that Notion gave them.
        """
        found = {}
        for key in self._template.far_sides(database):
            mirror = mirror_of(self._template, database, key, self._sources)
            if mirror is not None and not self.find_property(database, key):
                found[key] = mirror
        return found

    def option(self, database: str, key: str, option: str) -> OptionValue:
        """Return an option by its key."""
        option_id = self._entries[database].options[f"{key}.{option}"]
        return OptionValue(option_id, self.option_name(database, key, option))

    def option_name(self, database: str, key: str, option: str) -> str:
        """Return the name of an option in Notion; its key if it does not exist yet."""
        prop = self.find_property(database, key)
        option_id = self._entries[database].options.get(f"{key}.{option}")
        for existing in options_of(prop) if prop else ():
            if existing.id == option_id:
                return existing.name
        return option

    def row_id(self, database: str, row: str) -> NotionId | None:
        """Return the page of a starter row, None if it does not exist yet."""
        return self._rows.get(database, {}).get(row)

    def default_view_id(self, database: str) -> NotionId:
        """Return the view that Notion created with a database."""
        return self._default_views[database]

    def place_for(self, database: str, key: str) -> WidgetPlace | None:
        """Return where on its dashboard a new view goes; None if it is a tab."""
        dashboard = dashboards_by_widget(self._template).get((database, key))
        if dashboard is None:
            return None
        view_ids = {}
        for entry_key, entry in self._entries.items():
            for view_key, view in entry.views.items():
                view_ids[entry_key, view_key] = view.id
        dashboard_id = view_ids[dashboard]
        wanted = widget_rows(self._template, dashboard)
        existing = self._dashboards.get(dashboard_id, ())
        return choose_place((database, key), wanted, view_ids, dashboard_id, existing)

    def known_ids(self) -> frozenset[str]:
        """Return the ids of all databases, views and rows that are recorded."""
        with self._lock:
            ids: set[str] = set()
            for rows in self._rows.values():
                ids |= set(rows.values())
            for entry in self._entries.values():
                ids.add(entry.database_id)
                ids |= {view.id for view in entry.views.values()}
            return frozenset(ids)

    # --- recording what was done

    def note_database(self, key: str, database: Database) -> None:
        """Record a new database."""
        spec = self._template.databases[key]
        entry = DatabaseEntry(
            database_id=database.id,
            data_source_id=database.data_source_ids[0],
            title=spec.title,
            fingerprints={"": fingerprint.of_database(spec)},
        )
        self._set(key, entry)

    def note_updated_database(self, key: str) -> None:
        """Record that title, icon and description of a database are now the template's."""
        with self._lock:
            entry = self._entries[key]
            spec = self._template.databases[key]
            fingerprints = {**entry.fingerprints, "": fingerprint.of_database(spec)}
            update = {"title": spec.title, "fingerprints": fingerprints}
            self._set(key, entry.model_copy(update=update))

    def note_source(self, key: str, source: DataSource, changes: Sequence[Change] = ()) -> None:
        """Record what a data source holds after these changes."""
        with self._lock:
            self._sources[key] = source
            # The order matters: new things are recognised first, then deleted and replaced ones
            # removed.
            entry = with_found_properties(
                self._template, key, self._entries[key], source, self._sources
            )
            entry = self._with_written_properties(key, entry, changes)
            entry = without_deleted(entry, changes)
            entry = with_replaced_options(entry, source, changes)
            self._set(key, with_agreed_option_facts(self._template, key, entry, source))

    def _with_written_properties(
        self, database: str, entry: DatabaseEntry, changes: Iterable[Change]
    ) -> DatabaseEntry:
        """Return an entry with the titles and fingerprints of the properties that were written."""
        titles = dict(entry.titles)
        fingerprints = dict(entry.fingerprints)
        for change in changes:
            if change.kind != "property" or change.action == "delete":
                continue
            if "title" in change.facets:
                titles[change.key] = property_title(self._template, database, change.key)
            spec = own_property(self._template, database, change.key)
            if spec is not None:
                fingerprints[change.key] = fingerprint.of_property(spec)
        return entry.model_copy(update={"titles": titles, "fingerprints": fingerprints})

    def note_default_view(self, key: str, view_id: NotionId) -> None:
        """Record which view Notion created with a database."""
        self._default_views[key] = view_id

    def note_view(self, database: str, key: str, view: View) -> None:
        """Record a view as the template has it. An existing view stays on the dashboard it was on:
        Notion's API cannot move it."""
        with self._lock:
            entry = self._entries[database]
            recorded = view_entry(self._template, (database, key), view.id)
            former = entry.views.get(key)
            if former is not None:
                recorded = recorded.model_copy(update={"dashboard": former.dashboard})
            views = {**entry.views, key: recorded}
            self._set(database, entry.model_copy(update={"views": views}))

    def note_widget(self, place: WidgetPlace, view_id: NotionId) -> None:
        """Record where on a dashboard a new view was put."""
        rows = self._dashboards.get(place.dashboard_id, ())
        self._dashboards[place.dashboard_id] = insert_widget(rows, place, view_id)

    def forget_view(self, database: str, key: str) -> None:
        """Record that a view was deleted."""
        with self._lock:
            entry = self._entries[database]
            views = {other: view for other, view in entry.views.items() if other != key}
            self._set(database, entry.model_copy(update={"views": views}))

    def note_row(self, database: str, key: str, page_id: NotionId) -> None:
        """Record a starter row."""
        with self._lock:
            self._rows.setdefault(database, {})[key] = page_id

    def _set(self, key: str, entry: DatabaseEntry) -> None:
        with self._lock:
            self._entries[key] = entry


def _in_order(mapping: Mapping[str, T], keys: Iterable[str]) -> dict[str, T]:
    """Return a mapping in the order of these keys; its other keys come last."""
    ordered = {key: mapping[key] for key in keys if key in mapping}
    return {**ordered, **mapping}
