"""A map for a file that nobody knows: by the likeness of its headers to the properties, and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from notion_pm.importing.dates import DatesAmbiguous, day_of, pattern_of
from notion_pm.importing.identity import is_domain
from notion_pm.importing.records import Records
from notion_pm.importing.target import Choice, Field, Target
from notion_pm.importing.texts import links_pages
from notion_pm.model.import_map import Filling, ImportMap, RowKey
from notion_pm.planning.adopt_words import LIKELY, SURE, best_pairs, likeness, plain

_ID_WORDS = ("id", "key", "issue key", "ticket id", "response id", "uuid", "number", "no", "nr", "external id", "#")
_FIRM = frozenset(
    {"company", "organisation", "organization", "employer", "firma", "unternehmen", "entreprise", "empresa"}
)
_LONG_NAME = 60
_MOST_WORDS = 40
"""Different words of a column that are told in a map."""
_QUOTE = "quote feedback comment body details content description text message answer"
_QUOTE_WORDS = frozenset(_QUOTE.split())
_WEIGHT = re.compile(r"\s*(\d)(?:\D|$)")
_LINK = re.compile(r"https?://\S+$")
_MAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[a-z]+\s*", re.IGNORECASE)
_MAIL_FOR_ALL = "gmail|googlemail|outlook|hotmail|live|yahoo|icloud|me|gmx|web|proton|protonmail|aol|mail|msn"
_DOMAIN_OF_FIRM = rf"@(?!(?:{_MAIL_FOR_ALL})\.)(\S+)"
"""What tells a firm in the address of a person; the addresses that anybody can have tell none."""


def propose(records: Records, target: Target, source: str, known: ImportMap | None = None) -> ImportMap:
    """Return a map for a person to look at; what a preset says already stays."""
    return _Proposal(records, target, source, known).map()


class _Proposal:
    def __init__(self, records: Records, target: Target, source: str, known: ImportMap | None) -> None:
        self._records = records
        self._target = target
        self._source = source
        self._known = known
        self._fill: dict[str, Filling] = dict(known.fill) if known else {}
        taken = known.used_columns if known else frozenset()
        self._free = [each for each in records.columns if each not in taken]

    def map(self) -> ImportMap:
        for column, found in self._pairs():
            self._fill[found.key] = self._filling(found, column)
            self._free.remove(column)
        self._find_customer()
        self._find_text()
        self._find_title()
        if self._known is not None:
            changed = {"fill": self._in_order(), "key": self._completed(self._known.key), "complete": True}
            return self._known.model_copy(update=changed)
        return ImportMap(source=self._source, into=self._target.name, key=self._key(), fill=self._in_order())

    @property
    def _filled(self) -> set[str]:
        return set(map(self._key_of, self._fill))

    def _in_order(self) -> dict[str, Filling]:
        order = list(self._target.fields)
        return dict(sorted(self._fill.items(), key=lambda each: order.index(self._key_of(each[0]))))

    def _key_of(self, name: str) -> str:
        found = self._target.named(name)
        assert found is not None, "a preset was fitted before"
        return found.key

    def _pairs(self) -> Iterator[tuple[str, Field]]:
        """Columns and the properties that they are likely to be, each at most once."""
        fields = {each.key: each for each in self._target.fillable if each.key not in self._filled}
        scores = {
            (column, key): score
            for column in self._free
            for key, each in fields.items()
            if (score := self._likeness(column, each)) and self._may_hold(column, each)
        }
        return ((column, fields[key]) for (column, key), _ in list(best_pairs(scores, LIKELY)))

    def _likeness(self, column: str, found: Field) -> float:
        last = column.rpartition(".")[2]
        return max(
            likeness(column, found.name),
            0.99 * likeness(column, found.key),
            0.97 * likeness(last, found.name) if last != column else 0.0,
        )

    def _may_hold(self, column: str, found: Field) -> bool:
        """Whether most of the texts are what such a property holds."""
        texts = self._sample(column)
        if not texts:
            return found.type != "title"
        match found.type:
            case "date":
                return self._date(texts) is not None
            case "url":
                return sum(bool(_LINK.match(each) or is_domain(each)) for each in texts) * 2 > len(texts)
            case "number":
                return sum(any(map(str.isdigit, each)) for each in texts) * 2 > len(texts)
            case _:
                return True

    def _sample(self, column: str) -> list[str]:
        return [text for text in self._records.texts(column) if text.strip()][:500]

    @staticmethod
    def _date(texts: Sequence[str]) -> str | None:
        """The pattern of dates; the first of two that fit equally, for a person to look at."""
        try:
            pattern = pattern_of(texts)
        except DatesAmbiguous as ambiguous:
            return ambiguous.patterns[0]
        try:
            day_of(texts[0], pattern)
        except ValueError:
            return None
        return pattern

    def _filling(self, found: Field, column: str) -> Filling:
        texts = self._sample(column)
        data: dict[str, object] = {"from": (column,)}
        if found.type == "date" and (pattern := self._date(texts)):
            data["date"] = pattern
        if found.type == "relation" and texts and all(map(links_pages, texts)):
            data |= {"text": "notion", "split": "\n"}
        elif found.is_list and (separator := _separator(texts)):
            data["split"] = separator
        if found.choices and not found.open:
            data["words"] = dict(self._words(found, column))
        if any(re.search(r"</?(?:p|div|br|b|strong|ul|li)\b", each, re.IGNORECASE) for each in texts[:50]):
            data["text"] = "html"
        return Filling.model_validate(data)

    def _words(self, found: Field, column: str) -> Iterator[tuple[str, str | None]]:
        """Their words that are no options by themselves, each with the option that it is likely to be."""
        different = list(dict.fromkeys(text.strip() for text in self._records.texts(column) if text.strip()))
        for word in different[:_MOST_WORDS]:
            if found.choice(word) is None:
                yield word, _option(found.choices, word)

    def _find_text(self) -> None:
        """The longest text is what the customer said, unless a column was found for it."""
        wanted = self._target.named("quote") or self._target.named("problem")
        if wanted is None or not wanted.is_fillable or wanted.key in self._filled:
            return
        lengths = {each: fmean(map(len, texts)) for each in self._free if (texts := self._sample(each))}
        worded = [each for each in lengths if any(word in plain(each) for word in _QUOTE_WORDS)]
        longest = max(worded or lengths, key=lambda each: lengths[each], default=None)
        if longest is not None and (worded or lengths[longest] > 30):
            self._fill[wanted.key] = self._filling(wanted, longest)
            self._free.remove(longest)

    def _find_title(self) -> None:
        """Without a column for it, the title is the beginning of the text, unless rows are known by their titles."""
        title = self._target.title_field
        named = self._filled
        has_text = any(self._target.fields[key].type == "rich_text" for key in named)
        if title.key in named or (has_text and title.key not in self._target.identities):
            return
        columns = [each for each in self._free if self._sample(each)]
        if columns:
            chosen = next(filter(self._is_unique, columns), columns[0])
            self._fill[title.key] = Filling.model_validate(chosen)
            self._free.remove(chosen)

    def _find_customer(self) -> None:
        """The customer is what a question asks for, or the domain of who wrote; the person is left out."""
        wanted = self._target.named("customer")
        if wanted is None or not wanted.is_fillable or wanted.key in self._filled:
            return
        samples = {each: texts for each in self._free if (texts := self._sample(each))}
        asked = (
            each for each, texts in samples.items() if _asks_for_firm(each) and fmean(map(len, texts)) < _LONG_NAME
        )
        addresses = (each for each, texts in samples.items() if all(map(_MAIL.fullmatch, texts)))
        if (column := next(asked, None)) is not None:
            self._fill[wanted.key] = self._filling(wanted, column)
            self._free.remove(column)
        elif (column := next(addresses, None)) is not None:
            self._fill[wanted.key] = Filling.model_validate({"from": (column,), "part": _DOMAIN_OF_FIRM})

    def _completed(self, key: RowKey) -> RowKey:
        """A mark of when somebody answered is not enough: two may answer in one second."""
        quote = next((each for name, each in self._fill.items() if self._key_of(name) == "quote"), None)
        if not key.hashed or quote is None:
            return key
        return key.model_copy(update={"columns": tuple(dict.fromkeys([*key.columns, *quote.columns]))})

    def _key(self) -> RowKey:
        """What identifies a row: what fills the property that tells, else a column to be kept there, else a mark."""
        by_key = {self._key_of(name): each for name, each in self._fill.items()}
        filled = [key for key in self._target.identities if key in by_key]
        unique = [key for key in filled if self._is_unique(by_key[key].columns[0])]
        if filled:
            key = (unique or filled)[0]
            return RowKey.model_validate({"from": by_key[key].columns, "part": by_key[key].part, "property": key})
        return self._kept_apart()

    def _kept_apart(self) -> RowKey:
        """A key in a property of its own: an id, a link, or a mark of what the row says."""
        prefix = f"{plain(self._source).replace(' ', '-') or 'import'}:"
        for column in sorted(self._records.columns, key=_as_id):
            if _as_id(column) < len(_ID_WORDS) and self._is_unique(column):
                return RowKey.model_validate({"from": (column,), "prefix": prefix})
        links = [each for each in self._records.columns if self._is_unique(each) and self._all_links(each)]
        if links:
            return RowKey.model_validate({"from": (links[0],)})
        texts = [name for each in self._fill.values() for name in each.columns]
        columns = tuple(dict.fromkeys(texts)) or self._records.columns
        return RowKey.model_validate({"from": columns, "prefix": prefix, "hashed": True})

    def _is_unique(self, column: str) -> bool:
        texts = list(self._records.texts(column))
        return len(texts) == len(self._records.records) == len(set(texts))

    def _all_links(self, column: str) -> bool:
        return all(_LINK.match(each) for each in self._sample(column))


def _asks_for_firm(column: str) -> bool:
    return not _FIRM.isdisjoint(plain(column).split())


def _as_id(column: str) -> int:
    """The place of a header among the names of ids; the last place for none."""
    name = "#" if column.strip() == "#" else plain(column)
    return _ID_WORDS.index(name) if name in _ID_WORDS else len(_ID_WORDS)


def _option(choices: Sequence[Choice], word: str) -> str | None:
    """The option that a word is likely to be: by its number where options have weights, else by its name."""
    if (number := _WEIGHT.match(word)) and any(each.weight is not None for each in choices):
        return next((each.key or each.name for each in choices if each.weight == float(number[1])), None)
    scores: Mapping[str, float] = {
        each.key or each.name: max(likeness(word, each.name), likeness(word, each.key or "")) for each in choices
    }
    best = max(scores, key=lambda each: scores[each], default=None)
    return best if best is not None and scores[best] >= SURE else None


def _separator(texts: Sequence[str]) -> str | None:
    """What stands between several values in one cell; the commonest that stands in several cells."""
    counts = {each: sum(each in text for text in texts) for each in (";", "|", "\n", ",")}
    best = max(counts, key=lambda each: counts[each])
    return best if counts[best] else None
