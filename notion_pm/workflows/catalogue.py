"""What a person's words name: databases by template key, title, id or URL; pages; named exports of the template."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from notion_pm.errors import InvalidNotionId, NotionError, NotShared, RequestRefused, UsageError
from notion_pm.exporters.table import UNTITLED
from notion_pm.gateway.notion import Gateway
from notion_pm.model.ids import NotionId, parse_notion_id
from notion_pm.model.manifest import DatabaseEntry, Manifest
from notion_pm.model.page import Page
from notion_pm.model.schema import ChildBlock, DataSource, OptionsConfig
from notion_pm.model.template import ExportSpec, Template
from notion_pm.planning.fault import suggestion
from notion_pm.planning.where import as_filter
from notion_pm.storage import template_files, templates
from notion_pm.workflows.workspace import find_manifest

_MENDING = "Run  notion-pm plan  to see what else is missing, and  notion-pm apply  to bring it back."


@dataclass(frozen=True, slots=True)
class Source:
    """A data source to export. `keys`: property id -> template key, in the template's order; empty without one."""

    title: str
    data_source: DataSource
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one word asks for: a source, or one page of it, or (source None) a page that is no row.

    `name` is what files are called after: the template's key, else the title.
    """

    name: str
    source: Source | None
    page: Page | None = None
    columns: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """Pairs of a column and whether it descends."""
    format: str | None = None

    @property
    def title(self) -> str:
        """What to write above it: the database's title; a named export's own name."""
        is_named = self.format is not None
        return self.source.title if self.source and not is_named else self.name


class Catalogue:
    """The databases below a parent page. Everything is read when first asked for: an id or a URL needs none of it.

    `template` names the template whose manifest and exports count: a shipped name or a path; None: the one that was
    applied.
    """

    def __init__(self, gateway: Gateway, parent: Callable[[], NotionId], template: str | None = None) -> None:
        self._gateway = gateway
        self._parent = parent
        self._template = template

    @property
    def title(self) -> str:
        """What everything together is called."""
        return self._manifest.template if self._manifest else "workspace"

    def everything(self) -> Iterator[Wanted]:
        """Yield all databases: the template's in its order, then those that people made.

        Raises UsageError when there are none.
        """
        if not self._entries and not self._own_titles:
            raise UsageError("There are no databases here yet.", "Run  notion-pm apply product  first.")
        for key in self._entries:
            yield self._of_template(key)
        for database_id in self._own_titles:
            yield from databases_of(self._gateway, database_id)

    def find(self, name: str) -> Iterator[Wanted]:
        """Yield what a name stands for; a database with several data sources stands for all of them.

        Raises UsageError, which names what there is, when it stands for nothing.
        """
        titles = {title.casefold(): key for key, title in self._titles.items()}
        if name in self._entries or name.casefold() in titles:
            yield self._of_template(name if name in self._entries else titles[name.casefold()])
        elif name in self._exports:
            yield self._named(name, self._exports[name])
        else:
            yield from databases_of(self._gateway, self._own(name))

    def recognised(self, wanted: Wanted) -> Wanted:
        """Return what was found by its id, with the template's keys where it belongs to the template.

        A parent page that is not set or not shared means that we cannot know: a link works without one.
        """
        if wanted.source is None:
            return wanted
        try:
            key = self._key_of(wanted.source.data_source.id)
        except (UsageError, NotShared):
            return wanted
        if key is None:
            return wanted
        source = replace(wanted.source, title=self._titles[key] or key, keys=_keys(self._entries[key]))
        return replace(wanted, name=wanted.name if wanted.page else key, source=source)

    def _key_of(self, data_source_id: NotionId) -> str | None:
        return next((key for key, each in self._entries.items() if each.data_source_id == data_source_id), None)

    @cached_property
    def _blocks(self) -> tuple[ChildBlock, ...]:
        return self._gateway.list_children(self._parent())

    @property
    def _children(self) -> Mapping[NotionId, str]:
        """The databases below the parent page, by id: their titles."""
        return {each.id: each.title for each in self._blocks if each.type == "child_database" and not each.in_trash}

    @cached_property
    def _manifest(self) -> Manifest | None:
        found = find_manifest(self._gateway, self._blocks, self._template_name)
        return found.manifest if found else None

    @cached_property
    def _loaded(self) -> Template | None:
        """The template as it is written; one of somebody's own that is not named cannot be found."""
        reference = self._template or (self._manifest.template if self._manifest else None)
        if reference is None or (self._template is None and reference not in template_files.shipped()):
            return None
        return templates.load(reference, self._manifest.variables if self._manifest else None).template

    @cached_property
    def _template_name(self) -> str | None:
        return templates.load(self._template).template.template if self._template else None

    @property
    def _entries(self) -> Mapping[str, DatabaseEntry]:
        return self._manifest.databases if self._manifest else {}

    @property
    def _exports(self) -> Mapping[str, ExportSpec]:
        return self._loaded.exports if self._loaded else {}

    @property
    def _titles(self) -> dict[str, str]:
        """The template's databases by key: their titles as they are now, which people may have changed."""
        return {key: self._children.get(each.database_id, each.title) for key, each in self._entries.items()}

    @property
    def _own_titles(self) -> dict[NotionId, str]:
        """The databases that people made."""
        templates_own = {each.database_id for each in self._entries.values()}
        return {each: title for each, title in self._children.items() if each not in templates_own}

    def _own(self, name: str) -> NotionId:
        for database_id, title in self._own_titles.items():
            if title.casefold() == name.casefold():
                return database_id
        known = [*self._entries, *self._titles.values(), *self._exports, *self._own_titles.values()]
        raise UsageError(
            f"There is no database and no named export {name!r} here.",
            f"{suggestion(name, known)} There are: {', '.join(dict.fromkeys(known)) or 'none yet'}.",
        )

    def _of_template(self, key: str) -> Wanted:
        entry = self._entries[key]
        data_source = self._gateway.get_data_source(entry.data_source_id)
        return Wanted(key, Source(self._titles[key] or key, data_source, _keys(entry)))

    def _named(self, name: str, spec: ExportSpec) -> Wanted:
        assert self._loaded
        wanted = self._of_template(spec.database)
        assert wanted.source
        sort = tuple((key, way == "descending") for each in spec.sort for key, way in each.items())
        return Wanted(
            name,
            wanted.source,
            columns=spec.columns,
            filter=self._filter(spec, wanted.source.data_source),
            sort=sort,
            format=spec.format,
        )

    def _filter(self, spec: ExportSpec, data_source: DataSource) -> Mapping[str, Any] | None:
        assert self._loaded
        entry = self._entries[spec.database]
        names = {
            option.id: option.name
            for each in data_source.properties.values()
            if isinstance(each.config, OptionsConfig)
            for option in each.config.options
        }

        def option_name(property_key: str, option_key: str) -> str:
            address = f"{property_key}.{option_key}"
            name = names.get(entry.options.get(address))
            if name is None:
                raise UsageError(f"The option {spec.database}.{address} is not in Notion.", _MENDING)
            return name

        return as_filter(self._loaded, spec.database, spec.where, entry.properties, option_name)


