"""Blocks -> Notion-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from notion_pm.emulator.markdown.inline_renderer import render_inline
from notion_pm.emulator.markdown.languages import PLAIN_TEXT
from notion_pm.emulator.markdown.lines import escape_block_start
from notion_pm.notion_markdown.syntax import Json, colour_name, escape, notion_url, tag_attributes

_Lines = list[str]


def render(blocks: Sequence[Json]) -> str:
    """Return blocks, with their children, as Notion-flavoured Markdown.

    It has no blank lines and no newline at the end, as in the real service.
    """
    return "\n".join(_lines(blocks))


def _lines(blocks: Iterable[Json]) -> _Lines:
    lines: _Lines = []
    number = 0
    for block in blocks:
        kind = block["type"]
        if kind == "numbered_list_item":
            number += 1
            lines += _item(f"{number}.", block[kind])
        else:
            number = 0  # any other block ends the list
            lines += _RENDERERS.get(kind, _unknown)(block)
    return lines


def _indent(lines: Iterable[str]) -> _Lines:
    return ["\t" + line for line in lines]


def _children(content: Json) -> _Lines:
    return _lines(content.get("children") or [])


def _text(content: Json) -> str:
    return escape_block_start(render_inline(content.get("rich_text") or []))


def _marks(content: Json, **more: str | None) -> str:
    """Return the attributes at the end of a line, as in ``Text {color="red"}``."""
    values = tag_attributes(**more, color=colour_name(content.get("color")))
    return f" {{{values.strip()}}}" if values else ""


def _paragraph(block: Json) -> _Lines:
    content = block["paragraph"]
    text = _text(content)
    # A blank line would be no block at all.
    line = (text + _marks(content)).strip() if text else "<empty-block/>"
    return [line, *_indent(_children(content))]


def _item(sign: str, content: Json) -> _Lines:
    text = f"{sign} {_text(content)}".rstrip() + _marks(content)
    return [text, *_indent(_children(content))]


def _to_do(block: Json) -> _Lines:
    content = block["to_do"]
    return _item("- [x]" if content.get("checked") else "- [ ]", content)


def _heading(block: Json) -> _Lines:
    kind = block["type"]
    content = block[kind]
    sign = "#" * int(kind[-1])
    # Without `escape_block_start`: after "# " no sign can start another block.
    text = f"{sign} {render_inline(content.get('rich_text') or []).strip()}".rstrip()
    if not content.get("is_toggleable"):
        return [text + _marks(content)]
    return [text + _marks(content, toggle="true"), *_indent(_children(content))]


def _toggle(block: Json) -> _Lines:
    content = block["toggle"]
    summary = render_inline(content.get("rich_text") or []).strip()
    opening = f"<details{tag_attributes(color=colour_name(content.get('color')))}>"
    return [opening, f"<summary>{summary}</summary>", *_indent(_children(content)), "</details>"]


def _callout(block: Json) -> _Lines:
    content = block["callout"]
    icon = (content.get("icon") or {}).get("emoji")
    opening = f"<callout{tag_attributes(icon=icon, color=colour_name(content.get('color')))}>"
    text = _text(content) or "<empty-block/>"
    return [opening, *_indent([text, *_children(content)]), "</callout>"]


def _code(block: Json) -> _Lines:
    content = block["code"]
    code = "".join(_plain(item) for item in content.get("rich_text") or [])
    fence = "```"
    while fence in code:  # the fence must be longer than any in the code
        fence += "`"
    language = content.get("language") or PLAIN_TEXT
    lines = code.split("\n") if code else []
    return [fence + language, *lines, fence]


def _plain(item: Json) -> str:
    text: str = item["text"]["content"] if "text" in item else item.get("plain_text") or ""
    return text


def _equation(block: Json) -> _Lines:
    return ["$$", *block["equation"]["expression"].split("\n"), "$$"]


def _divider(block: Json) -> _Lines:
    return ["---"]


def _table(block: Json) -> _Lines:
    content = block["table"]
    header_row = "true" if content.get("has_column_header") else None
    header_column = "true" if content.get("has_row_header") else None
    lines = [f"<table{tag_attributes(header_row=header_row, header_column=header_column)}>"]
    for row in content.get("children") or []:
        lines += _row(row["table_row"]["cells"])
    return [*lines, "</table>"]


def _row(cells: Iterable[Sequence[Json]]) -> _Lines:
    return ["<tr>", *(f"<td>{render_inline(cell)}</td>" for cell in cells), "</tr>"]


def _column_list(block: Json) -> _Lines:
    return ["<columns>", *_indent(_children(block["column_list"])), "</columns>"]


def _column(block: Json) -> _Lines:
    return ["<column>", *_indent(_children(block["column"])), "</column>"]


def _image(block: Json) -> _Lines:
    content = block["image"]
    # The URL is in parentheses, so its own ones need a backslash.
    url = _file_url(content).replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return [f"![{render_inline(content.get('caption') or []).strip()}]({url})"]


def _media(block: Json) -> _Lines:
    kind = block["type"]
    content = block[kind]
    caption = render_inline(content.get("caption") or []).strip()
    return [f"<{kind}{tag_attributes(src=_file_url(content))}>{caption}</{kind}>"]


def _file_url(content: Json) -> str:
    for kind in ("external", "file"):
        if content.get(kind):
            url: str = content[kind]["url"]
            return url
    return ""


def _child(block: Json) -> _Lines:
    kind = block["type"].removeprefix("child_")
    url = notion_url(block["id"]) if "id" in block else None
    inline = "true" if block[block["type"]].get("is_inline") else None
    title = escape(block[block["type"]]["title"]).replace("\n", " ")
    return [f"<{kind}{tag_attributes(url=url, inline=inline)}>{title}</{kind}>"]


def _link_to_page(block: Json) -> _Lines:
    content = block["link_to_page"]
    kind = content["type"].removesuffix("_id")
    # For the other targets of the API, such as a comment, there is no tag.
    if kind not in ("page", "database"):
        return _unknown(block)
    return [f"<mention-{kind}{tag_attributes(url=notion_url(content[content['type']]))}/>"]


def _table_of_contents(block: Json) -> _Lines:
    color = colour_name(block["table_of_contents"].get("color"))
    return [f"<table_of_contents{tag_attributes(color=color)}/>"]


def _synced_block(block: Json) -> _Lines:
    content = block["synced_block"]
    source = content.get("synced_from")
    name = "synced_block_reference" if source else "synced_block"
    original = source["block_id"] if source else block.get("id")
    url = notion_url(original) if original else None
    return [f"<{name}{tag_attributes(url=url)}>", *_indent(_children(content)), f"</{name}>"]


def _unknown(block: Json) -> _Lines:
    """Return the tag of a block without a form in Markdown: bookmark, embed, breadcrumb, tab ..."""
    # A block "unknown" is such a tag as `parse` read it: its `alt` has the type of the real block.
    kind = block["type"]
    alt = block[kind].get("alt") if kind == "unknown" else kind
    url = notion_url(block["id"]) if "id" in block else None
    return [f"<unknown{tag_attributes(url=url, alt=alt)}/>"]


_RENDERERS: dict[str, Callable[[Json], _Lines]] = {
    "audio": _media,
    "bulleted_list_item": lambda block: _item("-", block["bulleted_list_item"]),
    "callout": _callout,
    "child_database": _child,
    "child_page": _child,
    "code": _code,
    "column": _column,
    "column_list": _column_list,
    "divider": _divider,
    "equation": _equation,
    "file": _media,
    "heading_1": _heading,
    "heading_2": _heading,
    "heading_3": _heading,
    "heading_4": _heading,
    "image": _image,
    "link_to_page": _link_to_page,
    "paragraph": _paragraph,
    "pdf": _media,
    "quote": lambda block: _item(">", block["quote"]),
    "synced_block": _synced_block,
    "table": _table,
    "table_of_contents": _table_of_contents,
    "to_do": _to_do,
    "toggle": _toggle,
    "video": _media,
}
