"""Interpret the records of a file as rows of a database, by a map.

A record that does not fit is rejected with a reason; the others are not affected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain

from notion_pm.importing.files.records import Record, Records
from notion_pm.importing.identity import identity
from notion_pm.importing.target import Field, Target
from notion_pm.importing.values.cells import (
    MOST_VALUES,
    InvalidCell,
    UnknownOption,
    plain_text,
    read_item,
)
from notion_pm.importing.values.dates import DatesAmbiguous, detect_pattern
from notion_pm.importing.values.nothing import is_no_customer, is_nothing, is_nothing_in_text
from notion_pm.importing.values.numbers import detect_decimal_sign
from notion_pm.importing.values.texts import READERS, shorten, with_page_ids
from notion_pm.model.import_map import Filling, ImportMap, RowKey, placeholders
from notion_pm.model.import_write import Item
from notion_pm.patterns import compile_bounded

TITLE_LENGTH = 80
"""Characters of a title that is made from the text of a row."""
_LONGEST_KEY = 200
"""Longer keys are replaced by a hash, which any text property can hold."""
# Characters. A page is created in one request of at most 500 KB (notion-api.md 4.2), and a
# character can take four bytes: half of the request stays for the properties.
_LONGEST_BODY = 60_000


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row to import.

    `values` by field key. The values of relations are still words: titles, domains, keys or ids.
    """

    record: Record
    key: str
    values: Mapping[str, Item]
    body: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is not imported, and why."""

    record: Record
    problem: str


@dataclass
class InterpretedFile:
    """The rows of a file, by a map.

    `unknown_options`: by field key and word, how many rows have a word that is not an option.
    `left_out`: rows that the map excludes. `repeated`: rows with the key of an earlier row.
    `untitled`: rows whose title is the beginning of their text.
    """

    rows: list[ImportRow] = field(default_factory=list)
    rejects: list[RejectedRow] = field(default_factory=list)
    unknown_options: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: int = 0
    repeated: int = 0
    untitled: int = 0


class DatesUnclear(ValueError):
    """A column of dates can be read in two ways. Fields: `field`, `columns`, `ambiguous`."""

    def __init__(self, name: str, columns: tuple[str, ...], ambiguous: DatesAmbiguous) -> None:
        super().__init__(str(ambiguous))
        self.field = name
        self.columns = columns
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class _FilledField:
    """A field with the way it is filled.

    `form`: the pattern of the dates, or the decimal sign of the numbers, for the whole column.
    """

    field: Field
    filling: Filling
    form: str


def interpret_records(records: Records, map: ImportMap, target: Target) -> InterpretedFile:
    """Return the rows of a file, and the rejected records with their problems.

    Raises DatesUnclear when only a person can say how to read dates.
    """
    return _Interpreter(records, map, target).run()


class _Interpreter:
    def __init__(self, records: Records, map: ImportMap, target: Target) -> None:
        self._records = records
        self._map = map
        self._target = target
        self._fields: list[_FilledField] = []
        for name, filling in map.fill.items():
            field = target.find_field(name)
            if field is not None:
                form = self._detect_form(name, field, filling)
                self._fields.append(_FilledField(field, filling, form))
        self._key_field = key_field(map, target)
        self._result = InterpretedFile()
        self._line_by_key: dict[str, int] = {}

    def run(self) -> InterpretedFile:
        result = self._result
        for record, problem in self._records.broken:
            result.rejects.append(RejectedRow(record, problem))
        for record in self._records.records:
            if not self._is_wanted(record):
                result.left_out += 1
                continue
            try:
                self._add_row(record)
            except InvalidCell as error:
                result.rejects.append(RejectedRow(record, str(error)))
        result.rejects.sort(key=lambda reject: reject.record.line)
        return result

    def _detect_form(self, name: str, field: Field, filling: Filling) -> str:
        """Return the date pattern or decimal sign of a field, judged from all its cells together.

        A single cell is often ambiguous: 03/04/2026, or 12.500.
        """
        if field.type not in {"date", "number"}:
            return ""
        if field.type == "date" and filling.date is not None:
            return filling.date
        texts = chain.from_iterable(map(self._records.texts, filling.columns))
        if field.type == "number":
            return detect_decimal_sign(texts)
        try:
            return detect_pattern(texts)
        except DatesAmbiguous as ambiguous:
            raise DatesUnclear(name, filling.columns, ambiguous) from None

    def _is_wanted(self, record: Record) -> bool:
        """Whether the map's `only` and `without` let a record through."""
        cells = record.by_column
        for column, wanted in self._map.only.items():
            if cells.get(column, "") not in wanted:
                return False
        return not any(cells.get(column) for column in self._map.without)

    def _add_row(self, record: Record) -> None:
        """Add the row of a record, unless an earlier record has its key. Raises InvalidCell.

        `repeats: refuse`: the first record has the key, even when it is rejected for another
        reason: a later record is not a correction of it.
        `repeats: first`: the first record that can be imported has the key.
        """
        key = key_of(self._map.key, record)
        same = identity(self._key_field, key)
        first_line = self._line_by_key.get(same)
        if self._map.repeats == "first":
            if first_line is not None:
                self._result.repeated += 1
                return
            self._result.rows.append(self._row(record, key))
            self._line_by_key[same] = record.line
            return

        if first_line is not None:
            raise InvalidCell(f"line {first_line} has the same key `{key}`")
        self._line_by_key[same] = record.line
        self._result.rows.append(self._row(record, key))

    def _row(self, record: Record, key: str) -> ImportRow:
        values: dict[str, Item] = {self._key_field.key: key}
        for filled in self._fields:
            item = self._item(filled, record)
            if item not in ("", ()):
                values[filled.field.key] = item
        if self._target.title_field.key not in values:
            values[self._target.title_field.key] = self._title_from_text(values)
        return ImportRow(record, key, values, self._body(record))

    def _item(self, filled: _FilledField, record: Record) -> Item:
        """Return the value of a field; an empty text or tuple when the record has none."""
        # Several columns may fill one property, such as `Company` and `Account`. They are
        # alternatives: the first with a text counts. Only a multi-select takes the values of all of
        # them.
        texts = _filled_texts(filled, record)
        if filled.field.type != "multi_select":
            texts = _first_nonempty(texts)
        cells = list(chain.from_iterable(texts))
        try:
            if filled.field.is_list:
                return self._list_item(filled, cells)
            return self._single_item(filled, cells)
        except InvalidCell as error:
            raise InvalidCell(f"{filled.field.name}: {error}") from None

    def _single_item(self, filled: _FilledField, texts: list[str]) -> Item:
        """Return the first of several texts that is an option. Other fields take the first text."""
        field = filled.field
        if not texts:
            return ""
        if not field.choices:
            return self._known_item(field, read_item(field, filled.filling, texts[0], filled.form))

        items = [read_item(field, filled.filling, text, filled.form) for text in texts]
        for item in items:
            if item != "" and not isinstance(item, UnknownOption):
                return item
        return self._known_item(field, items[0])

    def _list_item(self, filled: _FilledField, texts: list[str]) -> Item:
        field, filling = filled.field, filled.filling
        words: list[str] = []
        for text in texts:
            if field.type == "relation" and filling.text == "notion":
                # The ids in the links tell apart pages with one title, and find renamed pages.
                plain = with_page_ids(text)
            else:
                plain = READERS[filling.text](text)
            words += plain.split(filling.split) if filling.split else [plain]

        items: list[str] = []
        for word in words:
            word = word.strip()
            if word and not _says_nothing(field, filling, word):
                item = self._known_item(field, read_item(field, filling, word, filled.form))
                if item != "":
                    items.append(str(item))
        unique = tuple(dict.fromkeys(items))
        if len(unique) > MOST_VALUES:
            raise InvalidCell(f"{len(unique)} values are more than Notion's limit of {MOST_VALUES}")
        return unique

    def _known_item(self, field: Field, item: Item | UnknownOption) -> Item:
        """Return an item; count a word that is not an option, and leave its field empty."""
        if isinstance(item, UnknownOption):
            self._result.unknown_options[field.key, item.word] += 1
            return ""
        return item

    def _title_from_text(self, values: Mapping[str, Item]) -> Item:
        """Return the beginning of the longest text as the title of a row without one."""
        texts = [
            str(values.get(filled.field.key, ""))
            for filled in self._fields
            if filled.field.type == "rich_text"
        ]
        words = " ".join(max(texts, key=len, default="").split())
        if not words:
            raise InvalidCell("the row has no title, and no text to make one from")
        self._result.untitled += 1
        return shorten(words, TITLE_LENGTH)

    def _body(self, record: Record) -> str | None:
        """Return the Markdown of a new page, None when the map or the record has none."""
        filling = self._map.body
        if filling is None:
            return None
        texts = list(chain.from_iterable(_texts_by_column(filling, record)))
        return plain_text(filling, "\n\n".join(texts), _LONGEST_BODY) if texts else None


