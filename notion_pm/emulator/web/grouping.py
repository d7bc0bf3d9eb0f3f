"""The groups of a view: their order, and the filters that find their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.schema.properties import Schema
from notion_pm.emulator.store.ids import decode_property_id
from notion_pm.emulator.store.records import Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.web.cells import Tag, tag

Json = dict[str, Any]

NO_VALUE = "none"


@dataclass(frozen=True, slots=True)
class Grouped:
    """One group of a view.

    `option`: the option that a row gets when it is moved here, None if rows cannot be moved here.
    """

    key: str
    tag: Tag
    filter: Json
    option: str | None = None


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a view groups its rows: the property and the groups."""

    prop: Property
    groups: tuple[Grouped, ...]
    hides_empty: bool = False


def grouping(session: Session, schema: Schema, config: Mapping[str, Any]) -> Grouping | None:
    """Return how a view groups its rows.

    Return None if it does not, or if the groups of its property cannot be listed.
    """
    setting = config.get("group_by")
    if not setting:
        return None
    prop = schema.get(decode_property_id(setting["property_id"]))
    if prop is None:
        return None
    groups = _sort_groups(_groups(session, prop, setting), setting)
    if not groups:
        return None
    return Grouping(prop, tuple(groups), bool(setting.get("hide_empty_groups")))


def _groups(session: Session, prop: Property, setting: Mapping[str, Any]) -> list[Grouped]:
    # One column for each of the three groups, not for each option.
    if prop.type == "status" and setting.get("group_by") == "group":
        return [_status_group(prop, group) for group in prop.config["groups"]]
    if prop.type in ("status", "select"):
        options = [_option(prop, option, "equals") for option in prop.config["options"]]
        return [*options, _without_value(prop)]
    if prop.type == "multi_select":
        options = [_option(prop, option, "contains") for option in prop.config["options"]]
        return [*options, _without_value(prop)]
    if prop.type in ("created_by", "last_edited_by"):  # never empty
        return [_person(prop, user) for user in _users(session)]
    if prop.type == "people":
        people = [_person(prop, user) for user in _users(session)]
        return [*people, _without_value(prop)]
    if prop.type == "checkbox":
        return [_flag(prop, ticked=False), _flag(prop, ticked=True)]
    return []


def _sort_groups(groups: Sequence[Grouped], setting: Mapping[str, Any]) -> Sequence[Grouped]:
    direction = (setting.get("sort") or {}).get("type")
    if direction not in ("ascending", "descending"):
        return groups
    if groups and groups[-1].key == NO_VALUE:  # stays last in both directions
        return [*_sort_groups(groups[:-1], setting), groups[-1]]
    # Options are sorted by their order in the schema, other groups by name.
    has_options = bool(groups) and groups[0].option is not None
    ordered = list(groups)
    if not has_options:
        ordered.sort(key=lambda group: group.tag.name.casefold())
    if direction == "descending":
        ordered.reverse()
    return ordered


def _option(prop: Property, option: Mapping[str, Any], operator: str) -> Grouped:
    condition = {"property": prop.id, prop.type: {operator: option["id"]}}
    # A row of a multi-select cannot be moved: it may have other options, which it would lose.
    set_option = option["id"] if operator == "equals" else None
    return Grouped(option["id"], tag(option), condition, set_option)


def _status_group(prop: Property, group: Mapping[str, Any]) -> Grouped:
    """Return one of the three groups of a status. A row that moves there gets its first option."""
    condition = {"property": prop.id, "status": {"equals": list(group["option_ids"])}}
    return Grouped(group["id"], tag(group), condition, next(iter(group["option_ids"]), None))


def _without_value(prop: Property) -> Grouped:
    condition = {"property": prop.id, prop.type: {"is_empty": True}}
    set_option = "" if prop.type == "select" else None
    return Grouped(NO_VALUE, Tag(f"No {prop.name}"), condition, set_option)


def _person(prop: Property, user: Mapping[str, Any]) -> Grouped:
    name = str(user.get("name") or "Unknown person")
    condition = {"property": prop.id, prop.type: {"contains": user["id"]}}
    return Grouped(user["id"], Tag(name), condition)


def _flag(prop: Property, *, ticked: bool) -> Grouped:
    name = prop.name if ticked else f"Not {prop.name}"
    condition = {"property": prop.id, "checkbox": {"equals": ticked}}
    return Grouped(str(ticked).lower(), Tag(name), condition)


def _users(session: Session) -> Iterable[Mapping[str, Any]]:
    return [json.loads(row[0]) for row in session.db.execute("SELECT body FROM users ORDER BY seq")]
