"""Values in the words that people read: titles of properties and names of options as they are in Notion now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.model.manifest import Manifest
from notion_pm.rules.template_schema import Vocabulary
from notion_pm.rules.values import ForeignOption, Plain, SnapshotPage, is_empty

UNNAMED_PERSON = "Unnamed person"


class Wording:
    """Tells keys in people's words.

    `option_names`: the names that options were last seen with, by id. `people`: names of people by
    their ids; without it people stay ids.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        manifest: Manifest,
        option_names: Mapping[str, str],
        people: Mapping[str, str] | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        self._manifest = manifest
        self._option_names = option_names
        self._people = people

    def title(self, database: str, key: str) -> str:
        """Return the title of a property, as people see it."""
        return self._manifest.databases[database].titles.get(key) or self._vocabulary.title(
            database, key
        )

    def readable(self, page: SnapshotPage, key: str, value: Plain) -> Any:
        """Return a value as a person reads it: an option's name, a number, an ISO date; None when it is empty."""
        if is_empty(value):
            return None
        if isinstance(value, ForeignOption):
            return value.name
        if isinstance(value, str) and self._vocabulary.options(page.database, key):
            return self._option_name(page.database, key, value)
        if isinstance(value, tuple) and self._vocabulary.type(page.database, key) == "people":
            return self._names_of_people(value)
        return value

    def _names_of_people(
        self, ids: tuple[str | ForeignOption, ...]
    ) -> tuple[str | ForeignOption, ...]:
        """Return people's names; Notion keeps them back from a connection without user information."""
        if self._people is None:
            return ids
        return tuple(self._people.get(str(each), UNNAMED_PERSON) for each in ids)

    def _option_name(self, database: str, key: str, option: str) -> str:
        """The name that the option has in Notion now, as far as it was seen; people may have renamed it."""
        option_id = self._manifest.databases[database].options.get(f"{key}.{option}", "")
        spec = self._vocabulary.option(database, key, option)
        return self._option_names.get(option_id) or (spec.name if spec else option)
