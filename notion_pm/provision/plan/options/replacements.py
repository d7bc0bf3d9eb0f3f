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

OUT, HOME = 1, 2
"""The stages: pages leave the old options, to the new ones or to stand-ins; then they leave the stand-ins."""


@dataclass(frozen=True, slots=True)
class Swap:
    """`old` gives way to `becomes`; `stand_in` is there when an earlier apply was interrupted.

    `option` is the template's key of it. `late`: an option that goes, this or another one, has the new one's name until
    then. The pages are those that hold the old one and the stand-in, once they were looked for.
    """

    option: str
    becomes: Option
    old: Option | None = None
    stand_in: Option | None = None
    late: bool = False
    old_pages: frozenset[NotionId] = frozenset()
    stand_in_pages: frozenset[NotionId] = frozenset()

    @property
    def renames(self) -> bool:
        """Whether the option is called otherwise afterwards."""
        return self.old is not None and self.old.name != self.becomes.name

    @property
    def pages(self) -> frozenset[NotionId]:
        """The pages that move."""
        return self.old_pages | self.stand_in_pages

    @property
    def waits(self) -> bool:
        """Whether pages wait on a stand-in."""
        return self.stand_in is not None or (self.late and self.old is not None)

    @property
    def added_first(self) -> Option | None:
        """The option that has to be there before a page can move."""
        if self.late:
            return self.standing_in if self.waits else None
        return self.becomes

    @property
    def standing_in(self) -> Option:
        """The stand-in: known by the template's key, and telling what it stands in for."""
        name = stand_in_name(self.option)
        return self.stand_in or replace(self.becomes, name=name, description=self.becomes.name)

    def leaving(self, stage: int) -> str | None:
        """Return the name of the option that pages leave at a stage, and that is removed then."""
        if stage == OUT:
            return self.old.name if self.old else None
        return stand_in_name(self.option) if self.waits else None

    def target(self, stage: int) -> str:
        """Return the name of the option that pages move to at a stage."""
        return stand_in_name(self.option) if stage == OUT and self.late else self.becomes.name

    def moving(self, stage: int) -> frozenset[NotionId]:
        """Return the pages that move at a stage."""
        if stage == OUT:
            return self.old_pages
        return self.stand_in_pages | (self.old_pages if self.late else frozenset())

    def held_by(self, pages: Mapping[str, frozenset[NotionId]]) -> Swap:
        """Return it with the pages that hold its options, by option id."""
        nobody: frozenset[NotionId] = frozenset()
        held = [
            pages.get(each.id or "", nobody) if each else nobody
            for each in (self.old, self.stand_in)
        ]
        return replace(self, old_pages=held[0], stand_in_pages=held[1])


def stand_in_name(option: str) -> str:
    """Return what the stand-in for an option is called."""
    return f"{option[:80]} (being recoloured)"


def begun(options: Iterable[Option], option: str) -> Option | None:
    """Return the stand-in that an interrupted swap left behind."""
    return named(options, stand_in_name(option))


def named(options: Iterable[Option], name: str) -> Option | None:
    """Return the option of that name, whatever its case."""
    return next((each for each in options if same(each.name, name)), None)


def same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