def key_field(map: ImportMap, target: Target) -> Field:
    """Return the field that keeps the keys of rows.

    It is the map's `property`, else the first identity of the target that the map fills, else the
    first identity.
    """
    if map.key.property is not None:
        stated = target.find_field(map.key.property)
        if stated is not None:
            return stated
    # Example: customers are identified by their site, else by their name. A file without a site
    # column must not be compared by site.
    fields = [target.find_field(name) for name in map.fill]
    filled = {field.key for field in fields if field is not None}
    for key in target.identities:
        if key in filled:
            return target.fields[key]
    return target.fields[target.identities[0]]


def key_of(key: RowKey, record: Record) -> str:
    """Return the key of a record.

    Raises InvalidCell when all columns of the key are empty.
    """
    parts = [cell_part(key.part, record.first(column)) for column in key.columns]
    # One column of several may be empty: "ACME" + "" is still a key, and differs from "ACME" + "7".
    if not any(parts):
        columns = " and ".join(f"`{column}`" for column in key.columns)
        raise InvalidCell(f"{columns} is empty: nothing identifies the row")
    text = " ".join(parts)
    if key.hashed or len(text) > _LONGEST_KEY:
        # Joined by a control character, so that "a b" + "c" and "a" + "b c" are two keys.
        text = sha256("\x1f".join(parts).encode()).hexdigest()[:16]
    return f"{key.prefix}{text}"


