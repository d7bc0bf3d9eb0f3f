"""How the map of an import is shown, for a person to judge."""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.importing.files.records import Records
from notion_pm.importing.mapping.choose import ChosenMap
from notion_pm.importing.target import Target
from notion_pm.importing.values.texts import shorten
from notion_pm.model.import_map import Filling, ImportMap
from notion_pm.text import one_line

_WIDTH = 48
_WORDS = 8
"""Words and their options that are shown of a property."""


def map_lines(chosen: ChosenMap, records: Records) -> Iterator[str]:
    """Yield the map as a person judges it: each property with its columns, and what stands there first."""
    map, target = chosen.map, chosen.destination.target
    yield f"{_whence(chosen)} Into {target.title!r}:"
    yield ""
    lines = [*_fill_lines(map, target, records), ("(key)", _key(map))]
    width = max(len(name) for name, _ in lines)
    yield from (f"  {name:{width}}  {told}" for name, told in lines)
    yield from _map_notes(chosen, records)
    yield ""


def _whence(chosen: ChosenMap) -> str:
    match chosen.how:
        case "file":
            return f"By the map {chosen.name}."
        case "remembered":
            return f"By the map that was confirmed for files of the source {chosen.map.source!r}."
        case "preset":
            return f"Recognised as {chosen.map.source}{_unverified(chosen.map)}."
        case _:
            known = f"Recognised as {chosen.map.source}{_unverified(chosen.map)}, which leaves some of it to you. "
            return f"{known if chosen.name else ''}This map is proposed: look at it."


def _unverified(map: ImportMap) -> str:
    return (
        ""
        if map.verified
        else " (by its documents; no real file of it has passed through this map yet)"
    )


def _fill_lines(map: ImportMap, target: Target, records: Records) -> Iterator[tuple[str, str]]:
    for name, filling in map.fill.items():
        found = target.named(name)
        yield (found.name if found else name), _filling(filling, records)
    if map.body:
        yield "(page)", _filling(map.body, records)


def _filling(filling: Filling, records: Records) -> str:
    if filling.value is not None:
        return f"always {filling.value!r}"
    example = next((text for column in filling.columns for text in records.texts(column)), "")
    shown = shorten(one_line(example), _WIDTH) if example else "(nothing)"
    date = f", dates as {filling.date}" if filling.date else ""
    columns = ", ".join(shorten(one_line(each), _WIDTH) for each in filling.columns)
    return f"<- {columns}{date}: {shown}{_translations(filling)}"


def _translations(filling: Filling) -> str:
    """Their words for our options, and those for which there is none."""
    told = [f"{one_line(theirs)} = {ours or '(empty)'}" for theirs, ours in filling.words.items()]
    more = f" and {len(told) - _WORDS} more" if len(told) > _WORDS else ""
    return f"; {', '.join(told[:_WORDS])}{more}" if told else ""


def _key(map: ImportMap) -> str:
    columns = " and ".join(map.key.columns) + (
        f", after {map.key.prefix!r}" if map.key.prefix else ""
    )
    marked = (
        f"a mark of {columns}: a row whose text changes is another row"
        if map.key.hashed
        else columns
    )
    return f"<- {marked}"


def _map_notes(chosen: ChosenMap, records: Records) -> Iterator[str]:
    map = chosen.map
    unused = [
        each
        for each in records.columns
        if each not in map.used_columns and not each.startswith("_")
    ]
    if unused:
        yield f"\n  Columns that are left out: {', '.join(unused)}"
    if chosen.lacking:
        yield f"  Properties that this database does not have: {', '.join(chosen.lacking)}"
    yield from (f"  Note: {each}" for each in (*map.notes, *records.notes))
