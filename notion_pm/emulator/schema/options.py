"""Laws of the options of select, multi-select and status properties (notion-api.md 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.store.ids import new_id

MOST_CHARACTERS = 100
COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_GROUPS = (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green"))
_FRESH_STATUS = (
    {"name": "Not started", "group": "To-do"},
    {"name": "In progress", "group": "In progress", "color": "blue"},
    {"name": "Done", "group": "Complete", "color": "green"},
)

Option = dict[str, Any]
Config = dict[str, Any]


def select_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    """Return the config of a (multi-)select: a list of options replaces the existing list, silence keeps it."""
    if sent.get("options") is None:
        return existing or {"options": []}
    return {
        "options": _replaced(
            sent["options"], (existing or {}).get("options", []), f"{path}.options"
        )
    }


def status_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    """Return the config of a status: options in Notion's three groups.

    `groups` is passed over at creation, and refused in a change (both measured).
    """
    if existing and "groups" in sent:
        raise body_error(f"{path}.groups", "not present", sent["groups"])
    if sent.get("options") is None and existing:
        return existing
    wanted = _FRESH_STATUS if sent.get("options") is None else sent["options"]
    options = _replaced(wanted, (existing or {}).get("options", []), f"{path}.options")
    placed = {
        option["id"]: _group(each, option, existing, path)
        for each, option in zip(wanted, options, strict=True)
    }
    return {
        "options": options,
        "groups": [_filled(name, color, existing, placed) for name, color in _GROUPS],
    }


def default_status(config: Config) -> Option | None:
    """Return the option that a page without a status shows: the first of the first group that has any."""
    first = next(
        (option_id for group in config["groups"] for option_id in group["option_ids"]), None
    )
    return next((as_value(option) for option in config["options"] if option["id"] == first), None)


def never_set(default: Option) -> Option:
    """Return the default status of a page whose status nobody has set. A conversion takes it for empty (measured)."""
    return {**default, "unset": True}


def as_value(option: Mapping[str, Any]) -> Option:
    """Return an option as page values show it, without its description."""
    return {"id": option["id"], "name": option["name"], "color": option["color"]}


def find(options: Iterable[Option], wanted: Mapping[str, Any]) -> Option | None:
    """Return the option that has the wanted id or else the wanted name, if there is one."""
    if wanted.get("id") is not None:
        return next((option for option in options if option["id"] == wanted["id"]), None)
    name = wanted.get("name")
    return next((option for option in options if option["name"] == name), None)


def new_option(name: str, *, color: str = "default", description: str | None = None) -> Option:
    """Make an option."""
    return {"id": new_id(), "name": name, "color": color, "description": description}


def checked_name(value: Any, path: str) -> str:
    """Return an option's name; raises 400 for commas, which Notion reserves."""
    name = checks.a_string(value, path, most=MOST_CHARACTERS)
    if "," in name:
        raise validation_error(f"Invalid select option, commas not allowed: {name}")
    if not name:
        raise body_error(f"{path}.length", "≥ `1`", 0)
    return name


def _replaced(sent: Any, existing: Sequence[Option], path: str) -> list[Option]:
    options = [
        _merged(checks.an_object(each, f"{path}[{index}]"), existing, f"{path}[{index}]")
        for index, each in enumerate(
            checks.an_array(list(sent) if isinstance(sent, tuple) else sent, path)
        )
    ]
    names = [option["name"].casefold() for option in options]
    for name in names:
        if names.count(name) > 1:
            raise validation_error(
                f"{path} should have unique option names, found a duplicate: {name!r}"
            )
    return options


def _merged(sent: Mapping[str, Any], existing: Sequence[Option], path: str) -> Option:
    """Keep an existing option's name and colour: Notion ignores a new name and refuses a new colour."""
    kept = find(existing, sent)
    color = sent.get("color")
    if color is not None:
        checks.one_of(color, COLORS, f"{path}.color")
    description = sent.get("description")
    if kept is None:
        name = checked_name(checks.required(sent, "name", path), f"{path}.name")
        return new_option(name, color=color or "default", description=description)
    if color not in (None, kept["color"]):
        which = sent.get("id") or sent.get("name")
        raise validation_error(f"Cannot update color of select with id/name: {which}.")
    return {**kept, "description": description}


def _group(sent: Mapping[str, Any], option: Option, existing: Config | None, path: str) -> str:
    if sent.get("group") is not None:
        return checks.one_of(sent["group"], [name for name, _ in _GROUPS], f"{path}.options.group")
    former = (
        group["name"]
        for group in (existing or {}).get("groups", [])
        if option["id"] in group["option_ids"]
    )
    return str(next(former, _GROUPS[0][0]))


def _filled(
    name: str, color: str, existing: Config | None, placed: Mapping[str, str]
) -> dict[str, Any]:
    former = next(
        (group["id"] for group in (existing or {}).get("groups", []) if group["name"] == name), None
    )
    members = [option_id for option_id, group in placed.items() if group == name]
    return {"id": former or new_id(), "name": name, "color": color, "option_ids": members}
