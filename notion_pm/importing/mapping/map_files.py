"""Maps of imports on the disk: those of known tools, which ship, those of people, and those that a person confirmed."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from notion_pm.errors import UsageError
from notion_pm.files.writing import create_shared, write_private
from notion_pm.model.import_map import ImportMap
from notion_pm.template.template_files import shipped_folder
from notion_pm.template.yaml_model import ModelFile, read_model
from notion_pm.text import suggest

MapFile = ModelFile[ImportMap]
"""A map, and where its parts stand in the file."""

_FOLDER = "imports"
_SOURCES = "sources.json"
_SOURCE_NAMES = TypeAdapter(dict[str, str])
_OF_PRESETS = frozenset({"needs", "first", "headers"})
"""What only serves to recognise files."""
_HEAD = """\
# Which columns of the file fill which properties. Look at every line and correct it; docs/import.md explains them.
# Words that are empty are options that nobody could match: name ours, by key or name, or leave the property empty.
"""


def preset_names() -> tuple[str, ...]:
    """Return the names of the maps that ship."""
    return tuple(sorted(each.stem for each in _presets().glob("*.yaml")))


def load_preset(name: str) -> ImportMap:
    """Return the map of a tool. Raises UsageError when none of that name ships."""
    return _read_preset(name).model


def load_presets() -> dict[str, ImportMap]:
    """Return the maps of all tools, by name."""
    return {name: load_preset(name) for name in preset_names()}


def preset_text(name: str) -> str:
    """Return the map of a tool as it is written. Raises UsageError when none of that name ships."""
    return _read_preset(name).path.read_text(encoding="utf-8")


def _read_preset(name: str) -> MapFile:
    if name not in preset_names():
        raise UsageError(f"There is no preset {name!r}.", suggest(name, preset_names()))
    return read_model(_presets() / f"{name}.yaml", ImportMap)


def _presets() -> Path:
    return shipped_folder() / _FOLDER


def read_map(path: Path) -> MapFile:
    """Read a person's map.

    Raises MappingInvalid with all that is wrong with its form, FileUnusable when it cannot be read.
    """
    return read_model(path, ImportMap)


def write_map(path: Path, map: ImportMap) -> None:
    """Write a map to a new file. Raises UsageError where there is a file already, FileUnusable."""
    try:
        create_shared(path, format_map(map))
    except FileExistsError:
        raise UsageError(
            f"There is a file {path} already.", "Name another one with --map."
        ) from None


def format_map(map: ImportMap) -> str:
    """Return a map as YAML, without what is as it would be anyway; a column alone stands for itself."""
    stated = map.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    data = {"source": map.source, "into": map.into, **stated, "key": _short(stated["key"])}
    data["fill"] = {name: _short(each) for name, each in data["fill"].items()}
    if "body" in data:
        data["body"] = _short(data["body"])
    data = {name: each for name, each in data.items() if name not in _OF_PRESETS}
    return _HEAD + yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)


def _short(filling: dict[str, Any]) -> Any:
    columns = filling.get("from")
    if columns and len(columns) == 1:
        filling = {**filling, "from": columns[0]}
    return filling["from"] if list(filling) == ["from"] else filling


def load_confirmed_maps(state_directory: Path, into: str) -> list[MapFile]:
    """Return the maps that people confirmed for a database, of all sources."""
    found = []
    for path in sorted((state_directory / _FOLDER).glob("*.yaml")):
        file = read_model(path, ImportMap)
        if file.model.into == into:
            found.append(file)
    return found


def save_confirmed_map(state_directory: Path, map: ImportMap) -> None:
    """Keep a map that a person confirmed, for the next file of its source with these columns."""
    mark = sha256(
        "\x1f".join([map.into, map.source, *sorted(map.used_columns)]).encode()
    ).hexdigest()[:16]
    write_private(state_directory / _FOLDER / f"{mark}.yaml", format_map(map))


def save_source_name(state_directory: Path, name: str, source: str) -> None:
    """Keep what a person called the source of files of a name."""
    known = {**_sources(state_directory), name: source}
    write_private(
        state_directory / _FOLDER / _SOURCES, json.dumps(known, ensure_ascii=False, indent=1)
    )


def load_source_name(state_directory: Path, name: str) -> str:
    """Return what a person called the source of files of a name, else that name."""
    return _sources(state_directory).get(name, name)


def _sources(state_directory: Path) -> dict[str, str]:
    try:
        return _SOURCE_NAMES.validate_json((state_directory / _FOLDER / _SOURCES).read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}
