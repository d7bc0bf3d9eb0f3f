"""What a manifest records under keys that the template has changed since (`was:`), under those that it has now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.template import OptionsProperty, Template


def with_current_keys(template: Template, database: str, entry: DatabaseEntry) -> DatabaseEntry:
    """Return an entry with its properties and options under the template's present keys."""
    entry = _rekeyed(entry, dict(_properties(template, database, entry)))
    return _rekeyed(entry, dict(_options(template, database, entry)))


def _properties(
    template: Template, database: str, entry: DatabaseEntry
) -> Iterator[tuple[str, str]]:
    for key, spec in template.databases[database].properties.items():
        if spec.was in entry.properties and key not in entry.properties:
            yield str(spec.was), key


def _options(template: Template, database: str, entry: DatabaseEntry) -> Iterator[tuple[str, str]]:
    for key, spec in template.databases[database].properties.items():
        for option in spec.options if isinstance(spec, OptionsProperty) else ():
            was, now = f"{key}.{option.was}", f"{key}.{option.key}"
            if was in entry.options and now not in entry.options:
                yield was, now


def _rekeyed(entry: DatabaseEntry, renamed: Mapping[str, str]) -> DatabaseEntry:
    if not renamed:
        return entry
    places = ("properties", "options", "titles", "fingerprints")
    moved = {
        each: {_now(place, renamed): value for place, value in getattr(entry, each).items()}
        for each in places
    }
    return entry.model_copy(update=moved)


def _now(place: str, renamed: Mapping[str, str]) -> str:
    """Return where something is now; what lies below a property or an option moves with it."""
    for was, now in renamed.items():
        if place == was or place.startswith(f"{was}."):
            return now + place[len(was) :]
    return place
