"""Validate a template's data with pydantic, and explain its errors to the template's author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from notion_pm.errors import TemplateProblem, YamlPath
from notion_pm.model.template import Template
from notion_pm.template.json_schema import allowed_keys

# Problems that are reported at once. A file that is not a template has thousands, and looking for
# the word that was meant takes a while for each.
_MOST_PROBLEMS = 200

# Characters of a value that are quoted.
_MOST_QUOTED = 40

# How keys that take lists are written; people often write a single value.
_EXAMPLES = {
    "sort": "sort: [{due: ascending}]",
    "show": "show: [name, status]",
    "columns": "columns: [name, status]",
    "options": "options: [{key: open, name: Open}]",
    "widgets": "widgets: [[features.board, features.roadmap]]",
}


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The model of a template, or None and its problems.

    `unknown_keys`: the places of keys that the format does not have.
    """

    template: Template | None
    problems: tuple[TemplateProblem, ...] = ()
    unknown_keys: tuple[YamlPath, ...] = ()


def validate_template(data: Any) -> ValidationResult:
    """Validate the data of a template file."""
    try:
        return ValidationResult(Template.model_validate(data))
    except ValidationError as error:
        details = error.errors(include_url=False)

    first_details = list(islice(_first_detail_per_place(details, data), _MOST_PROBLEMS))
    problems = [_explain(detail, data) for detail in first_details]
    unknown_keys = [
        _path_in_file(detail["loc"], data)
        for detail in first_details
        if detail["type"] == "extra_forbidden"
    ]
    return ValidationResult(None, tuple(problems), tuple(unknown_keys))


def _first_detail_per_place(details: Iterable[ErrorDetails], data: Any) -> Iterator[ErrorDetails]:
    """Yield one error per place. Pydantic reports one for each member of a union."""
    seen: set[YamlPath] = set()
    for detail in details:
        path = _path_in_file(detail["loc"], data)
        if path not in seen:
            seen.add(path)
            yield detail


def _path_in_file(location: YamlPath, data: Any) -> YamlPath:
    """Return the path in the file, as far as the file has it.

    Pydantic's location also has the names of union members. Example: the location of a wrong title
    is `databases, features, properties, status, select, title`, where `select` is not in the file.
    """
    path: list[str | int] = []
    is_property = len(location) > 2 and location[0] == "databases" and location[2] == "properties"
    for index, step in enumerate(location):
        if is_property and index == 4:
            continue  # the type of the property, which pydantic inserts
        is_key = isinstance(data, dict) and step in data
        is_index = isinstance(data, list) and isinstance(step, int)
        if is_key or is_index:
            path.append(step)
            data = data[step]
    return tuple(path)


def _explain(detail: ErrorDetails, data: Any) -> TemplateProblem:
    """Return one of pydantic's errors as a problem."""
    path = _path_in_file(detail["loc"], data)
    name = str(detail["loc"][-1]) if detail["loc"] else ""
    subject = _subject(path)
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return TemplateProblem.unknown(path, "key", name, allowed_keys(path[:-1], data))
        case "missing":
            return TemplateProblem(path, f"{subject}`{name}` is missing.")
        case "union_tag_not_found":
            advice = "Give the type of the property, such as rich_text."
            return TemplateProblem(path, f"{subject}`type` is missing.", advice)
        case "union_tag_invalid":
            types = _split_list(context["expected_tags"])
            place = (*path, "type")
            return TemplateProblem.unknown(place, "property type", context["tag"], types)
        case "literal_error":
            expected = _split_list(context["expected"].replace(" or ", ", "))
            value = str(detail["input"])
            return TemplateProblem.unknown(path, f"value for `{name}`:", value, expected)
        case "string_pattern_mismatch":
            message, advice = _explain_pattern(str(detail["input"]), context["pattern"])
            return TemplateProblem(path, message, advice)
        case "too_long":
            length, limit = context["actual_length"], context["max_length"]
            return TemplateProblem(path, f"{subject}has {length} entries; the limit is {limit}.")
        case "value_error":
            return TemplateProblem(path, f"{subject}{context['error']!s}.")
    message = f"{subject}{_plain_message(detail['msg'])}, not {_quote(detail['input'])}."
    example = _EXAMPLES.get(str(path[-1])) if path else None
    return TemplateProblem(path, message, f"For example: {example}" if example else "")


def _subject(path: YamlPath) -> str:
    """Return what a message is about: the path without the section, such as `features.title`."""
    if not path:
        return ""
    return f"{'.'.join(str(step) for step in path[1:] or path)}: "


def _split_list(text: str) -> list[str]:
    """Return the entries of pydantic's list: `'a', 'b'`."""
    return [entry.strip(" '") for entry in text.split(",")]


def _explain_pattern(text: str, pattern: str) -> tuple[str, str]:
    """Return message and advice for a text that does not match its pattern."""
    if pattern == "^[^,]+$":
        return f"`{text}` contains a comma.", "Notion does not allow commas in option names."
    if r"\." in pattern:
        advice = "Write `database.view`, such as `features.board`."
        return f"`{text}` is not the name of a view.", advice
    return (
        f"`{text}` cannot be a key.",
        "Keys consist of a-z, 0-9, _ and -, and start with a letter or digit.",
    )


def _plain_message(message: str) -> str:
    """Return a message of pydantic in words for people who do not know Python."""
    message = message.replace("a valid integer", "a whole number").partition(",")[0]
    message = message.replace("Input should be a valid ", "should be a ")
    message = message.replace("Input should be ", "should be ")
    message = message.replace("dictionary", "mapping (`key: value`)")
    return message.replace("tuple", "list")


def _quote(value: Any) -> str:
    text = str(value)
    if len(text) > _MOST_QUOTED:
        return f"`{text[:_MOST_QUOTED]}…`"
    return f"`{text}`"
