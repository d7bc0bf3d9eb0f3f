"""The database that an import fills: its fields by the template's keys, else by their titles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.property_lookup import is_open, own_property
from notion_pm.model.property_lookup import options_of as option_specs_of
from notion_pm.model.property_types import TYPES_FILLED_FROM_TEXT
from notion_pm.model.schema import DataSource, Property, RelationConfig, options_of
from notion_pm.model.template import Template

SOURCE_ID = "Source id"
"""The title of the property that keeps the keys of imported rows, in databases without template."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option: its name in Notion, and the template's key and weight if it has them."""

    id: str
    name: str
    key: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A property.

    `related`: the data source of a relation. `open`: imports may create options or related pages.
    `stamped`: rules fill it in.
    """

    key: str
    name: str
    id: str
    type: str
    choices: tuple[Choice, ...] = ()
    related: NotionId | None = None
    open: bool = False
    stamped: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return self.type in {"multi_select", "relation"}

    @property
    def is_fillable(self) -> bool:
        """Whether an import may fill it."""
        return self.type in TYPES_FILLED_FROM_TEXT and not self.stamped

    @property
    def makes_customers(self) -> bool:
        """Whether an import may create the pages that it relates to. Only customers are created."""
        return self.type == "relation" and self.open

    def choice(self, word: str) -> Choice | None:
        """Return the option with that key, else the one with that name, whatever its case."""
        # Keys first: a template may have an option with the key `high` and another one that people
        # named "High".
        for choice in self.choices:
            if choice.key == word:
                return choice
        for choice in self.choices:
            if choice.name.casefold() == word.casefold():
                return choice
        return None


@dataclass(frozen=True, slots=True)
class Target:
    """A database.

    `identities`: keys of the fields that can identify rows, the best first; at least one.
    `lock`: the key of the checkbox that locks a page.
    """

    name: str
    title: str
    data_source_id: NotionId
    fields: Mapping[str, Field]
    identities: tuple[str, ...]
    lock: str | None = None

    @property
    def title_field(self) -> Field:
        """The field that holds the title."""
        return next(field for field in self.fields.values() if field.type == "title")

    def find_field(self, word: str) -> Field | None:
        """Return the field with that key, else the one with that title, whatever its case."""
        if word in self.fields:
            return self.fields[word]
        for field in self.fields.values():
            if field.name.casefold() == word.casefold():
                return field
        return None

    @property
    def fillable(self) -> Iterator[Field]:
        """The fields that an import may fill."""
        return (field for field in self.fields.values() if field.is_fillable)


@dataclass(frozen=True, slots=True)
class TemplateKeys:
    """The template of a database, its key there, and the keys of properties and options by id."""

    template: Template
    database: str
    keys: Mapping[str, str]
    options: Mapping[str, str]


def build_target(name: str, title: str, source: DataSource, known: TemplateKeys | None) -> Target:
    """Return the target; `known` is None for a database that no template created."""
    # The template's order first: Notion sorts properties by their ids (recorded), which says
    # nothing to people. Properties of people follow.
    order = {property_id: place for place, property_id in enumerate(known.keys if known else ())}
    properties = sorted(source.properties.values(), key=lambda prop: order.get(prop.id, len(order)))
    fields = [_build_field(prop, known) for prop in properties]
    spec = known.template.databases.get(known.database) if known else None
    return Target(
        name,
        title,
        source.id,
        {field.key: field for field in fields},
        _identities(fields, spec.import_by if spec else ()),
        spec.lock if spec else None,
    )


def _identities(fields: Sequence[Field], import_by: Sequence[str]) -> tuple[str, ...]:
    """Return the template's `import_by`, else a property "Source id", else the title."""
    keys = {field.key for field in fields}
    stated = tuple(key for key in import_by if key in keys)
    if stated:
        return stated
    for field in fields:
        if field.type == "rich_text" and field.name.casefold() == SOURCE_ID.casefold():
            return (field.key,)
    return tuple(field.key for field in fields if field.type == "title")


def _build_field(prop: Property, known: TemplateKeys | None) -> Field:
    key = known.keys.get(prop.id) if known else None
    related = prop.config.data_source_id if isinstance(prop.config, RelationConfig) else None
    if known is None or key is None or known.database not in known.template.databases:
        # A property that people added: its name is its key, and people may add options to it.
        choices = tuple(Choice(option.id or "", option.name) for option in options_of(prop))
        return Field(
            prop.name, prop.name, prop.id, prop.type, choices, related, open=prop.type != "status"
        )
    spec = own_property(known.template, known.database, key)
    return Field(
        key,
        prop.name,
        prop.id,
        prop.type,
        tuple(_choices(prop, key, known)),
        related,
        open=_is_open(known, key),
        stamped=spec.stamped if spec else False,
    )


def _is_open(known: TemplateKeys, key: str) -> bool:
    """Whether imports may create options (the template says so), or related pages (customers)."""
    target = known.template.relation_target(known.database, key)
    if target is not None:
        return (known.template.databases[target].role or target) == "customers"
    return is_open(known.template, known.database, key)


def _choices(prop: Property, key: str, known: TemplateKeys) -> Iterator[Choice]:
    specs = {spec.key: spec for spec in option_specs_of(known.template, known.database, key)}
    key_by_id = {}
    for address, option_id in known.options.items():
        property_key, _, name = address.partition(".")
        if property_key == key:
            key_by_id[option_id] = name
    for option in options_of(prop):
        option_key = key_by_id.get(option.id or "")
        spec = specs.get(option_key) if option_key is not None else None
        yield Choice(option.id or "", option.name, option_key, spec.weight if spec else None)
