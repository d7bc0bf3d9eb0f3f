"""Read and write maps: presets of known tools, people's map files, and maps that were confirmed."""

from __future__ import annotations

import json
import re
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

UNNAMED = "import"
"""The source of a file whose name holds only dates and numbers."""
_YEAR = r"(?:19|20)\d{2}"
_DAY_TIME = r"(?:[T_ -]?\d{2}[-_:.]?\d{2}(?:[-_:.]?\d{2})?Z?)?"
_MONTH = r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*"
# The parts of a file's name that change with each export, with an example. Order matters: a whole
# date is removed before the year in it.
_CHANGING_PARTS = (
    r"\.rejects(?:-\d+)?$",  # pulse.rejects-2: written by an import
    r"_all$",  # the ending of a database's CSV in an export of Notion
    r"[0-9a-f]{32}",  # the id of a Notion page
    r"\(\d+\)",  # pulse (2): a second download
    rf"{_YEAR}[-_. ]?(?:0[1-9]|1[0-2])[-_. ]?(?:[0-3]\d)?{_DAY_TIME}(?!\d)",  # 2026-10-05T10-00
    r"[0-3]?\d[-_.](?:0?[1-9]|1[0-2])[-_.](?:20)?\d{2}(?!\d)",  # 05.10.2026
    rf"{_YEAR}[-_ ]?(?:kw|w|q)\d{{1,2}}",  # 2026-W40, 2026 Q4
    rf"(?:kw|w|q)\d{{1,2}}[-_ ]?{_YEAR}",  # KW40 2026
    rf"(?<![a-z]){_MONTH}[-_ ]?{_YEAR}",  # Oct-2026
    rf"{_YEAR}[-_ ]?{_MONTH}(?![a-z])",  # 2026 October
    rf"(?<!\d){_YEAR}(?!\d)",  # 2026
    r"\d{6,}",  # the number of an export
    r"(?<![a-z])(?:copy|kopie|final|new|latest|v\d+)(?![a-z])",
    r"(?<=[-_ ])\d+$",  # pulse-3
)
_CHANGING = [re.compile(pattern, re.IGNORECASE) for pattern in _CHANGING_PARTS]
_SEPARATORS = re.compile(r"[\s_.-]*[\s_.][\s_.-]*|--+")
"""What a removed part leaves behind: several separators in a row, or a single blank or dot."""

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
    """Return a map as YAML, without default values.

    A property that is filled from columns and nothing else is written as `property: Column`.
    """
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


# --- the source of a file


def source_name(stem: str) -> str:
    """Return the source of a file: its name without dates, numbers and marks of copies.

    `pulse-2026-10` and `pulse-2026-10.rejects` both are `pulse`, so one map serves both.
    """
    name = stem
    for pattern in _CHANGING:
        name = pattern.sub(" ", name)
    name = _SEPARATORS.sub(_one_separator, name)
    return name.strip(" -_.") or UNNAMED


def _one_separator(separators: re.Match[str]) -> str:
    first = separators[0][0]
    return first if first in "-_" else " "


# --- confirmed maps and named sources


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
