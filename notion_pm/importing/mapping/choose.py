"""Choose the map by which a file is imported."""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Literal

from notion_pm.errors import UsageError
from notion_pm.importing.files.records import Records
from notion_pm.importing.find_target import Destination
from notion_pm.importing.identity import identity
from notion_pm.importing.interpret import key_field, key_of
from notion_pm.importing.mapping import map_files
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

MapOrigin = Literal["file", "preset", "remembered", "proposed"]
"""Where a map comes from. Only a proposed map needs to be confirmed by a person."""

DEFAULT_INTO = "insights"

OpenDatabase = Callable[[str], Destination]
"""Returns the database of a key, title or link. Raises UsageError when there is none."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of a command line that decide on the map.

    `path`: a map file; if it does not exist, the proposal is written there.
    `source`: the name of the file's source; `is_source_stated`: whether --source names it.
    """

    path: Path | None = None
    preset: str | None = None
    into: str | None = None
    source: str = "import"
    is_source_stated: bool = False


@dataclass(frozen=True, slots=True)
class ChosenMap:
    """A map that fits a file and a database.

    `name`: the map file, the preset, or the source of a remembered map.
    `missing_properties`: properties of the preset that the database does not have.
    """

    map: ImportMap
    origin: MapOrigin
    destination: Destination
    name: str = ""
    missing_properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preset:
    """The map of a known tool, with the headers of the file at hand."""

    name: str
    map: ImportMap


def choose_map(
    records: Records, options: ImportOptions, open_database: OpenDatabase, state_directory: Path
) -> ChosenMap:
    """Return the map for a file.

    The cases, in order:

    1. The file of --map exists: that map.
    2. A person confirmed a map for files of this source before: that map. --map and --preset
       turn this off: they ask for another map.
    3. The file is from a known tool, by --preset or by its headers: the preset.
    4. A proposal, made from the headers and cells of the file.

    Raises MappingInvalid when a person's map does not fit the file or the database, UsageError
    when there is no such preset or database.
    """
    if options.path is not None and options.path.exists():
        return _use_map_file(records, options.path, options, open_database)

    preset = _find_preset(records, options)
    into = options.into or (preset.map.into if preset else DEFAULT_INTO)
    if options.path is None and options.preset is None:
        sources = {options.source}
        if preset is not None and not options.is_source_stated:
            sources.add(preset.map.source)
        confirmed = _find_confirmed_map(records, sources, into, state_directory)
        if confirmed is not None:
            return _use_confirmed_map(records, confirmed, open_database(into))

    destination = open_database(into)
    if preset is not None:
        return _use_preset(records, preset, options, destination)
    proposal = propose_map(records, destination.target, options.source)
    return ChosenMap(proposal, "proposed", destination)


def _use_map_file(
    records: Records, path: Path, options: ImportOptions, open_database: OpenDatabase
) -> ChosenMap:
    file = map_files.read_map(path)
    map = file.model
    if options.into is not None:
        map = map.model_copy(update={"into": options.into})
    destination = open_database(map.into)
    problems = find_map_problems(
        map, destination.target, records.columns, is_sparse=records.is_sparse
    )
    file.raise_if_invalid(problems)
    return ChosenMap(map, "file", destination, str(file.path))


def _find_preset(records: Records, options: ImportOptions) -> Preset | None:
    """Return the preset of --preset, else the one whose headers the file has."""
    if options.preset is not None:
        map = map_files.load_preset(options.preset)
        return Preset(options.preset, with_headers_of_file(map, records.columns))

    presets = {
        name: with_headers_of_file(map, records.columns)
        for name, map in map_files.load_presets().items()
    }
    name = recognise_preset(presets, records.columns)
    return Preset(name, presets[name]) if name is not None else None


def _find_confirmed_map(
    records: Records, sources: set[str], into: str, state_directory: Path
) -> ImportMap | None:
    """Return the confirmed map for one of these sources that uses most columns of the file."""
    columns = frozenset(records.columns)
    best: ImportMap | None = None
    most_used = -1
    for file in map_files.load_confirmed_maps(state_directory, into):
        map = file.model
        # A tool may have several exports, each with its own map: the one with most columns in
        # common was made for this kind of file.
        used = len(map.used_columns & columns)
        if map.source in sources and _fits_file(map, records) and used > most_used:
            best, most_used = map, used
    return best


