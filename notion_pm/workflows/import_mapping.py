"""By which map a file is imported: a person's, a known tool's, one that was confirmed before, or a proposal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from notion_pm.errors import UsageError
from notion_pm.importing.propose import propose
from notion_pm.importing.recognise import faults, fitted, key_fault, recognise
from notion_pm.importing.records import Records
from notion_pm.model.import_map import ImportMap
from notion_pm.storage import import_maps
from notion_pm.storage.import_maps import MapFile
from notion_pm.workflows.import_target import Destination

How = Literal["file", "preset", "remembered", "proposed"]

DEFAULT_INTO = "insights"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said of the map. A `path` without a file asks for a proposal that is written there."""

    path: Path | None = None
    preset: str | None = None
    into: str | None = None
    source: str = "import"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The map, where it comes from, and the database. `lacking`: properties of a preset that are not there."""

    map: ImportMap
    how: How
    destination: Destination
    name: str = ""
    lacking: tuple[str, ...] = ()


def choose(records: Records, wishes: Wishes, open: Callable[[str], Destination], state_directory: Path) -> Chosen:
    """Return the map for a file.

    Raises MappingInvalid when a person's map does not fit the file or the database, UsageError when there is no such
    preset or database.
    """
    if wishes.path is not None and wishes.path.exists():
        return _of_person(records, import_maps.read_map(wishes.path), "file", wishes, open)
    if wishes.preset is None and wishes.path is None:
        into = wishes.into or DEFAULT_INTO
        if (kept := import_maps.remembered(state_directory, into, records.columns)) is not None:
            return _of_person(records, kept, "remembered", wishes, open)
    known = import_maps.presets()
    name = wishes.preset or recognise(known, records.columns)
    preset = import_maps.preset(name) if name else None
    destination = open(wishes.into or (preset.into if preset else DEFAULT_INTO))
    if preset is None or name is None:
        return Chosen(propose(records, destination.target, wishes.source), "proposed", destination)
    fit = fitted(preset, destination.target, records.columns)
    if not set(preset.key.columns) & set(records.columns):
        wanted = ", ".join(f"`{each}`" for each in preset.key.columns)
        raise UsageError(f"This is no file of {preset.source}: it has no column {wanted}.", "Leave --preset out.")
    finished = fit.map if preset.complete else propose(records, destination.target, preset.source, fit.map)
    if fault := key_fault(finished, destination.target):
        raise UsageError(f"{destination.target.title!r} cannot take it: {fault.message}", fault.advice)
    return Chosen(finished, "preset" if preset.complete else "proposed", destination, name, fit.lacking)


def _of_person(records: Records, file: MapFile, how: How, wishes: Wishes, open: Callable[[str], Destination]) -> Chosen:
    map = file.model if wishes.into is None else file.model.model_copy(update={"into": wishes.into})
    destination = open(map.into)
    file.refuse(faults(map, destination.target, records.columns))
    return Chosen(map, how, destination, str(file.path))
