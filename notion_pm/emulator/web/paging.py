"""Pages of a long list: which part is shown, and where the parts before and behind it are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of `total` things; `is_capped` where there are more than a query ever gives."""

    asked: int
    size: int
    total: int
    is_capped: bool
    path: Callable[[int], str]

    @property
    def number(self) -> int:
        """The page shown: what was asked for, or the last there is."""
        return max(1, min(self.asked, self.pages))

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The number of the first thing shown."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The number of the last thing shown."""
        return min(self.number * self.size, self.total)

    @property
    def previous(self) -> str | None:
        """Where the page before is."""
        return self.path(self.number - 1) if self.number > 1 else None

    @property
    def following(self) -> str | None:
        """Where the next page is."""
        return self.path(self.number + 1) if self.number < self.pages else None

    @property
    def total_text(self) -> str:
        """How many things there are, in words."""
        return self.text_of(self.total, capped=self.is_capped)

    @staticmethod
    def text_of(total: int, *, capped: bool) -> str:
        """Write a count, which at the cap is only the least there are."""
        return f"{total:,}{'+' if capped else ''}"

    def cut(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the part of the list that is shown."""
        return ids[self.first - 1 : self.last]
