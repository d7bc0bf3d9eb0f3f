"""The keys of everything in a captured template: from a record, or made from titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar
from urllib.parse import unquote

from anyascii import anyascii

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import OptionValue
from notion_pm.model.schema import Option, Property, options_of
from notion_pm.provision.capture.live import LiveDatabase
from notion_pm.template.view_json import PAGE_COVERS

Id = TypeVar("Id", bound=str)

# How anyascii spells an emoji: `:jigsaw:`.
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_LONGEST_KEY = 40

# Words that have another meaning where a property key may be: the first column of starter rows, and
# the covers of cards that are not properties.
_RESERVED_KEYS = frozenset({"key", *PAGE_COVERS})


def key_of(title: str, fallback: str) -> str:
    """Return the key that a person would give: `Größe (m²)` becomes `grosse_m2`.

    Emojis are left out, unless there is nothing else. An empty title gets the fallback.
    """
    spelled = anyascii(title).lower()
    for text in (_EMOJI.sub(" ", spelled), spelled):
        words = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
        if words:
            return words[:_LONGEST_KEY].strip("_")
    return fallback


class Keys:
    """Gives out each key once; repeated keys get a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def new(self, title: str, fallback: str) -> str:
        """Return a key for a title."""
        first = key = key_of(title, fallback)
        number = 1
        while key in self._taken:
            number += 1
            key = f"{first}_{number}"
        self._taken.add(key)
        return key


class Titles:
    """Gives out titles that a template allows: not empty, and each only once.

    `ignore_case`: titles that differ by case only count as the same.
    """

    def __init__(self, *, ignore_case: bool = False) -> None:
        self._taken: set[str] = set()
        self._ignore_case = ignore_case

    def new(self, title: str, fallback: str) -> str:
        """Return a title; repeated titles get a number, empty ones the fallback."""
        first = result = title if title.strip() else fallback
        number = 1
        while self._comparison_form(result) in self._taken:
            number += 1
            result = f"{first} ({number})"
        self._taken.add(self._comparison_form(result))
        return result

    def _comparison_form(self, title: str) -> str:
        return title.lower() if self._ignore_case else title


class NamedDatabase:
    """A live database with the keys of everything in it.

    `views`: the keys of its views, by id. `rows`: the keys of its rows, by the id of the page.
    """

    def __init__(self, key: str, live: LiveDatabase) -> None:
        self.key = key
        self.live = live
        entry = live.entry or DatabaseEntry(
            database_id=live.database.id, data_source_id=live.source.id
        )
        self._property_keys = _assign_keys(
            [(prop.id, prop.name, prop.type) for prop in self.properties],
            _keys_by_id(entry.properties),
            _RESERVED_KEYS,
        )
        self._recorded_options = _keys_by_id(entry.options)
        self._option_keys = {
            property_id: self._keys_of_options(property_id)
            for property_id in live.source.properties
        }
        self.views: Mapping[NotionId, str] = _assign_keys(
            [(view.id, view.name, view.type) for view in live.views],
            {view.id: view_key for view_key, view in entry.views.items()},
        )
        self.rows: Mapping[NotionId, str] = _assign_keys(
            [(page.id, page.title, "row") for page in live.rows or ()],
            {page_id: row_key for row_key, page_id in entry.rows.items()},
        )

    @property
    def properties(self) -> list[Property]:
        """The properties, the title first.

        The others have the order of the record, then of the columns in the first view that has
        columns, then of their names.
        """
        ordered_ids: list[str] = []
        if self.live.entry is not None:
            ordered_ids += self.live.entry.properties.values()
        for view in self.live.views:
            columns = view.configuration.get("properties")
            if columns is not None:
                ordered_ids += [column.get("property_id", "") for column in columns]
                break
        rank = {id_: index for index, id_ in enumerate(dict.fromkeys(ordered_ids))}
        return sorted(
            self.live.source.properties.values(),
            key=lambda prop: (prop.type != "title", rank.get(prop.id, len(rank)), prop.name),
        )

    def property(self, reference: str) -> Property | None:
        """Return the property that a view, filter or formula refers to, by id or by name."""
        source = self.live.source
        # A name of four characters can look like an id, and was encoded like one then.
        return (
            source.properties.get(reference)
            or source.find_property(reference)
            or source.find_property(unquote(reference))
        )

    def lists(self, property_id: str) -> bool:
        """Return whether the recorded template lists a property here.

        The other side of a two-way relation is not listed: it has no fingerprint in the record.
        """
        entry = self.live.entry
        return entry is not None and self._property_keys[property_id] in entry.fingerprints

    def property_key(self, property_id: str) -> str:
        """Return the key of a property."""
        return self._property_keys[property_id]

    def option_key(self, property_id: str, option: OptionValue | Option) -> str | None:
        """Return the key of an option, found by its id or its name; None when it does not exist."""
        keys = self._option_keys.get(property_id, {})
        return keys.get(option.id or "") or keys.get(option.name)

    def _keys_of_options(self, property_id: str) -> dict[str, str]:
        """Return the keys of a property's options, by id and by name."""
        options = options_of(self.live.source.properties[property_id])
        prefix = f"{self._property_keys[property_id]}."
        recorded = {
            option_id: key.removeprefix(prefix)
            for option_id, key in self._recorded_options.items()
            if key.startswith(prefix)
        }
        by_id = _assign_keys(
            [(option.id or option.name, option.name, "option") for option in options], recorded
        )
        by_name = {option.name: by_id[option.id or option.name] for option in options}
        return {**by_name, **by_id}


class Naming:
    """The keys of all databases.

    `recorded`: the keys of databases in records, by the id of the data source.
    """

    def __init__(self, databases: Iterable[LiveDatabase], recorded: Mapping[NotionId, str]) -> None:
        databases = tuple(databases)
        keys = _assign_keys(
            [(database.source.id, database.title, "database") for database in databases], recorded
        )
        self.databases = tuple(
            NamedDatabase(keys[database.source.id], database) for database in databases
        )

    @cached_property
    def by_source(self) -> Mapping[NotionId, NamedDatabase]:
        """The databases by the id of their data source."""
        return {database.live.source.id: database for database in self.databases}

    @cached_property
    def row_keys(self) -> Mapping[NotionId, str]:
        """The keys of all rows, by the id of the page."""
        keys: dict[NotionId, str] = {}
        for database in self.databases:
            keys.update(database.rows)
        return keys

    def view(self, view_id: NotionId) -> tuple[str, str] | None:
        """Return the keys of a view's database and of the view."""
        for database in self.databases:
            if view_id in database.views:
                return database.key, database.views[view_id]
        return None


def _assign_keys(
    things: Iterable[tuple[Id, str, str]],
    recorded: Mapping[Id, str],
    reserved: Iterable[str] = (),
) -> dict[Id, str]:
    """Return keys by id: the recorded ones, and new ones for the others.

    `things`: id, title, and a fallback for titles without letters.
    """
    keys = Keys({*recorded.values(), *reserved})
    assigned = {}
    for id_, title, fallback in things:
        assigned[id_] = recorded[id_] if id_ in recorded else keys.new(title, fallback)
    return assigned


def _keys_by_id(recorded: Mapping[str, str]) -> dict[str, str]:
    return {id_: key for key, id_ in recorded.items()}
