"""Properties of a data source in the template's words."""

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
from notion_pm.provision.capture.keys import Titles
from notion_pm.provision.capture.live import Losses
from notion_pm.provision.capture.naming import NamedDatabase, Naming
from notion_pm.provision.capture.not_representable import Unsayable

_SPEC: TypeAdapter[PropertySpec] = TypeAdapter(PropertySpec)
_GROUPS = {name: key for key, name in GROUP_NAMES.items()}
_BLOCK_PROPERTY = re.compile(r"\{\{notion:block_property:([^:}]*):[^}]*\}\}")
"""A property as formulas come back from Notion (notion-api.md 3.3 and the recordings)."""
_DROPPED = re.compile(
    r"won'?t|cancel|dismiss|reject|drop|declin|abandon|obsolete|supersed|not doing"
    r"|nicht|verworfen|abgelehnt|abgebrochen",
    re.IGNORECASE,
)
"""Names of finished statuses that mean: not done. A guess, told as such."""


class Properties:
    """Restates the properties of one database."""

    def __init__(self, naming: Naming, of: NamedDatabase, losses: Losses, guesses: Losses) -> None:
        self._naming = naming
        self._of = of
        self._losses = losses
        self._guesses = guesses

    def specs(self, wanted: frozenset[str] | None = None) -> dict[str, PropertySpec]:
        """Return what the template says of the wanted properties, by key; None: of all.

        Mirrors are stated by the relation that they mirror.
        """
        found = {}
        for prop in self._of.properties:
            if self._is_mirror(prop) or (wanted is not None and prop.id not in wanted):
                continue
            key = self._of.property_key(prop.id)
            try:
                found[key] = self._spec(key, prop)
            except (Unsayable, ValidationError) as error:
                reason = (
                    str(error) if isinstance(error, Unsayable) else f"templates know no {prop.type}"
                )
                self._losses.tell(
                    f"{self._of.key}.{key}", f"the property {prop.name!r} is left out: {reason}."
                )
        return found

    def _spec(self, key: str, prop: Property) -> PropertySpec:
        stated = {"type": prop.type, "title": prop.name, "description": prop.description or None}
        return _SPEC.validate_python({**stated, **self._settings(key, prop)})

    def _settings(self, key: str, prop: Property) -> Mapping[str, Any]:
        match prop.config:
            case NumberConfig(number_format):
                return {"format": number_format}
            case UniqueIdConfig(prefix):
                return {"prefix": prefix}
            case FormulaConfig(expression):
                return {"expression": self._by_title(expression)}
            case OptionsConfig(options):
                return {"options": self._options(key, prop, options)}
            case RelationConfig():
                return self._relation(key, prop.config)
            case RollupConfig():
                return self._rollup(prop.config)
        return {}

    def _by_title(self, expression: str) -> str:
        """Return a formula with its properties by title, as people write them."""

        def titled(reference: re.Match[str]) -> str:
            prop = self._of.property(as_received(reference[1]))
            if prop is None:
                raise Unsayable("its formula names a property that is gone")
            return 'prop("{}")'.format(prop.name.replace('"', '\\"'))

        return _BLOCK_PROPERTY.sub(titled, expression)

    def _options(
        self, key: str, prop: Property, options: tuple[Option, ...]
    ) -> list[dict[str, Any]]:
        names = Titles(folded=True)
        found = []
        for option in options:
            address = f"{self._of.key}.{key}.{self._of.option_key(prop.id, option)}"
            name = names.new(option.name, "(no name)")
            if name != option.name:
                self._losses.tell(
                    address,
                    f"{option.name!r} is called {name!r}: another option differs only by case.",
                )
            stated = {
                "key": self._of.option_key(prop.id, option),
                "name": name,
                "color": option.color,
            }
            found.append(
                stated
                | {"description": option.description or None}
                | self._meaning(address, prop, option)
            )
        return found

    def _meaning(self, address: str, prop: Property, option: Option) -> dict[str, Any]:
        """What a status means: Notion tells the group; whether complete means done is a guess."""
        if prop.type != "status":
            return {}
        group = _GROUPS.get(option.group or "")
        if option.group and group is None:
            self._losses.tell(
                address, f"its group {option.group!r} is none that the API takes; it is left out."
            )
        if group == "complete" and _DROPPED.search(option.name):
            self._guesses.tell(
                address,
                f"{option.name!r} is taken for dropped; remove `category` where it means done.",
            )
            return {"group": group, "category": "dropped"}
        return {"group": group}

    def _relation(self, key: str, config: RelationConfig) -> dict[str, Any]:
        target = self._naming.by_source.get(config.data_source_id)
        if target is None:
            raise Unsayable(
                "the database that it leads to cannot be read (share it with the connection)"
            )
        mirror = (
            target.live.source.properties.get(config.synced_property_id or "")
            if config.two_way
            else None
        )
        if mirror is None:
            return {"to": target.key}
        if target is self._of or target.live.bound:
            what = "to its own database" if target is self._of else "to a bound database"
            self._losses.tell(
                f"{self._of.key}.{key}",
                f"is one-way in the template: a relation {what} has no mirror.",
            )
            return {"to": target.key}
        if mirror.description:
            self._losses.tell(
                f"{target.key}.{target.property_key(mirror.id)}", "its description is not kept."
            )
        far = {"key": target.property_key(mirror.id), "title": mirror.name}
        return {"to": target.key, "two_way": far}

    def _rollup(self, config: RollupConfig) -> dict[str, Any]:
        relation = self._of.property(config.relation_property_id)
        if relation is None or not isinstance(relation.config, RelationConfig):
            raise Unsayable("the relation that it goes along is gone")
        target = self._naming.by_source.get(relation.config.data_source_id)
        rolled = target.property(config.rollup_property_id) if target else None
        if target is None or rolled is None:
            raise Unsayable("the property that it rolls up cannot be read")
        return {
            "relation": self._of.property_key(relation.id),
            "property": target.property_key(rolled.id),
            "function": config.function,
        }

    def _is_mirror(self, prop: Property) -> bool:
        """Whether an earlier relation states this one as its far side."""
        config = prop.config
        if not isinstance(config, RelationConfig) or not config.two_way:
            return False
        other = self._naming.by_source.get(config.data_source_id)
        if (
            other is None
            or other.live.bound
            or (config.synced_property_id or "") not in other.live.source.properties
        ):
            return False
        order = self._naming.databases
        there, here = other.states(config.synced_property_id or ""), self._of.states(prop.id)
        return there if there != here else order.index(other) < order.index(self._of)
