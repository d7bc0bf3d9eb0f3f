"""Convert the pages of a database between Notion's ids and the template's keys.

Rules know properties and options by their keys, because people may rename both in Notion. The
manifest has the id of every key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
    """Convert pages of one database to the form that rules read, and changes back to Notion's.

    `keys`: the properties that are converted, by key.
    """

    def __init__(
        self, schema: TemplateSchema, database: str, entry: DatabaseEntry, keys: Iterable[str]
    ) -> None:
        self._schema = schema
        self._database = database
        self._entry = entry
        self.keys = tuple(keys)
        self._option_keys = {key: _option_keys_by_id(entry, key) for key in self.keys}

    @property
    def fingerprint(self) -> Mapping[str, object]:
        """All that the conversion depends on: the ids of properties and of options, by key.

        Pages that were converted with another fingerprint must be read again.
        """
        return {key: [self._entry.properties[key], self._option_keys[key]] for key in self.keys}

    @property
    def property_ids(self) -> tuple[str, ...]:
        """The properties to request from Notion: the title, and those that are converted."""
        keys = (self._schema.title_key(self._database), *self.keys)
        ids = [self._entry.properties[key] for key in keys]
        return tuple(dict.fromkeys(ids))

    def decode(self, page: Page) -> SnapshotPage:
        """Return a page as rules read it."""
        values = {key: self.decode_value(key, self._received(page, key)) for key in self.keys}
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
        """Return the properties whose type differs from the template's.

        Each as its address, the type on the page, and the type in the template.
        """
        mismatches = []
        for key in self.keys:
            received = self._received(page, key)
            expected = self._schema.type(self._database, key)
            if received and expected and received.type != expected:
                mismatches.append((f"{self._database}.{key}", received.type, expected))
        return tuple(mismatches)

    def encode(self, changes: Iterable[Change]) -> tuple[PropertyValue, ...]:
        """Return the values to write to Notion for changes of a page."""
        return tuple(self._encode_change(change) for change in changes)

    def decode_value(self, key: str, received: PropertyValue | None) -> RuleValue:
        """Return a value as rules read it; None when the page does not have the property."""
        if received is None:
            return None
        value = received.value
        if isinstance(value, RelationValue):
            return RelatedPages(value.ids, value.complete)
        # A type that this program does not know, or a value that Notion did not compute. To call
        # it empty would be wrong: rules would act on that.
        if isinstance(value, UnknownValue):
            return UNREADABLE
        if isinstance(value, tuple):
            return tuple(self._decode_item(key, item) for item in value)
        return self._decode_single(key, value)

    def _received(self, page: Page, key: str) -> PropertyValue | None:
        return page.properties.get(self._entry.properties[key])

    def _decode_single(self, key: str, value: Value) -> RuleValue:
        match value:
            case None | str() | bool() | int() | float():
                return value
            case OptionValue():
                return self._decode_option(key, value)
            case DateValue():
                # Rules compare the start of a date range, such as "1 to 14 March": 1 March.
                return value.start
            case PersonValue():
                # By id: names change, and Notion does not show them to every connection.
                return value.id
            case _:
                return str(value)

    def _decode_item(self, key: str, item: object) -> str | UnknownOption:
        """Return one item of a multi_select, of people or of files."""
        if isinstance(item, OptionValue):
            return self._decode_option(key, item)
        if isinstance(item, PersonValue):
            return item.id
        return str(item)

    def _decode_option(self, key: str, value: OptionValue) -> str | UnknownOption:
        # People may add options in Notion. The template has no key for those.
        return self._option_keys[key].get(value.id) or UnknownOption(value.id, value.name)

    def _encode_change(self, change: Change) -> PropertyValue:
        kind = self._schema.type(self._database, change.property) or ""
        value = self._encode_value(kind, change.property, change.after)
        return PropertyValue(self._entry.properties[change.property], kind, value)

    def _encode_value(self, kind: str, key: str, after: RuleValue) -> Value:
        if kind == "rich_text":
            return str(after or "")
        if kind in {"status", "select"} and isinstance(after, str):
            return self._encode_option(key, after)
        if kind == "date" and isinstance(after, str) and after:
            return DateValue(after)
        # Rules set only options, dates, texts, numbers and checkboxes; anything else empties.
        return after if isinstance(after, bool | int | float | str) else None

    def _encode_option(self, key: str, option_key: str) -> OptionValue:
        # Notion finds the option by its id, so that one that people renamed still works. The name
        # is for an option without a recorded id.
        option = self._schema.option(self._database, key, option_key)
        name = option.name if option else option_key
        return OptionValue(self._entry.options.get(f"{key}.{option_key}", ""), name)


def names_of_options(pages: Iterable[Page]) -> Mapping[str, str]:
    """Return the names in Notion of the options that pages have, by option id."""
    return {
        value.id: value.name for value in _single_values(pages) if isinstance(value, OptionValue)
    }


def names_of_people(pages: Iterable[Page]) -> Mapping[str, str]:
    """Return the names of the people in pages' values, by id.

    Notion leaves out names for a connection that may not read user information.
    """
    people = [value for value in _single_values(pages) if isinstance(value, PersonValue)]
    return {person.id: person.name for person in people if person.name}


def _single_values(pages: Iterable[Page]) -> Iterator[object]:
    """Yield all values of pages, those in lists one by one."""
    for page in pages:
        for received in page.properties.values():
            if isinstance(received.value, tuple):
                yield from received.value
            else:
                yield received.value


def _option_keys_by_id(entry: DatabaseEntry, key: str) -> dict[str, str]:
    """Return the keys of a property's options by their ids; the manifest has `property.option`."""
    prefix = f"{key}."
    return {
        id: name.removeprefix(prefix)
        for name, id in entry.options.items()
        if name.startswith(prefix)
    }
