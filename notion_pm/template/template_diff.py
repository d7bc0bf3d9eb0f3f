"""What is different between two templates, or two versions of one: address by address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from notion_pm.model.ids import Address, address
from notion_pm.model.template import DatabaseSpec, LoadedTemplate, OptionsProperty, PropertySpec

Action = Literal["added", "changed", "removed"]
Stated = Mapping[Address, Mapping[str, Any]]
"""What a template says of each thing."""

_PARTS = {"properties", "views"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that only one of two templates has, or of which they say different things.

    `details` are the fields that differ: name -> what the first says, and what the second.
    """

    address: Address
    action: Action
    details: Mapping[str, tuple[Any, Any]]

    def as_data(self) -> dict[str, Any]:
        """Return the difference as JSON data."""
        details = {
            key: {"before": before, "after": after} for key, (before, after) in self.details.items()
        }
        return {
            "address": str(self.address),
            "action": self.action,
            **({"details": details} if details else {}),
        }


def template_diff(before: LoadedTemplate, after: LoadedTemplate) -> tuple[Difference, ...]:
    """Return what is different in `after`, in the order of addresses.

    A property whose key changed (`was`) is one change of the property that it was; its parts go by the new key.
    """
    renamed = _renamed(after)
    old = {_under_new_key(each, renamed): stated for each, stated in _stated(before).items()}
    new = _stated(after)
    return tuple(_differences(old, new))


def _differences(old: Stated, new: Stated) -> Iterator[Difference]:
    gone, come = set(old) - set(new), set(new) - set(old)
    for each in sorted({*old, *new}):
        if each in gone | come:
            if not _wholes(each) & (gone | come):  # its whole stands for it
                yield Difference(each, "removed" if each in gone else "added", {})
        elif details := _details(old[each], new[each]):
            yield Difference(each, "changed", details)


def _wholes(part: Address) -> set[Address]:
    """What a thing is a part of: `features` and `features.status` of `features.status.idea`."""
    steps = part.split(".")
    return {address(*steps[:length]) for length in range(1, len(steps))}


def _details(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    fields = dict.fromkeys((*old, *new))
    return {
        each: (old.get(each), new.get(each)) for each in fields if old.get(each) != new.get(each)
    }


def _stated(loaded: LoadedTemplate) -> dict[Address, Mapping[str, Any]]:
    template = loaded.template
    found: dict[Address, Mapping[str, Any]] = {
        address("template"): {"version": template.version, "title": template.title}
    }
    for key, database in template.databases.items():
        found |= _database(key, database)
        found |= {address(key, "rows", row.key): row.cells for row in loaded.rows.get(key, ())}
        if key in loaded.bodies:
            found[address(key, "body")] = {"text": loaded.bodies[key]}
    sections: dict[str, Mapping[str, BaseModel]] = {
        "sync": template.sync,
        "exports": template.exports,
        "variables": template.variables,
    }
    for section, things in sections.items():
        found |= {address(section, key): _data(each) for key, each in things.items()}
    return found


def _database(key: str, database: DatabaseSpec) -> dict[Address, Mapping[str, Any]]:
    found: dict[Address, Mapping[str, Any]] = {
        address(key): _data(database, exclude={*_PARTS, "body", "rows"}),
    }
    for each, spec in database.properties.items():
        found[address(key, each)] = {**_data(spec, exclude={"options", "was"}), **_order(spec)}
        if isinstance(spec, OptionsProperty):
            found |= {
                address(key, each, option.key): _data(option, exclude={"was"})
                for option in spec.options
            }
    found |= {address(key, "views", each): _data(view) for each, view in database.views.items()}
    return found


def _order(spec: PropertySpec) -> dict[str, Any]:
    """The order of options: their rank."""
    return (
        {"order": [each.key for each in spec.options]} if isinstance(spec, OptionsProperty) else {}
    )


def _data(model: BaseModel, exclude: set[str] | None = None) -> dict[str, Any]:
    data: dict[str, Any] = model.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude=exclude
    )
    return data


def _renamed(after: LoadedTemplate) -> dict[Address, Address]:
    """Return the new addresses of what has got another key; those of options before those of properties."""
    found = {}
    for key, database in after.template.databases.items():
        for each, spec in database.properties.items():
            for option in spec.options if isinstance(spec, OptionsProperty) else ():
                if option.was is not None:
                    found[address(key, spec.was or each, option.was)] = address(
                        key, each, option.key
                    )
            if spec.was is not None:
                found[address(key, spec.was)] = address(key, each)
    return found


def _under_new_key(old: Address, renamed: Mapping[Address, Address]) -> Address:
    for was, now in renamed.items():
        if old == was or old.startswith(f"{was}."):
            return Address(now + old[len(was) :])
    return old
