"""What a template says about its properties, as rules ask for it."""

from __future__ import annotations

from functools import cached_property

from notion_pm.model.template import FarSide, OptionSpec, OptionsProperty, PropertySpec, Template

TERMINAL = frozenset({"done", "dropped"})
"""Categories of a status that no rule leads back from (domain.md 3)."""


class TemplateSchema:
    """The words of a template: its properties with both sides of relations, its options with rank and meaning."""

    def __init__(self, template: Template) -> None:
        self.template = template

    @cached_property
    def _far_sides(self) -> dict[str, dict[str, tuple[str, str, FarSide]]]:
        return {database: self.template.far_sides(database) for database in self.template.databases}

    @cached_property
    def _ranked(self) -> dict[tuple[str, str], dict[object, tuple[int, OptionSpec]]]:
        """Rank and option by key, of every property that has options."""
        return {
            (database, key): {each.key: (rank, each) for rank, each in enumerate(spec.options)}
            for database, stated in self.template.databases.items()
            for key, spec in stated.properties.items()
            if isinstance(spec, OptionsProperty)
        }

    def spec(self, database: str, key: str) -> PropertySpec | None:
        """Return a property as its database states it; None for the far side of a relation and for the unknown."""
        return self.template.databases[database].properties.get(key)

    def type(self, database: str, key: str) -> str | None:
        """Return a property's type, None when there is no such property."""
        if spec := self.spec(database, key):
            return spec.type
        return "relation" if key in self._far_sides[database] else None

    def title(self, database: str, key: str) -> str:
        """Return the title that the template gives to a property."""
        spec = self.spec(database, key)
        return spec.title if spec else self._far_sides[database][key][2].title

    def title_key(self, database: str) -> str:
        """Return the key of a database's title property."""
        return self.template.databases[database].title_key

    def target(self, database: str, key: str) -> str | None:
        """Return the database that a relation leads to, None when it is no relation."""
        if spec := self.spec(database, key):
            return spec.to if spec.type == "relation" else None
        far = self._far_sides[database].get(key)
        return far[0] if far else None

    def mirror(self, database: str, key: str) -> str | None:
        """Return the key of the other side of a two-way relation."""
        if spec := self.spec(database, key):
            return spec.two_way.key if spec.type == "relation" and spec.two_way else None
        far = self._far_sides[database].get(key)
        return far[1] if far else None

    def keys(self, database: str) -> tuple[str, ...]:
        """Return the keys of all properties of a database, far sides included."""
        return (*self.template.databases[database].properties, *self._far_sides[database])

    def options(self, database: str, key: str) -> tuple[OptionSpec, ...]:
        """Return the options of a property; none when its type has none."""
        spec = self.spec(database, key)
        return spec.options if isinstance(spec, OptionsProperty) else ()

    def option(self, database: str, key: str, option: object) -> OptionSpec | None:
        """Return one option by its key."""
        found = self._ranked.get((database, key), {}).get(option)
        return found[1] if found else None

    def rank(self, database: str, key: str, option: object) -> int | None:
        """Return an option's place in the list, which is its order for rules that only move forward."""
        found = self._ranked.get((database, key), {}).get(option)
        return found[0] if found else None

    def is_terminal(self, database: str, key: str, option: object) -> bool:
        """Tell whether an option of a status ends a page's way: done or dropped."""
        spec = self.option(database, key, option)
        return (
            spec is not None and self.type(database, key) == "status" and spec.meaning in TERMINAL
        )
