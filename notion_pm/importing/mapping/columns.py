"""Find out what a column holds: how full and varied it is, and what kind of values it has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from statistics import fmean

from notion_pm.importing.files.records import Records
from notion_pm.importing.identity import is_domain
from notion_pm.importing.values.dates import DatesAmbiguous, detect_pattern, parse_day
from notion_pm.importing.values.nothing import is_nothing
from notion_pm.importing.values.texts import word_set

_SAMPLE = 500
_LONGEST_DATE = 60
_LINK = re.compile(r"https?://\S+$")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+", re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?[\d.,\s'%€$£]*\d[\d.,\s'%€$£)]*")
_RANGE = re.compile(
    r"(?:(?:more|less|fewer|over|under|up|above|below|mehr|weniger|über|unter|bis"
    r"|plus|moins|más|menos|mais)\b ?(?:than|to|als|de|do que|zu)? ?|[<>~≥≤] ?)?"
    r"\d[\d.,]*k?(?: ?(?:-|–|to|bis|a|à) ?\d[\d.,]*k?|\+)?"
    r"(?: ?(?:employees|people|users|seats|mitarbeiter\w*|personen|empleados|personas"
    r"|personnes|employés|salariés|pessoas"
    r"|(?:or|and|oder|und|ou|o) (?:more|mehr|plus|más|mais)|%|人|名))?",
    re.IGNORECASE,
)
"""A number, or a range of numbers such as 26-100 or `more than 1000`."""
_YES_NO = word_set("true false yes no y n ja nein oui non si sí sim não wahr falsch 0 1 x")
_CODE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z][A-Za-z0-9]{0,9}[-_#]\d+|[0-9a-f]{16,40}|#?\d{3,}",
    re.IGNORECASE,
)
"""A UUID, a key such as SHOP-12, a hash or a number: what tools give things to identify them."""
_LEGAL_FORM = re.compile(
    r",\s*(?:inc|incorporated|ltd|limited|llc|llp|lp|plc|corp|co|gmbh|ag|kg|s\.?a|s\.?l"
    r"|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|oy|ab|a/s|as|pty|pte|k\.?k|l\.?p)\b\.?",
    re.IGNORECASE,
)
"""The legal form behind a firm's name: the comma of "Acme, Inc." separates nothing."""


