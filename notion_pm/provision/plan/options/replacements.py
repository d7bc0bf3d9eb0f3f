"""Replace an option by another, because Notion can neither rename nor recolour one (notion-api.md
3.2, 3.3).

The new option is added, the pages move to it, and the old one is removed once no page holds it.
Names are unique within a property, whatever their case. So where the new option has the name of one
that is leaving, the pages wait on a placeholder until that one is gone.

At every moment each page holds one of the three, and Notion shows which. That is how an interrupted
replacement continues where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from notion_pm.model.ids import NotionId
from notion_pm.model.schema import Option

MOVE_OUT, MOVE_BACK = 1, 2
"""The stages. First pages leave the old options, to the new ones or to placeholders. Then they
leave the placeholders."""

_NO_PAGES: frozenset[NotionId] = frozenset()


@dataclass(frozen=True, slots=True)
class OptionReplacement:
    """`source` is replaced by `target`, or `target` is only added, where there is no source.

    `option`: the template's key of the option. `placeholder`: set when an earlier apply was
    interrupted and left it. `deferred`: an option that is leaving, `source` or another one, has the
    name of `target`, so `target` is added after that one is gone. The pages that hold `source` and
    `placeholder` are known after they were counted.

    Example: `Idea` is recoloured. Its source has the name of its target, so it is deferred: the
    pages move to `idea (being recoloured)`, the grey `Idea` is removed, the green one is added, and
    the pages move back.
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
        """Whether the option has another name afterwards."""
        return self.source is not None and self.source.name != self.target.name

    @property
    def pages(self) -> frozenset[NotionId]:
        """The pages that move."""
        return self.source_pages | self.placeholder_pages

    @property
    def needs_placeholder(self) -> bool:
        """Whether pages wait on a placeholder."""
        return self.placeholder is not None or (self.deferred and self.source is not None)

    @property
    def added_first(self) -> Option | None:
        """The option that must exist before a page can move."""
        # Deferred without a source: a plain new option that waits for a name. No page needs it to
        # move.
        if not self.deferred:
            return self.target
        return self.placeholder_option if self.needs_placeholder else None

    @property
    def placeholder_option(self) -> Option:
        """The placeholder. Its name contains the template's key, its description the name of the
        target: so another run knows what it is for."""
        if self.placeholder is not None:
            return self.placeholder
        name = placeholder_name(self.option)
        return replace(self.target, name=name, description=self.target.name)

    def option_left_at(self, stage: int) -> str | None:
        """Return the name of the option that pages leave at a stage, and that is removed then."""
        if stage == MOVE_OUT:
            return self.source.name if self.source else None
        return placeholder_name(self.option) if self.needs_placeholder else None

    def destination(self, stage: int) -> str:
        """Return the name of the option that pages move to at a stage."""
        # The target does not exist yet: its name is still taken.
        if stage == MOVE_OUT and self.deferred:
            return placeholder_name(self.option)
        return self.target.name

    def pages_moving_at(self, stage: int) -> frozenset[NotionId]:
        """Return the pages that move at a stage."""
        if stage == MOVE_OUT:
            return self.source_pages
        # All pages wait on the placeholder: those that moved there now, and those of an earlier
        # apply.
        if self.deferred:
            return self.placeholder_pages | self.source_pages
        return self.placeholder_pages

    def with_pages(self, pages_by_option: Mapping[str, frozenset[NotionId]]) -> OptionReplacement:
        """Return it with the pages that hold its options; `pages_by_option` is keyed by option
        id."""

        def pages_of(option: Option | None) -> frozenset[NotionId]:
            if option is None or option.id is None:
                return _NO_PAGES
            return pages_by_option.get(option.id, _NO_PAGES)

        return replace(
            self,
            source_pages=pages_of(self.source),
            placeholder_pages=pages_of(self.placeholder),
        )


def placeholder_name(option: str) -> str:
    """Return the name of the placeholder of an option; `option` is the template's key.

    The name is read again from Notion after an interruption: never change it.
    """
    return f"{option[:80]} (being recoloured)"


def find_placeholder(options: Iterable[Option], option: str) -> Option | None:
    """Return the placeholder that an interrupted replacement left."""
    return find_option_named(options, placeholder_name(option))


def find_option_named(options: Iterable[Option], name: str) -> Option | None:
    """Return the option of that name, ignoring case."""
    for option in options:
        if option.name.casefold() == name.casefold():
            return option
    return None
