"""Convert the properties of a data source to those of a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from notion_pm.model.property_ids import as_received
from notion_pm.model.schema import (
    FormulaConfig,
    NumberConfig,
    Option,
    OptionsConfig,
    Property,
    RelationConfig,
    RollupConfig,
    UniqueIdConfig,
)
from notion_pm.model.template import GROUP_NAMES, PropertySpec
from notion_pm.provision.capture.live import NotRepresentable, Remarks
from notion_pm.provision.capture.naming import NamedDatabase, Naming, Titles

_SPEC: TypeAdapter[PropertySpec] = TypeAdapter(PropertySpec)
_GROUP_KEYS = {name: key for key, name in GROUP_NAMES.items()}

# A property in a formula as Notion returns it (notion-api.md 3.3 and the recordings).
_BLOCK_PROPERTY = re.compile(r"\{\{notion:block_property:([^:}]*):[^}]*\}\}")

# Names of completed statuses that mean "will not be done". This is a guess, and reported as one.
_DROPPED = re.compile(
    r"won'?t|cancel|dismiss|reject|drop|declin|abandon|obsolete|supersed|not doing"
    r"|nicht|verworfen|abgelehnt|abgebrochen",
    re.IGNORECASE,
)


class PropertyConverter:
    """Converts the properties of one database."""

    def __init__(
        self, naming: Naming, database: NamedDatabase, losses: Remarks, guesses: Remarks
    ) -> None:
        self._naming = naming
        self._database = database
        self._losses = losses
        self._guesses = guesses

    def convert(self, wanted: frozenset[str] | None = None) -> dict[str, PropertySpec]:
        """Return the properties by key. `wanted`: their ids, None for all.

        The other side of a two-way relation is left out: a template lists it with the relation.
        """
        specs = {}
        for prop in self._database.properties:
            is_wanted = wanted is None or prop.id in wanted
            if not is_wanted or self._is_other_side(prop):
                continue
            key = self._database.property_key(prop.id)
            try:
                specs[key] = self._spec(key, prop)
            except NotRepresentable as error:
                self._leave_out(key, prop, str(error))
            except ValidationError:
                self._leave_out(key, prop, f"templates do not have the type {prop.type}")
        return specs

    def _leave_out(self, key: str, prop: Property, reason: str) -> None:
        address = f"{self._database.key}.{key}"
        self._losses.add(address, f"the property {prop.name!r} is left out: {reason}.")

    def _spec(self, key: str, prop: Property) -> PropertySpec:
        data = {"type": prop.type, "title": prop.name, "description": prop.description or None}
        return _SPEC.validate_python({**data, **self._settings(key, prop)})

    def _settings(self, key: str, prop: Property) -> Mapping[str, Any]:
        match prop.config:
            case NumberConfig(number_format):
                return {"format": number_format}
            case UniqueIdConfig(prefix):
                return {"prefix": prefix}
            case FormulaConfig(expression):
                return {"expression": self._with_titles(expression)}
            case OptionsConfig(options):
                return {"options": self._options(key, prop, options)}
            case RelationConfig():
                return self._relation(key, prop.config)
            case RollupConfig():
                return self._rollup(prop.config)
        return {}

    def _with_titles(self, expression: str) -> str:
        """Return a formula with its properties by title, as people write them."""

        def with_title(reference: re.Match[str]) -> str:
            prop = self._database.property(as_received(reference[1]))
            if prop is None:
                raise NotRepresentable("its formula uses a property that was deleted")
            title = prop.name.replace('"', '\\"')
            return f'prop("{title}")'

        return _BLOCK_PROPERTY.sub(with_title, expression)

    def _options(
        self, key: str, prop: Property, options: tuple[Option, ...]
    ) -> list[dict[str, Any]]:
        names = Titles(ignore_case=True)
        data = []
        for option in options:
            option_key = self._database.option_key(prop.id, option)
            address = f"{self._database.key}.{key}.{option_key}"
            name = names.new(option.name, "(no name)")
            if name != option.name:
                self._losses.add(
                    address,
                    f"{option.name!r} is renamed to {name!r}: names must differ by more than case.",
                )
            option_data = {
                "key": option_key,
                "name": name,
                "color": option.color,
                "description": option.description or None,
            }
            if prop.type == "status":
                option_data |= self._status_meaning(address, option)
            data.append(option_data)
        return data

    def _status_meaning(self, address: str, option: Option) -> dict[str, Any]:
        """Return group and category of a status.

        Notion has only the group. Whether a completed status means done or dropped is guessed from
        its name.
        """
        group = _GROUP_KEYS.get(option.group or "")
        if option.group and group is None:
            self._losses.add(
                address, f"its group {option.group!r} is left out: the API does not accept it."
            )
        if group == "complete" and _DROPPED.search(option.name):
            self._guesses.add(
                address,
                f"{option.name!r} is taken as dropped; remove `category` if it means done.",
            )
            return {"group": group, "category": "dropped"}
        return {"group": group}

    def _relation(self, key: str, config: RelationConfig) -> dict[str, Any]:
        target = self._naming.by_source.get(config.data_source_id)
        if target is None:
            raise NotRepresentable(
                "its target database cannot be read (share it with the connection)"
            )
        other_side = None
        if config.two_way:
            other_side = target.live.source.properties.get(config.synced_property_id or "")
        if other_side is None:
            return {"to": target.key}
        if target is self._database or target.live.bound:
            where = "the same database" if target is self._database else "a bound database"
            self._losses.add(
                f"{self._database.key}.{key}",
                f"is one-way in the template: two-way relations to {where} are not supported.",
            )
            return {"to": target.key}
        other_key = target.property_key(other_side.id)
        if other_side.description:
            self._losses.add(f"{target.key}.{other_key}", "its description is not kept.")
        return {"to": target.key, "two_way": {"key": other_key, "title": other_side.name}}

    def _rollup(self, config: RollupConfig) -> dict[str, Any]:
        relation = self._database.property(config.relation_property_id)
        if relation is None or not isinstance(relation.config, RelationConfig):
            raise NotRepresentable("its relation was deleted")
        target = self._naming.by_source.get(relation.config.data_source_id)
        rolled_up = target.property(config.rollup_property_id) if target else None
        if target is None or rolled_up is None:
            raise NotRepresentable("the property that it rolls up cannot be read")
        return {
            "relation": self._database.property_key(relation.id),
            "property": target.property_key(rolled_up.id),
            "function": config.function,
        }

    def _is_other_side(self, prop: Property) -> bool:
        """Return whether the template lists a property as the other side of another relation.

        Of the two sides, the recorded template's choice counts; else the relation belongs to the
        database that comes first.
        """
        config = prop.config
        if not isinstance(config, RelationConfig) or not config.two_way:
            return False
        other = self._naming.by_source.get(config.data_source_id)
        other_id = config.synced_property_id or ""
        if other is None or other.live.bound or other_id not in other.live.source.properties:
            return False
        is_listed_there, is_listed_here = other.lists(other_id), self._database.lists(prop.id)
        if is_listed_there != is_listed_here:
            return is_listed_there
        position = self._naming.databases.index
        return position(other) < position(self._database)
