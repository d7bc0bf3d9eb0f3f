"""What everything is called in the template: keys from titles, or those that a manifest records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar
from urllib.parse import unquote

from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import OptionValue
from notion_pm.model.schema import Option, OptionsConfig, Property
from notion_pm.provision.capture.keys import Keys
from notion_pm.provision.capture.live import LiveDatabase
from notion_pm.template.view_json import PAGE_COVERS

_Id = TypeVar("_Id", bound=str)
_RESERVED = frozenset({"key", *PAGE_COVERS})
"""Words that mean something else where keys of properties stand: the first column of starter rows, covers of cards."""


class NamedDatabase:
    """A live database with the keys of everything in it."""

    def __init__(self, key: str, live: LiveDatabase) -> None:
        self.key = key
        self.live = live
        entry = live.entry or DatabaseEntry(
            database_id=live.database.id, data_source_id=live.source.id
        )
        properties = live.source.properties
        titled = [(each.id, each.name, each.type) for each in self.properties]
        self._properties = _keyed(titled, _turned(entry.properties), _RESERVED)
        self._owned_options = _turned(entry.options)
        self._options = {each: self._option_keys(each) for each in properties}
        viewed = [(each.id, each.name, each.type) for each in live.views]
        self.views: Mapping[NotionId, str] = _keyed(
            viewed, {view.id: key for key, view in entry.views.items()}
        )
        """The keys of the views."""
        paged = [(each.id, each.title, "row") for each in live.rows or ()]
        self.rows: Mapping[str, str] = _keyed(
            paged, {page: key for key, page in entry.rows.items()}
        )
        """The keys of the rows, by the ids of their pages."""

    @property
    def properties(self) -> list[Property]:
        """The properties, the title first: as a manifest has them, or as the first tab shows them, or by name."""
        recorded = list(self.live.entry.properties.values() if self.live.entry else ())
        columns = (
            next((each.configuration.get("properties") for each in self.live.views), None) or ()
        )
        shown = [each.get("property_id", "") for each in columns]
        place = {each: number for number, each in enumerate(dict.fromkeys([*recorded, *shown]))}
        found = self.live.source.properties.values()
        return sorted(
            found,
            key=lambda each: (each.type != "title", place.get(each.id, len(place)), each.name),
        )

    def property(self, reference: str) -> Property | None:
        """Return the property that views, filters and formulas name by id or by name.

        A name of four characters may have been taken for an id, and encoded.
        """
        source = self.live.source
        return (
            source.properties.get(reference)
            or source.find_property(reference)
            or source.find_property(unquote(reference))
        )

    def states(self, property_id: str) -> bool:
        """Whether the template of the manifest states a property here, and not as the mirror of another one."""
        return (
            self.live.entry is not None
            and self._properties[property_id] in self.live.entry.fingerprints
        )

    def property_key(self, property_id: str) -> str:
        """Return the key of a property."""
        return self._properties[property_id]

    def option_key(self, property_id: str, option: OptionValue | Option) -> str | None:
        """Return the key of an option, by its id or else its name; None for one that is not there."""
        keys = self._options.get(property_id, {})
        return keys.get(option.id or "") or keys.get(option.name)

    def _option_keys(self, property_id: str) -> Mapping[str, str]:
        """The keys of a property's options, by id and by name."""
        config = self.live.source.properties[property_id].config
        options = config.options if isinstance(config, OptionsConfig) else ()
        prefix = f"{self._properties[property_id]}."
        owned = {
            each: key.removeprefix(prefix)
            for each, key in self._owned_options.items()
            if key.startswith(prefix)
        }
        keys = _keyed([(each.id or each.name, each.name, "option") for each in options], owned)
        return {**{each.name: keys[each.id or each.name] for each in options}, **keys}


class Naming:
    """The keys of all databases."""

    def __init__(self, databases: Iterable[LiveDatabase], recorded: Mapping[NotionId, str]) -> None:
        found = tuple(databases)
        keys = _keyed([(each.source.id, each.title, "database") for each in found], recorded)
        self.databases = tuple(NamedDatabase(keys[each.source.id], each) for each in found)

    @cached_property
    def by_source(self) -> Mapping[NotionId, NamedDatabase]:
        """The databases by the id of their data source."""
        return {each.live.source.id: each for each in self.databases}

    @cached_property
    def by_key(self) -> Mapping[str, NamedDatabase]:
        """The databases by their key."""
        return {each.key: each for each in self.databases}

    @cached_property
    def row_keys(self) -> Mapping[str, str]:
        """The keys of all rows, by the ids of their pages."""
        return {page: key for each in self.databases for page, key in each.rows.items()}

    def view(self, view_id: NotionId) -> tuple[str, str] | None:
        """Return the database's key and the view's."""
        for each in self.databases:
            if view_id in each.views:
                return each.key, each.views[view_id]
        return None


def _keyed(
    things: Iterable[tuple[_Id, str, str]],
    recorded: Mapping[_Id, str],
    reserved: Iterable[str] = (),
) -> dict[_Id, str]:
    """Return keys by id for things of an id, a title, and a word for those whose title says nothing."""
    keys = Keys({*recorded.values(), *reserved})
    return {
        each: recorded[each] if each in recorded else keys.new(title, word)
        for each, title, word in things
    }


def _turned(recorded: Mapping[str, str]) -> dict[str, str]:
    return {notion_id: key for key, notion_id in recorded.items()}
