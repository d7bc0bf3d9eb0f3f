"""Read and write maps: presets of known tools, people's map files, and maps that were confirmed."""

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
"""A map, with the lines of its parts in the file."""

_FOLDER = "imports"
_SOURCES_FILE = "sources.json"
_SOURCE_NAMES = TypeAdapter(dict[str, str])
"""Name of a file without dates and numbers -> the source that a person named for it."""

_ONLY_IN_PRESETS = frozenset({"needs", "first", "headers"})
"""What only serves to recognise files."""

_HEAD = """\
# Which columns of the file fill which properties. Check every line and correct it.
# docs/import.md explains them. Words with an empty value match no option: name one of our options
# by key or name, or leave it empty to leave the property empty.
"""

# --- presets


def preset_names() -> tuple[str, ...]:
    """Return the names of the shipped maps."""
    return tuple(sorted(path.stem for path in _presets_folder().glob("*.yaml")))


def load_preset(name: str) -> ImportMap:
    """Return the map of a tool. Raises UsageError when there is no preset with that name."""
    return _read_preset(name).model


def load_presets() -> dict[str, ImportMap]:
    """Return the maps of all tools, by name."""
    return {name: load_preset(name) for name in preset_names()}


def preset_text(name: str) -> str:
    """Return the YAML of a preset. Raises UsageError when there is no preset with that name."""
    return _read_preset(name).path.read_text(encoding="utf-8")


def _read_preset(name: str) -> MapFile:
    if name not in preset_names():
        raise UsageError(f"There is no preset {name!r}.", suggest(name, preset_names()))
    return read_model(_presets_folder() / f"{name}.yaml", ImportMap)


def _presets_folder() -> Path:
    return shipped_folder() / _FOLDER


# --- people's map files


def read_map(path: Path) -> MapFile:
    """Read a person's map.

    Raises MappingInvalid with everything that is wrong with its form, FileUnusable when it cannot
    be read.
    """
    return read_model(path, ImportMap)


def write_map(path: Path, map: ImportMap) -> None:
    """Write a map to a new file. Raises UsageError when the file exists, FileUnusable."""
    try:
        create_shared(path, format_map(map))
    except FileExistsError:
        raise UsageError(f"{path} already exists.", "Name another file with --map.") from None


def format_map(map: ImportMap) -> str:
    """Return a map as YAML, without default values; `from` alone is written as `property: Column`."""
    stated = map.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    data = {"source": map.source, "into": map.into, **stated, "key": _short_form(stated["key"])}
    data["fill"] = {name: _short_form(filling) for name, filling in data["fill"].items()}
    if "body" in data:
        data["body"] = _short_form(data["body"])
    for name in _ONLY_IN_PRESETS:
        data.pop(name, None)
    return _HEAD + yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)


def _short_form(filling: dict[str, Any]) -> Any:
    columns = filling.get("from")
    if columns and len(columns) == 1:
        filling = {**filling, "from": columns[0]}
    return filling["from"] if list(filling) == ["from"] else filling


# --- what people confirmed


def load_confirmed_maps(state_directory: Path, into: str) -> list[MapFile]:
    """Return the maps that people confirmed for a database, of all sources."""
    files = [
        read_model(path, ImportMap) for path in sorted((state_directory / _FOLDER).glob("*.yaml"))
    ]
    return [file for file in files if file.model.into == into]


def save_confirmed_map(state_directory: Path, map: ImportMap) -> None:
    """Save a map that a person confirmed, for the next file of its source with these columns."""
    identity = "\x1f".join([map.into, map.source, *sorted(map.used_columns)])
    name = sha256(identity.encode()).hexdigest()[:16]
    write_private(state_directory / _FOLDER / f"{name}.yaml", format_map(map))


def save_source_name(state_directory: Path, file_name: str, source: str) -> None:
    """Save the source that a person named for files of a name."""
    names = {**_load_source_names(state_directory), file_name: source}
    content = json.dumps(names, ensure_ascii=False, indent=1)
    write_private(state_directory / _FOLDER / _SOURCES_FILE, content)


def load_source_name(state_directory: Path, file_name: str) -> str:
    """Return the source that a person named for files of a name, else that name."""
    return _load_source_names(state_directory).get(file_name, file_name)


def _load_source_names(state_directory: Path) -> dict[str, str]:
    path = state_directory / _FOLDER / _SOURCES_FILE
    try:
        return _SOURCE_NAMES.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}
