"""Inline Notion-flavoured Markdown -> rich text items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .syntax import ATTRIBUTES, ESCAPE_SEQUENCE, Json, api_colour, attributes, id_of, unescape

_SPAN = re.compile(rf"<span({ATTRIBUTES})\s*>")
_BREAK = re.compile(r"<br\s*/?>")
_MENTION = re.compile(rf"<mention-([a-z-]+)({ATTRIBUTES})\s*(?:/>|>(.*?)</mention-\1>)", re.DOTALL)
_QUOTED_EQUATION = re.compile(r"\$`(.*?)`\$", re.DOTALL)
# As in pandoc: no space inside the signs, no digit after the second, so that "$5 and $10" stays text.
_EQUATION = re.compile(r"\$(?!\s)((?:\\.|[^\\$\n])+?)(?<!\s)\$(?!\d)")
_URL = re.compile(r"\(\s*((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*?)\s*\)")
_PLAIN = re.compile(r"[^\\`<$\[*~]+")
_BACKTICKS = re.compile(r"`+")
_MOST_CODE_POINTS = 1000  # of which each is at most two UTF-16 units


@dataclass(frozen=True, slots=True)
class _Style:
    bold: bool = False
    italic: bool = False
    strikethrough: bool = False
    underline: bool = False
    code: bool = False
    color: str = "default"
    link: str | None = None

    def emphasised(self, marks: set[str]) -> _Style:
        return replace(
            self,
            bold=self.bold or "bold" in marks,
            italic=self.italic or "italic" in marks,
            strikethrough=self.strikethrough or "strikethrough" in marks,
        )

    def annotations(self) -> Json:
        names = ("bold", "italic", "strikethrough", "underline", "code", "color")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class _Text:
    content: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class _Atom:
    """A mention or an equation: one item whatever is in it."""

    item: Json


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A run of ``*`` or ``~~``, which may open or close emphasis."""

    sign: str
    opens: bool
    closes: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """A coloured or underlined span, or a link, around other nodes."""

    children: Sequence[_Node]
    color: str | None = None
    underline: bool = False
    link: str | None = None

    def over(self, style: _Style) -> _Style:
        return replace(
            style,
            color=self.color or style.color,
            underline=self.underline or style.underline,
            link=self.link or style.link,
        )


_Node = _Text | _Atom | _Delimiter | _Group


def parse_inline(text: str) -> list[Json]:
    """Returns the rich text items that a line of Notion-flavoured Markdown stands for."""
    nodes, _ = _Scanner(text).until(0, None)
    return _items(nodes)


def plain_items(text: str) -> list[Json]:
    """Returns text that is taken literally, as in a code block."""
    return _items([_Text(text)])


def parse_inline_until(text: str, start: int, closing: str) -> tuple[list[Json], int]:
    """Returns the items from `start` to the tag `closing` and the position behind it (the end, if it never comes)."""
    nodes, end = _Scanner(text).until(start, closing)
    return _items(nodes), end


def parse_image(text: str) -> tuple[list[Json], str] | None:
    """Returns the caption and the URL of ``![caption](url)`` when that is all of `text`."""
    scanner = _Scanner(text)
    nodes, end = scanner.until(len("!["), "]")
    url = _URL.match(text, end) if scanner.closed else None
    return (_items(nodes), unescape(url[1])) if url and url.end() == len(text) else None


@dataclass(slots=True)
class _Scanner:
    text: str
    # A bracket that never closes is looked at once, not once for every bracket around it.
    groups: dict[int, tuple[_Group, int] | None] = field(default_factory=dict)
    closed: bool = False

    def until(self, start: int, closing: str | None) -> tuple[list[_Node], int]:
        """Reads nodes up to `closing`; `closed` says afterwards whether it was found."""
        nodes: list[_Node] = []
        at = start
        while at < len(self.text):
            if closing and self.text.startswith(closing, at):
                self.closed = True
                return nodes, at + len(closing)
            node, at = self._node(at)
            nodes.append(node)
        self.closed = closing is None
        return nodes, at

    def _node(self, at: int) -> tuple[_Node, int]:
        if plain := _PLAIN.match(self.text, at):
            end = self._before_closing_bracket(plain.start(), plain.end())
            return _Text(self.text[at:end]), end
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

    def _escaped(self, at: int) -> tuple[_Node, int]:
        found = ESCAPE_SEQUENCE.match(self.text, at)
        return (_Text(found[1]), found.end()) if found else (_Text("\\"), at + 1)

    def _code(self, at: int) -> tuple[_Node, int]:
        fence = _BACKTICKS.match(self.text, at)
        assert fence
        for other in _BACKTICKS.finditer(self.text, fence.end()):
            if len(other[0]) == len(fence[0]):
                return _Text(_without_padding(self.text[fence.end() : other.start()]), code=True), other.end()
        return _Text(fence[0]), fence.end()

    def _delimiter(self, at: int) -> tuple[_Node, int]:
        end = at
        while end < len(self.text) and self.text[end] == self.text[at]:
            end += 1
        before, after = self.text[at - 1 : at], self.text[end : end + 1]
        opens, closes = bool(after) and not after.isspace(), bool(before) and not before.isspace()
        return _Delimiter(self.text[at:end], opens, closes), end

    def _equation(self, at: int) -> tuple[_Node, int]:
        if quoted := _QUOTED_EQUATION.match(self.text, at):
            return _equation(quoted[1]), quoted.end()
        if plain := _EQUATION.match(self.text, at):
            return _equation(plain[1].replace("\\$", "$")), plain.end()
        return _Text("$"), at + 1

    def _tag(self, at: int) -> tuple[_Node, int]:
        if line_break := _BREAK.match(self.text, at):
            return _Text("\n"), line_break.end()
        if (found := _MENTION.match(self.text, at)) and (item := _mention(found[1], attributes(found[2]), found[3])):
            return _Atom(item), found.end()
        return _Text(self.text[at]), at + 1

    def _group(self, at: int) -> tuple[_Group, int] | None:
        if at not in self.groups:
            self.groups[at] = self._link(at) if self.text[at] == "[" else self._span(at)
        return self.groups[at]

    def _span(self, at: int) -> tuple[_Group, int] | None:
        tag = _SPAN.match(self.text, at)
        if not tag:
            return None
        children, end = self.until(tag.end(), "</span>")
        if not self.closed:
            return None
        values = attributes(tag[1])
        color = api_colour(values.get("color"))
        underline = values.get("underline") == "true"
        return _Group(children, color=None if color == "default" else color, underline=underline), end

    def _link(self, at: int) -> tuple[_Group, int] | None:
        children, end = self.until(at + 1, "]")
        url = _URL.match(self.text, end) if self.closed else None
        return (_Group(children, link=unescape(url[1]) or None), url.end()) if url else None


