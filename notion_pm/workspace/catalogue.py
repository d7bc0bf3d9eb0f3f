"""Find databases by template key or title, and the template's named exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from notion_pm.conditions.template_filters import as_filter
from notion_pm.conditions.text_form import Order
from notion_pm.errors import (
    NotShared,
    RecordCopied,
    RecordLost,
    RecordMoved,
    RecordUnreadable,
    UsageError,
)
from notion_pm.model.ids import NotionId
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.schema import ChildBlock, DataSource, OptionsConfig
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import ExportSpec, Template
from notion_pm.notion.client import NotionClient
from notion_pm.template import template_files
from notion_pm.text import did_you_mean
from notion_pm.workspace.parent_page import list_parent_page
from notion_pm.workspace.record import RecordPage, find_record
from notion_pm.workspace.sources import (
    Source,
    SourceRequest,
    databases_of,
    sources_of,
    wanted_whole,
)

Load = Callable[[str, Mapping[str, str] | None], Template]
"""Reads a template by its name or path, given the values of its variables."""


class Catalogue:
    """The databases below a parent page. Everything is read when it is first needed.

    `template`: the shipped name or the path of the template with the named exports; None means the
    applied template.
    """

    def __init__(
        self,
        notion: NotionClient,
        parent: Callable[[], NotionId],
        load: Load,
        template: str | None = None,
        home: Callable[[], StateHome] | None = None,
    ) -> None:
        self._notion = notion
        self._parent = parent
        self._load = load
        self._wanted = template
        self._home = home

    @property
    def title(self) -> str:
        """The name of the whole workspace, for the files of an export of everything."""
        return self.manifest.template if self.manifest else "workspace"

    def everything(self) -> Iterator[SourceRequest]:
        """Yield all databases: the template's in its order, then people's own.

        Raises UsageError when the parent page has no databases.
        """
        if not self._entries and not self._own_titles:
            raise UsageError(
                "There are no databases here yet.", "Run  notion-pm apply product  first."
            )
        for key in self._entries:
            yield self._of_template(key)
            yield from self._added_to(key)
        for database_id in self._own_titles:
            database = self._notion.find_database(database_id)
            # A database that is not shared with the connection is listed on the parent page, but
            # cannot be read.
            if database is not None:
                yield from sources_of(self._notion, database)

    def find(self, name: str) -> Iterator[SourceRequest]:
        """Yield the data sources of the database or named export with this key, name or title.

        Raises UsageError, with the known names, for an unknown name.
        """
        # The order matters where names are equal: template keys never change, titles do, and
        # people may give a database of their own the name of an export.
        keys_by_title = {title.casefold(): key for key, title in self._titles.items()}
        if name in self._entries:
            yield self._of_template(name)
        elif name.casefold() in keys_by_title:
            yield self._of_template(keys_by_title[name.casefold()])
        elif name in self._exports:
            yield self._export(name)
        else:
            yield from databases_of(self._notion, self._find_own_database(name))

    def with_template_keys(self, wanted: SourceRequest) -> SourceRequest:
        """Return a request that was made by id, with template keys if the source has them."""
        if wanted.source is None:
            return wanted
        try:
            key = self._key_of(wanted.source.data_source.id)
        # Without a parent page or a readable record the keys are unknown. A link must work all the
        # same: exporting a database by its link needs no template.
        except (UsageError, NotShared, RecordUnreadable, RecordCopied, RecordLost, RecordMoved):
            return wanted
        if key is None:
            return wanted
        source = self._source_with_keys(key, wanted.source.data_source)
        return replace(wanted, name=wanted.name if wanted.page else key, source=source)

    def _key_of(self, data_source_id: NotionId) -> str | None:
        for key, entry in self._entries.items():
            if entry.data_source_id == data_source_id:
                return key
        return None

    @cached_property
    def _blocks(self) -> tuple[ChildBlock, ...]:
        return list_parent_page(self._notion, self._parent())

    @property
    def _children(self) -> Mapping[NotionId, str]:
        """Titles of the databases on the parent page, by database id."""
        return {
            block.id: block.title
            for block in self._blocks
            if block.type == "child_database" and not block.in_trash
        }

    @property
    def manifest(self) -> Manifest | None:
        """The record of the applied template; None if no template was applied."""
        return self.record.manifest if self.record else None

    @cached_property
    def record(self) -> RecordPage | None:
        """The page that keeps the record; None if no template was applied."""
        home = self._home() if self._home else None
        return find_record(self._notion, self._parent(), self._blocks, self._template_name, home)

    @cached_property
    def template(self) -> Template | None:
        """The template as written; None if its file is unknown.

        The record has only the template's name. For a template that does not ship with notion-pm
        the user must give the file.
        """
        variables = self.manifest.variables if self.manifest else None
        if self._wanted is not None:
            return self._load(self._wanted, variables)
        if self.manifest is None:
            return None
        if self.manifest.template not in template_files.shipped_templates():
            return None
        return self._load(self.manifest.template, variables)

    @cached_property
    def _template_name(self) -> str | None:
        return self._load(self._wanted, None).template if self._wanted else None

    @property
    def _entries(self) -> Mapping[str, DatabaseEntry]:
        return self.manifest.databases if self.manifest else {}

    @property
    def _exports(self) -> tuple[str, ...]:
        return tuple(self.template.exports) if self.template and self.manifest else ()

    @property
    def _titles(self) -> dict[str, str]:
        """The current titles of the template's databases by key: people may have renamed them."""
        return {
            key: self._children.get(entry.database_id, entry.title)
            for key, entry in self._entries.items()
        }

    @property
    def _own_titles(self) -> dict[NotionId, str]:
        """Titles of the databases that people made, by database id."""
        from_template = {entry.database_id for entry in self._entries.values()}
        return {
            database_id: title
            for database_id, title in self._children.items()
            if database_id not in from_template
        }

    def _find_own_database(self, name: str) -> NotionId:
        """Return the database that people made under this title. Raises UsageError."""
        matching = [
            database_id
            for database_id, title in self._own_titles.items()
            if title.casefold() == name.casefold()
        ]
        # Titles are not unique in Notion.
        if len(matching) > 1:
            raise UsageError(
                f"There are {len(matching)} databases {name!r} here.",
                f"Name one by its id: {', '.join(matching)}.",
            )
        if matching:
            return matching[0]
        known = [*self._entries, *self._titles.values(), *self._exports, *self._own_titles.values()]
        names = ", ".join(dict.fromkeys(known)) or "none yet"
        raise UsageError(
            f"There is no database and no named export {name!r} here.",
            f"{did_you_mean(name, known)} There are: {names}.".lstrip(),
        )

    def _of_template(self, key: str) -> SourceRequest:
        return SourceRequest(key, self._source(key))

    def _added_to(self, key: str) -> Iterator[SourceRequest]:
        """Yield the data sources that people added to a database of the template."""
        entry = self._entries[key]
        for data_source_id in self._notion.get_database(entry.database_id).data_source_ids:
            if data_source_id != entry.data_source_id:
                yield wanted_whole(self._notion.get_data_source(data_source_id))

    def _export(self, name: str) -> SourceRequest:
        assert self.template
        database = self.template.exports[name].database
        return _export_request(name, self.template, self._entries[database], self._source(database))

    def _source(self, key: str) -> Source:
        data_source = self._notion.get_data_source(self._entries[key].data_source_id)
        return self._source_with_keys(key, data_source)

    def _source_with_keys(self, key: str, data_source: DataSource) -> Source:
        """Return the data source with the template's keys of its properties and options."""
        entry = self._entries[key]
        keys_by_id = {property_id: key for key, property_id in entry.properties.items()}
        return Source(self._titles[key] or key, data_source, keys_by_id, entry.options)


