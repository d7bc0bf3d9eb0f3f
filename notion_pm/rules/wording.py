"""Values in the words that people read: titles of properties and names of options as they are in Notion now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.model.manifest import Manifest
from notion_pm.model.snapshot import RuleValue, SnapshotPage, UnknownOption, is_empty
from notion_pm.model.template_schema import TemplateSchema

UNNAMED_PERSON = "Unnamed person"


class Wording:
    """Tells keys in people's words.

    `option_names`: the names that options were last seen with, by id. `people`: names of people by
    their ids; without it people stay ids.
    """

    def __init__(
        self,
        schema: TemplateSchema,
        manifest: Manifest,
        option_names: Mapping[str, str],
        people: Mapping[str, str] | None = None,
    ) -> None:
        self._schema = schema
        self._manifest = manifest
        self._option_names = option_names
        self._people = people

    def title(self, database: str, key: str) -> str:
        """Return the title of a property, as people see it."""
        return self._manifest.databases[database].titles.get(key) or self._schema.title(
            database, key
        )

    def readable(self, page: SnapshotPage, key: str, value: RuleValue) -> Any:
        """Return a value as a person reads it: an option's name, a number, an ISO date; None when it is empty."""
        if is_empty(value):
            return None
        if isinstance(value, UnknownOption):
            return value.name
        if isinstance(value, str) and self._schema.options(page.database, key):
            return self._option_name(page.database, key, value)
        if isinstance(value, tuple) and self._schema.type(page.database, key) == "people":
            return self._names_of_people(value)
        return value

    def _names_of_people(
        self, ids: tuple[str | UnknownOption, ...]
    ) -> tuple[str | UnknownOption, ...]:
        """Return people's names; Notion keeps them back from a connection without user information."""
        if self._people is None:
            return ids
        return tuple(self._people.get(str(each), UNNAMED_PERSON) for each in ids)

    def _option_name(self, database: str, key: str, option: str) -> str:
        """The name that the option has in Notion now, as far as it was seen; people may have renamed it."""
        option_id = self._manifest.databases[database].options.get(f"{key}.{option}", "")
        spec = self._schema.option(database, key, option)
        return self._option_names.get(option_id) or (spec.name if spec else option)
