"""The options of a property that exists.

Notion replaces the list of options as a whole, and can neither rename nor recolour one (notion-api.md 3.2, 3.3). So
only missing options are added; what people added, renamed or moved to another group is theirs and stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from notion_pm.model.ids import address
from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.schema import Option, OptionsConfig, Property
from notion_pm.model.template import GROUP_NAMES, OptionSpec, OptionsProperty, PropertySpec
from notion_pm.planning.change import Change, Note
from notion_pm.planning.leftovers import option_leftovers

_MOST_AT_ONCE = 100
_BY_HAND = " (column header > Edit property > the option)"
Finding = Change | Note


def option_changes(
    database: str, key: str, owned_as: str, spec: PropertySpec, prop: Property, entry: DatabaseEntry, *, prune: bool
) -> Iterator[Finding]:
    """Compare the options that a template states with those that exist."""
    if not isinstance(spec, OptionsProperty) or not isinstance(prop.config, OptionsConfig):
        return
    missing = [each for each in spec.options if existing_option(owned_as, each, prop, entry) is None]
    crowded = len(prop.config.options) + len(missing) > _MOST_AT_ONCE
    for each in spec.options:
        place, found = address(database, key, each.key), existing_option(owned_as, each, prop, entry)
        if found is None:
            yield _new(place, database, key, each, entry, crowded=crowded)
            continue
        if f"{owned_as}.{each.key}" not in entry.options:
            reason = f"people have an option {found.name!r} already: taken over"
            yield Change(place, "update", "option", reason, "safe", (), database, key, frozenset({"adopt"}))
        yield from _drift(place, each, found)
    yield from option_leftovers(database, key, owned_as, spec, prop, entry, prune=prune)


def existing_option(owned_as: str, spec: OptionSpec, prop: Property, entry: DatabaseEntry) -> Option | None:
    """Return the option that the template's is: the one that the manifest names, else one of the same name."""
    options = prop.config.options if isinstance(prop.config, OptionsConfig) else ()
    option_id = entry.options.get(f"{owned_as}.{spec.key}")
    by_id = next((each for each in options if each.id == option_id), None) if option_id else None
    return by_id or next((each for each in options if each.name.lower() == spec.name.lower()), None)


def _new(place: str, database: str, key: str, spec: OptionSpec, entry: DatabaseEntry, *, crowded: bool) -> Change:
    where = address(*place.split("."))
    if crowded:
        reason = f"the property would have more than {_MOST_AT_ONCE} options, which Notion does not take at once"
        return Change(where, "create", "option", reason, "blocked", ("Add it by hand in Notion.",), database, key)
    deleted = f"{key}.{spec.key}" in entry.options
    reason = "was deleted in Notion: made again" if deleted else "new in the template"
    return Change(where, "create", "option", reason, "safe", (spec.name,), database, key, frozenset({"options"}))


def _drift(place: str, spec: OptionSpec, found: Option) -> Iterator[Note]:
    where = address(*place.split("."))
    if found.name != spec.name:
        yield Note(
            where, f"is called {found.name!r} in Notion (template: {spec.name!r}); only people can rename it{_BY_HAND}"
        )
    if spec.color not in {"default", found.color}:
        yield Note(where, f"is {found.color} in Notion (template: {spec.color}); only people can recolour it{_BY_HAND}")
    wanted = GROUP_NAMES[spec.group] if spec.group else None
    if wanted and found.group and found.group != wanted:
        yield Note(where, f"is in the group {found.group!r} in Notion (template: {wanted!r}); rules do not read groups")
