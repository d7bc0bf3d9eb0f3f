"""Options of select, multi-select and status properties (notion-api.md 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.store.ids import new_id

MOST_CHARACTERS = 100
COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_GROUPS = (("To-do", "gray"), ("In progress", "blue"), ("Complete", "green"))
_DEFAULT_STATUS_OPTIONS = (
    {"name": "Not started", "group": "To-do"},
    {"name": "In progress", "group": "In progress", "color": "blue"},
    {"name": "Done", "group": "Complete", "color": "green"},
)

Option = dict[str, Any]
Config = dict[str, Any]


def select_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    """Return the config of a (multi-)select. Options in the request replace the existing ones."""
    if sent.get("options") is None:
        return existing or {"options": []}
    known = existing["options"] if existing else []
    return {"options": _read_options(sent["options"], known, f"{path}.options")}


def status_config(sent: Mapping[str, Any], existing: Config | None, path: str) -> Config:
    """Return the config of a status: options in Notion's three groups.

    `groups` is ignored when the property is created, and refused in a change (both measured).
    """
    # Groups cannot be created, renamed or reordered (notion-api.md 3.2).
    if existing and "groups" in sent:
        raise body_error(f"{path}.groups", "not present", sent["groups"])
    if sent.get("options") is None and existing:
        return existing
    sent_options = sent.get("options")
    if sent_options is None:
        sent_options = list(_DEFAULT_STATUS_OPTIONS)
    known = existing["options"] if existing else []
    options = _read_options(sent_options, known, f"{path}.options")
    group_of = {}
    for sent_option, option in zip(sent_options, options, strict=True):
        group_of[option["id"]] = _group_of_option(sent_option, option, existing, path)
    groups = [_make_group(name, color, existing, group_of) for name, color in _GROUPS]
    return {"options": options, "groups": groups}


def default_status(config: Config) -> Option | None:
    """Return the option that a page without a status shows: the first of the first filled group."""
    for group in config["groups"]:
        if group["option_ids"]:
            option = find(config["options"], {"id": group["option_ids"][0]})
            return None if option is None else as_value(option)
    return None


def never_set(default: Option) -> Option:
    """Return the stored value of a status that was never set. A conversion treats it as empty."""
    return {**default, "unset": True}


def as_value(option: Mapping[str, Any]) -> Option:
    """Return an option as page values show it, without its description."""
    return {"id": option["id"], "name": option["name"], "color": option["color"]}


def find(options: Iterable[Option], wanted: Mapping[str, Any]) -> Option | None:
    """Return the option with the wanted id, or if none is given, with the wanted name."""
    if wanted.get("id") is not None:
        return next((option for option in options if option["id"] == wanted["id"]), None)
    name = wanted.get("name")
    return next((option for option in options if option["name"] == name), None)


def new_option(name: str, *, color: str = "default", description: str | None = None) -> Option:
    """Return a new option."""
    return {"id": new_id(), "name": name, "color": color, "description": description}


def check_name(value: Any, path: str) -> str:
    """Return the name of an option. Raises 400 for a comma, which Notion does not allow."""
    name = checks.a_string(value, path, most=MOST_CHARACTERS)
    if "," in name:
        raise validation_error(f"Invalid select option, commas not allowed: {name}")
    if not name:
        raise body_error(f"{path}.length", "≥ `1`", 0)
    return name


def _read_options(sent: Any, existing: Sequence[Option], path: str) -> list[Option]:
    options = []
    for index, sent_option in enumerate(checks.an_array(sent, path)):
        option_path = f"{path}[{index}]"
        sent_object = checks.an_object(sent_option, option_path)
        options.append(_read_option(sent_object, existing, option_path))
    # Names are unique regardless of case (notion-api.md 3.3).
    names = [option["name"].casefold() for option in options]
    for name in names:
        if names.count(name) > 1:
            raise validation_error(
                f"{path} should have unique option names, found a duplicate: {name!r}"
            )
    return options


def _read_option(sent: Mapping[str, Any], existing: Sequence[Option], path: str) -> Option:
    """Return an option of a request.

    An existing option keeps its name and color: Notion ignores a new name and refuses a new color
    (notion-api.md 3.2). It gets a new description.
    """
    known = find(existing, sent)
    color = sent.get("color")
    if color is not None:
        checks.one_of(color, COLORS, f"{path}.color")
    description = sent.get("description")
    if known is None:
        name = check_name(checks.require(sent, "name", path), f"{path}.name")
        return new_option(name, color=color or "default", description=description)
    # Sending the same color is accepted, for clients that send back what they read.
    if color not in (None, known["color"]):
        name_or_id = sent.get("id") or sent.get("name")
        raise validation_error(f"Cannot update color of select with id/name: {name_or_id}.")
    return {**known, "description": description}


def _group_of_option(
    sent: Mapping[str, Any], option: Option, existing: Config | None, path: str
) -> str:
    """Return the name of an option's group: the one sent, its former one, or the first."""
    if sent.get("group") is not None:
        return checks.one_of(sent["group"], [name for name, _ in _GROUPS], f"{path}.options.group")
    for group in _groups(existing):
        if option["id"] in group["option_ids"]:
            return str(group["name"])
    return _GROUPS[0][0]


def _make_group(
    name: str, color: str, existing: Config | None, group_of: Mapping[str, str]
) -> dict[str, Any]:
    """Return a group with its options. It keeps the id that it had before."""
    group_id = new_id()
    for group in _groups(existing):
        if group["name"] == name:
            group_id = group["id"]
    members = [option_id for option_id, group_name in group_of.items() if group_name == name]
    return {"id": group_id, "name": name, "color": color, "option_ids": members}


def _groups(config: Config | None) -> Sequence[dict[str, Any]]:
    return config.get("groups", []) if config else []
