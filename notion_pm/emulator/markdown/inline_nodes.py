"""The parts of a line of inline Markdown, before they are rich text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notion_pm.notion_markdown.syntax import Json


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a piece of text: the annotations of rich text, and its link."""

    bold: bool = False
    italic: bool = False
    strikethrough: bool = False
    underline: bool = False
    code: bool = False
    color: str = "default"
    link: str | None = None

    def with_emphasis(self, marks: set[str]) -> Style:
        """Return the style with more emphasis."""
        return replace(
            self,
            bold=self.bold or "bold" in marks,
            italic=self.italic or "italic" in marks,
            strikethrough=self.strikethrough or "strikethrough" in marks,
        )

    def annotations(self) -> Json:
        """Return the annotations as rich text has them."""
        names = ("bold", "italic", "strikethrough", "underline", "code", "color")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text."""

    content: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Atom:
    """A mention or an equation: one item of rich text."""

    item: Json


@dataclass(frozen=True, slots=True)
class Delimiter:
    """A run of ``*`` or ``~~``, which may open or close emphasis."""

    sign: str
    opens: bool
    closes: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A coloured or underlined span, or a link, around other nodes."""

    children: Sequence[Node]
    color: str | None = None
    underline: bool = False
    link: str | None = None

    def over(self, style: Style) -> Style:
        """Return the style that the group's children have in a surrounding style."""
        return replace(
            style,
            color=self.color or style.color,
            underline=self.underline or style.underline,
            link=self.link or style.link,
        )


Node = Text | Atom | Delimiter | Group
