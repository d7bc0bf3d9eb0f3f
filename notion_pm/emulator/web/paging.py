"""Paging of a long list: the part that is shown, and links to the parts around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of `total` items. `is_capped`: there are more, but a query does not return them."""

    asked: int
    size: int
    total: int
    is_capped: bool
    path: Callable[[int], str]

    @property
    def number(self) -> int:
        """The number of the page: the one asked for, or the last."""
        return max(1, min(self.asked, self.pages))

    @property
    def pages(self) -> int:
        """The number of pages."""
        # -(-a // b) is a / b rounded up.
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The number of the first item shown."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The number of the last item shown."""
        return min(self.number * self.size, self.total)

    @property
    def previous(self) -> str | None:
        """The path of the previous page."""
        return self.path(self.number - 1) if self.number > 1 else None

    @property
    def following(self) -> str | None:
        """The path of the next page."""
        return self.path(self.number + 1) if self.number < self.pages else None

    @property
    def total_text(self) -> str:
        """The number of items, as text."""
        return self.text_of(self.total, capped=self.is_capped)

    @staticmethod
    def text_of(total: int, *, capped: bool) -> str:
        """Return a count as text: `10,000+` if there may be more."""
        return f"{total:,}{'+' if capped else ''}"

    def cut(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the part of the list that is shown."""
        return ids[self.first - 1 : self.last]
