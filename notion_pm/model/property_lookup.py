"""Look up a property of a template, on either side of a relation."""

from __future__ import annotations

from notion_pm.model.template import OptionSpec, OptionsProperty, PropertySpec, Template


def property_keys(template: Template, database: str) -> tuple[str, ...]:
    """Return the keys of a database's properties: its own and the mirrors of two-way relations."""
    return (*template.databases[database].properties, *template.far_sides(database))


def property_type(template: Template, database: str, key: str) -> str | None:
    """Return the type of a property, near or far side; None when it does not exist."""
    spec = template.databases[database].properties.get(key)
    if spec is not None:
        return spec.type
    return "relation" if key in template.far_sides(database) else None


def property_title(template: Template, database: str, key: str) -> str:
    """Return the template's title of a property, near or far side."""
    # A far side is a triple: the near database, the key of its property, and the mirror's own spec.
    spec = template.databases[database].properties.get(key)
    return spec.title if spec is not None else template.far_sides(database)[key][2].title


def own_property(template: Template, database: str, key: str) -> PropertySpec | None:
    """Return a property that the database itself defines; None for mirrors of relations."""
    return template.databases[database].properties.get(key)


def options_of(template: Template, database: str, key: str) -> tuple[OptionSpec, ...]:
    """Return the options of a select, multi_select or status property; empty for other types."""
    spec = own_property(template, database, key)
    return spec.options if isinstance(spec, OptionsProperty) else ()


def is_open(template: Template, database: str, key: str) -> bool:
    """Whether a select or multi_select accepts options that the template does not list."""
    spec = own_property(template, database, key)
    return isinstance(spec, OptionsProperty) and spec.open


def find_option(options: tuple[OptionSpec, ...], text: str) -> OptionSpec | None:
    """Return the option with that key, else the one with that name, whatever its case."""
    # Keys first: a key may be another option's name, for example key `new` and name "New".
    for option in options:
        if option.key == text:
            return option
    for option in options:
        if option.name.lower() == text.lower():
            return option
    return None
