"""Templates as text: YAML as a person would write it, and rows as CSV."""

from __future__ import annotations

import csv
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

import yaml

from notion_pm.model.template import Template
from notion_pm.template.yaml_lines import YamlPath

_WIDTH = 120
_INDENT = "  "
_DEPTH_OF_LISTS = 3  # databases / features / properties
_MARKUP = re.compile(r"\{[{%#]")
_APART = frozenset({"databases"})
"""What is set off by an empty line."""

Remark = tuple[str, str]
"""The address of what a remark is about, and the remark."""


def template_text(
    template: Template, remarks: Iterable[Remark] = (), *, heading: Sequence[str] = ()
) -> str:
    """Return a template as YAML, with remarks as comments above what they are about."""
    data = _data(template)
    comments: defaultdict[YamlPath, list[str]] = defaultdict(list)
    for address, remark in remarks:
        comments[_place(data, address)].append(remark)
    lines = [*_comments(heading, ""), *_comments(comments[()], ""), *_mapping(data, (), comments)]
    return "\n".join(lines) + "\n"


def rows_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Return starter rows as CSV."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _data(template: Template) -> Any:
    return _said(template.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _said(data: Any) -> Any:
    """Return the data as people write it: conditions short, and texts so that braces in them mean themselves."""
    if isinstance(data, dict):
        if data.keys() == {"is"}:
            return _said(_single(data["is"]))
        ordered = sorted(data, key=lambda key: key != "type")
        return {
            key: _said(_single(data[key]) if key in {"is", "not"} else data[key]) for key in ordered
        }
    if isinstance(data, list):
        return [_said(each) for each in data]
    if isinstance(data, float) and data.is_integer():
        return int(data)
    return _literal(data) if isinstance(data, str) else data


def _single(values: Any) -> Any:
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def _literal(text: str) -> str:
    """Return a text whose braces are no variables of a template."""
    if "{{" not in text and "{%" not in text:
        return text
    return _MARKUP.sub(lambda found: "{{ '" + found[0] + "' }}", text)


def _place(data: Any, address: str) -> YamlPath:
    """Return where the thing of an address stands, or what it belonged to where it is left out."""
    database, *inside = address.split(".")
    if len(inside) > 1 and inside[0] == "views":
        path: YamlPath = ("databases", database, *inside)
    else:
        path = ("databases", database, *(("properties", *inside[:1]) if inside else ()))
        if options := _at(data, (*path, "options")) if inside[1:] else None:
            place = next(
                (place for place, each in enumerate(options) if each["key"] == inside[1]), None
            )
            path = (*path, "options", place) if place is not None else path
    while path and _at(data, path) is None:
        path = path[:-1]
    return path


def _at(data: Any, path: YamlPath) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


Comments = Mapping[YamlPath, list[str]]


def _mapping(data: Mapping[str, Any], path: YamlPath, comments: Comments) -> Iterator[str]:
    indent = _INDENT * len(path)
    for place, (key, value) in enumerate(data.items()):
        inside = (*path, key)
        if key in _APART or (path == ("databases",) and place):
            yield ""
        yield from _comments(comments.get(inside, ()), indent)
        line = f"{indent}{_flow(key)}: {_flow(value)}"
        if not isinstance(value, dict | list) or _fits(line, value, inside, comments):
            yield line
        else:
            yield f"{indent}{_flow(key)}:"
            yield from (
                _mapping(value, inside, comments)
                if isinstance(value, dict)
                else _items(value, inside, comments)
            )


def _items(data: Sequence[Any], path: YamlPath, comments: Comments) -> Iterator[str]:
    indent = _INDENT * len(path)
    for place, each in enumerate(data):
        yield from _comments(comments.get((*path, place), ()), indent)
        yield f"{indent}- {_flow(each)}"


def _fits(line: str, value: Any, path: YamlPath, comments: Comments) -> bool:
    """Whether a thing is said on one line: one that is small, and about whose parts nothing is remarked.

    Databases, their properties and their views have a line each at least, and so have options.
    """
    spread = path[0] == "databases" and len(path) <= _DEPTH_OF_LISTS
    listed = isinstance(value, dict) and "options" in value
    remarked = any(each[: len(path)] == path and len(each) > len(path) for each in comments)
    return not (spread or listed or remarked) and len(line) <= _WIDTH


def _comments(remarks: Iterable[str], indent: str) -> Iterator[str]:
    start = f"{indent}# "
    for each in remarks:
        yield from textwrap.wrap(each, _WIDTH, initial_indent=start, subsequent_indent=start) or [
            start.rstrip()
        ]


def _flow(value: Any) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...")
