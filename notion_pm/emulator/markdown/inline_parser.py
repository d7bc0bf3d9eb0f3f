"""Inline Notion-flavoured Markdown -> rich text items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from notion_pm.emulator.http.checks import is_link
from notion_pm.emulator.markdown.emphasis import resolve
from notion_pm.emulator.markdown.inline_nodes import Atom, Delimiter, Group, Node, Style, Text
from notion_pm.emulator.markdown.inline_scanner import URL, Scanner
from notion_pm.notion_markdown.syntax import Json, unescape

_MOST_CODE_POINTS = 1000  # of which each is at most two UTF-16 units


def parse_inline(text: str) -> list[Json]:
    """Return the rich text items that a line of Notion-flavoured Markdown stands for."""
    nodes, _ = Scanner(text).until(0, None)
    return _items(nodes)


def plain_items(text: str) -> list[Json]:
    """Return text that is taken literally, as in a code block."""
    return _items([Text(text)])


def parse_inline_until(text: str, start: int, closing: str) -> tuple[list[Json], int]:
    """Return the items from `start` to the tag `closing` and the position behind it (the end, if it never comes)."""
    nodes, end = Scanner(text).until(start, closing)
    return _items(nodes), end


def parse_image(text: str) -> tuple[list[Json], str] | None:
    """Return the caption and the URL of ``![caption](url)`` when that is all of `text`."""
    scanner = Scanner(text)
    nodes, end = scanner.until(len("!["), "]")
    url = URL.match(text, end) if scanner.closed else None
    return (_items(nodes), unescape(url[1])) if url and url.end() == len(text) else None


def _items(nodes: Sequence[Node]) -> list[Json]:
    runs: list[tuple[Style, str | Json]] = []
    _flatten(nodes, Style(), runs)
    return [_item(style, part) for style, content in runs for part in _parts(content)]


def _flatten(nodes: Sequence[Node], outer: Style, runs: list[tuple[Style, str | Json]]) -> None:
    """Append the runs of `nodes` to `runs`, joining neighbours of one style."""
    emphasis, literal = resolve(nodes)
    for index, node in enumerate(nodes):
        style = outer.emphasised(emphasis[index])
        match node:
            case Text(content, code):
                _add_text(runs, replace(style, code=code), content)
            case Atom(item):
                runs.append((style, item))
            case Delimiter():
                _add_text(runs, style, literal[index])
            case Group(children):
                _flatten(children, node.over(style), runs)


def _parts(content: str | Json) -> list[str | Json]:
    """Cut text into pieces that one item may hold (2000 UTF-16 units, notion-api.md 4.2)."""
    if isinstance(content, dict) or len(content) <= _MOST_CODE_POINTS:
        return [content] if content else []
    return [
        content[start : start + _MOST_CODE_POINTS]
        for start in range(0, len(content), _MOST_CODE_POINTS)
    ]


def _add_text(runs: list[tuple[Style, str | Json]], style: Style, text: str) -> None:
    if runs and runs[-1][0] == style and isinstance(previous := runs[-1][1], str):
        runs[-1] = (style, previous + text)
    elif text:
        runs.append((style, text))


def _item(style: Style, content: str | Json) -> Json:
    if isinstance(content, dict):
        return content | {"annotations": style.annotations()}
    # What becomes of a relative link (`docs/x.md`) is unknown; as a request it would be refused. Its text is kept.
    link = {"url": style.link} if style.link and is_link(style.link) else None
    return {
        "type": "text",
        "text": {"content": content, "link": link},
        "annotations": style.annotations(),
    }
