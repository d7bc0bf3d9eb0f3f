"""Propose a map for an unknown file, from its headers and the content of its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from notion_pm.importing.files.records import PAGE_BODY, PAGE_ID, Records
from notion_pm.importing.mapping.columns import Column
from notion_pm.importing.mapping.headers import (
    Role,
    asks_for_customer,
    id_score,
    names_our_people,
    role_score,
)
from notion_pm.importing.related import EXPORTED
from notion_pm.importing.target import Choice, Field, Target
from notion_pm.importing.values.nothing import is_nothing
from notion_pm.importing.values.scales import scale_words
from notion_pm.importing.values.texts import holds_only_page_links
from notion_pm.model.import_map import Filling, ImportMap, RowKey
from notion_pm.model.likeness import LIKELY, SURE, best_pairs, likeness, plain

_TEXT_KEYS = ("quote", "problem")
"""Keys of the properties for what a customer said, or for what is wrong."""
_NAMES_IN_OBJECTS = frozenset({"name", "title", "value", "label"})
"""JSON fields that hold the name of an object: the column `labels.name` holds labels."""
_LONGEST_NAME = 60
"""Average characters of the answers to "Which company?"; longer answers are not names."""
_LONGEST_TITLE = 200
_SHORTEST_QUOTE = 20
"""Average characters of answers that are worth a quote."""
_MOST_WORDS = 40
"""Different words of a column that a map translates to options."""
_WEIGHT = re.compile(r"\s*(\d)(?:\D|$)")
_HTML = re.compile(r"</?(?:p|div|br|b|strong|ul|li)\b", re.IGNORECASE)
_DOMAIN_OF_FIRM = (
    r"@(?!(?:gmail|googlemail|outlook|hotmail|live|yahoo|icloud|gmx|proton|protonmail|aol)\.)(\S+)"
)
"""The domain of a mail address, without those of public providers, which do not name a company."""


def propose_map(
    records: Records, target: Target, source: str, known: ImportMap | None = None
) -> ImportMap:
    """Return a map for a person to check. What an incomplete preset (`known`) fills stays."""
    return _Proposal(records, target, source, known).map()


class _Proposal:
    def __init__(
        self, records: Records, target: Target, source: str, known: ImportMap | None
    ) -> None:
        self._records = records
        self._target = target
        self._source = source
        self._known = known
        self._fill: dict[str, Filling] = dict(known.fill) if known else {}
        self._columns = {name: Column(name, records) for name in records.columns}
        used = known.used_columns if known else frozenset()
        self._free = [
            name for name in records.columns if name not in used and not name.startswith("_")
        ]
        """Columns that fill no property yet. Those with an underscore were added by an import."""

    def map(self) -> ImportMap:
        self._match_headers()
        self._find_customer()
        self._find_text()
        self._find_title()
        if self._known is not None:
            completed = {
                "fill": self._fill_in_order(),
                "key": self._key_of_known(self._known.key),
                "complete": True,
            }
            return self._known.model_copy(update=completed)
        body = Filling.model_validate(PAGE_BODY) if PAGE_BODY in self._records.columns else None
        return ImportMap(
            source=self._source,
            into=self._target.name,
            key=self._propose_key(),
            fill=self._fill_in_order(),
            body=body,
        )

    def _take(self, field: Field, column: str) -> None:
        """Let a column fill a field."""
        self._fill[field.key] = self._filling(field, column)
        self._free.remove(column)

    def _fill_in_order(self) -> dict[str, Filling]:
        """Return the fillings in the order of the database's fields."""
        order = list(self._target.fields)
        names = sorted(self._fill, key=lambda name: order.index(self._key_of(name)))
        return {name: self._fill[name] for name in names}

    def _key_of(self, name: str) -> str:
        field = self._target.find_field(name)
        assert field is not None, "a preset was fitted before"
        return field.key

    @property
    def _filled_keys(self) -> set[str]:
        return {self._key_of(name) for name in self._fill}

    def _unfilled(self, name: str) -> Field | None:
        """Return a field that can be filled and is not filled yet."""
        field = self._target.find_field(name)
        if field is None or not field.is_fillable or field.key in self._filled_keys:
            return None
        return field

    def _free_columns(self) -> list[Column]:
        return [self._columns[name] for name in self._free]

    # --- columns whose header is like a property's name

    def _match_headers(self) -> None:
        """Match columns and properties by name, each at most once, the most similar pairs first."""
        fields = {
            field.key: field
            for field in self._target.fillable
            if field.key not in self._filled_keys
        }
        scores: dict[tuple[str, str], float] = {}
        for column in self._free:
            for key, field in fields.items():
                score = self._match_score(column, field)
                if score >= LIKELY and self._may_hold(field, self._columns[column]):
                    scores[column, key] = score
        for (column, key), _ in list(best_pairs(scores, LIKELY)):
            self._take(fields[key], column)

    def _match_score(self, column: str, field: Field) -> float:
        """Return from 0 to 1 how likely a column fills a field.

        A fuller column wins between two with names that are equally similar, but an emptier one
        is never dropped for that.
        """
        score = self._name_score(column, field)
        if score < LIKELY + 0.04:
            return score
        return score - 0.04 * (1 - self._columns[column].fill)

    def _name_score(self, column: str, field: Field) -> float:
        """Return from 0 to 1 how well a header names a field. The best of several readings counts.

        A nested JSON field such as `customer.name` is read by its last part, and by its owner if
        the last part only says that it is a name.
        """
        owner, _, last = column.rpartition(".")
        scores = [likeness(column, field.name), 0.99 * likeness(column, field.key)]
        if last != column:
            scores.append(0.97 * likeness(last, field.name))
        if last in _NAMES_IN_OBJECTS:
            scores.append(0.96 * likeness(owner, field.name))
        role = self._role(field)
        if role is not None:
            scores.append(role_score(column, role))
        if role == "title" and self._fills_customers:
            scores.append(0.97 * role_score(column, "customer"))
        return max(scores)

    @property
    def _fills_customers(self) -> bool:
        """Whether the database holds customers, so that a column "Company" is the title."""
        if self._target.name == "customers":
            return True
        return likeness(self._target.title, "Customers") >= SURE

    def _role(self, field: Field) -> Role | None:
        """Return the role of a field that headers in many languages name."""
        if field.type == "title":
            return "title"
        if field.makes_customers or field.key == "customer":
            return "customer"
        if field.type == "rich_text" and field.key in _TEXT_KEYS:
            return "text"
        if field.type == "date" and likeness(field.name, "observed on") >= SURE:
            return "date"
        if field.type == "url" and likeness(field.name, "source url") >= SURE:
            return "link"
        return None

    def _may_hold(self, field: Field, column: Column) -> bool:
        """Whether most values of a column are what such a field holds."""
        role = self._role(field)
        if not column.sample:
            # A column that is empty today fills its property once it is used. But a title, text
            # or link may have another column, with values.
            return field.type not in {"title", "url"} and role != "text"
        match role:
            case "title":
                return not _holds_codes(column) and column.length <= _LONGEST_TITLE
            case "text":
                return column.holds_text or (column.words > 2 and not column.holds_links)
            case "customer":
                return _may_name_customers(column)
        match field.type:
            case "date":
                return column.holds_dates
            case "url":
                return column.holds_sites
            case "number":
                return column.holds_digits
            case _:
                return True

    # --- properties that no header names

    def _find_customer(self) -> None:
        """Take the answers to a question for the company, else the domain of a mail address.

        The person behind the address is left out: feedback does not need personal data.
        """
        field = self._unfilled("customer")
        if field is None:
            return
        columns = [column for column in self._free_columns() if column.sample]
        for column in columns:
            is_name = column.length < _LONGEST_NAME and _may_name_customers(column)
            if is_name and asks_for_customer(column.name):
                self._take(field, column.name)
                return
        for column in columns:
            if column.holds_mail and not names_our_people(column.name):
                # The column stays free: the whole address may fill another property.
                self._fill[field.key] = Filling.model_validate(
                    {"from": (column.name,), "part": _DOMAIN_OF_FIRM}
                )
                return

    def _find_text(self) -> None:
        """Take the longest text for what the customer said, if no header names such a column."""
        fields = [self._target.find_field(key) for key in _TEXT_KEYS]
        existing = next((field for field in fields if field is not None), None)
        field = self._unfilled(existing.key) if existing else None
        if field is None:
            return
        texts = [
            column
            for column in self._free_columns()
            if column.holds_text and not _is_about_people(column.name)
        ]
        named = [column for column in texts if role_score(column.name, "text") and column.words > 2]
        answers = [
            column
            for column in texts
            if column.length > _SHORTEST_QUOTE and column.words > 2 and column.variety > 0.5
        ]
        candidates = named or answers
        if candidates:
            longest = max(candidates, key=lambda column: column.length * column.fill)
            self._take(field, longest.name)

    def _find_title(self) -> None:
        """Take a column for the title, if no column was found by its header.

        With a text it is not needed: the beginning of the text becomes the title. But where rows
        are known by their titles, such a title would change with the text.
        """
        title = self._target.title_field
        filled = self._filled_keys
        if title.key in filled:
            return
        has_text = any(self._target.fields[key].type == "rich_text" for key in filled)
        if has_text and title.key not in self._target.identities:
            return
        columns = [column for column in self._free_columns() if column.sample]
        texts = [
            column for column in columns if column.holds_text and not names_our_people(column.name)
        ]
        candidates = texts or columns
        if candidates:
            unique = [column for column in candidates if column.is_unique]
            chosen = (unique or candidates)[0].name
            self._fill[title.key] = Filling.model_validate(chosen)
            self._free.remove(chosen)

    # --- how a column fills a property

    def _filling(self, field: Field, column_name: str) -> Filling:
        column = self._columns[column_name]
        data: dict[str, object] = {"from": (column_name,)}
        if field.type == "date" and column.date_pattern is not None:
            data["date"] = column.date_pattern
        links_pages = bool(column.sample) and all(map(holds_only_page_links, column.sample))
        if field.type == "relation" and links_pages:
            data["text"] = "notion"
            data["split"] = "\n"
        elif field.is_list:
            is_relation = field.type == "relation"
            separator = column.name_separator if is_relation else column.separator
            if separator:
                data["split"] = separator
        if field.choices and not field.open:
            data["words"] = dict(self._translations(field, column_name))
        if any(_HTML.search(text) for text in column.sample[:50]):
            data["text"] = "html"
        return Filling.model_validate(data)

    def _translations(self, field: Field, column: str) -> Iterator[tuple[str, str | None]]:
        """Yield the words of a column that are not options, each with the most likely option.

        The other words of the same scale follow: a file with `Low` gets `High` too.
        """
        different: dict[str, None] = {}
        for text in self._records.texts(column):
            word = text.strip()
            if word and not is_nothing(word):
                different[word] = None
        words = list(different)[:_MOST_WORDS]
        scale = scale_words(field.choices, words)
        for word in words:
            if field.choice(word) is None:
                option = scale.get(word.casefold()) or _likely_option(field.choices, word)
                yield word, option
        # The rest of the scale: the next file of this source may hold other words of it.
        in_file = {word.casefold() for word in words}
        for word, option in scale.items():
            if word not in in_file and field.choice(word) is None:
                yield word, option

    # --- the key

    def _key_of_known(self, key: RowKey) -> RowKey:
        """Return the key of an incomplete preset. A hashed key needs the text too.

        The presets of surveys hash the time of an answer, and two people may answer in one second.
        """
        if not key.hashed:
            return key
        for name, filling in self._fill.items():
            if self._key_of(name) == "quote":
                columns = tuple(dict.fromkeys([*key.columns, *filling.columns]))
                return key.model_copy(update={"columns": columns})
        return key

    def _propose_key(self) -> RowKey:
        """Return what identifies a row.

        It is the filling of an identity property, one with unique values if possible; else a key
        in a property of its own.
        """
        by_key = {self._key_of(name): filling for name, filling in self._fill.items()}
        filled = [key for key in self._target.identities if key in by_key]
        if not filled:
            return self._propose_separate_key()
        unique = [key for key in filled if self._columns[by_key[key].columns[0]].is_unique]
        key = (unique or filled)[0]
        filling = by_key[key]
        return RowKey.model_validate(
            {"from": filling.columns, "part": filling.part, "property": key}
        )

    def _propose_separate_key(self) -> RowKey:
        """Return a key for a property of its own: an id, a link, a code, or a hash of the row."""
        prefix = f"{plain(self._source).replace(' ', '-') or 'import'}:"
        if PAGE_ID in self._records.columns:
            return RowKey.model_validate({"from": (PAGE_ID,), "prefix": EXPORTED})

        columns = [column for column in self._columns.values() if not column.name.startswith("_")]
        # By the header only: long numbers could be times as well as ids.
        ids = [column for column in columns if id_score(column.name) and column.is_nearly_unique]
        if ids:
            best = max(ids, key=_id_preference)
            return RowKey.model_validate({"from": (best.name,), "prefix": prefix})

        unique = [column for column in columns if column.is_unique]
        link = _first(unique, lambda column: column.holds_links)
        if link is not None:
            return RowKey.model_validate({"from": (link.name,)})
        code = _first(
            unique,
            lambda column: (
                column.holds_codes and not column.holds_dates and not _is_about_people(column.name)
            ),
        )
        if code is not None:
            return RowKey.model_validate({"from": (code.name,), "prefix": prefix})
        return RowKey.model_validate(
            {"from": self._lasting_columns(), "prefix": prefix, "hashed": True}
        )

    def _lasting_columns(self) -> tuple[str, ...]:
        """Return the columns whose values stay the same: titles, texts and dates.

        A status, label, priority, count or assignee changes, and the row would be imported again.
        """
        columns: dict[str, None] = {}
        for name, filling in self._fill.items():
            field = self._target.find_field(name)
            if field is not None and field.type in {"title", "rich_text", "date"}:
                columns.update(dict.fromkeys(filling.columns))
        return tuple(columns) or self._records.columns


