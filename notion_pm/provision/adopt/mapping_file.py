"""Mapping files: what `adopt` proposes, as YAML for a person to look at, and read again with the lines of faults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from notion_pm.errors import UsageError
from notion_pm.files.writing import create_shared, require_folder
from notion_pm.model.likeness import SURE
from notion_pm.model.template import OptionsProperty, Template
from notion_pm.provision.adopt.mapping import Mapping as AdoptMapping
from notion_pm.provision.adopt.matching import DatabaseMatch, Match, PropertyMatch
from notion_pm.template.yaml_model import ModelFile, read_model

_HEAD = """\
# Which databases of the client are those of the template. Nothing is changed yet.
# Look at every line and correct it; what is empty is added by the template. Nothing of the client's is renamed,
# converted or removed. Then:  notion-pm adopt --apply {path}
"""


MappingFile = ModelFile[AdoptMapping]
"""A mapping, and where its parts stand in the file."""


def text(
    path: Path,
    reference: str,
    template: Template,
    wanted: Sequence[str],
    matches: Mapping[str, DatabaseMatch],
) -> str:
    """Return a proposal for the databases that are wanted, as YAML with comments."""
    lines = [_HEAD.format(path=path), f"adopt: {_quoted(reference)}", "databases:"]
    for key in wanted:
        match, title = matches.get(key), template.databases[key].title
        lines += (
            _database(template, key, match)
            if match
            else [f"  {key}:   # nothing like {title!r}: it is made"]
        )
    return "\n".join(lines) + "\n"


def _database(template: Template, key: str, match: DatabaseMatch) -> Iterator[str]:
    spec, database = template.databases[key], match.candidate.database
    yield f"  {key}:   # {database.title!r} as {spec.title!r} ({match.likeness:.0%} alike), {database.url}"
    yield f"    database: {database.id}"
    yield f"    seen: {_quoted(match.candidate.seen)}   # a mark of how it looked: leave it as it is"
    yield "    properties:"
    width = max(len(_pair(each, found.match)) for each, found in match.properties.items())
    for each, found in match.properties.items():
        told = _told(spec.properties[each].title, spec.properties[each].type, found)
        yield f"      {_pair(each, found.match):{width}}   # {told}"
    optioned = [
        each
        for each, found in match.properties.items()
        if found.match and _has_options(template, key, each)
    ]
    if optioned:
        yield "    options:"
    for each in optioned:
        yield from _options(template, key, each, match.properties[each])
    for prop in match.alone:
        yield f"    # left alone: {prop.name!r} ({prop.type})"


def _has_options(template: Template, database: str, key: str) -> bool:
    spec = template.databases[database].properties[key]
    return isinstance(spec, OptionsProperty) and bool(spec.options)


def _options(template: Template, database: str, key: str, found: PropertyMatch) -> Iterator[str]:
    spec = template.databases[database].properties[key]
    assert isinstance(spec, OptionsProperty)
    yield f"      {key}:"
    for option in spec.options:
        match = found.options.get(option.key)
        told = _confidence(match) if match else f"{option.name!r} is added"
        yield f"        {_pair(option.key, match)}   # {told}"


def _pair(key: str, match: Match | None) -> str:
    return f"{key}: {_quoted(match.name)}" if match else f"{key}:"


def _told(title: str, kind: str, found: PropertyMatch) -> str:
    told = _confidence(found.match) if found.match else found.told or f"{title!r} ({kind}) is added"
    told = "the title" if kind == "title" else told
    return f"{told}; {found.told}" if found.match and found.told else told


def _confidence(match: Match) -> str:
    if match.likeness >= 1:
        return "same name"
    return "sure" if match.likeness >= SURE else f"LOOK: only {match.likeness:.0%} alike"


def _quoted(text: str) -> str:
    """A text as YAML and JSON both write it."""
    return json.dumps(text, ensure_ascii=False)


def write(path: Path, content: str) -> None:
    """Write a mapping file.

    Raises UsageError when there is one already: somebody may have worked on it; FileUnusable.
    """
    require_folder(path)
    try:
        create_shared(path, content)
    except FileExistsError:
        raise UsageError(
            f"There is a file {path} already.", "Name another one with -o, or remove it."
        ) from None


def read(path: Path) -> MappingFile:
    """Read a mapping file.

    Raises MappingInvalid with all that is wrong with its form, FileUnusable when it cannot be read.
    """
    return read_model(path, AdoptMapping)