def _export_request(
    name: str, template: Template, entry: DatabaseEntry, source: Source
) -> SourceRequest:
    """Return the request for a named export of the template.

    Raises UsageError when its condition names an option that is no longer in Notion.
    """
    spec = template.exports[name]
    sort: list[Order] = []
    for keys in spec.sort:  # a mapping each, such as {due: ascending}
        sort.extend(Order(key, direction == "descending") for key, direction in keys.items())
    return SourceRequest(
        name,
        source,
        columns=spec.columns,
        filter=_export_filter(template, spec, entry, source.data_source),
        sort=tuple(sort),
        format=spec.format,
    )


def _export_filter(
    template: Template, spec: ExportSpec, entry: DatabaseEntry, data_source: DataSource
) -> Mapping[str, Any] | None:
    """Return the condition of a named export as Notion's filter."""
    # A filter names an option by its current name, which people may have changed. The record has
    # the ids of the options, and ids do not change.
    names: dict[str, str] = {}
    for prop in data_source.properties.values():
        if isinstance(prop.config, OptionsConfig):
            for option in prop.config.options:
                if option.id is not None:
                    names[option.id] = option.name

    def option_name(property_key: str, option_key: str) -> str:
        address = f"{property_key}.{option_key}"
        option_id = entry.options.get(address)
        name = names.get(option_id) if option_id is not None else None
        if name is None:
            raise UsageError(
                f"The option {spec.database}.{address} is not in Notion.",
                "Run  notion-pm plan  to see what else is missing, "
                "and  notion-pm apply  to create it again.",
            )
        return name

    return as_filter(template, spec.database, spec.where, entry.properties, option_name)