def _without_padding(code: str) -> str:
    """One space on each side only keeps backticks apart, as in CommonMark."""
    padded = code.startswith(" ") and code.endswith(" ") and code.strip(" ")
    return code[1:-1] if padded else code


def _equation(expression: str) -> _Atom:
    return _Atom({"type": "equation", "equation": {"expression": expression}, "plain_text": expression})


def _mention(kind: str, values: dict[str, str], label: str | None) -> Json | None:
    if kind == "date":
        mention = {"type": "date", "date": _date(values)} if "start" in values else None
    else:
        mention = _mention_of_object(kind, id_of(values.get("url", "")))
    return {"type": "mention", "mention": mention, "plain_text": unescape(label or "")} if mention else None


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


_MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}


def _items(nodes: Sequence[_Node]) -> list[Json]:
    runs: list[tuple[_Style, str | Json]] = []
    _flatten(nodes, _Style(), runs)
    return [_item(style, part) for style, content in runs for part in _parts(content)]


def _flatten(nodes: Sequence[_Node], outer: _Style, runs: list[tuple[_Style, str | Json]]) -> None:
    """Appends the runs of `nodes` to `runs`, joining neighbours of one style."""
    emphasis, literal = _resolve(nodes)
    for index, node in enumerate(nodes):
        style = outer.emphasised(emphasis[index])
        match node:
            case _Text(content, code):
                _add_text(runs, replace(style, code=code), content)
            case _Atom(item):
                runs.append((style, item))
            case _Delimiter():
                _add_text(runs, style, literal[index])
            case _Group(children):
                _flatten(children, node.over(style), runs)


def _parts(content: str | Json) -> list[str | Json]:
    """Cuts text into pieces that one item may hold (2000 UTF-16 units, notion-api.md 4.2)."""
    if isinstance(content, dict) or len(content) <= _MOST_CODE_POINTS:
        return [content] if content else []
    return [content[start : start + _MOST_CODE_POINTS] for start in range(0, len(content), _MOST_CODE_POINTS)]


def _add_text(runs: list[tuple[_Style, str | Json]], style: _Style, text: str) -> None:
    if runs and runs[-1][0] == style and isinstance(previous := runs[-1][1], str):
        runs[-1] = (style, previous + text)
    elif text:
        runs.append((style, text))


def _item(style: _Style, content: str | Json) -> Json:
    if isinstance(content, dict):
        return content | {"annotations": style.annotations()}
    link = {"url": style.link} if style.link else None
    return {"type": "text", "text": {"content": content, "link": link}, "annotations": style.annotations()}


def _resolve(nodes: Sequence[_Node]) -> tuple[list[set[str]], dict[int, str]]:
    """Decides which delimiters open and close emphasis.

    Returns the emphasis in force at each node, and for each delimiter the signs that stay text. A delimiter that
    nothing closes is text, and the rest is decided again without it.
    """
    dead: set[tuple[int, str]] = set()
    while True:
        emphasis, literal, still_open = _pass(nodes, dead)
        if not still_open:
            return emphasis, literal
        dead |= still_open


def _pass(
    nodes: Sequence[_Node], dead: set[tuple[int, str]]
) -> tuple[list[set[str]], dict[int, str], set[tuple[int, str]]]:
    active: dict[str, int] = {}
    emphasis: list[set[str]] = []
    literal: dict[int, str] = {}
    for index, node in enumerate(nodes):
        if isinstance(node, _Delimiter):
            literal[index] = _apply(node, index, active, dead)
        emphasis.append(set(active))
    return emphasis, literal, {(index, mark) for mark, index in active.items()}


def _apply(node: _Delimiter, index: int, active: dict[str, int], dead: set[tuple[int, str]]) -> str:
    """Closes or opens what a delimiter can, and returns the signs that are left over."""
    rest = node.sign
    for mark in _marks(node.sign, active):
        if mark in active and node.closes:
            del active[mark]
        elif mark not in active and node.opens and (index, mark) not in dead:
            active[mark] = index
        else:
            continue
        rest = rest[len(_MARKS[mark]) :]
    return rest


def _marks(sign: str, active: dict[str, int]) -> list[str]:
    """Names the emphasis a delimiter may stand for; of ``***``, what is open is closed before the other opens."""
    by_sign = {"*": ["italic"], "**": ["bold"], "***": ["bold", "italic"], "~~": ["strikethrough"]}
    return sorted(by_sign.get(sign, []), key=lambda mark: mark not in active)
