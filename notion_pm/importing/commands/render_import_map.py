"""Render the map of an import for a person to check."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.importing.files.records import Records
from notion_pm.importing.mapping.choose import ChosenMap
from notion_pm.importing.target import Target
from notion_pm.importing.values.texts import shorten
from notion_pm.model.import_map import Filling, ImportMap
from notion_pm.text import one_line

_WIDTH = 48
_MOST_WORDS = 8
"""Translated words that are shown for one property."""


def map_lines(chosen: ChosenMap, records: Records) -> Iterator[str]:
    """Yield each property with its columns and the first value of the file."""
    map, target = chosen.map, chosen.destination.target
    yield f"{_origin_text(chosen)} Into {target.title!r}:"
    yield ""
    lines = [*_property_lines(map, target, records), ("(key)", _key_text(map))]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        yield f"  {name:{width}}  {text}"
    yield from _note_lines(chosen, records)
    yield ""


def _origin_text(chosen: ChosenMap) -> str:
    source = chosen.map.source
    match chosen.origin:
        case "file":
            return f"By the map {chosen.name}."
        case "remembered":
            return f"By the map that was confirmed for files of the source {source!r}."
        case "preset":
            return f"Recognised as {source}{_unverified_note(chosen.map)}."
        case "proposed" if chosen.name:  # an incomplete preset
            known = f"Recognised as {source}{_unverified_note(chosen.map)}."
            return f"{known} Its map leaves some columns to you: check this proposal."
        case "proposed":
            return "This map is proposed: check it."


def _unverified_note(map: ImportMap) -> str:
    if map.verified:
        return ""
    return " (by its documentation; no real export has been imported with this map yet)"


def _property_lines(map: ImportMap, target: Target, records: Records) -> Iterator[tuple[str, str]]:
    for name, filling in map.fill.items():
        field = target.find_field(name)
        yield field.name if field else name, _filling_text(filling, records)
    if map.body:
        yield "(page)", _filling_text(map.body, records)


def _filling_text(filling: Filling, records: Records) -> str:
    if filling.value is not None:
        return f"always {filling.value!r}"
    columns = ", ".join(shorten(one_line(column), _WIDTH) for column in filling.columns)
    date = f", dates as {filling.date}" if filling.date else ""
    return f"<- {columns}{date}: {_example(filling, records)}{_translations(filling)}"


def _example(filling: Filling, records: Records) -> str:
    for column in filling.columns:
        for text in records.texts(column):
            return shorten(one_line(text), _WIDTH)
    return "(nothing)"


def _translations(filling: Filling) -> str:
    """Return the words of the file with our options; `(empty)` for words without an option."""
    if not filling.words:
        return ""
    pairs = [f"{one_line(word)} = {option or '(empty)'}" for word, option in filling.words.items()]
    hidden = len(pairs) - _MOST_WORDS
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"; {', '.join(pairs[:_MOST_WORDS])}{more}"


def _key_text(map: ImportMap) -> str:
    columns = " and ".join(map.key.columns)
    if map.key.prefix:
        columns += f", after {map.key.prefix!r}"
    if map.key.hashed:
        return f"<- a hash of {columns}: if its text changes, a row is imported as a new one"
    return f"<- {columns}"


def _note_lines(chosen: ChosenMap, records: Records) -> Iterator[str]:
    map = chosen.map
    unused = []
    for column in records.columns:
        is_added = column.startswith("_")  # by an earlier import, or from a Notion export
        if column not in map.used_columns and not is_added:
            unused.append(column)
    if unused:
        yield f"\n  Columns that are not imported: {', '.join(unused)}"
    if chosen.missing_properties:
        missing = ", ".join(chosen.missing_properties)
        yield f"  Properties that this database does not have: {missing}"
    for note in (*map.notes, *records.notes):
        yield f"  Note: {note}"
