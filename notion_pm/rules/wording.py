"""Show values as people read them: with the property titles and option names of Notion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notion_pm.model.manifest import Manifest
from notion_pm.model.snapshot import RuleValue, SnapshotPage, UnknownOption, is_empty
from notion_pm.model.template_schema import TemplateSchema

UNNAMED_PERSON = "Unnamed person"
"""Shown for a person without a name.

Notion leaves out names for a connection that may not read user information.
"""


class Wording:
    """Find the words that people know for keys, ids and values.

    `option_names`: the names of options when they were last read, by id. `people`: names of people
    by id; if it is None, people are shown as ids.
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
        """Return the title of a property: as recorded from Notion, else the template's."""
        recorded = self._manifest.databases[database].titles.get(key)
        return recorded or self._schema.title(database, key)

    def readable(self, page: SnapshotPage, key: str, value: RuleValue) -> Any:
        """Return a value as people read it, such as an option's name, a number or an ISO date.

        None if it is empty.
        """
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
        if self._people is None:
            return ids
        return tuple(self._people.get(str(id), UNNAMED_PERSON) for id in ids)

    def _option_name(self, database: str, key: str, option_key: str) -> str:
        # People may have renamed the option in Notion, so the name that was read comes first. The
        # template's name is for an option that no page has had yet.
        option_id = self._manifest.databases[database].options.get(f"{key}.{option_key}", "")
        seen_name = self._option_names.get(option_id)
        if seen_name:
            return seen_name
        option = self._schema.option(database, key, option_key)
        return option.name if option else option_key
