"""Read the blocks that Notion writes as tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from notion_pm.emulator.markdown import lines as kinds
from notion_pm.emulator.markdown.inline_parser import parse_inline
from notion_pm.emulator.markdown.lines import Line
from notion_pm.emulator.markdown.parser import (
    DIV_END,
    Parser,
    Reader,
    make_block,
    media_block,
    parent_block,
)
from notion_pm.emulator.markdown.table_parser import parse_table
from notion_pm.notion_markdown.syntax import TAG, Json, api_colour, attributes, id_of, unescape

_MEDIA: Final = frozenset({"audio", "file", "image", "pdf", "video"})


def _callout_div(parser: Parser, line: Line, found: re.Match[str]) -> list[Json] | None:
    if "callout" not in line.text:
        return None
    return _callout(parser, attributes(found[1] or ""), DIV_END)


def _tag(parser: Parser, line: Line, found: re.Match[str]) -> list[Json] | None:
    name, values, is_empty, rest = found[1], attributes(found[2]), found[3] == "/", found[4]
    if name in _MEDIA:
        url = values.get("src") or values.get("source") or ""
        return [media_block(name, url, parse_inline(_label(rest, name).strip()))]
    if name in ("page", "database"):
        return [_child(name, values, _label(rest, name))]
    if name == "empty-block":
        return [parser.with_children(line, "paragraph", "")]
    read_single = _SINGLE_TAGS.get(name)
    if read_single:
        return read_single(values)
    # No tag of a block on its own: the line becomes a paragraph.
    if is_empty or name == "summary":
        return None
    parser.split_tag_line(line, rest, f"</{name}>")
    return _CONTAINERS[name](parser, values, f"</{name}>")


def _callout(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    text, children = _first_text(parser.contained(closer))
    content: Json = {"rich_text": text, "color": api_colour(values.get("color"))}
    if values.get("icon"):
        content["icon"] = {"type": "emoji", "emoji": values["icon"]}
    return [parent_block("callout", children, **content)]


def _details(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    line = parser.next_line()
    summary = TAG.match(line.text) if line else None
    title = ""
    if summary and summary[1] == "summary":
        title = _label(summary[4], "summary")
        parser.at += 1
    text, color = parse_inline(title.strip()), api_colour(values.get("color"))
    return [parent_block("toggle", parser.contained(closer), rich_text=text, color=color)]


def _columns(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    # Only columns can be in a column list; text between them is left out.
    columns = [block for block in parser.contained(closer) if block["type"] == "column"]
    return [make_block("column_list", children=columns)] if columns else []


def _column(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    return [make_block("column", children=parser.contained(closer))]


def _synced_block(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    return [parent_block("synced_block", parser.contained(closer), synced_from=None)]


def _synced_block_reference(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    parser.contained(closer)  # the content is the original's
    original = id_of(values.get("url", ""))
    source = {"type": "block_id", "block_id": original}
    return [make_block("synced_block", synced_from=source)] if original else []


def _table(parser: Parser, values: dict[str, str], closer: str) -> list[Json]:
    # Line by line, not as blocks: "- 1" in a cell is text.
    text: list[str] = []
    while parser.at < len(parser.lines):
        line = parser.lines[parser.at]
        parser.at += 1
        if line.text == closer:
            break
        text.append(line.text)
    found = parse_table("\n".join(text), values)
    return [found] if found else []


def _child(name: str, values: dict[str, str], title: str) -> Json:
    block = make_block(f"child_{name}", title=unescape(title))
    notion_id = id_of(values.get("url", ""))
    return block | {"id": notion_id} if notion_id else block


def _label(rest: str, name: str) -> str:
    return rest.rstrip().removesuffix(f"</{name}>")


def _first_text(children: list[Json]) -> tuple[list[Json], list[Json]]:
    """Take the text of a callout, its first paragraph, from what is inside the tag."""
    if not children or children[0]["type"] != "paragraph":
        return [], children
    first = children[0]["paragraph"]
    return first["rich_text"], first.get("children", []) + children[1:]


_CONTAINERS: dict[str, Callable[[Parser, dict[str, str], str], list[Json]]] = {
    "callout": _callout,
    "column": _column,
    "columns": _columns,
    "details": _details,
    "synced_block": _synced_block,
    "synced_block_reference": _synced_block_reference,
    "table": _table,
}

_SINGLE_TAGS: dict[str, Callable[[dict[str, str]], list[Json]]] = {
    "table_of_contents": lambda values: [
        make_block("table_of_contents", color=api_colour(values.get("color")))
    ],
    # A block without a form in Markdown can be kept, by its id, but not created.
    "unknown": lambda values: [_unknown(values)] if id_of(values.get("url", "")) else [],
}


def _unknown(values: dict[str, str]) -> Json:
    return make_block("unknown", alt=values.get("alt", "")) | {"id": id_of(values["url"])}


TAG_READERS: list[Reader] = [(kinds.DIV, _callout_div), (TAG, _tag)]
