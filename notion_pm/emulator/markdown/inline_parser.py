"""Inline Notion-flavoured Markdown -> rich text items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from notion_pm.emulator.http.checks import is_link
from notion_pm.emulator.markdown.emphasis import resolve
from notion_pm.emulator.markdown.inline_nodes import Atom, Delimiter, Group, Node, Style, Text
from notion_pm.emulator.markdown.inline_scanner import URL, Scanner
from notion_pm.notion_markdown.syntax import Json, unescape

_MOST_CODE_POINTS = 1000
"""An item has at most 2000 UTF-16 units (notion-api.md 4.2), and a code point at most two."""


def parse_inline(text: str) -> list[Json]:
    """Return the rich text items of a line of Notion-flavoured Markdown."""
    nodes, _ = Scanner(text).until(0, None)
    return _items(nodes)


def plain_items(text: str) -> list[Json]:
    """Return the items of literal text, as in a code block."""
    return _items([Text(text)])


def parse_inline_until(text: str, start: int, closing: str) -> tuple[list[Json], int]:
    """Return the items from `start` to the tag `closing`, and the position after it.

    That is the end of the text if the tag is missing.
    """
    nodes, end = Scanner(text).until(start, closing)
    return _items(nodes), end


def parse_image(text: str) -> tuple[list[Json], str] | None:
    """Return the caption and the URL of ``![caption](url)`` when that is all of `text`."""
    scanner = Scanner(text)
    nodes, end = scanner.until(len("!["), "]")
    if not scanner.closed:
        return None
    url = URL.match(text, end)
    if not url or url.end() != len(text):
        return None
    return _items(nodes), unescape(url[1])


def _items(nodes: Sequence[Node]) -> list[Json]:
    runs: list[tuple[Style, str | Json]] = []
    _flatten(nodes, Style(), runs)
    items = []
    for style, content in runs:
        items += [_item(style, part) for part in _parts(content)]
    return items


def _flatten(nodes: Sequence[Node], outer: Style, runs: list[tuple[Style, str | Json]]) -> None:
    """Append the runs of `nodes` to `runs`, joining neighbours of one style."""
    emphasis, literal = resolve(nodes)
    for index, node in enumerate(nodes):
        style = outer.with_emphasis(emphasis[index])
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
    """Return the text in pieces that fit into one item."""
    # A mention or an equation cannot be divided.
    if isinstance(content, dict):
        return [content]
    starts = range(0, len(content), _MOST_CODE_POINTS)
    return [content[start : start + _MOST_CODE_POINTS] for start in starts]


def _add_text(runs: list[tuple[Style, str | Json]], style: Style, text: str) -> None:
    last_style, last_content = runs[-1] if runs else (None, "")
    if last_style == style and isinstance(last_content, str):
        runs[-1] = (style, last_content + text)
    elif text:
        runs.append((style, text))


def _item(style: Style, content: str | Json) -> Json:
    if isinstance(content, dict):
        return content | {"annotations": style.annotations()}
    # How Notion treats a relative link (`docs/x.md`) is unknown; in a request it would be refused.
    # So its text is kept without the link.
    link = {"url": style.link} if style.link and is_link(style.link) else None
    return {
        "type": "text",
        "text": {"content": content, "link": link},
        "annotations": style.annotations(),
    }
