"""Inline Notion-flavoured Markdown -> nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from notion_pm.emulator.markdown.inline_nodes import Atom, Delimiter, Group, Node, Text
from notion_pm.notion_markdown.syntax import (
    ATTRIBUTES,
    ESCAPE_SEQUENCE,
    Json,
    api_colour,
    attributes,
    id_of,
    unescape,
)

_SPAN = re.compile(rf"<span({ATTRIBUTES})\s*>")
# A line break inside a block: a newline would end the block.
_BREAK = re.compile(r"<br\s*/?>")
_MENTION = re.compile(rf"<mention-([a-z-]+)({ATTRIBUTES})\s*(?:/>|>(.*?)</mention-\1>)", re.DOTALL)
# The form that `render_inline` writes: "$`x^2`$".
_QUOTED_EQUATION = re.compile(r"\$`(.*?)`\$", re.DOTALL)
# As in pandoc: no space inside the signs, no digit after the second one: "$5 and $10" stays text.
_EQUATION = re.compile(r"\$(?!\s)((?:\\.|[^\\$\n])+?)(?<!\s)\$(?!\d)")
# One pair of parentheses may be inside, as in "(https://example.com/Notion_(app))".
URL = re.compile(r"\(\s*((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*?)\s*\)")
_PLAIN = re.compile(r"[^\\`<$\[*~]+")
_BACKTICKS = re.compile(r"`+")
_DEEPEST = 20
"""Spans and links inside one another; deeper ones are text."""


@dataclass(slots=True)
class Scanner:
    """Read nodes out of one line of text."""

    text: str
    # By position. A bracket that never closes is tried once, not once for each bracket around it:
    # the time would grow exponentially.
    groups: dict[int, tuple[Group, int] | None] = field(default_factory=dict)
    closed: bool = False
    depth: int = 0

    def until(self, start: int, closing: str | None) -> tuple[list[Node], int]:
        """Read nodes up to `closing`; `closed` says afterwards whether it was found."""
        nodes: list[Node] = []
        at = start
        while at < len(self.text):
            if closing and self.text.startswith(closing, at):
                self.closed = True
                return nodes, at + len(closing)
            node, at = self._node(at)
            nodes.append(node)
        self.closed = closing is None
        return nodes, at

    def _node(self, at: int) -> tuple[Node, int]:
        plain = _PLAIN.match(self.text, at)
        if plain:
            end = self._before_closing_bracket(plain.start(), plain.end())
            return Text(self.text[at:end]), end
        match self.text[at]:
            case "\\":
                return self._escape(at)
            case "`":
                return self._code(at)
            case "*" | "~":
                return self._delimiter(at)
            case "$":
                return self._equation(at)
        return self._group(at) or self._tag(at)

    def _before_closing_bracket(self, start: int, end: int) -> int:
        """Return the end of plain text: before a bracket, which may close a link's text.

        Plain text has at least one character, or scanning would not advance.
        """
        bracket = self.text.find("]", start + 1, end)
        return end if bracket < 0 else bracket

    def _escape(self, at: int) -> tuple[Node, int]:
        found = ESCAPE_SEQUENCE.match(self.text, at)
        return (Text(found[1]), found.end()) if found else (Text("\\"), at + 1)

    def _code(self, at: int) -> tuple[Node, int]:
        fence = _BACKTICKS.match(self.text, at)
        assert fence
        for other in _BACKTICKS.finditer(self.text, fence.end()):
            if len(other[0]) == len(fence[0]):
                code = _without_padding(self.text[fence.end() : other.start()])
                return Text(code, code=True), other.end()
        # Backticks that no run of the same length closes are text, as in CommonMark.
        return Text(fence[0]), fence.end()

    def _delimiter(self, at: int) -> tuple[Node, int]:
        end = at
        while end < len(self.text) and self.text[end] == self.text[at]:
            end += 1
        before, after = self.text[at - 1 : at], self.text[end : end + 1]
        # "2 * 3" has spaces on both sides, so it neither opens nor closes.
        opens = bool(after) and not after.isspace()
        closes = bool(before) and not before.isspace()
        return Delimiter(self.text[at:end], opens, closes), end

    def _equation(self, at: int) -> tuple[Node, int]:
        quoted = _QUOTED_EQUATION.match(self.text, at)
        if quoted:
            return _equation(quoted[1]), quoted.end()
        plain = _EQUATION.match(self.text, at)
        if plain:
            return _equation(plain[1].replace("\\$", "$")), plain.end()
        return Text("$"), at + 1

    def _tag(self, at: int) -> tuple[Node, int]:
        line_break = _BREAK.match(self.text, at)
        if line_break:
            return Text("\n"), line_break.end()
        mention = _MENTION.match(self.text, at)
        if mention:
            item = _mention(mention[1], attributes(mention[2]), mention[3])
            if item:
                return Atom(item), mention.end()
        return Text(self.text[at]), at + 1

    def _group(self, at: int) -> tuple[Group, int] | None:
        if at not in self.groups:
            self.depth += 1
            if self.depth > _DEEPEST:
                self.groups[at] = None
            elif self.text[at] == "[":
                self.groups[at] = self._link(at)
            else:
                self.groups[at] = self._span(at)
            self.depth -= 1
        return self.groups[at]

    def _span(self, at: int) -> tuple[Group, int] | None:
        tag = _SPAN.match(self.text, at)
        if not tag:
            return None
        children, end = self.until(tag.end(), "</span>")
        if not self.closed:
            return None
        values = attributes(tag[1])
        color = api_colour(values.get("color"))
        underline = values.get("underline") == "true"
        return Group(
            children, color=None if color == "default" else color, underline=underline
        ), end

    def _link(self, at: int) -> tuple[Group, int] | None:
        children, end = self.until(at + 1, "]")
        if not self.closed:
            return None
        url = URL.match(self.text, end)
        if not url:
            return None
        return Group(children, link=unescape(url[1]) or None), url.end()


def _without_padding(code: str) -> str:
    """Return code without the one space on each side that keeps backticks apart (CommonMark)."""
    padded = code.startswith(" ") and code.endswith(" ") and code.strip(" ")
    return code[1:-1] if padded else code


def _equation(expression: str) -> Atom:
    return Atom(
        {"type": "equation", "equation": {"expression": expression}, "plain_text": expression}
    )


def _mention(kind: str, values: dict[str, str], label: str | None) -> Json | None:
    if kind == "date":
        mention = {"type": "date", "date": _date(values)} if "start" in values else None
    else:
        mention = _mention_of_object(kind, id_of(values.get("url", "")))
    if mention is None:
        return None
    return {"type": "mention", "mention": mention, "plain_text": unescape(label or "")}


def _mention_of_object(kind: str, notion_id: str | None) -> Json | None:
    # The API has no mention of a data source, so that tag stays text.
    if kind not in ("user", "page", "database") or notion_id is None:
        return None
    return {"type": kind, kind: {"id": notion_id}}


def _date(values: dict[str, str]) -> Json:
    def moment(day: str, time: str) -> str | None:
        return f"{values[day]}T{values[time]}:00" if values.get(time) else values.get(day)

    return {
        "start": moment("start", "startTime"),
        "end": moment("end", "endTime"),
        "time_zone": values.get("timeZone"),
    }
