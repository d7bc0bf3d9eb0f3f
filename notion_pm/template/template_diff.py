"""Compare two templates, or two versions of one, address by address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from notion_pm.model.ids import Address, address
from notion_pm.model.template import DatabaseSpec, LoadedTemplate, OptionsProperty, PropertySpec

Action = Literal["added", "changed", "removed"]
Fields = Mapping[str, Any]

# Parts of a database that have addresses of their own.
_PARTS = {"properties", "views"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that only one of two templates has, or that differs between them.

    `details`: the fields that differ, with the value before and the value after.
    """

    address: Address
    action: Action
    details: Mapping[str, tuple[Any, Any]]

    def as_data(self) -> dict[str, Any]:
        """Return the difference as JSON data."""
        data: dict[str, Any] = {"address": str(self.address), "action": self.action}
        if self.details:
            data["details"] = {
                field: {"before": before, "after": after}
                for field, (before, after) in self.details.items()
            }
        return data


def template_diff(before: LoadedTemplate, after: LoadedTemplate) -> tuple[Difference, ...]:
    """Return how `after` differs, in the order of addresses.

    A property whose key changed (`was`) counts as changed, under its new key.
    """
    new_addresses = _renamed_addresses(after)
    old_fields = {
        _new_address(old_address, new_addresses): fields
        for old_address, fields in _fields_by_address(before).items()
    }
    return tuple(_differences(old_fields, _fields_by_address(after)))


def _differences(
    old: Mapping[Address, Fields], new: Mapping[Address, Fields]
) -> Iterator[Difference]:
    removed, added = old.keys() - new.keys(), new.keys() - old.keys()
    for place in sorted(old.keys() | new.keys()):
        if place in removed or place in added:
            # An added database includes its properties, so these are not listed again.
            is_part_of_it = bool(_containers(place) & (removed | added))
            if not is_part_of_it:
                yield Difference(place, "removed" if place in removed else "added", {})
            continue
        details = _compare_fields(old[place], new[place])
        if details:
            yield Difference(place, "changed", details)


def _containers(place: Address) -> set[Address]:
    """Return what contains a thing: `features` and `features.status` for `features.status.idea`."""
    steps = place.split(".")
    return {address(*steps[:length]) for length in range(1, len(steps))}


def _compare_fields(old: Fields, new: Fields) -> dict[str, tuple[Any, Any]]:
    return {
        field: (old.get(field), new.get(field))
        for field in dict.fromkeys((*old, *new))
        if old.get(field) != new.get(field)
    }


def _fields_by_address(loaded: LoadedTemplate) -> dict[Address, Fields]:
    """Return the fields of everything in a template, by address."""
    template = loaded.template
    fields: dict[Address, Fields] = {
        address("template"): {"version": template.version, "title": template.title}
    }
    for key, database in template.databases.items():
        fields |= _fields_of_database(key, database)
        for row in loaded.rows.get(key, ()):
            fields[address(key, "rows", row.key)] = row.cells
        if key in loaded.bodies:
            fields[address(key, "body")] = {"text": loaded.bodies[key]}
    sections: dict[str, Mapping[str, BaseModel]] = {
        "sync": template.sync,
        "exports": template.exports,
        "variables": template.variables,
    }
    for section, entries in sections.items():
        for key, entry in entries.items():
            fields[address(section, key)] = _data(entry)
    return fields


def _fields_of_database(key: str, database: DatabaseSpec) -> dict[Address, Fields]:
    fields: dict[Address, Fields] = {
        address(key): _data(database, exclude={*_PARTS, "body", "rows"})
    }
    for property_key, spec in database.properties.items():
        fields[address(key, property_key)] = _fields_of_property(spec)
        if isinstance(spec, OptionsProperty):
            for option in spec.options:
                option_address = address(key, property_key, option.key)
                fields[option_address] = _data(option, exclude={"was"})
    for view_key, view in database.views.items():
        fields[address(key, "views", view_key)] = _data(view)
    return fields


def _fields_of_property(spec: PropertySpec) -> dict[str, Any]:
    fields = _data(spec, exclude={"options", "was"})
    if isinstance(spec, OptionsProperty):
        # Options are things of their own, but their order is their rank: a field of the property.
        fields["order"] = [option.key for option in spec.options]
    return fields


def _data(model: BaseModel, exclude: set[str] | None = None) -> dict[str, Any]:
    data: dict[str, Any] = model.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude=exclude
    )
    return data


def _renamed_addresses(after: LoadedTemplate) -> dict[Address, Address]:
    """Return the new address for each old one that changed (`was`).

    Options come before their properties, so that the more specific address is found first.
    """
    renamed = {}
    for key, database in after.template.databases.items():
        for property_key, spec in database.properties.items():
            old_key = spec.was or property_key
            options = spec.options if isinstance(spec, OptionsProperty) else ()
            for option in options:
                if option.was is not None:
                    old_address = address(key, old_key, option.was)
                    renamed[old_address] = address(key, property_key, option.key)
            if spec.was is not None:
                renamed[address(key, spec.was)] = address(key, property_key)
    return renamed


def _new_address(old: Address, new_addresses: Mapping[Address, Address]) -> Address:
    for was, now in new_addresses.items():
        if old == was or old.startswith(f"{was}."):
            return Address(now + old[len(was) :])
    return old
