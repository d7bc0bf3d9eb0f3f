"""Render the map of an import for a person to check."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.importing.files.records import Records
from notion_pm.importing.interpret import cell_part
from notion_pm.importing.mapping.choose import ChosenMap
from notion_pm.importing.target import Target
from notion_pm.importing.values.texts import READERS, shorten
from notion_pm.model.import_map import Filling, ImportMap
from notion_pm.text import one_line, quantity

_WIDTH = 48
_MOST_WORDS = 8
"""Translated words that are shown for one property: they fit on two lines of a terminal."""


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
    example = _example(filling, records)
    return f"<- {columns}{date}: {example}{_translations(filling, records)}"


def _example(filling: Filling, records: Records) -> str:
    for column in filling.columns:
        for text in records.texts(column):
            return shorten(one_line(text), _WIDTH)
    return "(nothing)"


def _translations(filling: Filling, records: Records) -> str:
    """Return the translated words of the file; `(empty)` for words without an option.

    A map holds more words than the file, such as all priorities of a tool. Those are only counted,
    so that a person sees what matters for this file.
    """
    in_file = _words_in_file(filling, records)
    shown = []
    for word, option in filling.words.items():
        if word.casefold() in in_file:
            shown.append(f"{one_line(word)} = {option or '(empty)'}")
    parts = []
    if shown:
        hidden = len(shown) - _MOST_WORDS
        more = f" and {hidden} more" if hidden > 0 else ""
        parts.append(f"; {', '.join(shown[:_MOST_WORDS])}{more}")
    elsewhere = len(filling.words) - len(shown)
    if elsewhere:
        parts.append(f"; {quantity(elsewhere, 'word')} of the map not in this file")
    return "".join(parts)


def _words_in_file(filling: Filling, records: Records) -> set[str]:
    """Return the words that a filling takes from its columns, in lower case."""
    if not filling.words:
        return set()
    read = READERS[filling.text]
    words: set[str] = set()
    for column in filling.columns:
        # A set: a column with priorities has thousands of rows, but a few different words.
        for text in set(records.texts(column)):
            plain = read(cell_part(filling.part, text))
            pieces = plain.split(filling.split) if filling.split else [plain]
            words.update(piece.strip().casefold() for piece in pieces)
    return words


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