class Column:
    """A column of a file."""

    def __init__(self, name: str, records: Records) -> None:
        self.name = name
        self._texts = list(records.texts(name))
        self._row_count = len(records.records)
        filled = [text for text in self._texts if text.strip() and not is_nothing(text)]
        self.sample = filled[:_SAMPLE]

    # --- how full and varied it is

    @property
    def fill(self) -> float:
        """The share of rows that have a value, from 0 to 1."""
        return min(1.0, len(self._texts) / self._row_count) if self._row_count else 0.0

    @cached_property
    def variety(self) -> float:
        """The share of different values, from 0 to 1."""
        return len(set(self._texts)) / len(self._texts) if self._texts else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value that no other row has."""
        return len(self._texts) == self._row_count and self.variety == 1.0

    @property
    def is_nearly_unique(self) -> bool:
        """Whether at least half as many different values as rows exist; the rest is rejected."""
        return bool(self._texts) and len(set(self._texts)) * 2 >= self._row_count

    @cached_property
    def length(self) -> float:
        """The average number of characters."""
        return fmean(map(len, self.sample)) if self.sample else 0.0

    @cached_property
    def words(self) -> float:
        """The average number of words.

        Scripts without blanks have no countable words: 12 characters count as one at least.
        """
        if not self.sample:
            return 0.0
        return fmean(max(len(text.split()), len(text) / 12) for text in self.sample)

    # --- what kind of values it has

    def _share(self, test: Callable[[str], object]) -> float:
        """Return the share of sampled values that pass a test, from 0 to 1."""
        if not self.sample:
            return 0.0
        passed = sum(1 for text in self.sample if test(text.strip()))
        return passed / len(self.sample)

    def _mostly(self, test: Callable[[str], object]) -> bool:
        return self._share(test) > 0.5

    @cached_property
    def holds_numbers(self) -> bool:
        """Whether most values are numbers."""
        return self._mostly(_NUMBER.fullmatch)

    @cached_property
    def holds_digits(self) -> bool:
        """Whether most values contain a digit."""
        return self._mostly(_has_digit)

    @cached_property
    def holds_ranges(self) -> bool:
        """Whether most values are numbers or ranges such as 26-100 or `more than 1000`."""
        return self._mostly(lambda text: len(text) < 30 and _RANGE.fullmatch(text))

    @cached_property
    def holds_links(self) -> bool:
        """Whether most values are links."""
        return self._mostly(_LINK.match)

    @cached_property
    def holds_sites(self) -> bool:
        """Whether most values are links or domains."""
        return self._mostly(lambda text: _LINK.match(text) or is_domain(text))

    @cached_property
    def holds_mail(self) -> bool:
        """Whether nearly all values are mail addresses."""
        return bool(self.sample) and self._share(_MAIL.fullmatch) >= 0.8

    @cached_property
    def holds_yes_or_no(self) -> bool:
        """Whether most values are yes or no."""
        return self._mostly(lambda text: text.casefold() in _YES_NO)

    @cached_property
    def holds_codes(self) -> bool:
        """Whether most values look like ids that a tool gives."""
        return self._mostly(_CODE.fullmatch)

    @cached_property
    def holds_text(self) -> bool:
        """Whether the values are words that people wrote."""
        if not self.sample:
            return False
        holds_other = (
            self.holds_numbers
            or self.holds_links
            or self.holds_mail
            or self.holds_yes_or_no
            or self.holds_ranges
            or self.holds_dates
        )
        return not holds_other

    # --- dates

    @property
    def date_pattern(self) -> str | None:
        """The pattern of its dates; None when there is none, or when two patterns fit."""
        return self._date_patterns[0] if len(self._date_patterns) == 1 else None

    @cached_property
    def _date_patterns(self) -> tuple[str, ...]:
        """The patterns that fit: none, one, or two that read different days."""
        if not self._mostly(lambda text: _has_digit(text) and len(text) < _LONGEST_DATE):
            return ()
        try:
            return (detect_pattern(self.sample),)
        except DatesAmbiguous as ambiguous:
            return ambiguous.patterns

    @cached_property
    def holds_dates(self) -> bool:
        """Whether most values are dates."""
        return bool(self._date_patterns) and self._mostly(self._is_date)

    def _is_date(self, text: str) -> bool:
        for pattern in self._date_patterns:
            try:
                parse_day(text, pattern)
            except (ValueError, OverflowError):
                continue
            return True
        return False

    # --- lists in a cell

    @property
    def separator(self) -> str | None:
        """The sign between several values in a cell: the most frequent one."""
        counts: dict[str, int] = {}
        for sign in (";", "|", "\n", ","):
            counts[sign] = len([text for text in self.sample if sign in text])
        best = max(counts, key=lambda sign: counts[sign])
        return best if counts[best] else None

    @property
    def name_separator(self) -> str | None:
        """The sign between several names in a cell.

        A comma may be part of a name ("Acme, Inc."). It separates names only if at least two cells
        are made of parts that other cells have as well, and no part is a legal form.
        """
        for sign in (";", "|", "\n"):
            if any(sign in text for text in self.sample):
                return sign

        parts_by_cell: dict[str, list[str]] = {}
        uses: Counter[str] = Counter()
        for text in self.sample:
            parts_by_cell.setdefault(text, _parts_of_list(text))
        for parts in parts_by_cell.values():
            uses.update(parts)
        lists = 0
        for text, parts in parts_by_cell.items():
            if len(parts) == 1:
                continue
            if _LEGAL_FORM.search(text):
                return None
            if all(uses[part] > 1 for part in parts):
                lists += 1
        return "," if lists > 1 else None


def _parts_of_list(text: str) -> list[str]:
    return [part.strip().casefold() for part in text.split(",")]


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)