def _fits_file(map: ImportMap, records: Records) -> bool:
    """Whether a confirmed map can be used for a file.

    Two exports of one tool may differ in a few columns. But the columns of the key must be there,
    and more than half of the others. JSON leaves out fields that are empty in every row, so there
    only the key counts.
    """
    columns = frozenset(records.columns)
    if not columns.issuperset(map.key.columns):
        return False
    used = len(map.used_columns & columns)
    return records.is_sparse or used * 2 > len(map.used_columns)


def _use_confirmed_map(records: Records, map: ImportMap, destination: Destination) -> ChosenMap:
    """Return a confirmed map without what this file or the database no longer has."""
    fit = fit_preset(map, destination.target, records.columns)
    return ChosenMap(fit.map, "remembered", destination, map.source, fit.missing_properties)


def _use_preset(
    records: Records, preset: Preset, options: ImportOptions, destination: Destination
) -> ChosenMap:
    """Return a preset as far as it fits. An incomplete preset is completed by a proposal.

    Raises UsageError when the file lacks the key, or the database cannot keep it.
    """
    target = destination.target
    map = preset.map
    if options.is_source_stated:
        map = map.of_source(options.source)
    # Without any key column a second import could not find its rows again, and would create them
    # twice.
    if set(map.key.columns).isdisjoint(records.columns):
        wanted = ", ".join(f"`{column}`" for column in map.key.columns)
        raise UsageError(
            f"This does not look like a {map.source} export: it has no column {wanted}.",
            "Leave out --preset.",
        )

    fit = fit_preset(map, target, records.columns)
    origin: MapOrigin = "preset"
    finished = fit.map
    if not map.complete:
        origin = "proposed"
        finished = propose_map(records, target, map.source, fit.map)
    problem = find_key_problem(finished, target)
    if problem is not None:
        raise UsageError(f"Cannot import into {target.title!r}: {problem.message}", problem.advice)
    return ChosenMap(finished, origin, destination, preset.name, fit.missing_properties)


def maps_of_other_sources(
    records: Records, chosen: ChosenMap, state_directory: Path
) -> list[ImportMap]:
    """Return the confirmed maps of other sources whose key columns this file has too."""
    columns = frozenset(records.columns)
    maps = []
    for file in map_files.load_confirmed_maps(state_directory, chosen.map.into):
        map = file.model
        if map.source != chosen.map.source and columns.issuperset(map.key.columns):
            maps.append(map)
    return maps


def count_known_keys(
    records: Records, map: ImportMap, target: Target, known: Container[str]
) -> int:
    """Return how many rows of a file have the key of a row that was imported before."""
    by = key_field(map, target)
    number = 0
    for record in records.records:
        with suppress(InvalidCell):
            # Compared as an import would: for links, `ACME.com/` and `acme.com` are one key.
            if identity(by, key_of(map.key, record)) in known:
                number += 1
    return number


def settle_date_patterns(
    chosen: ChosenMap, records: Records, settle: Callable[[str, DatesAmbiguous], str]
) -> ChosenMap:
    """Return the map with a date pattern for each column of dates that can be read in two ways.

    `settle` is called with the name of such a column and returns the pattern.
    """
    fill = dict(chosen.map.fill)
    for name, filling in chosen.map.fill.items():
        field = chosen.destination.target.find_field(name)
        if field is None or field.type != "date" or filling.date is not None:
            continue
        texts = chain.from_iterable(map(records.texts, filling.columns))
        try:
            detect_pattern(texts)
        except DatesAmbiguous as ambiguous:
            pattern = settle(" and ".join(filling.columns), ambiguous)
            fill[name] = filling.model_copy(update={"date": pattern})
    return replace(chosen, map=chosen.map.model_copy(update={"fill": fill}))
