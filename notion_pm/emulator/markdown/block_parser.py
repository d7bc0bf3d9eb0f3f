"""Notion-flavoured Markdown -> blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from . import lines as kinds
from .inline_parser import parse_image, parse_inline, plain_items
from .languages import language
from .lines import Line
from .syntax import Json, api_colour, attributes, id_of, split_trailing_attributes, unescape
from .table_parser import parse_pipe_table, parse_table

_MEDIA: Final = frozenset({"audio", "file", "image", "pdf", "video"})
_DIV_END = ":::"


def parse(markdown: str) -> list[Json]:
    """Returns the blocks that a text in Notion-flavoured Markdown stands for.

    Nothing is refused: what is not Markdown of Notion's is a paragraph, as in the real service.
    """
    all_lines = [Line.of(raw) for raw in markdown.replace("\r\n", "\n").split("\n")]
    return _Parser(all_lines).blocks(0)


@dataclass(slots=True)
class _Parser:
    lines: list[Line]
    at: int = 0
    closers: list[str] = field(default_factory=list)

    def blocks(self, min_indent: int) -> list[Json]:
        """Reads blocks until a line is less indented than `min_indent`, or closes a tag that is open."""
        found: list[Json] = []
        while (line := self._next_line()) and line.indent >= min_indent and not self._closes(line.text):
            found += self._block(line)
        return found

    def _next_line(self) -> Line | None:
        while self.at < len(self.lines) and self.lines[self.at].is_blank:
            self.at += 1
        return self.lines[self.at] if self.at < len(self.lines) else None

    def _closes(self, text: str) -> bool:
        return any(_is_closer(text, closer) for closer in self.closers)

    def _block(self, line: Line) -> list[Json]:
        for pattern, read in _READERS:
            if found := pattern.match(line.text):
                self.at += 1
                if (blocks := read(self, line, found)) is not None:
                    return blocks
                self.at -= 1
        self.at += 1
        return [self._with_children(line, "paragraph", line.text)]

    def _with_children(self, line: Line, kind: str, text: str, **content: object) -> Json:
        """Builds a block of rich text whose children are the deeper lines that follow."""
        text, values = split_trailing_attributes(text)
        block = _block(kind, rich_text=parse_inline(text.strip()), color=api_colour(values.get("color")), **content)
        children = self.blocks(line.indent + 1)
        if children:
            block[kind]["children"] = children
        return block

    def _item(self, line: Line, kind: str, text: str, **content: object) -> list[Json]:
        """Reads a list item. A block of another kind in it becomes the child of an empty item."""
        if not kinds.starts_block(text):
            return [self._with_children(line, kind, text, **content)]
        self.at -= 1
        self.lines[self.at] = Line.of(" " * (line.indent + 2) + text)
        return [self._with_children(line, kind, "", **content)]

    def fence(self, line: Line, found: re.Match[str]) -> list[Json]:
        fence, info = found.groups()
        start = self.at
        while self.at < len(self.lines) and not _closes_fence(self.lines[self.at].text, fence):
            self.at += 1
        code = _without_margin([other.raw for other in self.lines[start : self.at]], line.margin)
        self.at += 1
        return [_block("code", rich_text=plain_items(code), language=language(info))]

    def equation(self, line: Line, found: re.Match[str]) -> list[Json]:
        first: str = found[1].strip()
        if first.endswith("$$"):
            return [_block("equation", expression=first.removesuffix("$$").strip())]
        expression = [first] if first else []
        while self.at < len(self.lines) and not self.lines[self.at].text.endswith("$$"):
            expression.append(self.lines[self.at].raw.removeprefix(line.margin))
            self.at += 1
        if self.at < len(self.lines):
            expression.append(self.lines[self.at].text.removesuffix("$$"))
            self.at += 1
        return [_block("equation", expression="\n".join(expression).strip())]

    def divider(self, line: Line, found: re.Match[str]) -> list[Json]:
        return [_block("divider")]

    def heading(self, line: Line, found: re.Match[str]) -> list[Json]:
        kind = f"heading_{min(len(found[1]), 4)}"
        text, values = split_trailing_attributes(found[2] or "")
        if values.get("toggle") == "true":
            return [self._with_children(line, kind, found[2], is_toggleable=True)]
        color = api_colour(values.get("color"))
        return [_block(kind, rich_text=parse_inline(text), color=color, is_toggleable=False)]

    def to_do(self, line: Line, found: re.Match[str]) -> list[Json]:
        return self._item(line, "to_do", found[2] or "", checked=found[1] in ("x", "X"))

    def bullet(self, line: Line, found: re.Match[str]) -> list[Json]:
        return self._item(line, "bulleted_list_item", found[1] or "")

    def numbered(self, line: Line, found: re.Match[str]) -> list[Json]:
        return self._item(line, "numbered_list_item", found[1] or "")

    def quote(self, line: Line, found: re.Match[str]) -> list[Json]:
        return [self._with_children(line, "quote", found[1])]

    def image(self, line: Line, found: re.Match[str]) -> list[Json] | None:
        text, _ = split_trailing_attributes(line.text)
        image = parse_image(text)
        return [_media("image", image[1], image[0])] if image else None

    def pipe_table(self, line: Line, found: re.Match[str]) -> list[Json] | None:
        rows = [line.text]
        while self.at + len(rows) - 1 < len(self.lines):
            text = self.lines[self.at + len(rows) - 1].text
            if not kinds.PIPE_ROW.match(text):
                break
            rows.append(text)
        table = parse_pipe_table(rows)
        if table:
            self.at += len(rows) - 1
        return [table] if table else None

    def callout_div(self, line: Line, found: re.Match[str]) -> list[Json] | None:
        if "callout" not in line.text:
            return None
        return self._callout(attributes(found[1] or ""), _DIV_END)

    def tag(self, line: Line, found: re.Match[str]) -> list[Json] | None:
        name, values, is_empty, rest = found[1], attributes(found[2]), found[3] == "/", found[4]
        if name in _MEDIA:
            return [
                _media(name, values.get("src") or values.get("source") or "", parse_inline(_label(rest, name).strip()))
            ]
        if name in ("page", "database"):
            return [_child(name, values, _label(rest, name))]
        if name == "empty-block":
            return [self._with_children(line, "paragraph", "")]
        if single := _SINGLE_TAGS.get(name):
            return single(values)
        if is_empty or name == "summary":
            return None
        self._split_tag_line(line, rest, f"</{name}>")
        return _CONTAINERS[name](self, values, f"</{name}>")

    def _split_tag_line(self, line: Line, rest: str, closer: str) -> None:
        """Puts what follows an opening tag on its own line(s)."""
        inner, closes = (rest.removesuffix(closer), [closer]) if rest.endswith(closer) else (rest, [])
        parts = ([inner] if inner.strip() else []) + closes
        self.lines[self.at : self.at] = [Line.of(line.margin + "\t" * (part != closer) + part) for part in parts]

    def _contained(self, closer: str) -> list[Json]:
        self.closers.append(closer)
        children = self.blocks(0)
        self.closers.pop()
        if (line := self._next_line()) and _is_closer(line.text, closer):
            self.at += 1
        return children

    def callout(self, values: dict[str, str], closer: str) -> list[Json]:
        return self._callout(values, closer)

    def _callout(self, values: dict[str, str], closer: str) -> list[Json]:
        text, children = _first_text(self._contained(closer))
        icon = {"icon": {"type": "emoji", "emoji": values["icon"]}} if values.get("icon") else {}
        return [_parent("callout", children, rich_text=text, color=api_colour(values.get("color")), **icon)]

    def details(self, values: dict[str, str], closer: str) -> list[Json]:
        line = self._next_line()
        summary = kinds.TAG.match(line.text) if line else None
        title = ""
        if summary and summary[1] == "summary":
            title, self.at = _label(summary[4], "summary"), self.at + 1
        return [
            _parent(
                "toggle",
                self._contained(closer),
                rich_text=parse_inline(title.strip()),
                color=api_colour(values.get("color")),
            )
        ]

    def columns(self, values: dict[str, str], closer: str) -> list[Json]:
        columns = [block for block in self._contained(closer) if block["type"] == "column"]
        return [_block("column_list", children=columns)] if columns else []

    def column(self, values: dict[str, str], closer: str) -> list[Json]:
        return [_block("column", children=self._contained(closer))]

    def synced_block(self, values: dict[str, str], closer: str) -> list[Json]:
        return [_parent("synced_block", self._contained(closer), synced_from=None)]

    def synced_block_reference(self, values: dict[str, str], closer: str) -> list[Json]:
        self._contained(closer)  # the content is the original's
        original = id_of(values.get("url", ""))
        source = {"type": "block_id", "block_id": original}
        return [_block("synced_block", synced_from=source)] if original else []

    def table(self, values: dict[str, str], closer: str) -> list[Json]:
        text: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line.text == closer:
                break
            text.append(line.text)
        table = parse_table("\n".join(text), values)
        return [table] if table else []


def _block(kind: str, **content: object) -> Json:
    return {"object": "block", "type": kind, kind: content}


def _parent(kind: str, children: list[Json], **content: object) -> Json:
    return _block(kind, **content, children=children) if children else _block(kind, **content)


def _media(kind: str, url: str, caption: list[Json]) -> Json:
    return _block(kind, type="external", external={"url": url}, caption=caption)


def _child(name: str, values: dict[str, str], title: str) -> Json:
    block = _block(f"child_{name}", title=unescape(title))
    notion_id = id_of(values.get("url", ""))
    return block | {"id": notion_id} if notion_id else block


def _label(rest: str, name: str) -> str:
    return rest.rstrip().removesuffix(f"</{name}>")


def _first_text(children: list[Json]) -> tuple[list[Json], list[Json]]:
    """Takes the text of a callout, its first paragraph, from what is inside the tag."""
    if not children or children[0]["type"] != "paragraph":
        return [], children
    first = children[0]["paragraph"]
    return first["rich_text"], first.get("children", []) + children[1:]


def _is_closer(text: str, closer: str) -> bool:
    return text == closer or (closer == _DIV_END and text.startswith(closer) and not text.strip(":"))


def _closes_fence(text: str, fence: str) -> bool:
    return len(text) >= len(fence) and set(text) == {fence[0]}


def _without_margin(raw: list[str], margin: str) -> str:
    """Takes the fence's own indentation from code that is indented with it."""
    if all(line.startswith(margin) or not line.strip() for line in raw):
        raw = [line.removeprefix(margin) for line in raw]
    return "\n".join(raw)


