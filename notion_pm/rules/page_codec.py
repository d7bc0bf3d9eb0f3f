"""Between Notion's pages and what rules see: the manifest gives keys for ids when reading, and ids for keys back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notion_pm.model.manifest import DatabaseEntry
from notion_pm.model.page import (
    DateValue,
    OptionValue,
    Page,
    PersonValue,
    PropertyValue,
    RelationValue,
    UnknownValue,
    Value,
)
from notion_pm.model.snapshot import (
    UNREADABLE,
    RelatedPages,
    RuleValue,
    SnapshotPage,
    UnknownOption,
)
from notion_pm.model.template_schema import TemplateSchema
from notion_pm.rules.evaluation import Change


class PageCodec:
    """Reads and writes the pages of one database."""

    def __init__(
        self, schema: TemplateSchema, database: str, entry: DatabaseEntry, keys: Iterable[str]
    ) -> None:
        self._schema = schema
        self._database = database
        self._entry = entry
        self.keys = tuple(keys)
        self._options = {
            key: {id: option for option, id in _options_of(entry, key)} for key in self.keys
        }

    @property
    def fingerprint(self) -> Mapping[str, object]:
        """What decides how a page is understood: ids of properties and of options, by key."""
        return {key: [self._entry.properties[key], self._options[key]] for key in self.keys}

    @property
    def property_ids(self) -> tuple[str, ...]:
        """The properties to ask for: those that rules need, and the title."""
        ids = (
            self._entry.properties[key]
            for key in (self._schema.title_key(self._database), *self.keys)
        )
        return tuple(dict.fromkeys(ids))

    def decode(self, page: Page) -> SnapshotPage:
        """Return a page as rules see it."""
        values = {
            key: self.decode_value(key, page.properties.get(self._entry.properties[key]))
            for key in self.keys
        }
        return SnapshotPage(
            page.id,
            self._database,
            page.title,
            page.url,
            page.last_edited_time,
            values,
            page.created_time,
        )

    def type_mismatches(self, page: Page) -> tuple[tuple[str, str, str], ...]:
        """Return what is of another type than the template says: address, its type on the page, the template's."""
        held = {key: page.properties.get(self._entry.properties[key]) for key in self.keys}
        wanted = {key: self._schema.type(self._database, key) for key in self.keys}
        return tuple(
            (f"{self._database}.{key}", each.type, kind)
            for key, each in held.items()
            if each and (kind := wanted[key]) and each.type != kind
        )

    def encode(self, changes: Iterable[Change]) -> tuple[PropertyValue, ...]:
        """Return the values that changes set. Options go by id, so that renamed ones keep working."""
        return tuple(self._written(change) for change in changes)

    def decode_value(self, key: str, held: PropertyValue | None) -> RuleValue:
        """Return a value as rules see it; an empty one where there is none."""
        if held is None:
            return None
        if isinstance(held.value, RelationValue):
            return RelatedPages(held.value.ids, held.value.complete)
        if isinstance(held.value, UnknownValue):
            return UNREADABLE
        return self._of(key, held.value)

    def _of(self, key: str, value: Value) -> RuleValue:
        match value:
            case None | str() | bool() | int() | float():
                return value
            case OptionValue():
                return self._option(key, value)
            case DateValue():
                return value.start
            case PersonValue():
                return value.id
            case tuple():
                return tuple(
                    self._option(key, each)
                    if isinstance(each, OptionValue)
                    else str(getattr(each, "id", each))
                    for each in value
                )
            case _:
                return str(value)

    def _option(self, key: str, value: OptionValue) -> str | UnknownOption:
        return self._options[key].get(value.id) or UnknownOption(value.id, value.name)

    def _written(self, change: Change) -> PropertyValue:
        kind = self._schema.type(self._database, change.property) or ""
        value: Value = change.after if isinstance(change.after, bool | int | float | str) else None
        if kind in {"status", "select"} and isinstance(change.after, str):
            option = self._schema.option(self._database, change.property, change.after)
            name = option.name if option else change.after
            value = OptionValue(
                self._entry.options.get(f"{change.property}.{change.after}", ""), name
            )
        elif kind == "date" and isinstance(change.after, str) and change.after:
            value = DateValue(change.after)
        elif kind == "rich_text":
            value = str(change.after or "")
        return PropertyValue(self._entry.properties[change.property], kind, value)


def names_of_options(pages: Iterable[Page]) -> Mapping[str, str]:
    """Return the names that options have in Notion now, by id, as far as pages show them."""
    found: dict[str, str] = {}
    for page in pages:
        for held in page.properties.values():
            values = held.value if isinstance(held.value, tuple) else (held.value,)
            found.update((each.id, each.name) for each in values if isinstance(each, OptionValue))
    return found


def names_of_people(pages: Iterable[Page]) -> Mapping[str, str]:
    """Return the names of the people in pages' values, by id, as far as Notion gives them."""
    found: dict[str, str] = {}
    for page in pages:
        for held in page.properties.values():
            values = held.value if isinstance(held.value, tuple) else (held.value,)
            people = [each for each in values if isinstance(each, PersonValue)]
            found.update((person.id, person.name) for person in people if person.name)
    return found


def _options_of(entry: DatabaseEntry, key: str) -> Iterable[tuple[str, str]]:
    prefix = f"{key}."
    return (
        (name.removeprefix(prefix), id)
        for name, id in entry.options.items()
        if name.startswith(prefix)
    )