def _says_nothing(field: Field, filling: Filling, text: str) -> bool:
    """Whether a text means no value, such as `n/a`.

    A word that is an option, or that the map translates, is a value. In a title every word is.
    """
    if field.type == "title":
        return False
    if field.type in {"rich_text", "url", "email"}:
        return is_nothing_in_text(text)
    word = text.strip()
    translated = {theirs.casefold() for theirs in filling.words}
    # Example: a select with the option "None", or a map that says `none: low`.
    if field.choice(word) is not None or word.casefold() in translated:
        return False
    return is_no_customer(text) if field.makes_customers else is_nothing(text)


def _filled_texts(filled: _FilledField, record: Record) -> Iterator[list[str]]:
    """Yield the texts of each column of a field, without those that mean no value."""
    if filled.filling.value is not None:  # a fixed value always counts
        yield from _texts_by_column(filled.filling, record)
        return
    for texts in _texts_by_column(filled.filling, record):
        yield [text for text in texts if not _says_nothing(filled.field, filled.filling, text)]


def _first_nonempty(texts_by_column: Iterator[list[str]]) -> Iterator[list[str]]:
    for texts in texts_by_column:
        if texts:
            yield texts
            return


def _texts_by_column(filling: Filling, record: Record) -> Iterator[list[str]]:
    """Yield the texts of each column that fills a property; a fixed value counts as a column."""
    if filling.value is not None:
        value = _with_cells(filling.value, record)
        yield [value] if value else []
        return
    for column in filling.columns:
        parts = [cell_part(filling.part, text) for text in record.all(column)]
        yield [part for part in parts if part]


def _with_cells(value: str, record: Record) -> str:
    """Return a fixed value with cells in place of `{Column}`; empty if one of them is empty."""
    for column in placeholders(value):
        cell = record.first(column)
        # "Ticket {ID}" without an ID would be the same text in many rows.
        if not cell:
            return ""
        value = value.replace(f"{{{column}}}", cell)
    return value


def cell_part(pattern: str | None, text: str) -> str:
    """Return the part of a text that the first group of a pattern matches, else the whole text."""
    if pattern is None:
        return text.strip()
    return (compile_bounded(pattern).first_group(text) or "").strip()
