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
_BREAK = re.compile(r"<br\s*/?>")
_MENTION = re.compile(rf"<mention-([a-z-]+)({ATTRIBUTES})\s*(?:/>|>(.*?)</mention-\1>)", re.DOTALL)
_QUOTED_EQUATION = re.compile(r"\$`(.*?)`\$", re.DOTALL)
# As in pandoc: no space inside the signs, no digit after the second, so that "$5 and $10" stays text.
_EQUATION = re.compile(r"\$(?!\s)((?:\\.|[^\\$\n])+?)(?<!\s)\$(?!\d)")
URL = re.compile(r"\(\s*((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*?)\s*\)")
_PLAIN = re.compile(r"[^\\`<$\[*~]+")
_BACKTICKS = re.compile(r"`+")
_DEEPEST = 20  # spans and links inside one another; what is deeper is text


@dataclass(slots=True)
class Scanner:
    """Read nodes out of one line of text."""

    text: str
    # A bracket that never closes is looked at once, not once for every bracket around it.
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
        if plain := _PLAIN.match(self.text, at):
            end = self._before_closing_bracket(plain.start(), plain.end())
            return Text(self.text[at:end]), end
        match self.text[at]:
            case "\\":
                return self._escaped(at)
            case "`":
                return self._code(at)
            case "*" | "~":
                return self._delimiter(at)
            case "$":
                return self._equation(at)
        return self._group(at) or self._tag(at)

    def _before_closing_bracket(self, start: int, end: int) -> int:
        """A bracket may close a link's text, so plain text stops before each (but takes at least one character)."""
        bracket = self.text.find("]", start + 1, end)
        return end if bracket < 0 else bracket

    def _escaped(self, at: int) -> tuple[Node, int]:
        found = ESCAPE_SEQUENCE.match(self.text, at)
        return (Text(found[1]), found.end()) if found else (Text("\\"), at + 1)

    def _code(self, at: int) -> tuple[Node, int]:
        fence = _BACKTICKS.match(self.text, at)
        assert fence
        for other in _BACKTICKS.finditer(self.text, fence.end()):
            if len(other[0]) == len(fence[0]):
                return Text(
                    _without_padding(self.text[fence.end() : other.start()]), code=True
                ), other.end()
        return Text(fence[0]), fence.end()

    def _delimiter(self, at: int) -> tuple[Node, int]:
        end = at
        while end < len(self.text) and self.text[end] == self.text[at]:
            end += 1
        before, after = self.text[at - 1 : at], self.text[end : end + 1]
        opens, closes = bool(after) and not after.isspace(), bool(before) and not before.isspace()
        return Delimiter(self.text[at:end], opens, closes), end

    def _equation(self, at: int) -> tuple[Node, int]:
        if quoted := _QUOTED_EQUATION.match(self.text, at):
            return _equation(quoted[1]), quoted.end()
        if plain := _EQUATION.match(self.text, at):
            return _equation(plain[1].replace("\\$", "$")), plain.end()
        return Text("$"), at + 1

    def _tag(self, at: int) -> tuple[Node, int]:
        if line_break := _BREAK.match(self.text, at):
            return Text("\n"), line_break.end()
        if (found := _MENTION.match(self.text, at)) and (
            item := _mention(found[1], attributes(found[2]), found[3])
        ):
            return Atom(item), found.end()
        return Text(self.text[at]), at + 1

    def _group(self, at: int) -> tuple[Group, int] | None:
        if at not in self.groups:
            self.depth += 1
            self.groups[at] = self._nested(at) if self.depth <= _DEEPEST else None
            self.depth -= 1
        return self.groups[at]

    def _nested(self, at: int) -> tuple[Group, int] | None:
        return self._link(at) if self.text[at] == "[" else self._span(at)

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
        url = URL.match(self.text, end) if self.closed else None
        return (Group(children, link=unescape(url[1]) or None), url.end()) if url else None


def _without_padding(code: str) -> str:
    """One space on each side only keeps backticks apart, as in CommonMark."""
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
    return (
        {"type": "mention", "mention": mention, "plain_text": unescape(label or "")}
        if mention
        else None
    )


def _mention_of_object(kind: str, notion_id: str | None) -> Json | None:
    # The API knows no mention of a data source; its database stands for it elsewhere, so the tag stays text.
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
