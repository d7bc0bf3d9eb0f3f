"""An option that gives way to another, because Notion can neither rename nor recolour one (notion-api.md 3.2, 3.3).

The new option is added, the pages move to it, and the old one is removed once no page holds it. Names are unique
whatever their case: where the new one has the name of one that goes, the pages wait on a stand-in meanwhile. At every
moment each page holds one of the three, and which they are shows in Notion: so an interrupted swap is taken up where
it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import Option

MOVE_OUT, MOVE_BACK = 1, 2
"""The stages: pages leave the old options, to the new ones or to stand-ins; then they leave the stand-ins."""


@dataclass(frozen=True, slots=True)
class OptionReplacement:
    """`old` gives way to `becomes`; `stand_in` is there when an earlier apply was interrupted.

    `option` is the template's key of it. `late`: an option that goes, this or another one, has the new one's name until
    then. The pages are those that hold the old one and the stand-in, once they were looked for.
    """

    option: str
    target: Option
    source: Option | None = None
    placeholder: Option | None = None
    deferred: bool = False
    source_pages: frozenset[NotionId] = frozenset()
    placeholder_pages: frozenset[NotionId] = frozenset()

    @property
    def renames(self) -> bool:
        """Whether the option is called otherwise afterwards."""
        return self.source is not None and self.source.name != self.target.name

    @property
    def pages(self) -> frozenset[NotionId]:
        """The pages that move."""
        return self.source_pages | self.placeholder_pages

    @property
    def needs_placeholder(self) -> bool:
        """Whether pages wait on a stand-in."""
        return self.placeholder is not None or (self.deferred and self.source is not None)

    @property
    def added_first(self) -> Option | None:
        """The option that has to be there before a page can move."""
        if self.deferred:
            return self.placeholder_option if self.needs_placeholder else None
        return self.target

    @property
    def placeholder_option(self) -> Option:
        """The stand-in: known by the template's key, and telling what it stands in for."""
        name = placeholder_name(self.option)
        return self.placeholder or replace(self.target, name=name, description=self.target.name)

    def option_left_at(self, stage: int) -> str | None:
        """Return the name of the option that pages leave at a stage, and that is removed then."""
        if stage == MOVE_OUT:
            return self.source.name if self.source else None
        return placeholder_name(self.option) if self.needs_placeholder else None

    def destination(self, stage: int) -> str:
        """Return the name of the option that pages move to at a stage."""
        return (
            placeholder_name(self.option)
            if stage == MOVE_OUT and self.deferred
            else self.target.name
        )

    def pages_moving_at(self, stage: int) -> frozenset[NotionId]:
        """Return the pages that move at a stage."""
        if stage == MOVE_OUT:
            return self.source_pages
        return self.placeholder_pages | (self.source_pages if self.deferred else frozenset())

    def with_pages(self, pages: Mapping[str, frozenset[NotionId]]) -> OptionReplacement:
        """Return it with the pages that hold its options, by option id."""
        nobody: frozenset[NotionId] = frozenset()
        held = [
            pages.get(each.id or "", nobody) if each else nobody
            for each in (self.source, self.placeholder)
        ]
        return replace(self, source_pages=held[0], placeholder_pages=held[1])


def placeholder_name(option: str) -> str:
    """Return what the stand-in for an option is called."""
    return f"{option[:80]} (being recoloured)"


def find_placeholder(options: Iterable[Option], option: str) -> Option | None:
    """Return the stand-in that an interrupted swap left behind."""
    return find_option_named(options, placeholder_name(option))


def find_option_named(options: Iterable[Option], name: str) -> Option | None:
    """Return the option of that name, whatever its case."""
    return next((each for each in options if is_same_name(each.name, name)), None)


def is_same_name(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
