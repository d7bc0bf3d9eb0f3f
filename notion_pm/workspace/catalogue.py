"""Find databases by template key or title, and the template's named exports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

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
from notion_pm.model.schema import ChildBlock, DataSource
from notion_pm.model.state_home import StateHome
from notion_pm.model.template import Template
from notion_pm.notion.client import NotionClient
from notion_pm.template import template_files
from notion_pm.text import did_you_mean
from notion_pm.workspace.named_export import named_export
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

    `template`: the template with the named exports, by its shipped name or path; None for the one
    that was applied.
    """

    def __init__(
        self,
        gateway: NotionClient,
        parent: Callable[[], NotionId],
        load: Load,
        template: str | None = None,
        home: Callable[[], StateHome] | None = None,
    ) -> None:
        self._gateway = gateway
        self._parent = parent
        self._load = load
        self._wanted = template
        self._home = home

    @property
    def title(self) -> str:
        """What everything together is called."""
        return self.manifest.template if self.manifest else "workspace"

    def everything(self) -> Iterator[SourceRequest]:
        """Yield all databases: the template's in its order, then people's own.

        Raises UsageError when there are none.
        """
        if not self._entries and not self._own_titles:
            raise UsageError(
                "There are no databases here yet.", "Run  notion-pm apply product  first."
            )
        for key in self._entries:
            yield self._of_template(key)
            yield from self._added_to(key)
        for database_id in self._own_titles:
            database = self._gateway.find_database(database_id)
            if database is not None:
                yield from sources_of(self._gateway, database)

    def find(self, name: str) -> Iterator[SourceRequest]:
        """Yield the data sources that a name means: all those of a database.

        Raises UsageError, with the known names, when it means nothing.
        """
        titles = {title.casefold(): key for key, title in self._titles.items()}
        if name in self._entries or name.casefold() in titles:
            yield self._of_template(name if name in self._entries else titles[name.casefold()])
        elif name in self._exports:
            yield self._export(name)
        else:
            yield from databases_of(self._gateway, self._own(name))

    def with_template_keys(self, wanted: SourceRequest) -> SourceRequest:
        """Return what was found by its id, with the template's keys where it belongs to the template.

        Without a readable manifest, or a parent page, we cannot know; a link works all the same.
        """
        if wanted.source is None:
            return wanted
        try:
            key = self._key_of(wanted.source.data_source.id)
        except (UsageError, NotShared, RecordUnreadable, RecordCopied, RecordLost, RecordMoved):
            return wanted
        if key is None:
            return wanted
        source = self._source_with_keys(key, wanted.source.data_source)
        return replace(wanted, name=wanted.name if wanted.page else key, source=source)

    def _key_of(self, data_source_id: NotionId) -> str | None:
        return next(
            (key for key, each in self._entries.items() if each.data_source_id == data_source_id),
            None,
        )

    @cached_property
    def _blocks(self) -> tuple[ChildBlock, ...]:
        return list_parent_page(self._gateway, self._parent())

    @property
    def _children(self) -> Mapping[NotionId, str]:
        """The databases below the parent page, by id: their titles."""
        return {
            each.id: each.title
            for each in self._blocks
            if each.type == "child_database" and not each.in_trash
        }

    @property
    def manifest(self) -> Manifest | None:
        """The record of what the template made here; None where none was applied."""
        return self.record.manifest if self.record else None

    @cached_property
    def record(self) -> RecordPage | None:
        """The page that keeps the record; None where no template was applied."""
        home = self._home() if self._home else None
        return find_record(self._gateway, self._parent(), self._blocks, self._template_name, home)

    @cached_property
    def template(self) -> Template | None:
        """The template as it is written; None when it does not ship with notion-pm and was not named."""
        reference = self._wanted or (self.manifest.template if self.manifest else None)
        if reference is None or (
            self._wanted is None and reference not in template_files.shipped_templates()
        ):
            return None
        return self._load(reference, self.manifest.variables if self.manifest else None)

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
            key: self._children.get(each.database_id, each.title)
            for key, each in self._entries.items()
        }

    @property
    def _own_titles(self) -> dict[NotionId, str]:
        """The databases that people made."""
        templates_own = {each.database_id for each in self._entries.values()}
        return {each: title for each, title in self._children.items() if each not in templates_own}

    def _own(self, name: str) -> NotionId:
        same = [
            each for each, title in self._own_titles.items() if title.casefold() == name.casefold()
        ]
        if len(same) > 1:
            raise UsageError(
                f"There are {len(same)} databases {name!r} here.",
                f"Name one by its id: {', '.join(same)}.",
            )
        if same:
            return same[0]
        known = [*self._entries, *self._titles.values(), *self._exports, *self._own_titles.values()]
        raise UsageError(
            f"There is no database and no named export {name!r} here.",
            f"{did_you_mean(name, known)} There are: {', '.join(dict.fromkeys(known)) or 'none yet'}.".lstrip(),
        )

    def _of_template(self, key: str) -> SourceRequest:
        return SourceRequest(key, self._source(key))

    def _added_to(self, key: str) -> Iterator[SourceRequest]:
        """The data sources that people added to a database of the template."""
        entry = self._entries[key]
        for each in self._gateway.get_database(entry.database_id).data_source_ids:
            if each != entry.data_source_id:
                yield wanted_whole(self._gateway.get_data_source(each))

    def _export(self, name: str) -> SourceRequest:
        assert self.template
        database = self.template.exports[name].database
        return named_export(name, self.template, self._entries[database], self._source(database))

    def _source(self, key: str) -> Source:
        return self._source_with_keys(
            key, self._gateway.get_data_source(self._entries[key].data_source_id)
        )

    def _source_with_keys(self, key: str, data_source: DataSource) -> Source:
        """The data source with what its template knows about it."""
        entry = self._entries[key]
        return Source(self._titles[key] or key, data_source, _keys(entry), entry.options)


def _keys(entry: DatabaseEntry) -> dict[str, str]:
    return {property_id: key for key, property_id in entry.properties.items()}
