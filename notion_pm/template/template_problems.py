"""What pydantic finds wrong with a template, in words that the author of the template understands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from notion_pm.model.fault import Fault
from notion_pm.model.template import Template
from notion_pm.template.template_schema import allowed_keys
from notion_pm.template.yaml_lines import YamlPath

_MOST_FAULTS = 200
"""Faults that are reported at once. A file that is none of ours has thousands."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What pydantic makes of a template: the model, or the faults. `foreign` are the places of unknown keys."""

    template: Template | None
    faults: tuple[Fault, ...] = ()
    foreign: tuple[YamlPath, ...] = ()


def judge(data: Any) -> Verdict:
    """Validate the data of a template file."""
    try:
        return Verdict(Template.model_validate(data))
    except ValidationError as error:
        outermost = _outermost(error.errors(include_url=False), data)
        details = list(
            islice(outermost, _MOST_FAULTS)
        )  # each looks for a word that was meant, which takes a while
        foreign = tuple(
            _path(each["loc"], data) for each in details if each["type"] == "extra_forbidden"
        )
        return Verdict(None, tuple(dict.fromkeys(_fault(each, data) for each in details)), foreign)


def _outermost(details: Iterable[ErrorDetails], data: Any) -> Iterator[ErrorDetails]:
    """Leave one error per place: a union reports one for each of its members."""
    seen: set[YamlPath] = set()
    for each in details:
        path = _path(each["loc"], data)
        if path not in seen:
            seen.add(path)
            yield each


def _path(location: YamlPath, data: Any) -> YamlPath:
    """Return the path in the file: pydantic's location without the names of union members, as far as the file goes."""
    path: list[str | int] = []
    for place, step in enumerate(location):
        if place == 4 and location[0] == "databases" and location[2] == "properties":
            continue  # the property's type, which pydantic inserts
        if (isinstance(data, dict) and step in data) or (
            isinstance(data, list) and isinstance(step, int)
        ):
            path.append(step)
            data = data[step]  # type: ignore[index]
    return tuple(path)


def _fault(error: ErrorDetails, data: Any) -> Fault:
    kind, path = error["type"], _path(error["loc"], data)
    name, context = str(error["loc"][-1]) if error["loc"] else "", error.get("ctx", {})
    if kind == "extra_forbidden":
        return Fault.unknown(path, "key", name, allowed_keys(path[:-1], data))
    if kind == "missing":
        return Fault(path, f"{_subject(path)}`{name}` is missing.")
    if kind == "union_tag_not_found":
        return Fault(
            path,
            f"{_subject(path)}`type` is missing.",
            "Name the property's type, such as rich_text.",
        )
    if kind == "union_tag_invalid":
        types = [each.strip().strip("'") for each in context["expected_tags"].split(",")]
        return Fault.unknown((*path, "type"), "property type", context["tag"], types)
    if kind == "literal_error":
        expected = [
            each.strip("' ") for each in context["expected"].replace(" or ", ", ").split(",")
        ]
        return Fault.unknown(path, f"value for `{name}`:", str(error["input"]), expected)
    if kind == "string_pattern_mismatch":
        return Fault(path, *_misspelt(str(error["input"]), context["pattern"]))
    if kind == "too_long":
        return Fault(
            path,
            f"{_subject(path)}has {context['actual_length']} entries, {context['max_length']} at most.",
        )
    if kind == "value_error":
        return Fault(path, f"{_subject(path)}{context['error']!s}.")
    return Fault(path, f"{_subject(path)}{_plain(error['msg'])}, not {_shown(error['input'])}.")


def _subject(path: YamlPath) -> str:
    return f"{'.'.join(str(step) for step in path[1:] or path)}: " if path else ""


def _misspelt(text: str, pattern: str) -> tuple[str, str]:
    if pattern == "^[^,]+$":
        return f"`{text}` has a comma.", "Notion does not take commas in the names of options."
    if r"\." in pattern:
        return f"`{text}` does not name a view.", "Write `database.view`, such as `features.board`."
    return (
        f"`{text}` cannot be a key.",
        "Keys are made of a-z, 0-9, _ and -, and start with a letter or digit.",
    )


def _plain(message: str) -> str:
    message = message.replace("a valid integer", "a whole number").partition(",")[0]
    replaced = message.replace("Input should be a valid ", "should be a ").replace(
        "Input should be ", "should be "
    )
    return replaced.replace("dictionary", "mapping (`key: value`)")


def _shown(value: Any) -> str:
    text = str(value)
    return f"`{text[:40]}…`" if len(text) > 40 else f"`{text}`"
