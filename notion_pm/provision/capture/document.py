"""Convert a live page with databases to a template. Pure.

The template's own checks find what the format does not allow. It is taken out, so that a captured
template is always valid. Everything that is taken out or cannot be expressed is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from notion_pm.errors import TemplateProblem
from notion_pm.model.ids import NotionId
from notion_pm.model.property_types import DATE_TYPES, TYPES_FILLED_FROM_TEXT
from notion_pm.model.schema import RelationConfig, RollupConfig
from notion_pm.model.template import DatabaseSpec, PropertySpec, Template, ViewSpec
from notion_pm.provision.capture.live import CapturedTemplate, Cells, LivePage, Remarks
from notion_pm.provision.capture.naming import NamedDatabase, Naming, Titles
from notion_pm.provision.capture.properties import PropertyConverter
from notion_pm.provision.capture.rows import RowConverter
from notion_pm.provision.capture.views import ViewConverter, lost_settings
from notion_pm.template.references import check_references
from notion_pm.template.view_json import view_json
from notion_pm.text import UNTITLED

# Types of properties that a template can list on a bound database, because they refer to nothing.
_BINDABLE = TYPES_FILLED_FROM_TEXT | DATE_TYPES | {"unique_id", "people", "files"}

# The settings that a view can do without, with the value that means "not set".
_OPTIONAL_SETTINGS = {
    name: ViewSpec.model_fields[name].get_default(call_default_factory=True)
    for name in (
        "cover",
        "end_date",
        "stack_by",
        "measure",
        "where",
        "quick",
        "sort",
        "show",
    )
}


def capture_page(page: LivePage, folder: str, recorded: Mapping[NotionId, str]) -> CapturedTemplate:
    """Convert a page to a template.

    `folder`: where the files of page bodies and rows will be. `recorded`: the keys of databases in
    records, by the id of the data source.
    """
    return _Capture(page, Naming(page.databases, recorded), folder).run()


@dataclass(frozen=True, slots=True)
class _DatabaseParts:
    """One database of the template; properties and views may still be taken out."""

    database: NamedDatabase
    title: str
    properties: dict[str, PropertySpec]
    views: dict[str, ViewSpec]

    @property
    def key(self) -> str:
        return self.database.key


class _Capture:
    def __init__(self, page: LivePage, naming: Naming, folder: str) -> None:
        self._page = page
        self._naming = naming
        self._folder = folder
        self._losses = Remarks(page.losses)
        self._guesses = Remarks()

    def run(self) -> CapturedTemplate:
        titles = Titles()
        databases = [self._convert(database, titles) for database in self._naming.databases]
        template = self._valid_template(databases)
        for parts in databases:
            self._report_lost_settings(template, parts)
        rows = {parts.key: self._rows(parts) for parts in databases if parts.database.live.rows}
        bodies = {
            parts.key: parts.database.live.body for parts in databases if parts.database.live.body
        }
        return CapturedTemplate(template, bodies, rows, tuple(self._losses), tuple(self._guesses))

    # --- one database

    def _convert(self, database: NamedDatabase, titles: Titles) -> _DatabaseParts:
        title = titles.new(database.live.title, UNTITLED)
        if title != database.live.title:
            self._losses.add(
                database.key,
                f"{database.live.title!r} is renamed to {title!r}: a title must not be empty or "
                "used twice.",
            )
        properties = PropertyConverter(self._naming, database, self._losses, self._guesses)
        view_converter = ViewConverter(self._naming, database, self._losses)
        view_titles = Titles()
        views = {}
        for view in database.live.views:
            view_title = view_titles.new(view.name, view.type)
            spec = view_converter.convert(view, view_title)
            if spec is not None:
                views[database.views[view.id]] = spec
        self._report_look(database)
        return _DatabaseParts(
            database, title, properties.convert(self._wanted_properties(database)), views
        )

    def _wanted_properties(self, database: NamedDatabase) -> frozenset[str] | None:
        """Return the ids of the properties to convert, None for all.

        Of a bound database only the title and what the captured databases roll up are needed.
        """
        if not database.live.bound:
            return None
        rolled_up = self._rolled_up_properties(database.live.source.id)
        wanted = set()
        for prop in database.properties:
            is_rolled_up = prop.id in rolled_up and prop.type in _BINDABLE
            if prop.type == "title" or is_rolled_up:
                wanted.add(prop.id)
        return frozenset(wanted)

    def _rolled_up_properties(self, source_id: NotionId) -> set[str]:
        """Return the ids of a data source's properties that rollups of other databases use."""
        ids = set()
        for database in self._naming.databases:
            for prop in database.properties:
                if not isinstance(prop.config, RollupConfig):
                    continue
                relation = database.property(prop.config.relation_property_id)
                config = relation.config if relation else None
                if isinstance(config, RelationConfig) and config.data_source_id == source_id:
                    ids.add(prop.config.rollup_property_id)
        return ids

    def _report_look(self, database: NamedDatabase) -> None:
        live = database.live.database
        if live.icon_type not in {None, "emoji"}:
            self._losses.add(
                database.key, f"its icon ({live.icon_type}) is not kept; templates take an emoji."
            )
        if live.has_cover:
            self._losses.add(database.key, "its cover is not kept.")

    def _rows(self, parts: _DatabaseParts) -> tuple[Cells, ...]:
        self._losses.add("", "rows keep plain texts: no formatting, and no page bodies.")
        converter = RowConverter(self._naming, parts.database, self._losses)
        return converter.convert(parts.properties)

    # --- the template

    def _valid_template(self, databases: list[_DatabaseParts]) -> Template:
        """Return the template without what its own checks refuse; each refusal is reported."""
        by_key = {parts.key: parts for parts in databases}
        while True:
            template = self._template(databases)
            problems = check_references(template)
            if not problems:
                return template
            # What is taken out may be used elsewhere, so the template is checked again.
            for problem in problems:
                self._take_out(by_key[str(problem.path[1])], problem)

    def _take_out(self, parts: _DatabaseParts, problem: TemplateProblem) -> None:
        """Take out what a problem is about: a property, a view, or one setting of a view."""
        # The path is `databases, features, views, board, group_by`, or is shorter.
        _, database, kind, key, field, *_ = (*map(str, problem.path), "", "", "")
        if kind == "views" and key in parts.views and field in _OPTIONAL_SETTINGS:
            cleared = {field: _OPTIONAL_SETTINGS[field]}
            parts.views[key] = parts.views[key].model_copy(update=cleared)
            address = f"{database}.views.{key}"
            self._losses.add(address, f"its `{field}` is left out: {problem.message}")
            return
        if kind == "views":
            is_new = parts.views.pop(key, None) is not None
            address = f"{database}.views.{key}"
        else:
            is_new = parts.properties.pop(key, None) is not None
            address = f"{database}.{key}"
        # Several problems may be about the same thing; it is reported once.
        if is_new:
            self._losses.add(address, f"is left out: {problem.message}")

    def _template(self, databases: Iterable[_DatabaseParts]) -> Template:
        return Template(
            template=self._page.name,
            version=self._page.version,
            title=self._page.title,
            databases={parts.key: self._database_spec(parts) for parts in databases},
        )

    def _database_spec(self, parts: _DatabaseParts) -> DatabaseSpec:
        live = parts.database.live
        if live.bound:
            return DatabaseSpec(
                title=parts.title,
                properties=parts.properties,
                bind=live.database.url or live.database.id,
            )
        return DatabaseSpec(
            title=parts.title,
            icon=live.database.icon,
            description=live.database.description or live.source.description,
            properties=parts.properties,
            views=parts.views,
            body=f"{self._folder}/{parts.key}.md" if live.body else None,
            rows=f"{self._folder}/{parts.key}.csv" if live.rows else None,
        )

    def _report_lost_settings(self, template: Template, parts: _DatabaseParts) -> None:
        """Report the settings of views that an apply of the template would not restore."""
        database = parts.database
        property_ids = {database.property_key(prop.id): prop.id for prop in database.properties}
        for view in database.live.views:
            key = database.views[view.id]
            if key not in parts.views or view.type == "dashboard":
                continue
            # Only the configuration is compared, and it has no options in it.
            restored = view_json(
                template, database.key, key, property_ids, lambda _, option: option
            )
            lost = lost_settings(view.configuration, restored.configuration or {})
            if lost:
                address = f"{database.key}.views.{key}"
                self._losses.add(address, f"templates do not keep its {', '.join(lost)}.")