def _first(columns: Sequence[Column], test: Callable[[Column], bool]) -> Column | None:
    for column in columns:
        if test(column):
            return column
    return None


def _id_preference(column: Column) -> float:
    return id_score(column.name) + (0.1 if column.is_unique else 0)


def _holds_codes(column: Column) -> bool:
    """Whether most values are numbers, links, dates or the like, and so not titles."""
    return (
        column.holds_numbers or column.holds_yes_or_no or column.holds_links or column.holds_dates
    )


def _may_name_customers(column: Column) -> bool:
    """Whether the values may be names of customers."""
    holds_other = (
        column.holds_ranges
        or column.holds_numbers
        or column.holds_dates
        or column.holds_mail
        or column.holds_yes_or_no
    )
    return not holds_other and not names_our_people(column.name)


def _is_about_people(header: str) -> bool:
    """Whether a column holds colleagues or customers, so neither a text nor an id of the row."""
    return names_our_people(header) or asks_for_customer(header)


def _likely_option(choices: Sequence[Choice], word: str) -> str | None:
    """Return the option that a word most likely means, None when none is likely.

    Where options have weights, a number at the beginning of the word decides: `3 - High`.
    """
    number = _WEIGHT.match(word)
    if number and any(choice.weight is not None for choice in choices):
        for choice in choices:
            if choice.weight == float(number[1]):
                return choice.key or choice.name
        return None

    best, best_score = None, SURE
    for choice in choices:
        score = max(likeness(word, choice.name), likeness(word, choice.key or ""))
        if score > best_score or (score == best_score and best is None):
            best, best_score = choice.key or choice.name, score
    return best
