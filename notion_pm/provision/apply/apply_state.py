"""What an apply knows by now: the manifest in the making, and what Notion last said of each data source."""

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
from notion_pm.model.schema import Database, DataSource, OptionsConfig, Property, View, WidgetPlace
from notion_pm.model.template import LoadedTemplate
from notion_pm.provision.plan import fingerprint
from notion_pm.provision.plan.change import Change
from notion_pm.provision.plan.options.option_memory import with_agreed_option_facts
from notion_pm.provision.plan.options.replacements import find_option_named
from notion_pm.provision.plan.order.views import default_view
from notion_pm.provision.plan.present_keys import with_current_keys
from notion_pm.provision.plan.recovery import (
    mirror_of,
    options_by_name,
    view_entry,
    with_found_properties,
)
from notion_pm.template.dashboards import (
    choose_place,
    dashboards_by_widget,
    insert_widget,
    widget_rows,
)

T = TypeVar("T")


class ApplyState:
    """Names and ids of everything that exists by now. Safe for threads that work on different things."""

    def __init__(
        self, loaded: LoadedTemplate, existing: Existing, *, started: datetime, with_rows: bool
    ) -> None:
        self._loaded = loaded
        self._template = loaded.template
        self._with_rows = with_rows
        self._lock = (
            threading.RLock()
        )  # an entry is read and set again under it: views of a database are made at once
        manifest = existing.manifest
        self._started = manifest.started if manifest and existing.interrupted else started
        self._sources = {key: each.data_source for key, each in existing.databases.items()}
        self._entries = {**existing.owned, **existing.bound}
        self._rows = {key: dict(entry.rows) for key, entry in self._entries.items()}
        self._default_views = {
            key: view.id
            for key, each in existing.databases.items()
            if (view := default_view(each.views)) is not None
        }
        self._dashboards = {
            view_id: rows
            for each in existing.databases.values()
            for view_id, rows in each.dashboards.items()
        }
        for key in existing.databases:
            if key in self._template.databases and key in self._entries:
                self._entries[key] = self._brought_up_to_date(key, self._entries[key])

    @property
    def started(self) -> datetime:
        """When the apply began; after an interruption, when the first one did."""
        return self._started

    def manifest(self, state: str) -> Manifest:
        """Return the manifest as it stands."""
        with self._lock:
            return Manifest(
                template=self._template.template,
                version=self._template.version,
                variables=self._loaded.variables,
                state="applied" if state == "applied" else "applying",
                started=self._started,
                with_rows=self._with_rows,
                databases={
                    key: self._in_order(key)
                    for key in _ordered(self._entries, self._template.databases)
                },
            )

    def _in_order(self, key: str) -> DatabaseEntry:
        """Return an entry with everything in the template's order, whichever was made first: exports keep to it."""
        entry, rows = self._entries[key], self._rows.get(key, {})
        known = property_keys(self._template, key) if key in self._template.databases else ()
        properties = _ordered(entry.properties, known)
        return entry.model_copy(update={"properties": properties, "rows": dict(rows)})

    # --- what is called how

    def entry(self, database: str) -> DatabaseEntry:
        """Return what is recorded of a database."""
        return self._entries[database]

    def data_source_id(self, database: str) -> NotionId:
        """Return the data source of a database."""
        return self._entries[database].data_source_id

    def source(self, database: str) -> DataSource:
        """Return a data source as Notion last told it."""
        return self._sources[database]

    def property_id(self, database: str, key: str) -> str:
        """Return the id of a property."""
        return self._entries[database].properties[key]

    def property_name(self, database: str, key: str) -> str:
        """Return the name of a property: people may have changed it, and Notion may have chosen another one."""
        prop = self.find_property(database, key)
        if prop is not None:
            return prop.name
        mirror = mirror_of(self._template, database, key, self._sources)
        return mirror[1] if mirror else property_title(self._template, database, key)

    def known_property_id(self, database: str, key: str) -> str | None:
        """Return the id of a property, None while Notion has not told it."""
        prop = self.find_property(database, key)
        mirror = mirror_of(self._template, database, key, self._sources)
        return prop.id if prop is not None else mirror[0] if mirror else None

    def find_property(self, database: str, key: str) -> Property | None:
        """Return a property as Notion last told it, None when it is not there yet."""
        source = self._sources.get(database)
        entry = self._entries.get(database)
        return source.properties.get(entry.properties.get(key, "")) if source and entry else None

    def mirrors(self, database: str) -> dict[str, tuple[str, str]]:
        """Return the mirrors on a database that are not recorded yet: key -> id and name that Notion gave them."""
        keys = self._template.far_sides(database)
        found = {key: mirror_of(self._template, database, key, self._sources) for key in keys}
        return {
            key: each
            for key, each in found.items()
            if each and not self.find_property(database, key)
        }

    def option(self, database: str, key: str, option: str) -> OptionValue:
        """Return an option by its key."""
        return OptionValue(
            self._entries[database].options[f"{key}.{option}"],
            self.option_name(database, key, option),
        )

    def option_name(self, database: str, key: str, option: str) -> str:
        """Return the name of an option, which people may have changed."""
        prop = self.find_property(database, key)
        options = prop.config.options if prop and isinstance(prop.config, OptionsConfig) else ()
        option_id = self._entries[database].options.get(f"{key}.{option}")
        return next((each.name for each in options if each.id == option_id), option)

    def row_id(self, database: str, row: str) -> NotionId | None:
        """Return the page of a starter row, None when it is not there yet."""
        return self._rows.get(database, {}).get(row)

    def default_view_id(self, database: str) -> NotionId:
        """Return the view that Notion made with a database."""
        return self._default_views[database]

    def place_for(self, database: str, key: str) -> WidgetPlace | None:
        """Return where on its dashboard a new view goes; None when it is a tab."""
        dashboard = dashboards_by_widget(self._template).get((database, key))
        if dashboard is None:
            return None
        ids = {
            (of, each): view.id
            for of, entry in self._entries.items()
            for each, view in entry.views.items()
        }
        wanted, there = (
            widget_rows(self._template, dashboard),
            self._dashboards.get(ids[dashboard], ()),
        )
        return choose_place((database, key), wanted, ids, ids[dashboard], there)

    def known_ids(self) -> frozenset[str]:
        """Return the ids of all databases, views and rows that are recorded."""
        with self._lock:
            rows = [page_id for each in self._rows.values() for page_id in each.values()]
            entries = list(self._entries.values())
        views = [view.id for entry in entries for view in entry.views.values()]
        return frozenset((*rows, *views, *(entry.database_id for entry in entries)))

    # --- what was done

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
            entry, spec = self._entries[key], self._template.databases[key]
            prints = {**entry.fingerprints, "": fingerprint.of_database(spec)}
            self._set(key, entry.model_copy(update={"title": spec.title, "fingerprints": prints}))

    def note_source(self, key: str, source: DataSource, changes: Sequence[Change] = ()) -> None:
        """Record what a data source holds after these changes."""
        with self._lock:
            self._sources[key] = source
            entry = with_found_properties(
                self._template, key, self._entries[key], source, self._sources
            )
            titles, prints = dict(entry.titles), dict(entry.fingerprints)
            for change in changes:
                if change.action == "delete":
                    continue
                spec = own_property(self._template, key, change.key)
                if change.kind == "property" and "title" in change.facets:
                    titles[change.key] = property_title(self._template, key, change.key)
                if change.kind == "property" and spec is not None:
                    prints[change.key] = fingerprint.of_property(spec)
            entry = without_deleted(
                entry.model_copy(update={"titles": titles, "fingerprints": prints}), changes
            )
            entry = with_replaced_options(entry, source, changes)
            self._set(key, with_agreed_option_facts(self._template, key, entry, source))

    def note_default_view(self, key: str, view_id: NotionId) -> None:
        """Record which view Notion made with a database."""
        self._default_views[key] = view_id

    def note_view(self, database: str, key: str, view: View) -> None:
        """Record a view as the template has it. One that was there before stands where it stood."""
        with self._lock:
            entry, made = (
                self._entries[database],
                view_entry(self._template, (database, key), view.id),
            )
            if (known := entry.views.get(key)) is not None:
                made = made.model_copy(update={"dashboard": known.dashboard})
            self._set(database, entry.model_copy(update={"views": {**entry.views, key: made}}))

    def note_widget(self, place: WidgetPlace, view_id: NotionId) -> None:
        """Record where on a dashboard a new view stands."""
        rows = self._dashboards.get(place.dashboard_id, ())
        self._dashboards[place.dashboard_id] = insert_widget(rows, place, view_id)

    def forget_view(self, database: str, key: str) -> None:
        """Record that a view is gone."""
        with self._lock:
            entry = self._entries[database]
            self._set(database, entry.model_copy(update={"views": without_key(entry.views, key)}))

    def note_row(self, database: str, key: str, page_id: NotionId) -> None:
        """Record a starter row."""
        with self._lock:
            self._rows.setdefault(database, {})[key] = page_id

    def _set(self, key: str, entry: DatabaseEntry) -> None:
        with self._lock:
            self._entries[key] = entry

    def _brought_up_to_date(self, database: str, entry: DatabaseEntry) -> DatabaseEntry:
        """Return an entry under the template's present keys, without what people deleted, with options they added."""
        source = self._sources[database]
        entry = with_current_keys(self._template, database, entry)
        properties = {
            key: each for key, each in entry.properties.items() if each in source.properties
        }
        options = entry.options
        for key in property_keys(self._template, database):
            if key in properties:
                found = source.properties[properties[key]]
                options |= options_by_name(self._template, database, key, found, options)
        entry = entry.model_copy(update={"properties": properties, "options": options})
        return with_agreed_option_facts(self._template, database, entry, source)


