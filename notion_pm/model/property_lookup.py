"""What a template says about one property, whichever side of a relation states it."""

from __future__ import annotations

from notion_pm.model.schema import OPTION_TYPES
from notion_pm.model.template import OptionSpec, OptionsProperty, PropertySpec, Template

_NUMBER_FORMATS = """
number number_with_commas percent dollar australian_dollar canadian_dollar singapore_dollar hong_kong_dollar
new_zealand_dollar new_taiwan_dollar euro pound yen yuan won ruble rupee rupiah real lira franc krona koruna
norwegian_krone danish_krone mexican_peso chilean_peso colombian_peso argentine_peso uruguayan_peso philippine_peso
peruvian_sol rand zloty baht forint shekel dirham riyal ringgit leu vietnamese_dong pakistani_rupee nigerian_naira
bitcoin
"""
NUMBER_FORMATS = frozenset(_NUMBER_FORMATS.split())
"""Notion's number formats (notion-api.md 3.4)."""

_ROLLUP_FUNCTIONS = """
count count_values empty not_empty unique show_unique percent_empty percent_not_empty sum average median min max
range earliest_date latest_date date_range checked unchecked percent_checked percent_unchecked count_per_group
percent_per_group show_original
"""
ROLLUP_FUNCTIONS = frozenset(_ROLLUP_FUNCTIONS.split())
"""Notion's rollup functions (notion-api.md 3.3)."""

IDENTITY_TYPES = frozenset({"title", "rich_text", "url", "email"})
"""The types of property that can tell one row from another."""

DATE_TYPES = frozenset({"date", "created_time", "last_edited_time"})


def property_keys(template: Template, database: str) -> tuple[str, ...]:
    """Return the keys of a database's properties: its own and the mirrors of two-way relations."""
    return (*template.databases[database].properties, *template.far_sides(database))


def property_type(template: Template, database: str, key: str) -> str | None:
    """Return the type of a property, near or far side; None when there is none."""
    spec = template.databases[database].properties.get(key)
    if spec is not None:
        return spec.type
    return "relation" if key in template.far_sides(database) else None


def property_title(template: Template, database: str, key: str) -> str:
    """Return what the template calls a property, near or far side."""
    spec = template.databases[database].properties.get(key)
    return spec.title if spec is not None else template.far_sides(database)[key][2].title


def own(template: Template, database: str, key: str) -> PropertySpec | None:
    """Return a property that the database itself states; None for mirrors."""
    return template.databases[database].properties.get(key)


def options_of(template: Template, database: str, key: str) -> tuple[OptionSpec, ...]:
    """Return the options of a select, multi_select or status property; none for other types."""
    spec = own(template, database, key)
    return spec.options if isinstance(spec, OptionsProperty) and spec.type in OPTION_TYPES else ()


def is_open(template: Template, database: str, key: str) -> bool:
    """Whether a select or multi_select takes options that the template does not list."""
    spec = own(template, database, key)
    return isinstance(spec, OptionsProperty) and spec.open


def find_option(options: tuple[OptionSpec, ...], text: str) -> OptionSpec | None:
    """Return the option of that key, or of that name whatever its case."""
    by_key = next((each for each in options if each.key == text), None)
    return by_key or next((each for each in options if each.name.lower() == text.lower()), None)
