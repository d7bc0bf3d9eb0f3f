"""The groups of a view: which there are, in which order, and the filter that finds each one's rows."""

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

    `option` is what a row is set to when it is moved here, None where that cannot be said.
    """

    key: str
    tag: Tag
    filter: Json
    option: str | None = None


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a view's rows are grouped: by which property, into which groups."""

    prop: Property
    groups: tuple[Grouped, ...]
    hides_empty: bool = False


def grouping(session: Session, schema: Schema, config: Mapping[str, Any]) -> Grouping | None:
    """Return how a view groups its rows; None where it does not, or by something whose groups cannot be listed."""
    asked = config.get("group_by")
    prop = schema.get(decode_property_id(asked["property_id"])) if asked else None
    if not asked or prop is None:
        return None
    groups = _sort_groups(_groups(session, prop, asked), asked)
    return Grouping(prop, tuple(groups), bool(asked.get("hide_empty_groups"))) if groups else None


def _groups(session: Session, prop: Property, asked: Mapping[str, Any]) -> list[Grouped]:
    if prop.type == "status" and asked.get("group_by") == "group":
        return [_status_group(prop, group) for group in prop.config["groups"]]
    if prop.type in ("status", "select"):
        options = [_option(prop, option, "equals") for option in prop.config["options"]]
        return [*options, _without(prop)]
    if prop.type == "multi_select":
        return [
            *(_option(prop, option, "contains") for option in prop.config["options"]),
            _without(prop),
        ]
    if prop.type in ("people", "created_by", "last_edited_by"):
        return [
            *(_person(prop, user) for user in _users(session)),
            *([_without(prop)] if prop.type == "people" else ()),
        ]
    if prop.type == "checkbox":
        return [_flag(prop, ticked=False), _flag(prop, ticked=True)]
    return []


def _sort_groups(groups: Sequence[Grouped], asked: Mapping[str, Any]) -> Sequence[Grouped]:
    direction = (asked.get("sort") or {}).get("type")
    if direction not in ("ascending", "descending"):
        return groups
    if groups and groups[-1].key == NO_VALUE:
        return [*_sort_groups(groups[:-1], asked), groups[-1]]
    is_ranked = groups and groups[0].option is not None  # options sort by their place in the schema
    ordered = groups if is_ranked else sorted(groups, key=lambda group: group.tag.name.casefold())
    return list(ordered)[:: -1 if direction == "descending" else 1]


def _option(prop: Property, option: Mapping[str, Any], operator: str) -> Grouped:
    condition = {"property": prop.id, prop.type: {operator: option["id"]}}
    return Grouped(
        option["id"], tag(option), condition, option["id"] if operator == "equals" else None
    )


def _status_group(prop: Property, group: Mapping[str, Any]) -> Grouped:
    """Make one of a status's three groups; who is moved there gets its first option, as in the app."""
    condition = {"property": prop.id, "status": {"equals": list(group["option_ids"])}}
    return Grouped(group["id"], tag(group), condition, next(iter(group["option_ids"]), None))


def _without(prop: Property) -> Grouped:
    condition = {"property": prop.id, prop.type: {"is_empty": True}}
    return Grouped(
        NO_VALUE, Tag(f"No {prop.name}"), condition, "" if prop.type == "select" else None
    )


def _person(prop: Property, user: Mapping[str, Any]) -> Grouped:
    name = str(user.get("name") or "Somebody")
    return Grouped(
        user["id"], Tag(name), {"property": prop.id, prop.type: {"contains": user["id"]}}
    )


def _flag(prop: Property, *, ticked: bool) -> Grouped:
    name = prop.name if ticked else f"Not {prop.name}"
    return Grouped(
        str(ticked).lower(), Tag(name), {"property": prop.id, "checkbox": {"equals": ticked}}
    )


def _users(session: Session) -> Iterable[Mapping[str, Any]]:
    return [json.loads(row[0]) for row in session.db.execute("SELECT body FROM users ORDER BY seq")]
