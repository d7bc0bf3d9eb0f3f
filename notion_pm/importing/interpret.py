"""From the records of a file to rows for a database, by a map; what is not fit is told with its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256

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
"""Characters of a title that is made from the text."""
_LONGEST_KEY = 200
_LONGEST_BODY = 60_000


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row to import. `values` by field; those of relations are still words: titles, domains, keys or ids."""

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
    """What a file says, by a map. `unlisted`: words that are no options, by field; they are left out."""

    rows: list[ImportRow] = field(default_factory=list)
    rejects: list[RejectedRow] = field(default_factory=list)
    unlisted: Counter[tuple[str, str]] = field(default_factory=Counter)
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


def interpret_records(records: Records, map: ImportMap, target: Target) -> InterpretedFile:
    """Return the rows of a file, and what is wrong with the others.

    Raises DatesUnclear when it takes a person to say how dates are to be read.
    """
    return _Interpreter(records, map, target).run()


class _Interpreter:
    def __init__(self, records: Records, map: ImportMap, target: Target) -> None:
        self._records = records
        self._map = map
        self._target = target
        self._fields = {name: found for name in map.fill if (found := target.named(name))}
        self._forms = {name: self._form(name, each) for name, each in self._fields.items()}
        self._key_field = key_field(map, target)
        self._result = InterpretedFile()
        self._seen: dict[str, int] = {}

    def run(self) -> InterpretedFile:
        result = self._result
        result.rejects += [RejectedRow(record, problem) for record, problem in self._records.broken]
        for record in self._records.records:
            if not self._is_wanted(record):
                result.left_out += 1
                continue
            try:
                self._take(record)
            except InvalidCell as unfit:
                result.rejects.append(RejectedRow(record, str(unfit)))
        result.rejects.sort(key=lambda each: each.record.line)
        return result

    def _form(self, name: str, found: Field) -> str:
        """Return how a column writes its dates or numbers: what all its cells together show."""
        filling = self._map.fill[name]
        texts = (text for column in filling.columns for text in self._records.texts(column))
        if found.type == "number":
            return detect_decimal_sign(texts)
        if found.type != "date":
            return ""
        if filling.date is not None:
            return filling.date
        try:
            return detect_pattern(texts)
        except DatesAmbiguous as ambiguous:
            raise DatesUnclear(name, filling.columns, ambiguous) from None

    def _is_wanted(self, record: Record) -> bool:
        held = record.by_column
        return all(
            held.get(column, "") in wanted for column, wanted in self._map.only.items()
        ) and not any(held.get(column) for column in self._map.without)

    def _take(self, record: Record) -> None:
        """Read a row, unless its key is that of an earlier one.

        A row that is rejected keeps its key, so that another row cannot take its place. Raises CellUnfit.
        """
        key = key_of(self._map.key, record)
        same = identity(self._key_field, key)
        first = self._seen.get(same)
        takes_first = self._map.repeats == "first"
        if first is not None and takes_first:
            self._result.repeated += 1
            return
        if first is not None:
            raise InvalidCell(f"the key `{key}` is that of line {first}")
        if not takes_first:
            self._seen[same] = record.line
        self._result.rows.append(self._row(record, key))
        self._seen[same] = record.line

    def _row(self, record: Record, key: str) -> ImportRow:
        values: dict[str, Item] = {self._key_field.key: key}
        for name, found in self._fields.items():
            item = self._item(found, self._map.fill[name], record, self._forms[name])
            if item not in ("", ()):
                values[found.key] = item
        self._see_to_title(values, record)
        return ImportRow(record, key, values, self._body(record))

    def _item(self, found: Field, filling: Filling, record: Record, form: str) -> Item:
        every = found.type == "multi_select"
        texts = list(
            _texts(filling, record, every=every, is_empty=partial(_says_nothing, found, filling))
        )
        try:
            if found.is_list:
                return self._several(found, filling, texts, form)
            read = [
                read_item(found, filling, text, form)
                for text in (texts if found.choices else texts[:1])
            ]
        except InvalidCell as unfit:
            raise InvalidCell(f"{found.name}: {unfit}") from None
        listed = (each for each in read if each != "" and not isinstance(each, UnknownOption))
        return self._listed(found, next(listed, read[0] if read else ""))

    def _several(self, found: Field, filling: Filling, texts: list[str], form: str) -> Item:
        # The ids in the links tell apart pages of one title, and find pages that were renamed.
        has_ids = found.type == "relation" and filling.text == "notion"
        plain = [with_page_ids(text) if has_ids else READERS[filling.text](text) for text in texts]
        words = [
            part.strip()
            for text in plain
            for part in (text.split(filling.split) if filling.split else [text])
        ]
        words = [word for word in words if word and not _says_nothing(found, filling, word)]
        items = (self._listed(found, read_item(found, filling, word, form)) for word in words)
        kept = tuple(dict.fromkeys(str(each) for each in items if each != ""))
        if len(kept) > MOST_VALUES:
            raise InvalidCell(
                f"{len(kept)} values are more than the {MOST_VALUES} that Notion takes"
            )
        return kept

    def _listed(self, found: Field, read: Item | UnknownOption) -> Item:
        if isinstance(read, UnknownOption):
            self._result.unlisted[found.key, read.word] += 1
            return ""
        return read

    def _see_to_title(self, values: dict[str, Item], record: Record) -> None:
        """A row without a title is called by the beginning of its longest text."""
        title = self._target.title_field.key
        if title in values:
            return
        texts = (
            str(values.get(each.key, ""))
            for each in self._fields.values()
            if each.type == "rich_text"
        )
        words = " ".join(max(texts, key=len, default="").split())
        if not words:
            raise InvalidCell("it has neither a title nor a text to take one from")
        values[title] = shorten(words, TITLE_LENGTH)
        self._result.untitled += 1

    def _body(self, record: Record) -> str | None:
        filling = self._map.body
        texts = list(_texts(filling, record, every=True)) if filling else []
        return plain_text(filling, "\n\n".join(texts), _LONGEST_BODY) if filling and texts else None


