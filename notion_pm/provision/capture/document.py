"""A live page with databases, restated as a template.

What the language refuses is found by the template's own checks and taken out, so that a captured template is always
valid; each thing that is taken out, or that has no words, is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.errors import TemplateProblem
from notion_pm.model.ids import NotionId
from notion_pm.model.property_types import DATE_TYPES, TYPES_FILLED_FROM_TEXT
from notion_pm.model.schema import RelationConfig, RollupConfig
from notion_pm.model.template import DatabaseSpec, PropertySpec, Template, ViewSpec
from notion_pm.provision.capture.keys import Titles
from notion_pm.provision.capture.live import Captured, Cells, Live, Losses
from notion_pm.provision.capture.naming import NamedDatabase, Naming
from notion_pm.provision.capture.properties import Properties
from notion_pm.provision.capture.rows import Rows
from notion_pm.provision.capture.views import Views, unstated
from notion_pm.template import references
from notion_pm.template.view_json import view_json
from notion_pm.text import UNTITLED

_READABLE = TYPES_FILLED_FROM_TEXT | DATE_TYPES | {"unique_id", "people", "files"}
"""Types that a template can name on a database that it only reads, without naming anything else."""


def capture(live: Live, folder: str, recorded: Mapping[NotionId, str]) -> Captured:
    """Restate a live page. Bodies and rows are files in `folder`; `recorded` are database keys by data source id."""
    return _Capture(live, Naming(live.databases, recorded), folder).captured()


@dataclass(frozen=True, slots=True)
class _Parts:
    """One database on its way: what may still be taken out of it."""

    of: NamedDatabase
    title: str
    properties: dict[str, PropertySpec]
    views: dict[str, ViewSpec]


class _Capture:
    def __init__(self, live: Live, naming: Naming, folder: str) -> None:
        self._live = live
        self._naming = naming
        self._folder = folder
        self._losses = Losses(live.losses)
        self._guesses = Losses()

    def captured(self) -> Captured:
        titles = Titles()
        parts = [self._parts(each, titles) for each in self._naming.databases]
        template = self._sound(parts)
        for each in parts:
            self._tell_unstated(template, each)
        rows = {each.of.key: self._rows(each) for each in parts if each.of.live.rows}
        bodies = {each.of.key: each.of.live.body for each in parts if each.of.live.body}
        return Captured(template, bodies, rows, tuple(self._losses), tuple(self._guesses))

    def _parts(self, of: NamedDatabase, titles: Titles) -> _Parts:
        title = titles.new(of.live.title, UNTITLED)
        if title != of.live.title:
            self._losses.tell(
                of.key, f"{of.live.title!r} is called {title!r}: titles are there, and there once."
            )
        stated = Properties(self._naming, of, self._losses, self._guesses).specs(self._wanted(of))
        views, view_titles = Views(self._naming, of, self._losses), Titles()
        found = {
            of.views[each.id]: views.spec(each, view_titles.new(each.name, each.type))
            for each in of.live.views
        }
        self._tell_look(of)
        return _Parts(of, title, stated, {key: spec for key, spec in found.items() if spec})

    def _wanted(self, of: NamedDatabase) -> frozenset[str] | None:
        """The ids of the properties to state; None: all. Of a bound database only what others roll up."""
        if not of.live.bound:
            return None
        rolled = {
            config.rollup_property_id
            for each in self._naming.databases
            for prop in each.properties
            if isinstance(config := prop.config, RollupConfig)
            and isinstance(along := self._along(each, config), RelationConfig)
            and along.data_source_id == of.live.source.id
        }
        return frozenset(
            each.id
            for each in of.properties
            if each.type == "title" or (each.id in rolled and each.type in _READABLE)
        )

    def _along(self, of: NamedDatabase, config: RollupConfig) -> Any:
        relation = of.property(config.relation_property_id)
        return relation.config if relation else None

    def _tell_look(self, of: NamedDatabase) -> None:
        database = of.live.database
        if database.icon_type not in {None, "emoji"}:
            self._losses.tell(
                of.key, f"its icon is a picture ({database.icon_type}); templates take an emoji."
            )
        if database.has_cover:
            self._losses.tell(of.key, "its cover is not kept.")

    def _sound(self, parts: list[_Parts]) -> Template:
        """Return the template without what its own checks refuse, told in their words."""
        while True:
            template = self._template(parts)
            faults = references.check_references(template)
            if not faults:
                return template
            by_key = {each.of.key: each for each in parts}
            for fault in faults:
                self._take_out(by_key[str(fault.path[1])], fault)

    def _take_out(self, part: _Parts, fault: TemplateProblem) -> None:
        """Take out what a fault is about: a property, a view, or one setting of a view."""
        _, database, kind, key, *inside = (*map(str, fault.path), "", "")
        address = f"{database}.{key}" if kind == "properties" else f"{database}.{kind}.{key}"
        field = inside[0]
        view = part.views.get(key) if kind == "views" else None
        if view is not None and field in _NOTHING:
            part.views[key] = view.model_copy(update={field: _NOTHING[field]})
            self._losses.tell(address, f"its `{field}` is left out: {fault.message}")
        elif (
            getattr(part, kind).pop(key, None) is not None
        ):  # several faults may be about one thing
            self._losses.tell(address, f"is left out: {fault.message}")

    def _template(self, parts: Iterable[_Parts]) -> Template:
        return Template(
            template=self._live.name,
            version=self._live.version,
            title=self._live.title,
            databases={each.of.key: self._spec(each) for each in parts},
        )

    def _spec(self, part: _Parts) -> DatabaseSpec:
        live, key = part.of.live, part.of.key
        if live.bound:
            return DatabaseSpec(
                title=part.title,
                properties=part.properties,
                bind=live.database.url or live.database.id,
            )
        return DatabaseSpec(
            title=part.title,
            icon=live.database.icon,
            description=live.database.description or live.source.description,
            properties=part.properties,
            views=part.views,
            body=f"{self._folder}/{key}.md" if live.body else None,
            rows=f"{self._folder}/{key}.csv" if live.rows else None,
        )

    def _rows(self, part: _Parts) -> tuple[Cells, ...]:
        self._losses.tell(
            "", "rows keep the words of texts, not their formatting, and no bodies of pages."
        )
        return Rows(self._naming, part.of, self._losses).cells(part.properties)

    def _tell_unstated(self, template: Template, part: _Parts) -> None:
        """Tell the settings of views that the template would not bring back."""
        of = part.of
        ids = {of.property_key(each.id): each.id for each in of.properties}
        for view in of.live.views:
            key = of.views[view.id]
            if key not in part.views or view.type == "dashboard":
                continue
            restated = (
                view_json(template, of.key, key, ids, lambda _, option: option).configuration or {}
            )
            if missing := unstated(view.configuration, restated):
                self._losses.tell(
                    f"{of.key}.views.{key}", f"templates do not say its {', '.join(missing)}."
                )


_OPTIONAL = ("cover", "end_date", "stack_by", "measure", "where", "quick", "sort", "show")
"""Settings without which a view is still one."""
_NOTHING = {
    each: ViewSpec.model_fields[each].get_default(call_default_factory=True) for each in _OPTIONAL
}
