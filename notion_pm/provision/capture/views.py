"""Convert views to those of a template. The opposite direction is `template/view_json.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from notion_pm.model.condition import Where
from notion_pm.model.schema import View
from notion_pm.model.template import ViewSpec
from notion_pm.provision.capture.conditions import filter_to_where, quick_filters_to_where
from notion_pm.provision.capture.live import NotRepresentable, Remarks
from notion_pm.provision.capture.naming import NamedDatabase, Naming
from notion_pm.template.dashboards import format_view_name

Json = Mapping[str, Any]


class ViewConverter:
    """Converts the views of one database."""

    def __init__(self, naming: Naming, database: NamedDatabase, losses: Remarks) -> None:
        self._naming = naming
        self._database = database
        self._losses = losses

    def convert(self, view: View, title: str) -> ViewSpec | None:
        """Return a view as in a template, None when templates do not have it (a loss is added)."""
        try:
            return ViewSpec.model_validate(
                {"title": title, "type": view.type, **self._fields(view)}
            )
        except ValidationError as error:
            detail = error.errors()[0]
        if detail["loc"] == ("type",):
            reason = f"templates do not have the view type {view.type}"
        else:
            reason = detail["msg"].removeprefix("Value error, ")
        self._lose(view, f"the view {view.name!r} is left out: {reason}.")
        return None

    def _fields(self, view: View) -> dict[str, Any]:
        if view.type == "dashboard":
            return {"widgets": self._widgets(view)}
        settings = view.configuration
        fields: dict[str, Any] = {}
        # A chart groups by its x-axis.
        references = {
            "group_by": settings.get("group_by") or settings.get("x_axis"),
            "date": settings.get("date_property_id"),
            "end_date": settings.get("end_date_property_id"),
            "stack_by": settings.get("stack_by"),
        }
        for field, setting in references.items():
            # A grouping has the property in it; the other settings are its id.
            reference = setting.get("property_id") if isinstance(setting, Mapping) else setting
            key = self._key(view, field, reference)
            if key is not None:
                fields[field] = key

        fields |= self._cover(view)
        fields |= self._chart(view)
        if settings.get("anonymous_submissions"):
            fields["anonymous"] = True
        fields["where"] = self._conditions(
            view, "filter is", lambda: filter_to_where(self._database, view.filter)
        )
        fields["quick"] = self._conditions(
            view,
            "quick filters are",
            lambda: quick_filters_to_where(self._database, view.quick_filters),
        )
        fields["sort"] = list(self._sort(view))
        fields["show"] = list(self._visible_columns(view))
        return fields

    def _widgets(self, view: View) -> list[list[str]]:
        rows = []
        for row in view.rows:
            names = []
            for view_id in row:
                name = self._naming.view(view_id)
                if name is None:
                    self._lose(view, "a view on it shows a database that is not captured.")
                else:
                    names.append(format_view_name(name))
            if names:
                rows.append(names)
        return rows

    def _cover(self, view: View) -> dict[str, str]:
        cover = view.configuration.get("cover") or {}
        if not cover:
            return {}
        if cover.get("type") != "property":
            return {"cover": cover["type"]}
        key = self._key(view, "cover", cover.get("property_id"))
        return {"cover": key} if key is not None else {}

    def _chart(self, view: View) -> dict[str, Any]:
        settings = view.configuration
        if "chart_type" not in settings:
            return {}
        fields: dict[str, Any] = {"chart": settings["chart_type"]}
        measure = settings.get("y_axis") or settings.get("value") or {}
        key = self._key(view, "measure", measure.get("property_id"))
        if key is not None:
            fields["measure"] = {measure["aggregator"]: key}
        return fields

    def _sort(self, view: View) -> Iterator[dict[str, str]]:
        for sort in view.sorts:
            reference = sort.get("property", "")
            key = self._key(view, "sort", reference)
            if key is None:
                continue
            prop = self._database.property(reference)
            # Notion may refuse sorts by a formula that are made through the API.
            if prop is not None and prop.type == "formula":
                self._lose(view, f"its sort by the formula {prop.name!r} is left out.")
            else:
                yield {key: sort["direction"]}

    def _visible_columns(self, view: View) -> Iterator[str]:
        for column in view.configuration.get("properties") or ():
            if column.get("visible"):
                key = self._key(view, "show", column.get("property_id"))
                if key is not None:
                    yield key

    def _key(self, view: View, field: str, reference: str | None) -> str | None:
        """Return the key of a property that a view uses, None when it does not exist."""
        if reference is None:
            return None
        prop = self._database.property(reference)
        if prop is None:
            self._lose(view, f"its `{field}` is left out: it is not a property of the database.")
            return None
        return self._database.property_key(prop.id)

    def _conditions(self, view: View, what: str, convert: Callable[[], Where]) -> Where:
        try:
            return convert()
        except NotRepresentable as error:
            self._lose(view, f"its {what} left out, so it shows all pages: {error}.")
            return {}

    def _lose(self, view: View, message: str) -> None:
        address = f"{self._database.key}.views.{self._database.views[view.id]}"
        self._losses.add(address, message)


def lost_settings(live: Json, restored: Json) -> list[str]:
    """Return the settings of a view that the template does not restore, as dotted names.

    `restored`: the settings that the captured template makes.
    """
    # Which columns are visible is compared elsewhere: hidden ones may have any order.
    lost = list(_differences({**live, "properties": None}, restored, ()))
    lost += [f"properties.{name}" for name in sorted(_column_settings(live))]
    return lost


def _differences(live: Json, restored: Json, path: tuple[str, ...]) -> Iterator[str]:
    for name, value in live.items():
        other = restored.get(name)
        if isinstance(value, Mapping):
            yield from _differences(
                value, other if isinstance(other, Mapping) else {}, (*path, name)
            )
        # Answers have the names of properties next to their ids.
        elif not _is_default(value) and value != other and not name.endswith("property_name"):
            yield ".".join((*path, name))


def _is_default(value: Any) -> bool:
    return value in (None, False, [], "")


def _column_settings(live: Json) -> set[str]:
    """Return the settings of columns other than their visibility, such as their width."""
    columns: Sequence[Json] = live.get("properties") or ()
    names = set()
    for column in columns:
        for name, value in column.items():
            is_set = value not in (None, False)
            if is_set and name not in {"property_id", "property_name", "visible"}:
                names.add(name)
    return names