def key_field(map: ImportMap, target: Target) -> Field:
    """Return the field that keeps the key: the map's, else the template's best that the map fills, else its best."""
    if map.key.property is not None and (named := target.named(map.key.property)):
        return named
    filled = {found.key for name in map.fill if (found := target.named(name))}
    best = [target.fields[each] for each in target.identities]
    return next((each for each in best if each.key in filled), best[0])


def key_of(key: RowKey, record: Record) -> str:
    """Return what a row is known by.

    Raises CellUnfit when it has nothing of it.
    """
    parts = [_part(key.part, record.first(column)) for column in key.columns]
    if not any(parts):
        raise InvalidCell(
            f"{' and '.join(f'`{each}`' for each in key.columns)} is empty: nothing identifies the row"
        )
    text = parts[0] if len(parts) == 1 else " ".join(parts)
    if key.hashed or len(text) > _LONGEST_KEY:
        text = sha256("\x1f".join(parts).encode()).hexdigest()[:16]
    return f"{key.prefix}{text}"


def _says_nothing(found: Field, filling: Filling, text: str) -> bool:
    """Whether a text stands for no value, such as `n/a`; unless it is an option, or the map knows the word."""
    if found.type == "title":
        return False
    if found.type in {"rich_text", "url", "email"}:
        return is_nothing_in_text(text)
    word = text.strip().casefold()
    if found.choice(text.strip()) is not None or word in map(str.casefold, filling.words):
        return False
    return is_no_customer(text) if found.makes_customers else is_nothing(text)


def _is_blank(text: str) -> bool:
    return not text


def _texts(
    filling: Filling, record: Record, *, every: bool, is_empty: Callable[[str], bool] = _is_blank
) -> Iterator[str]:
    """Yield what a record has for a property: from every column, or from the first that is not empty."""
    if filling.value is not None:
        yield from filter(None, [_placed(filling.value, record)])
        return
    for column in filling.columns:
        parts = (_part(filling.part, text) for text in record.all(column))
        texts = [part for part in parts if part and not is_empty(part)]
        yield from texts
        if texts and not every:
            return


def _placed(value: str, record: Record) -> str:
    """The value with its placeholders filled; nothing where one of them is empty."""
    names = placeholders(value)
    if any(not record.first(each) for each in names):
        return ""
    for each in names:
        value = value.replace(f"{{{each}}}", record.first(each))
    return value


def _part(pattern: str | None, text: str) -> str:
    if pattern is None:
        return text.strip()
    return (compile_bounded(pattern).first_group(text) or "").strip()
