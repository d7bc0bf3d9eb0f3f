"""A map for a file that nobody knows: by the likeness of its headers to the properties, and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

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
"""The keys of properties that hold what somebody said, or what is wrong."""
_NAMES_IN_OBJECTS = ("name", "title", "value", "label")
"""The field of a JSON object that says what people call it: `labels.name` are the labels."""
_LONG_NAME = 60
_MOST_WORDS = 40
"""Different words of a column that are named in a map."""
_LONGEST_TITLE = 200
_A_TEXT = 20
"""Characters that an answer has on average which is worth a quote."""
_WEIGHT = re.compile(r"\s*(\d)(?:\D|$)")
_HTML = re.compile(r"</?(?:p|div|br|b|strong|ul|li)\b", re.IGNORECASE)
_DOMAIN_OF_FIRM = (
    r"@(?!(?:gmail|googlemail|outlook|hotmail|live|yahoo|icloud|gmx|proton|protonmail|aol)\.)(\S+)"
)
"""What tells a firm in the address of a person; the addresses that anybody can have tell none."""


def propose_map(
    records: Records, target: Target, source: str, known: ImportMap | None = None
) -> ImportMap:
    """Return a map for a person to look at; what a preset says already stays."""
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
        taken = known.used_columns if known else frozenset()
        self._columns = {each: Column(each, records) for each in records.columns}
        self._free = [
            each for each in records.columns if each not in taken and not each.startswith("_")
        ]

    def map(self) -> ImportMap:
        for column, found in self._pairs():
            self._fill[found.key] = self._filling(found, column)
            self._free.remove(column)
        self._find_customer()
        self._find_text()
        self._find_title()
        if self._known is not None:
            changed = {
                "fill": self._in_order(),
                "key": self._completed(self._known.key),
                "complete": True,
            }
            return self._known.model_copy(update=changed)
        body = Filling.model_validate(PAGE_BODY) if PAGE_BODY in self._records.columns else None
        key = self._key()
        return ImportMap(
            source=self._source, into=self._target.name, key=key, fill=self._in_order(), body=body
        )

    @property
    def _filled(self) -> set[str]:
        return set(map(self._key_of, self._fill))

    def _in_order(self) -> dict[str, Filling]:
        order = list(self._target.fields)
        return dict(sorted(self._fill.items(), key=lambda each: order.index(self._key_of(each[0]))))

    def _key_of(self, name: str) -> str:
        found = self._target.find_field(name)
        assert found is not None, "a preset was fitted before"
        return found.key

    def _pairs(self) -> Iterator[tuple[str, Field]]:
        """Columns and the properties that they are likely to be, each at most once."""
        fields = {each.key: each for each in self._target.fillable if each.key not in self._filled}
        scores = {
            (column, key): score
            for column in self._free
            for key, each in fields.items()
            if (score := self._score(column, each)) >= LIKELY and self._may_hold(column, each)
        }
        return ((column, fields[key]) for (column, key), _ in list(best_pairs(scores, LIKELY)))

    def _score(self, column: str, found: Field) -> float:
        """Return how likely a column is to be a property: by its header, and a little by how full it is."""
        score = self._likeness(column, found)
        return score - 0.04 * (1 - self._columns[column].fill) if score >= LIKELY + 0.04 else score

    def _likeness(self, column: str, found: Field) -> float:
        owner, _, last = column.rpartition(".")
        role = self._role(found)
        return max(
            likeness(column, found.name),
            0.99 * likeness(column, found.key),
            0.97 * likeness(last, found.name) if last != column else 0.0,
            0.96 * likeness(owner, found.name) if last in _NAMES_IN_OBJECTS else 0.0,
            role_score(column, role) if role else 0.0,
            0.97 * role_score(column, "customer")
            if role == "title" and self._is_of_customers
            else 0.0,
        )

    @property
    def _is_of_customers(self) -> bool:
        return likeness(self._target.title, "Customers") >= SURE or self._target.name == "customers"

    def _role(self, found: Field) -> Role | None:
        """Return the role of a property that headers in many languages may name."""
        if found.type == "title":
            return "title"
        if found.makes_customers or found.key == "customer":
            return "customer"
        if found.type == "rich_text" and found.key in _TEXT_KEYS:
            return "text"
        if found.type == "date" and likeness(found.name, "observed on") >= SURE:
            return "date"
        return (
            "link" if found.type == "url" and likeness(found.name, "source url") >= SURE else None
        )

    def _may_hold(self, column: str, found: Field) -> bool:
        """Whether most of the texts are what such a property holds."""
        facts = self._columns[column]
        if not facts.sample:
            # An empty column of that name fills the property once it is used.
            return found.type not in {"title", "url"} and self._role(found) != "text"
        match self._role(found):
            case "title":
                is_code = (
                    facts.holds_numbers
                    or facts.holds_yes_or_no
                    or facts.holds_links
                    or facts.holds_dates
                )
                return not is_code and facts.length <= _LONGEST_TITLE
            case "text":
                return facts.holds_text or (facts.words > 2 and not facts.holds_links)
            case "customer":
                return self._names_customers(facts)
        match found.type:
            case "date":
                return facts.holds_dates
            case "url":
                return facts.holds_sites
            case "number":
                return sum(any(map(str.isdigit, each)) for each in facts.sample) * 2 > len(
                    facts.sample
                )
            case _:
                return True

    @staticmethod
    def _names_customers(facts: Column) -> bool:
        is_other = (
            facts.holds_ranges or facts.holds_numbers or facts.holds_dates or facts.holds_mail
        )
        return not is_other and not facts.holds_yes_or_no and not names_our_people(facts.name)

    def _filling(self, found: Field, column: str) -> Filling:
        facts = self._columns[column]
        texts = facts.sample
        data: dict[str, object] = {"from": (column,)}
        if found.type == "date" and facts.date_pattern is not None:
            data["date"] = facts.date_pattern
        if found.type == "relation" and texts and all(map(holds_only_page_links, texts)):
            data |= {"text": "notion", "split": "\n"}
        elif found.is_list:
            separator = facts.name_separator if found.type == "relation" else facts.separator
            if separator:
                data["split"] = separator
        if found.choices and not found.open:
            data["words"] = dict(self._words(found, column))
        if any(_HTML.search(each) for each in texts[:50]):
            data["text"] = "html"
        return Filling.model_validate(data)

    def _words(self, found: Field, column: str) -> Iterator[tuple[str, str | None]]:
        """Their words that are no options by themselves, each with the option that it is likely to be."""
        stripped = (text.strip() for text in self._records.texts(column))
        different = list(dict.fromkeys(text for text in stripped if text and not is_nothing(text)))[
            :_MOST_WORDS
        ]
        scale = scale_words(found.choices, different)
        for word in different:
            if found.choice(word) is None:
                yield word, scale.get(word.casefold(), _option(found.choices, word))
        known = {word.casefold() for word in different}
        yield from (
            (word, ours)
            for word, ours in scale.items()
            if word not in known and found.choice(word) is None
        )

    def _find_text(self) -> None:
        """The longest text is what the customer said, unless a column was found for it."""
        wanted = next((each for key in _TEXT_KEYS if (each := self._target.find_field(key))), None)
        if wanted is None or not wanted.is_fillable or wanted.key in self._filled:
            return
        texts = [each for each in map(self._columns.__getitem__, self._free) if each.holds_text]
        texts = [
            each
            for each in texts
            if not names_our_people(each.name) and not asks_for_customer(each.name)
        ]
        named = [each for each in texts if role_score(each.name, "text") and each.words > 2]
        answers = [
            each
            for each in texts
            if each.length > _A_TEXT and each.words > 2 and each.variety > 0.5
        ]
        found = max(named or answers, key=lambda each: each.length * each.fill, default=None)
        if found is not None:
            self._fill[wanted.key] = self._filling(wanted, found.name)
            self._free.remove(found.name)

    def _find_title(self) -> None:
        """Without a column for it, the title is the beginning of the text, unless rows are known by their titles."""
        title = self._target.title_field
        named = self._filled
        has_text = any(self._target.fields[key].type == "rich_text" for key in named)
        if title.key in named or (has_text and title.key not in self._target.identities):
            return
        columns = [each for each in map(self._columns.__getitem__, self._free) if each.sample]
        texts = [each for each in columns if each.holds_text and not names_our_people(each.name)]
        candidates = texts or columns
        if candidates:
            chosen = next((each for each in candidates if each.is_unique), candidates[0]).name
            self._fill[title.key] = Filling.model_validate(chosen)
            self._free.remove(chosen)

    def _find_customer(self) -> None:
        """The customer is what a question asks for, or the domain of who wrote; the person is left out."""
        wanted = self._target.find_field("customer")
        if wanted is None or not wanted.is_fillable or wanted.key in self._filled:
            return
        columns = [each for each in map(self._columns.__getitem__, self._free) if each.sample]
        asked = [
            each for each in columns if asks_for_customer(each.name) and each.length < _LONG_NAME
        ]
        named = next(filter(self._names_customers, asked), None)
        address = next(
            (each for each in columns if each.holds_mail and not names_our_people(each.name)), None
        )
        if named is not None:
            self._fill[wanted.key] = self._filling(wanted, named.name)
            self._free.remove(named.name)
        elif address is not None:
            self._fill[wanted.key] = Filling.model_validate(
                {"from": (address.name,), "part": _DOMAIN_OF_FIRM}
            )

    def _completed(self, key: RowKey) -> RowKey:
        """A mark of when somebody answered is not enough: two may answer in one second."""
        quote = next(
            (each for name, each in self._fill.items() if self._key_of(name) == "quote"), None
        )
        if not key.hashed or quote is None:
            return key
        return key.model_copy(
            update={"columns": tuple(dict.fromkeys([*key.columns, *quote.columns]))}
        )

    def _key(self) -> RowKey:
        """What identifies a row: what fills the property that tells, else a column to be kept there, else a mark."""
        by_key = {self._key_of(name): each for name, each in self._fill.items()}
        filled = [key for key in self._target.identities if key in by_key]
        unique = [key for key in filled if self._columns[by_key[key].columns[0]].is_unique]
        if filled:
            key = (unique or filled)[0]
            return RowKey.model_validate(
                {"from": by_key[key].columns, "part": by_key[key].part, "property": key}
            )
        return self._kept_apart()

    def _kept_apart(self) -> RowKey:
        """A key in a property of its own: an id, a link, or a mark of what the row says."""
        prefix = f"{plain(self._source).replace(' ', '-') or 'import'}:"
        if PAGE_ID in self._records.columns:
            return RowKey.model_validate({"from": (PAGE_ID,), "prefix": EXPORTED})
        columns = [each for each in self._columns.values() if not each.name.startswith("_")]
        # Long numbers may be read as moments too, so only the header tells that they are ids.
        named = [each for each in columns if id_score(each.name) and each.is_nearly_unique]
        if named:
            best = max(named, key=lambda each: id_score(each.name) + (0.1 if each.is_unique else 0))
            return RowKey.model_validate({"from": (best.name,), "prefix": prefix})
        links = [each for each in columns if each.is_unique and each.holds_links]
        if links:
            return RowKey.model_validate({"from": (links[0].name,)})
        codes = [
            each for each in columns if each.is_unique and each.holds_codes and not each.holds_dates
        ]
        codes = [
            each
            for each in codes
            if not names_our_people(each.name) and not asks_for_customer(each.name)
        ]
        if codes:
            return RowKey.model_validate({"from": (codes[0].name,), "prefix": prefix})
        return RowKey.model_validate(
            {"from": self._lasting_columns(), "prefix": prefix, "hashed": True}
        )

    def _lasting_columns(self) -> tuple[str, ...]:
        """Return the columns of what stays the same: not a status, a label, a priority, a count or who works on it."""
        lasting = [
            name
            for key, filling in self._fill.items()
            if (found := self._target.find_field(key))
            and found.type in {"title", "rich_text", "date"}
            for name in filling.columns
        ]
        return tuple(dict.fromkeys(lasting)) or self._records.columns


def _option(choices: Sequence[Choice], word: str) -> str | None:
    """The option that a word is likely to be: by its number where options have weights, else by its name."""
    if (number := _WEIGHT.match(word)) and any(each.weight is not None for each in choices):
        return next(
            (each.key or each.name for each in choices if each.weight == float(number[1])), None
        )
    scores: Mapping[str, float] = {
        each.key or each.name: max(likeness(word, each.name), likeness(word, each.key or ""))
        for each in choices
    }
    best = max(scores, key=lambda each: scores[each], default=None)
    return best if best is not None and scores[best] >= SURE else None