def find_by_id(gateway: Gateway, text: str) -> Iterator[Wanted]:
    """Yield what an id or a URL names: a page, a database or a data source. No template is asked.

    Raises NotShared when it is none of them.
    """
    notion_id = parse_notion_id(text)
    try:
        page = gateway.get_page(notion_id)
    except (NotShared, RequestRefused) as no_page:  # Notion refuses the id of a database, rather than not finding it
        yield from _tables_or(gateway, notion_id, no_page)
        return
    name = page.title or UNTITLED
    if page.data_source_id is None:
        yield Wanted(name, None, page)
        return
    data_source = gateway.get_data_source(page.data_source_id)
    yield Wanted(name, Source(data_source.title, data_source), page)


def databases_of(gateway: Gateway, database_id: NotionId) -> Iterator[Wanted]:
    """Yield the data sources of a database; where there are several, each has its own title."""
    database = gateway.get_database(database_id)
    several = len(database.data_source_ids) > 1
    for each in database.data_source_ids:
        data_source = gateway.get_data_source(each)
        title = (data_source.title if several else database.title) or UNTITLED
        yield Wanted(title, Source(title, data_source))


def is_id(text: str) -> bool:
    """Whether a word is a Notion id or URL, rather than a name."""
    try:
        parse_notion_id(text)
    except InvalidNotionId:
        return False
    return True


def _keys(entry: DatabaseEntry) -> dict[str, str]:
    return {property_id: key for key, property_id in entry.properties.items()}


def _tables_or(gateway: Gateway, notion_id: NotionId, otherwise: NotionError) -> Iterator[Wanted]:
    """What has this id and is no page: a database, or one of its data sources."""
    try:
        yield from databases_of(gateway, notion_id)
    except (NotShared, RequestRefused):
        try:
            data_source = gateway.get_data_source(notion_id)
        except (NotShared, RequestRefused):
            raise otherwise from None
        title = data_source.title or UNTITLED
        yield Wanted(title, Source(title, data_source))
