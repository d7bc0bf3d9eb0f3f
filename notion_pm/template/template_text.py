"""Write templates as text: YAML as a person would write it, and starter rows as CSV."""

from __future__ import annotations

import csv
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

import yaml

from notion_pm.errors import YamlPath
from notion_pm.model.template import Template

_WIDTH = 120
_INDENT = "  "

# Things that always have a line of their own, by their depth: databases / features / properties.
_DEPTH_OF_OWN_LINES = 3

_MARKUP = re.compile(r"\{[{%#]")

Remark = tuple[str, str]
"""An address, and a remark about it."""

Comments = Mapping[YamlPath, list[str]]


def template_text(
    template: Template, remarks: Iterable[Remark] = (), *, heading: Sequence[str] = ()
) -> str:
    """Return a template as YAML, with each remark as a comment above the thing it is about."""
    data = _shorten(template.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    comments: defaultdict[YamlPath, list[str]] = defaultdict(list)
    for address, remark in remarks:
        comments[_place(data, address)].append(remark)
    lines = [
        *_comment_lines(heading, ""),
        *_comment_lines(comments[()], ""),
        *_mapping_lines(data, (), comments),
    ]
    return "\n".join(lines) + "\n"


def rows_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Return starter rows as CSV."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


# --- the data as people write it


def _shorten(data: Any) -> Any:
    """Return data in its short forms. Braces in texts are escaped, so that they stay braces.

    `{is: [x]}` becomes `x`, and whole numbers lose their `.0`.
    """
    match data:
        case {"is": values} if len(data) == 1:
            return _shorten(_single(values))
        case dict():
            shortened = {}
            for key in sorted(data, key=lambda key: key != "type"):  # the type comes first
                value = _single(data[key]) if key in {"is", "not"} else data[key]
                shortened[key] = _shorten(value)
            return shortened
        case list():
            return [_shorten(item) for item in data]
        case float() if data.is_integer():
            return int(data)
        case str():
            return _escape_braces(data)
    return data


def _single(values: Any) -> Any:
    """Return the value of a list of one, other values as they are."""
    if isinstance(values, list) and len(values) == 1:
        return values[0]
    return values


def _escape_braces(text: str) -> str:
    """Return a text in which `{{` does not start a variable."""
    if "{{" not in text and "{%" not in text:
        return text
    return _MARKUP.sub(lambda match: "{{ '" + match[0] + "' }}", text)


# --- where remarks belong


def _place(data: Any, address: str) -> YamlPath:
    """Return the place of an address, or of what contains it if the thing itself is left out."""
    database, *inside = address.split(".")
    path: YamlPath = ("databases", database)
    match inside:
        case ["views", _, *_]:
            path = (*path, *inside)
        case [property_key]:
            path = (*path, "properties", property_key)
        case [property_key, option_key, *_]:
            path = (*path, "properties", property_key)
            options = _value_at(data, (*path, "options")) or ()
            for index, option in enumerate(options):
                if option["key"] == option_key:
                    path = (*path, "options", index)
                    break
    while path and _value_at(data, path) is None:
        path = path[:-1]
    return path


def _value_at(data: Any, path: YamlPath) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


# --- the lines


def _mapping_lines(data: Mapping[str, Any], path: YamlPath, comments: Comments) -> Iterator[str]:
    indent = _INDENT * len(path)
    for index, (key, value) in enumerate(data.items()):
        inside = (*path, key)
        # An empty line before the databases, and between them.
        is_next_database = path == ("databases",) and index > 0
        if inside == ("databases",) or is_next_database:
            yield ""
        yield from _comment_lines(comments.get(inside, ()), indent)
        line = f"{indent}{_flow(key)}: {_flow(value)}"
        if not isinstance(value, dict | list) or _is_on_one_line(line, value, inside, comments):
            yield line
            continue
        yield f"{indent}{_flow(key)}:"
        if isinstance(value, dict):
            yield from _mapping_lines(value, inside, comments)
        else:
            yield from _list_lines(value, inside, comments)


def _list_lines(data: Sequence[Any], path: YamlPath, comments: Comments) -> Iterator[str]:
    indent = _INDENT * len(path)
    for index, item in enumerate(data):
        yield from _comment_lines(comments.get((*path, index), ()), indent)
        yield f"{indent}- {_flow(item)}"


def _is_on_one_line(line: str, value: Any, path: YamlPath, comments: Comments) -> bool:
    """Return whether a mapping or list is written on one line.

    It must be short, and nothing in it may have a comment. Databases, properties, views and
    options always have lines of their own.
    """
    has_own_lines = path[0] == "databases" and len(path) <= _DEPTH_OF_OWN_LINES
    has_options = isinstance(value, dict) and "options" in value
    if has_own_lines or has_options or len(line) > _WIDTH:
        return False
    depth = len(path)
    has_comments = any(place[:depth] == path and len(place) > depth for place in comments)
    return not has_comments


def _comment_lines(remarks: Iterable[str], indent: str) -> Iterator[str]:
    start = f"{indent}# "
    for remark in remarks:
        lines = textwrap.wrap(remark, _WIDTH, initial_indent=start, subsequent_indent=start)
        yield from lines or [start.rstrip()]


def _flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")