def with_replaced_options(
    entry: DatabaseEntry, source: DataSource, changes: Iterable[Change]
) -> DatabaseEntry:
    """Return an entry with the options that have come in the place of others, as soon as they are there."""
    options = dict(entry.options)
    going = {
        each.replacement.source.id
        for each in changes
        if each.replacement and each.replacement.source
    }
    for change in changes:
        prop = source.properties.get(change.property_id)
        if change.replacement is None or prop is None or not isinstance(prop.config, OptionsConfig):
            continue
        new = find_option_named(prop.config.options, change.replacement.target.name)
        if new is not None and new.id and new.id not in going:
            options[f"{change.key}.{change.replacement.option}"] = new.id
    return entry.model_copy(update={"options": options})


def without_deleted(entry: DatabaseEntry, changes: Iterable[Change]) -> DatabaseEntry:
    """Return an entry without the properties and options that were deleted."""
    for change in changes:
        if change.action == "delete" and change.kind == "option":
            entry = _forgetting(
                entry, [key for key, each in entry.options.items() if each == change.option_id]
            )
        elif change.action == "delete" and change.kind == "property":
            entry = _forgetting(entry, [change.key])
    return entry


def _forgetting(entry: DatabaseEntry, places: Iterable[str]) -> DatabaseEntry:
    """Return an entry without properties or options, and without what lies below them."""
    gone = tuple(places)
    below = tuple(f"{place}." for place in gone)

    def kept(mapping: Mapping[str, str]) -> dict[str, str]:
        return {
            key: each
            for key, each in mapping.items()
            if key not in gone and not key.startswith(below)
        }

    fields = ("properties", "titles", "fingerprints", "options")
    return entry.model_copy(update={field: kept(getattr(entry, field)) for field in fields})


def without_key(mapping: Mapping[str, T], key: str) -> dict[str, T]:
    """Return a mapping without a key."""
    return {each: value for each, value in mapping.items() if each != key}


def _ordered(mapping: Mapping[str, T], keys: Iterable[str]) -> dict[str, T]:
    """Return a mapping in the order of these keys, the others after them."""
    return {key: mapping[key] for key in (*(key for key in keys if key in mapping), *mapping)}
