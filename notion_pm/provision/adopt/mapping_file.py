"""Mapping files: what `adopt` proposes, as YAML for a person to check and correct.

A mapping says which of a client's databases, properties and options are those of a template.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from notion_pm.errors import UsageError
from notion_pm.files.writing import create_shared, require_folder
from notion_pm.model.likeness import SURE
from notion_pm.model.template import OptionsProperty, Template
from notion_pm.provision.adopt.matching import DatabaseMatch, Match, PropertyMatch
from notion_pm.template.yaml_model import ModelFile, read_model

_STRICT = ConfigDict(extra="forbid", frozen=True)

_HEAD = """\
# Which of the client's databases are those of the template. Nothing is changed yet.
# Check every line and correct it. The template adds what is empty here. It never renames, converts
# or removes anything of the client's. Then run:  notion-pm adopt --apply {path}
"""


class DatabaseMapping(BaseModel):
    """One database, in the client's names. The template adds what is empty.

    `seen`: the fingerprint of the database when the mapping was made. With another fingerprint the
    mapping is out of date.
    """

    model_config = _STRICT

    database: str
    seen: str
    properties: dict[str, str | None] = Field(default_factory=dict)
    options: dict[str, dict[str, str | None]] = Field(default_factory=dict)


class AdoptMapping(BaseModel):
    """A whole mapping file.

    `adopt`: the template, by its shipped name or path. Databases that are empty are created.
    """

    model_config = _STRICT

    adopt: str
    databases: dict[str, DatabaseMapping | None]


MappingFile = ModelFile[AdoptMapping]


def read(path: Path) -> MappingFile:
    """Read a mapping file.

    Raises MappingInvalid with everything that is wrong with its form, FileUnusable when it cannot
    be read.
    """
    return read_model(path, AdoptMapping)


def write(path: Path, content: str) -> None:
    """Write a mapping file.

    Raises FileUnusable, or UsageError when the file exists: a person may have worked on it.
    """
    require_folder(path)
    try:
        create_shared(path, content)
    except FileExistsError:
        raise UsageError(
            f"The file {path} already exists.", "Choose another name with -o, or delete it."
        ) from None


# --- the text of a proposal


def text(
    path: Path,
    reference: str,
    template: Template,
    wanted: Sequence[str],
    matches: Mapping[str, DatabaseMatch],
) -> str:
    """Return a proposal for the wanted databases, as YAML with comments."""
    lines = [_HEAD.format(path=path), f"adopt: {_quote(reference)}", "databases:"]
    for key in wanted:
        if key in matches:
            lines += _database_lines(template, key, matches[key])
        else:
            title = template.databases[key].title
            lines.append(f"  {key}:   # no database like {title!r}: it will be created")
    return "\n".join(lines) + "\n"


def _database_lines(template: Template, key: str, match: DatabaseMatch) -> Iterator[str]:
    spec, database = template.databases[key], match.candidate.database
    alike = f"({match.likeness:.0%} alike)"
    yield f"  {key}:   # {database.title!r} as {spec.title!r} {alike}, {database.url}"
    yield f"    database: {database.id}"
    mark = _quote(match.candidate.mark)
    yield f"    seen: {mark}   # its state when this was written: do not change this line"

    yield "    properties:"
    pairs = {
        property_key: _pair(property_key, found.match)
        for property_key, found in match.properties.items()
    }
    width = max(map(len, pairs.values()))
    for property_key, found in match.properties.items():
        property_spec = spec.properties[property_key]
        remark = _property_remark(property_spec.title, property_spec.type, found)
        yield f"      {pairs[property_key]:{width}}   # {remark}"

    yield from _options_lines(template, key, match)
    for prop in match.unmatched:
        yield f"    # not used: {prop.name!r} ({prop.type})"


def _options_lines(template: Template, database: str, match: DatabaseMatch) -> Iterator[str]:
    is_first = True
    for key, found in match.properties.items():
        spec = template.databases[database].properties[key]
        if not isinstance(spec, OptionsProperty) or not spec.options or not found.match:
            continue
        if is_first:
            yield "    options:"
            is_first = False
        yield f"      {key}:"
        for option in spec.options:
            option_match = found.options.get(option.key)
            if option_match:
                remark = _describe_likeness(option_match)
            else:
                remark = f"{option.name!r} is added"
            yield f"        {_pair(option.key, option_match)}   # {remark}"


def _pair(key: str, match: Match | None) -> str:
    return f"{key}: {_quote(match.name)}" if match else f"{key}:"


def _property_remark(title: str, property_type: str, found: PropertyMatch) -> str:
    if found.match is None:
        if property_type == "title":
            return "the title"
        return found.remark or f"{title!r} ({property_type}) is added"
    is_title = property_type == "title"
    remark = "the title" if is_title else _describe_likeness(found.match)
    return f"{remark}; {found.remark}" if found.remark else remark


def _describe_likeness(match: Match) -> str:
    if match.likeness >= 1:
        return "same name"
    if match.likeness >= SURE:
        return "sure"
    return f"CHECK: only {match.likeness:.0%} alike"


def _quote(text: str) -> str:
    """Return a text in quotes that are the same in YAML and JSON."""
    return json.dumps(text, ensure_ascii=False)
