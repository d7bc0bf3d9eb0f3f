"""Names that every file system and spreadsheet accepts, each used once."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote, urlsplit

_LONGEST = 80
"""Bytes of UTF-8. With an id and an extension it stays far below the 255 of file systems."""
_RESERVED_BY_WINDOWS = {
    *("con", "prn", "aux", "nul"),
    *(f"com{number}" for number in range(10)),
    *(f"lpt{number}" for number in range(10)),
}
_LONGEST_SHEET = 31
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_NOT_IN_SHEETS = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def slug(title: str) -> str:
    """Return a title as a file name without extension.

    It has letters of any script in lower case, digits and dashes.
    """
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", title).lower()).strip("-")
    # Cut by bytes: file systems count these, and a letter may have up to four.
    short = words.encode()[:_LONGEST].decode(errors="ignore").strip("-") or "untitled"
    return f"{short}-" if short in _RESERVED_BY_WINDOWS else short


def file_name(title: str, address: str) -> str:
    """Return a name for a file attached to a page with this title: `plan-budget.xlsx`."""
    attached = PurePosixPath(unquote(urlsplit(address).path))
    stem = slug(f"{slug(title)[:40]}-{attached.stem}")
    return f"{stem}{attached.suffix.lower()}" if _EXTENSION.fullmatch(attached.suffix) else stem


def snake(title: str) -> str:
    """Return a title as a name for SQL that needs no quotes.

    It has letters in lower case, digits and underscores.
    """
    name = slug(title).strip("-").replace("-", "_")
    return f"_{name}" if name[0].isdigit() else name


def sheet_name(title: str) -> str:
    """Return a title as a name for a sheet of Excel.

    Excel allows 31 characters, none of []:*?/\\, no quote at the ends, and not "History".
    """
    allowed = cut(_NOT_IN_SHEETS.sub(" ", title).strip(" '"), _LONGEST_SHEET).strip(" '")
    return "History sheet" if allowed.lower() == "history" else allowed or "Sheet"


class Memory(Protocol):
    """A set of names, in memory or on disk."""

    def __contains__(self, name: object, /) -> bool: ...
    def add(self, name: str, /) -> None: ...


class Names:
    """Returns each name once; a second one gets a number.

    Names that differ only in upper and lower case count as one: most file systems do not keep them
    apart. `memory` stores the used names, by default in a set.
    """

    def __init__(
        self, *taken: str, longest: int = 255, joint: str = " ", memory: Memory | None = None
    ) -> None:
        self._taken: Memory = set() if memory is None else memory
        for name in taken:
            self._taken.add(name.casefold())
        self._longest = longest
        self._joint = joint

    def free(self, name: str, tie_break: str = "") -> str:
        """Return `name`; if it is used, with the tie-break or a number added."""
        candidate, number = name, 1
        while candidate.casefold() in self._taken:
            number += 1
            # The tie-break comes before numbers, for example an id: it stays the same in the next
            # export, while numbers depend on the order of the pages.
            mark = f"-{tie_break}" if tie_break and number == 2 else f"{self._joint}{number}"
            candidate = cut(name, self._longest - len(mark)) + mark
        self._taken.add(candidate.casefold())
        return candidate


def sheet_names(*taken: str) -> Names:
    """Return names for the sheets of one workbook."""
    return Names(*taken, longest=_LONGEST_SHEET)


def utf16_length(text: str) -> int:
    """Return the length of a text as Excel counts it: in UTF-16 units, an emoji is two."""
    return len(text.encode("utf-16-le", "replace")) // 2


def cut(text: str, units: int) -> str:
    """Return the start of a text, counted as Excel does."""
    return text.encode("utf-16-le", "replace")[: 2 * units].decode("utf-16-le", "ignore")
