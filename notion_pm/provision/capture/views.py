"""Views in the template's words: the way back of `planning.view_json`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from notion_pm.model.condition import Where
from notion_pm.model.schema import View
from notion_pm.model.template import ViewSpec
from notion_pm.provision.capture.conditions import as_quick, as_where
from notion_pm.provision.capture.live import Losses
from notion_pm.provision.capture.naming import NamedDatabase, Naming
from notion_pm.provision.capture.not_representable import Unsayable
from notion_pm.template.dashboards import format_view_name

Json = Mapping[str, Any]
_SETTINGS: dict[str, Callable[[Json], Any]] = {
    "group_by": lambda settings: settings.get("group_by") or settings.get("x_axis"),
    "date": lambda settings: settings.get("date_property_id"),
    "end_date": lambda settings: settings.get("end_date_property_id"),
    "stack_by": lambda settings: settings.get("stack_by"),
}
"""Where the configuration of a view names the property of a setting: by itself, or in a grouping."""


class Views:
    """Restates the views of one database."""

    def __init__(self, naming: Naming, of: NamedDatabase, losses: Losses) -> None:
        self._naming = naming
        self._of = of
        self._losses = losses

    def spec(self, view: View, title: str) -> ViewSpec | None:
        """Return what the template says of a view; None, and the reason told, where it cannot."""
        address = self._address(view)
        try:
            return ViewSpec.model_validate(
                {"title": title, "type": view.type, **dict(self._fields(view))}
            )
        except ValidationError as error:
            known = error.errors()[0]["msg"].removeprefix("Value error, ")
            reason = (
                f"templates know no {view.type}" if error.errors()[0]["loc"] == ("type",) else known
            )
            self._losses.tell(address, f"the view {view.name!r} is left out: {reason}.")
            return None

    def _fields(self, view: View) -> Iterator[tuple[str, Any]]:
        settings = view.configuration
        if view.type == "dashboard":
            yield "widgets", self._widgets(view)
            return
        for field, place in _SETTINGS.items():
            if key := self._key(view, field, _reference(place(settings))):
                yield field, key
        yield from self._cover(view)
        yield from self._chart(view)
        if settings.get("anonymous_submissions"):
            yield "anonymous", True
        yield "where", self._conditions(view, "filter", lambda: as_where(self._of, view.filter))
        yield (
            "quick",
            self._conditions(view, "quick filters", lambda: as_quick(self._of, view.quick_filters)),
        )
        yield "sort", list(self._sort(view))
        yield "show", [*self._shown(view)]

    def _widgets(self, view: View) -> list[list[str]]:
        rows = [[self._naming.view(each) for each in row] for row in view.rows]
        if any(each is None for row in rows for each in row):
            self._losses.tell(
                self._address(view), "a view on it shows a database that is not captured."
            )
        return [
            named for row in rows if (named := [format_view_name(each) for each in row if each])
        ]

    def _cover(self, view: View) -> Iterator[tuple[str, Any]]:
        cover = view.configuration.get("cover") or {}
        if cover.get("type") == "property":
            if key := self._key(view, "cover", cover.get("property_id")):
                yield "cover", key
        elif cover:
            yield "cover", cover["type"]

    def _chart(self, view: View) -> Iterator[tuple[str, Any]]:
        settings = view.configuration
        if "chart_type" not in settings:
            return
        yield "chart", settings["chart_type"]
        measured = settings.get("y_axis") or settings.get("value") or {}
        if key := self._key(view, "measure", measured.get("property_id")):
            yield "measure", {measured["aggregator"]: key}

    def _sort(self, view: View) -> Iterator[dict[str, str]]:
        for each in view.sorts:
            reference = each.get("property", "")
            key = self._key(view, "sort", reference)
            if key is None:
                continue
            prop = self._of.property(reference)
            if prop is not None and prop.type == "formula":
                self._losses.tell(
                    self._address(view), f"its order by the formula {prop.name!r} is left out."
                )
                continue
            yield {key: each["direction"]}

    def _shown(self, view: View) -> Iterator[str]:
        for each in view.configuration.get("properties") or ():
            if each.get("visible") and (key := self._key(view, "show", each.get("property_id"))):
                yield key

    def _key(self, view: View, field: str, reference: str | None) -> str | None:
        """Return the key of a property that a view names; what is named and not there is told."""
        if reference is None:
            return None
        prop = self._of.property(reference)
        if prop is None:
            self._losses.tell(
                self._address(view),
                f"its `{field}` names no property of the database; it is left out.",
            )
        return self._of.property_key(prop.id) if prop else None

    def _conditions(self, view: View, what: str, read: Callable[[], Where]) -> Where:
        try:
            return read()
        except Unsayable as error:
            self._losses.tell(
                self._address(view),
                f"its {what} cannot be stated, and it shows all pages: {error}.",
            )
            return {}

    def _address(self, view: View) -> str:
        return f"{self._of.key}.views.{self._of.views[view.id]}"


def _reference(setting: str | Json | None) -> str | None:
    return setting.get("property_id") if isinstance(setting, Mapping) else setting


def unstated(live: Json, restated: Json) -> list[str]:
    """Return the settings of a view that the template's own words would not bring back, by their dotted names.

    Which properties it shows is compared as such: hidden ones may stand in any order.
    """
    columns = _columns(live.get("properties") or ())
    found = list(_missing({**live, "properties": None}, restated, ()))
    found += [f"properties.{each}" for each in sorted(columns)]
    return found


def _missing(live: Json, restated: Json, path: tuple[str, ...]) -> Iterator[str]:
    for name, value in live.items():
        if isinstance(value, Mapping):
            there = restated.get(name)
            yield from _missing(value, there if isinstance(there, Mapping) else {}, (*path, name))
        elif _says_something(name, value) and value != restated.get(name):
            yield ".".join((*path, name))


def _says_something(name: str, value: Any) -> bool:
    """Whether a setting is more than what holds without it, or the name beside the id of a property."""
    return value not in (None, False, [], "") and not name.endswith("property_name")


def _columns(properties: Sequence[Json]) -> set[str]:
    """The settings of columns beside whether they are seen."""
    return {
        name
        for each in properties
        for name, value in each.items()
        if name not in {"property_id", "property_name", "visible"} and value not in (None, False)
    }