_Reader = Callable[[_Parser, Line, re.Match[str]], list[Json] | None]

_READERS: list[tuple[re.Pattern[str], _Reader]] = [
    (kinds.FENCE, _Parser.fence),
    (kinds.DIVIDER, _Parser.divider),
    (kinds.HEADING, _Parser.heading),
    (kinds.TO_DO, _Parser.to_do),
    (kinds.BULLET, _Parser.bullet),
    (kinds.NUMBERED, _Parser.numbered),
    (kinds.QUOTE, _Parser.quote),
    (kinds.IMAGE, _Parser.image),
    (kinds.EQUATION, _Parser.equation),
    (kinds.PIPE_ROW, _Parser.pipe_table),
    (kinds.DIV, _Parser.callout_div),
    (kinds.TAG, _Parser.tag),
]

_CONTAINERS: dict[str, Callable[[_Parser, dict[str, str], str], list[Json]]] = {
    "callout": _Parser.callout,
    "column": _Parser.column,
    "columns": _Parser.columns,
    "details": _Parser.details,
    "synced_block": _Parser.synced_block,
    "synced_block_reference": _Parser.synced_block_reference,
    "table": _Parser.table,
}

_SINGLE_TAGS: dict[str, Callable[[dict[str, str]], list[Json]]] = {
    "table_of_contents": lambda values: [_block("table_of_contents", color=api_colour(values.get("color")))],
    # A block that Markdown cannot say can be kept where it is known by its id, never made.
    "unknown": lambda values: [_unknown(values)] if id_of(values.get("url", "")) else [],
}


def _unknown(values: dict[str, str]) -> Json:
    return _block("unknown", alt=values.get("alt", "")) | {"id": id_of(values["url"])}
