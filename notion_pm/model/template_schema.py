"""The properties and options of a template, with both sides of relations, for quick look-ups."""

from __future__ import annotations

from functools import cached_property

from notion_pm.model.template import FarSide, OptionSpec, OptionsProperty, PropertySpec, Template
from notion_pm.text import suggest

TERMINAL_CATEGORIES = frozenset({"done", "dropped"})
"""Categories of a finished page: no rule takes it back to work (domain.md 3)."""


class TemplateSchema:
    """A template's properties with both sides of relations, and its options with their ranks.

    It answers the same questions as `model.property_lookup`, but keeps an index: rules ask for the
    same options once per page. For a single question a function of `property_lookup` is enough.
    """

    def __init__(self, template: Template) -> None:
        self.template = template

    @cached_property
    def _far_sides(self) -> dict[str, dict[str, tuple[str, str, FarSide]]]:
        return {database: self.template.far_sides(database) for database in self.template.databases}

    @cached_property
    def _ranked_options(self) -> dict[tuple[str, str], dict[object, tuple[int, OptionSpec]]]:
        """Rank and option by option key, for every property that has options."""
        ranked: dict[tuple[str, str], dict[object, tuple[int, OptionSpec]]] = {}
        for database, database_spec in self.template.databases.items():
            for key, spec in database_spec.properties.items():
                if isinstance(spec, OptionsProperty):
                    # Keys of type `object`: the values that rules look up may be anything.
                    by_key: dict[object, tuple[int, OptionSpec]] = {
                        option.key: (rank, option) for rank, option in enumerate(spec.options)
                    }
                    ranked[database, key] = by_key
        return ranked

    def spec(self, database: str, key: str) -> PropertySpec | None:
        """Return a property as its database states it.

        None for the far side of a relation, and for an unknown property.
        """
        return self.template.databases[database].properties.get(key)

    def type(self, database: str, key: str) -> str | None:
        """Return a property's type, None when there is no such property."""
        spec = self.spec(database, key)
        if spec is not None:
            return spec.type
        return "relation" if key in self._far_sides[database] else None

    def no_such_property(self, database: str, key: str) -> str:
        """Return the message that a database does not have a property, with the nearest key."""
        hint = suggest(key, self.keys(database))
        return f"{database} has no property {key!r}. {hint}".strip()

    def title(self, database: str, key: str) -> str:
        """Return the title that the template gives to a property."""
        spec = self.spec(database, key)
        return spec.title if spec else self._far_sides[database][key][2].title

    def title_key(self, database: str) -> str:
        """Return the key of a database's title property."""
        return self.template.databases[database].title_key

    def target(self, database: str, key: str) -> str | None:
        """Return the database of a relation's pages, None for a property of another type."""
        spec = self.spec(database, key)
        if spec is not None:
            return spec.to if spec.type == "relation" else None
        far_side = self._far_sides[database].get(key)
        return far_side[0] if far_side else None

    def mirror(self, database: str, key: str) -> str | None:
        """Return the key of the other side of a two-way relation."""
        spec = self.spec(database, key)
        if spec is not None:
            return spec.two_way.key if spec.type == "relation" and spec.two_way else None
        far_side = self._far_sides[database].get(key)
        return far_side[1] if far_side else None

    def keys(self, database: str) -> tuple[str, ...]:
        """Return the keys of all properties of a database, far sides included."""
        return (*self.template.databases[database].properties, *self._far_sides[database])

    def options(self, database: str, key: str) -> tuple[OptionSpec, ...]:
        """Return the options of a property; none when its type has none."""
        spec = self.spec(database, key)
        return spec.options if isinstance(spec, OptionsProperty) else ()

    def option(self, database: str, key: str, option: object) -> OptionSpec | None:
        """Return one option by its key."""
        found = self._ranked_options.get((database, key), {}).get(option)
        return found[1] if found else None

    def rank(self, database: str, key: str, option: object) -> int | None:
        """Return an option's position in the list: its order for rules that only move forward."""
        found = self._ranked_options.get((database, key), {}).get(option)
        return found[0] if found else None

    def is_step_back(self, target: tuple[str, str], before: object, after: object) -> bool:
        """Return whether an option comes earlier in the list than another.

        False if one of them is not an option of the template.
        """
        # Example: Shipped -> Planned, where Planned is listed first.
        rank_before = self.rank(*target, before)
        rank_after = self.rank(*target, after)
        return rank_before is not None and rank_after is not None and rank_after < rank_before

    def is_terminal(self, database: str, key: str, option: object) -> bool:
        """Return whether a status option is final: done or dropped."""
        # Only options of a status have a category; a select may have an option called "Done".
        spec = self.option(database, key, option)
        if spec is None or self.type(database, key) != "status":
            return False
        return spec.meaning in TERMINAL_CATEGORIES
