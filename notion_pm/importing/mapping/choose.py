"""By which map a file is imported: a person's, a known tool's, one that was confirmed before, or a proposal."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from notion_pm.errors import UsageError
from notion_pm.importing.files.records import Records
from notion_pm.importing.find_target import Destination
from notion_pm.importing.identity import identity
from notion_pm.importing.interpret import key_field, key_of
from notion_pm.importing.mapping import map_files
from notion_pm.importing.mapping.map_files import MapFile
from notion_pm.importing.mapping.propose import propose_map
from notion_pm.importing.mapping.recognise import (
    find_key_problem,
    find_map_problems,
    fit_preset,
    recognise_preset,
    with_headers_of_file,
)
from notion_pm.importing.target import Target
from notion_pm.importing.values.cells import InvalidCell
from notion_pm.importing.values.dates import DatesAmbiguous, detect_pattern
from notion_pm.model.import_map import ImportMap

How = Literal["file", "preset", "remembered", "proposed"]

DEFAULT_INTO = "insights"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was said of the map. A `path` without a file asks for a proposal that is written there.

    `source` is what the file's source is called; `is_source_stated` whether a person called it so for this file.
    """

    path: Path | None = None
    preset: str | None = None
    into: str | None = None
    source: str = "import"
    is_source_stated: bool = False


@dataclass(frozen=True, slots=True)
class ChosenMap:
    """The map, where it comes from, and the database. `lacking`: properties of a preset that are not there."""

    map: ImportMap
    how: How
    destination: Destination
    name: str = ""
    lacking: tuple[str, ...] = ()


def choose_map(
    records: Records,
    wishes: ImportOptions,
    open: Callable[[str], Destination],
    state_directory: Path,
) -> ChosenMap:
    """Return the map for a file.

    Raises MappingInvalid when a person's map does not fit the file or the database, UsageError when there is no such
    preset or database.
    """
    if wishes.path is not None and wishes.path.exists():
        return _of_person(records, map_files.read_map(wishes.path), wishes, open)
    known = {
        name: with_headers_of_file(each, records.columns)
        for name, each in map_files.load_presets().items()
    }
    name = wishes.preset or recognise_preset(known, records.columns)
    if name is not None and name not in known:
        map_files.load_preset(name)  # says which there are
    preset = known[name] if name else None
    into = wishes.into or (preset.into if preset else DEFAULT_INTO)
    if wishes.preset is None and wishes.path is None:
        names = {wishes.source} | (
            {preset.source} if preset and not wishes.is_source_stated else set()
        )
        kept = _remembered(records, names, into, state_directory)
        if kept is not None:
            return _of_memory(records, kept, open(into))
    destination = open(into)
    if preset is None or name is None:
        return ChosenMap(
            propose_map(records, destination.target, wishes.source), "proposed", destination
        )
    if wishes.is_source_stated:
        preset = preset.of_source(wishes.source)
    if not set(preset.key.columns) & set(records.columns):
        wanted = ", ".join(f"`{each}`" for each in preset.key.columns)
        raise UsageError(
            f"This is no file of {preset.source}: it has no column {wanted}.", "Leave --preset out."
        )
    fit = fit_preset(preset, destination.target, records.columns)
    finished = (
        fit.map
        if preset.complete
        else propose_map(records, destination.target, preset.source, fit.map)
    )
    if fault := find_key_problem(finished, destination.target):
        raise UsageError(
            f"{destination.target.title!r} cannot take it: {fault.message}", fault.advice
        )
    return ChosenMap(
        finished, "preset" if preset.complete else "proposed", destination, name, fit.lacking
    )


def _remembered(
    records: Records, sources: set[str], into: str, directory: Path
) -> ImportMap | None:
    """Return the map that was confirmed for one of these sources and that uses most columns of the file.

    A tool's export may lack columns from one time to the next, but neither those of the key nor most others.
    """
    there = frozenset(records.columns)
    maps = [
        file.model
        for file in map_files.load_confirmed_maps(directory, into)
        if file.model.source in sources
    ]
    fitting = [
        map for map in maps if there.issuperset(map.key.columns) and _uses_enough(map, records)
    ]
    return max(fitting, key=lambda map: len(map.used_columns & there), default=None)


def _uses_enough(map: ImportMap, records: Records) -> bool:
    used = len(map.used_columns & frozenset(records.columns))
    return records.is_sparse or used * 2 > len(map.used_columns)


def _of_memory(records: Records, map: ImportMap, destination: Destination) -> ChosenMap:
    """Return a map that was confirmed, as far as it fits this file and the database as it is now."""
    fit = fit_preset(map, destination.target, records.columns)
    return ChosenMap(fit.map, "remembered", destination, map.source, fit.lacking)


def maps_of_other_sources(
    records: Records, chosen: ChosenMap, state_directory: Path
) -> list[ImportMap]:
    """Return the maps of other sources by whose key this file could be read too."""
    there = frozenset(records.columns)
    maps = [file.model for file in map_files.load_confirmed_maps(state_directory, chosen.map.into)]
    return [
        map for map in maps if map.source != chosen.map.source and there.issuperset(map.key.columns)
    ]


def count_known_keys(
    records: Records, map: ImportMap, target: Target, known: Container[str]
) -> int:
    """Return how many rows of a file would be rows that were imported before, by the key of a map."""
    by = key_field(map, target)
    number = 0
    for record in records.records:
        with suppress(InvalidCell):
            number += identity(by, key_of(map.key, record)) in known
    return number


def settle_date_patterns(
    chosen: ChosenMap, records: Records, settle: Callable[[str, DatesAmbiguous], str]
) -> ChosenMap:
    """Return the map with a pattern for each column of dates that can be read in two ways.

    `settle` says which, given the name of the column; dates that can be read in one way only need no saying.
    """
    fill = dict(chosen.map.fill)
    for name, filling in chosen.map.fill.items():
        found = chosen.destination.target.named(name)
        if found is None or found.type != "date" or filling.date is not None:
            continue
        try:
            detect_pattern(text for column in filling.columns for text in records.texts(column))
        except DatesAmbiguous as ambiguous:
            pattern = settle(" and ".join(filling.columns), ambiguous)
            fill[name] = filling.model_copy(update={"date": pattern})
    return replace(chosen, map=chosen.map.model_copy(update={"fill": fill}))


def _of_person(
    records: Records, file: MapFile, wishes: ImportOptions, open: Callable[[str], Destination]
) -> ChosenMap:
    map = file.model if wishes.into is None else file.model.model_copy(update={"into": wishes.into})
    destination = open(map.into)
    file.raise_if_invalid(
        find_map_problems(map, destination.target, records.columns, is_sparse=records.is_sparse)
    )
    return ChosenMap(map, "file", destination, str(file.path))
