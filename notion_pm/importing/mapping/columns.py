"""What is in a column: how full and varied it is, and of which type its values are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from statistics import fmean

from notion_pm.importing.files.records import Records
from notion_pm.importing.identity import is_domain
from notion_pm.importing.values.dates import DatesAmbiguous, detect_pattern, parse_day
from notion_pm.importing.values.nothing import is_nothing
from notion_pm.importing.values.texts import word_set

_SAMPLE = 500
_LINK = re.compile(r"https?://\S+$")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+", re.IGNORECASE)
_NUMBER = re.compile(r"[-+(]?[\d.,\s'%€$£]*\d[\d.,\s'%€$£)]*")
_RANGE = re.compile(
    r"(?:(?:more|less|fewer|over|under|up|above|below|mehr|weniger|über|unter|bis|plus|moins|más|menos|mais)\b ?"
    r"(?:than|to|als|de|do que|zu)? ?|[<>~≥≤] ?)?\d[\d.,]*k?(?: ?(?:-|–|to|bis|a|à) ?\d[\d.,]*k?|\+)?"
    r"(?: ?(?:employees|people|users|seats|mitarbeiter\w*|personen|empleados|personas|personnes|employés|salariés"
    r"|pessoas|(?:or|and|oder|und|ou|o) (?:more|mehr|plus|más|mais)|%|人|名))?",
    re.IGNORECASE,
)
"""Numbers, and ranges of them such as 26-100 or `more than 1000`."""
_YES_NO = word_set("true false yes no y n ja nein oui non si sí sim não wahr falsch 0 1 x")
_CODE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z][A-Za-z0-9]{0,9}[-_#]\d+|[0-9a-f]{16,40}|#?\d{3,}",
    re.IGNORECASE,
)


class Column:
    """A column of a file."""

    def __init__(self, name: str, records: Records) -> None:
        self.name = name
        self._all = list(records.texts(name))
        self._rows = len(records.records)
        self.sample = [text for text in self._all if text.strip() and not is_nothing(text)][
            :_SAMPLE
        ]

    @property
    def fill(self) -> float:
        """Which part of the rows has a value, from 0 to 1."""
        return min(1.0, len(self._all) / self._rows) if self._rows else 0.0

    @cached_property
    def variety(self) -> float:
        """Which part of the values differs from all others, from 0 to 1."""
        return len(set(self._all)) / len(self._all) if self._all else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value of its own."""
        return len(self._all) == self._rows and self.variety == 1.0

    @property
    def is_nearly_unique(self) -> bool:
        """Whether a few rows at most lack a value of their own: those can be rejected."""
        return bool(self._all) and len(set(self._all)) * 2 >= self._rows

    @cached_property
    def length(self) -> float:
        """How long a value is on average."""
        return fmean(map(len, self.sample)) if self.sample else 0.0

    @cached_property
    def words(self) -> float:
        """How many words a value has on average. Writing without blanks has about one for two letters."""
        return (
            fmean(max(len(text.split()), len(text) / 12) for text in self.sample)
            if self.sample
            else 0.0
        )

    def _mostly(self, test: Callable[[str], object]) -> bool:
        return bool(self.sample) and sum(
            bool(test(text.strip())) for text in self.sample
        ) * 2 > len(self.sample)

    @cached_property
    def holds_numbers(self) -> bool:
        """Whether most values are numbers."""
        return self._mostly(_NUMBER.fullmatch)

    @cached_property
    def holds_ranges(self) -> bool:
        """Whether most values are numbers or ranges of them, such as 26-100 or `more than 1000`."""
        return self._mostly(lambda text: _RANGE.fullmatch(text) and len(text) < 30)

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
        """Whether nearly all values are addresses of mail."""
        return bool(self.sample) and sum(
            map(bool, map(_MAIL.fullmatch, map(str.strip, self.sample)))
        ) >= 0.8 * len(self.sample)

    @cached_property
    def holds_yes_or_no(self) -> bool:
        """Whether most values are yes or no."""
        return self._mostly(lambda text: text.casefold() in _YES_NO)

    @cached_property
    def holds_codes(self) -> bool:
        """Whether most values look like what tools make to tell things apart."""
        return self._mostly(_CODE.fullmatch)

    @cached_property
    def holds_dates(self) -> bool:
        """Whether most values are dates."""
        return self._mostly(self._is_date) if self.date_pattern or self._is_ambiguous else False

    def _is_date(self, text: str) -> bool:
        for pattern in (self.date_pattern,) if self.date_pattern else self._ambiguous:
            try:
                parse_day(text, pattern)
            except (ValueError, OverflowError):
                continue
            return True
        return False

    @property
    def _is_ambiguous(self) -> bool:
        return bool(self._ambiguous)

    @cached_property
    def _patterns(self) -> tuple[str | None, Sequence[str]]:
        if not self._mostly(lambda text: any(map(str.isdigit, text)) and len(text) < 60):
            return None, ()
        try:
            return detect_pattern(self.sample), ()
        except DatesAmbiguous as ambiguous:
            return None, ambiguous.patterns

    @property
    def date_pattern(self) -> str | None:
        """The pattern of its dates; None where it has none, or two fit."""
        return self._patterns[0]

    @property
    def _ambiguous(self) -> Sequence[str]:
        return self._patterns[1]

    @property
    def holds_text(self) -> bool:
        """Whether its values are words that people wrote."""
        others = (
            self.holds_numbers, self.holds_links, self.holds_mail, self.holds_yes_or_no, self.holds_ranges,
        )  # fmt: skip
        return bool(self.sample) and not any(others) and not self.holds_dates

    @property
    def separator(self) -> str | None:
        """What is between several values in a cell; the commonest that is in several cells."""
        counts = {each: sum(each in text for text in self.sample) for each in (";", "|", "\n", ",")}
        best = max(counts, key=lambda each: counts[each])
        return best if counts[best] else None

    @property
    def name_separator(self) -> str | None:
        """What is between several names in a cell. A comma is part of a name unless the column shows lists of names."""
        for sign in (";", "|", "\n"):
            if any(sign in text for text in self.sample):
                return sign
        lists = [text for text in self.sample if "," in text]
        parts = Counter(
            part.strip().casefold() for text in set(self.sample) for part in text.split(",")
        )
        shown = [
            text
            for text in set(lists)
            if all(parts[part.strip().casefold()] > 1 for part in text.split(","))
        ]
        has_forms = any(_FORM_OF_FIRM.search(text) for text in lists)
        return "," if len(shown) > 1 and not has_forms else None


_FORM_OF_FIRM = re.compile(
    r",\s*(?:inc|incorporated|ltd|limited|llc|llp|lp|plc|corp|co|gmbh|ag|kg|s\.?a|s\.?l|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|"
    r"oy|ab|a/s|as|pty|pte|k\.?k|l\.?p)\b\.?",
    re.IGNORECASE,
)
