"""The database that an import fills, as the import sees it: fields by the template's keys, else by their titles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from notion_pm.model.ids import NotionId
from notion_pm.model.property_lookup import is_open, own_property
from notion_pm.model.property_lookup import options_of as specs_of
from notion_pm.model.property_types import TYPES_FILLED_FROM_TEXT
from notion_pm.model.schema import DataSource, Property, RelationConfig, options_of
from notion_pm.model.template import Template

SOURCE_ID = "Source id"
"""What a property is called that keeps the keys of imported rows, in a database that no template made."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option: the name that people see, and the template's key and weight where it has them."""

    id: str
    name: str
    key: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A property. `open`: whether new options, or related pages, may be made without asking."""

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
        """Whether it is related to pages that an import makes, as it does for customers alone."""
        return self.type == "relation" and self.open

    def choice(self, word: str) -> Choice | None:
        """Return the option of that key, or of that name whatever its case."""
        by_key = next((each for each in self.choices if each.key == word), None)
        return by_key or next(
            (each for each in self.choices if each.name.casefold() == word.casefold()), None
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A database. `identities`: the fields that may tell whether a row is there already, the best first.

    There is always one: the title, where neither the template nor a property called "Source id" says better.
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
        return next(each for each in self.fields.values() if each.type == "title")

    def named(self, word: str) -> Field | None:
        """Return the field of that key, or of that title whatever its case."""
        by_title = (
            each for each in self.fields.values() if each.name.casefold() == word.casefold()
        )
        return self.fields.get(word) or next(by_title, None)

    @property
    def fillable(self) -> Iterator[Field]:
        """The fields that an import may fill."""
        return (each for each in self.fields.values() if each.is_fillable)


@dataclass(frozen=True, slots=True)
class TemplateKeys:
    """What a template knows of a database: its own key, and keys by the ids of properties and options."""

    template: Template
    database: str
    keys: Mapping[str, str]
    options: Mapping[str, str]


def build_target(name: str, title: str, source: DataSource, known: TemplateKeys | None) -> Target:
    """Return the target; `known` is None for a database that people made."""
    order = {property_id: place for place, property_id in enumerate(known.keys if known else ())}
    properties = sorted(source.properties.values(), key=lambda each: order.get(each.id, len(order)))
    fields = [_field(each, known) for each in properties]
    spec = known.template.databases.get(known.database) if known else None
    return Target(
        name,
        title,
        source.id,
        {each.key: each for each in fields},
        _identities(fields, spec.import_by if spec else ()),
        spec.lock if spec else None,
    )


def _identities(fields: Sequence[Field], stated: Sequence[str]) -> tuple[str, ...]:
    there = [each.key for each in fields]
    known = [key for key in stated if key in there]
    texts = [
        each.key
        for each in fields
        if each.type == "rich_text" and each.name.casefold() == SOURCE_ID.casefold()
    ]
    return tuple(known or texts or [each.key for each in fields if each.type == "title"])


def _field(prop: Property, known: TemplateKeys | None) -> Field:
    key = known.keys.get(prop.id) if known else None
    related = prop.config.data_source_id if isinstance(prop.config, RelationConfig) else None
    if known is None or key is None or known.database not in known.template.databases:
        plain = tuple(Choice(each.id or "", each.name) for each in options_of(prop))
        return Field(
            prop.name, prop.name, prop.id, prop.type, plain, related, open=prop.type != "status"
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
    """New options where the template lets people name them; new pages among customers alone."""
    target = known.template.relation_target(known.database, key)
    if target is not None:
        return (known.template.databases[target].role or target) == "customers"
    return is_open(known.template, known.database, key)


def _choices(prop: Property, key: str, known: TemplateKeys) -> Iterator[Choice]:
    specs = {each.key: each for each in specs_of(known.template, known.database, key)}
    by_id = {
        id: name.partition(".")[2]
        for name, id in known.options.items()
        if name.startswith(f"{key}.")
    }
    for each in options_of(prop):
        option = by_id.get(each.id or "")
        weight = specs[option].weight if option in specs else None
        yield Choice(each.id or "", each.name, option, weight)
