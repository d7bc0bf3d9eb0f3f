"""Walk through the lines of Notion-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from notion_pm.emulator.markdown.inline_parser import parse_inline
from notion_pm.emulator.markdown.lines import Line, starts_block
from notion_pm.notion_markdown.syntax import Json, api_colour, split_trailing_attributes

DIV_END = ":::"
_DEEPEST = 50
"""Levels of nesting; deeper blocks become siblings of their parent."""


@dataclass(slots=True)
class Parser:
    """Reads blocks from lines, starting at line `at`.

    `readers`: patterns of lines with the functions that read their blocks. `closers`: closing tags
    of the containers that are open.
    """

    lines: list[Line]
    readers: Sequence[Reader]
    at: int = 0
    depth: int = 0
    closers: list[str] = field(default_factory=list)

    def blocks(self, min_indent: int) -> list[Json]:
        """Read blocks until a line is indented less than `min_indent`, or closes an open tag."""
        blocks: list[Json] = []
        line = self.next_line()
        while line is not None and line.indent >= min_indent and not self._closes(line.text):
            blocks += self._read(line)
            line = self.next_line()
        return blocks

    def next_line(self) -> Line | None:
        """Skip blank lines; return the next line without moving past it, None at the end."""
        while self.at < len(self.lines):
            if not self.lines[self.at].is_blank:
                return self.lines[self.at]
            self.at += 1
        return None

    def _closes(self, text: str) -> bool:
        return any(is_closer(text, closer) for closer in self.closers)

    def _read(self, line: Line) -> list[Json]:
        for pattern, read in self.readers:
            match = pattern.match(line.text)
            if not match:
                continue
            self.at += 1
            blocks = read(self, line, match)
            if blocks is not None:
                return blocks
            self.at -= 1  # only the pattern matched: try the next reader
        self.at += 1
        return [self.with_children(line, "paragraph", line.text)]

    def with_children(self, line: Line, kind: str, text: str, **content: object) -> Json:
        """Return a block of rich text whose children are the deeper lines that follow."""
        text, values = split_trailing_attributes(text)
        block = make_block(
            kind,
            rich_text=parse_inline(text.strip()),
            color=api_colour(values.get("color")),
            **content,
        )
        children = self._children(line)
        if children:
            block[kind]["children"] = children
        return block

    def _children(self, line: Line) -> list[Json]:
        if self.depth == _DEEPEST:
            return []
        self.depth += 1
        children = self.blocks(line.indent + 1)
        self.depth -= 1
        return children

    def item(self, line: Line, kind: str, text: str, **content: object) -> list[Json]:
        """Read a list item. A block of another kind in it becomes the child of an empty item."""
        if not starts_block(text):
            return [self.with_children(line, kind, text, **content)]
        # "- # Plan": the text becomes a line of its own, two columns deeper, and is read next.
        self.at -= 1
        self.lines[self.at] = Line.of(" " * (line.indent + 2) + text)
        return [self.with_children(line, kind, "", **content)]

    def split_tag_line(self, line: Line, rest: str, closer: str) -> None:
        """Move the text after an opening tag to lines of its own."""
        # "<callout>Text</callout>" is read like the same tag on three lines.
        inserted = []
        inner = rest.removesuffix(closer)
        if inner.strip():
            inserted.append(Line.of(f"{line.margin}\t{inner}"))
        if rest.endswith(closer):
            inserted.append(Line.of(line.margin + closer))
        self.lines[self.at : self.at] = inserted

    def contained(self, closer: str) -> list[Json]:
        """Read the blocks before a closing tag, and that tag."""
        self.closers.append(closer)
        # Whatever the indentation, up to the closing tag: people may write the content flush left.
        children = self.blocks(0)
        self.closers.pop()
        line = self.next_line()
        if line is not None and is_closer(line.text, closer):
            self.at += 1
        return children


Reader = tuple[re.Pattern[str], Callable[[Parser, Line, re.Match[str]], list[Json] | None]]


def make_block(kind: str, **content: object) -> Json:
    """Return a block in the form the API takes."""
    return {"object": "block", "type": kind, kind: content}


def parent_block(kind: str, children: list[Json], **content: object) -> Json:
    """Return a block with its children, if it has any."""
    if children:
        content["children"] = children
    return make_block(kind, **content)


def media_block(kind: str, url: str, caption: list[Json]) -> Json:
    """Return the block of a file on another server."""
    return make_block(kind, type="external", external={"url": url}, caption=caption)


def is_closer(text: str, closer: str) -> bool:
    """Whether a line is the closing tag; a fenced div closes with three colons or more."""
    return text == closer or (closer == DIV_END and text.startswith(closer) and not text.strip(":"))
