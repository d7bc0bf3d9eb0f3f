"""Read the blocks that Markdown has signs for."""

from __future__ import annotations

import re

from notion_pm.emulator.http.checks import urlsplit_or_none
from notion_pm.emulator.markdown import lines as kinds
from notion_pm.emulator.markdown.inline_parser import parse_image, parse_inline, plain_items
from notion_pm.emulator.markdown.languages import language
from notion_pm.emulator.markdown.lines import Line
from notion_pm.emulator.markdown.parser import Parser, Reader, make_block, media_block
from notion_pm.emulator.markdown.table_parser import parse_pipe_table
from notion_pm.notion_markdown.syntax import Json, api_colour, split_trailing_attributes


def _fence(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    fence, info = found.groups()
    start = parser.at
    while parser.at < len(parser.lines) and not _closes_fence(parser.lines[parser.at].text, fence):
        parser.at += 1
    # A fence that is never closed reaches to the end of the page, as in CommonMark.
    code = _without_margin([other.raw for other in parser.lines[start : parser.at]], line.margin)
    parser.at += 1
    return [make_block("code", rich_text=plain_items(code), language=language(info))]


def _equation(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    first: str = found[1].strip()
    if first.endswith("$$"):
        return [make_block("equation", expression=first.removesuffix("$$").strip())]
    expression = [first] if first else []
    while parser.at < len(parser.lines) and not parser.lines[parser.at].text.endswith("$$"):
        expression.append(parser.lines[parser.at].raw.removeprefix(line.margin))
        parser.at += 1
    if parser.at < len(parser.lines):
        expression.append(parser.lines[parser.at].text.removesuffix("$$"))
        parser.at += 1
    return [make_block("equation", expression="\n".join(expression).strip())]


def _divider(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    return [make_block("divider")]


def _heading(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    # Notion has four levels (notion-api.md 2.4), Markdown six.
    kind = f"heading_{min(len(found[1]), 4)}"
    text, values = split_trailing_attributes(found[2] or "")
    if values.get("toggle") == "true":
        return [parser.with_children(line, kind, found[2], is_toggleable=True)]
    color = api_colour(values.get("color"))
    return [make_block(kind, rich_text=parse_inline(text), color=color, is_toggleable=False)]


def _to_do(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    return parser.item(line, "to_do", found[2] or "", checked=found[1] in ("x", "X"))


def _bullet(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    return parser.item(line, "bulleted_list_item", found[1] or "")


def _numbered(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    return parser.item(line, "numbered_list_item", found[1] or "")


def _quote(parser: Parser, line: Line, found: re.Match[str]) -> list[Json]:
    return [parser.with_children(line, "quote", found[1])]


def _image(parser: Parser, line: Line, found: re.Match[str]) -> list[Json] | None:
    text, _ = split_trailing_attributes(line.text)
    image = parse_image(text)
    if image is None:
        return None
    caption, url = image
    return [media_block("image", url, caption)] if urlsplit_or_none(url) is not None else None


def _pipe_table(parser: Parser, line: Line, found: re.Match[str]) -> list[Json] | None:
    end = parser.at
    while end < len(parser.lines) and kinds.PIPE_ROW.match(parser.lines[end].text):
        end += 1
    rows = [line.text] + [further.text for further in parser.lines[parser.at : end]]
    table = parse_pipe_table(rows)
    if table is None:
        return None
    parser.at = end
    return [table]


def _closes_fence(text: str, fence: str) -> bool:
    return len(text) >= len(fence) and set(text) == {fence[0]}


def _without_margin(raw: list[str], margin: str) -> str:
    """Return code without the indentation of its fence, if every line has it."""
    if all(line.startswith(margin) or not line.strip() for line in raw):
        raw = [line.removeprefix(margin) for line in raw]
    return "\n".join(raw)


# The first match wins, so TO_DO comes before BULLET, which matches to-dos too.
TEXT_READERS: list[Reader] = [
    (kinds.FENCE, _fence),
    (kinds.DIVIDER, _divider),
    (kinds.HEADING, _heading),
    (kinds.TO_DO, _to_do),
    (kinds.BULLET, _bullet),
    (kinds.NUMBERED, _numbered),
    (kinds.QUOTE, _quote),
    (kinds.IMAGE, _image),
    (kinds.EQUATION, _equation),
    (kinds.PIPE_ROW, _pipe_table),
]
