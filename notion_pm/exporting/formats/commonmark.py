"""Turn Notion-flavoured Markdown into Markdown that reads the same everywhere.

The result is CommonMark with GitHub's tables. In Notion's flavour each line is a block, tabs nest
blocks, and tags express what Markdown cannot
(https://developers.notion.com/guides/data-apis/enhanced-markdown). Elsewhere two lines are one
paragraph, and a tab makes a code block. What has no counterpart (colours, columns, the person
behind a mention) is left out, and its text is kept; a toggle becomes an item of a list, as in
Notion's own export.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from notion_pm.notion_markdown.syntax import (
    ATTRIBUTES,
    CLOSING_TAG,
    TAG,
    attributes,
    split_trailing_attributes,
)

# Notion writes these signs only; `+ item` and `1) item` are text.
_LIST_ITEM = re.compile(r"(?:-|\d+\.)(?: |$)")
_FENCE = re.compile(r"`{3,}|\$\$$")
_SUMMARY = re.compile(r"<summary>(.*)</summary>$")
_TABLE_ROW = re.compile(rf"<tr{ATTRIBUTES}\s*>(.*?)</tr>", re.DOTALL)
_TABLE_CELL = re.compile(rf"<td{ATTRIBUTES}\s*>(.*?)</td>", re.DOTALL)

_DROPPED_TAGS = frozenset(
    {
        "callout",
        "column",
        "columns",
        "details",
        "empty-block",
        "synced_block",
        "synced_block_reference",
        "table_of_contents",
    }
)
"""Tags on lines of their own that have no counterpart; what is between them is kept."""

_INLINE_PART = re.compile(
    r"(?P<code>(?<!\\)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<target>\]\([^()\s]*\))"
    rf"|(?P<tag>(?<!\\)</?(?P<name>[a-z][a-z_-]*)(?P<attributes>{ATTRIBUTES})\s*/?>)"
    r"|(?P<autolink>(?<!\\)<[^<>]*>)",
    re.DOTALL,
)
"""The parts of a line that are not text: code, the targets of links, tags, addresses in <>."""

_LINKED_MENTIONS = frozenset({"mention-page", "mention-database"})
"""Tags that become links later (`links`)."""

_MARKUP_ELSEWHERE = re.compile(r"(?<![^\W_]|\\)_|(?<!\\)_(?![^\W_])|(?<!\\)&(?=#?\w+;)")
"""What is text in Notion and markup elsewhere: underscores except between two letters or digits,
and what reads like an entity (`&lt;`)."""

_BLOCK_MARKER = re.compile(r"^(\s*(?=[-+#=])|\s*\d+(?=[.)]))([-+#=.)])(?=[\s#=-]|$)")
"""Signs that would begin a block at the start of a line: `- `, `# `, `===`, `1.`"""
_FOREIGN_LIST_MARKER = re.compile(r"^((?=\+)|\d+(?=\)))([+)])(?=\s|$)")
"""Signs of lists that Notion does not know: `+ ` and `1)`."""


@dataclass(slots=True)
class _Block:
    """A line, or the lines of a code block or table, with the blocks nested in it."""

    text: str
    children: list[_Block] = field(default_factory=list)
    is_verbatim: bool = False
    """Code and finished tables: no Markdown of Notion's in it."""

    @property
    def is_list_item(self) -> bool:
        return not self.is_verbatim and _LIST_ITEM.match(self.text) is not None


def as_commonmark(notion: str) -> str:
    """Return a page's body in Markdown that other programs render as Notion does."""
    return _render_blocks(_parse(notion.split("\n")))


# --- lines to blocks


def _parse(lines: Sequence[str]) -> list[_Block]:
    root = _Block("")
    open_blocks = [root]
    """The block at each depth to which a deeper line belongs."""
    remaining = iter(lines)
    for line in remaining:
        text = line.lstrip("\t")
        depth = min(len(line) - len(text), len(open_blocks) - 1)
        block = _read_block(text, depth, remaining)
        if block.text.strip():
            del open_blocks[depth + 1 :]
            open_blocks[depth].children.append(block)
            open_blocks.append(block)
    return root.children


def _read_block(text: str, depth: int, remaining: Iterator[str]) -> _Block:
    """Return the block that starts with a line; takes its further lines from `remaining`."""
    fence = _FENCE.match(text)
    if fence:
        code = [text, *_read_code(remaining, fence[0], depth)]
        return _Block("\n".join(code), is_verbatim=True)
    tag = TAG.match(text)
    if tag and tag[1] == "table":
        rows = [text, *_read_until(remaining, "</table>")]
        has_header = attributes(tag[2]).get("header-row") == "true"
        return _Block(_pipe_table("\n".join(rows), has_header=has_header), is_verbatim=True)
    return _Block(_SUMMARY.sub(r"- \1", text))


def _read_code(remaining: Iterator[str], fence: str, depth: int) -> Iterator[str]:
    """Yield the lines of a code block, without the tabs of the nesting, and its closing fence."""
    for line in remaining:
        code = line.removeprefix("\t" * depth)
        yield code
        if code.strip() == fence:
            return


def _read_until(remaining: Iterator[str], end: str) -> Iterator[str]:
    for line in remaining:
        yield line.strip()
        if line.strip() == end:
            return


# --- blocks to text


def _render_blocks(blocks: Sequence[_Block]) -> str:
    """Return the blocks with a blank line between them, except between the items of a list."""
    rendered = ""
    was_item = False
    for block in blocks:
        text = _render_block(block)
        if not text:
            continue
        if rendered:
            rendered += "\n" if block.is_list_item and was_item else "\n\n"
        rendered += text
        was_item = block.is_list_item
    return rendered


def _render_block(block: _Block) -> str:
    if block.is_verbatim:
        return block.text
    inside = _render_blocks(block.children)
    if block.is_list_item:
        if not inside:
            return _render_line(block.text)
        gap = "\n" if block.children[0].is_list_item else "\n\n"
        return _render_line(block.text) + gap + _prefix_lines(inside, "    ")
    if block.text.startswith(">"):
        quote = _render_line(block.text)
        return f"{quote}\n>\n{_prefix_lines(inside, '> ')}" if inside else quote
    tag = TAG.match(block.text)
    if tag and tag[1] == "callout":
        icon = attributes(tag[2]).get("icon")
        return _prefix_lines(f"{icon} {inside}" if icon else inside, "> ")
    parts = [_render_line(block.text), inside]
    return "\n\n".join(part for part in parts if part)


def _render_line(line: str) -> str:
    if _is_dropped(line):
        return ""
    text, _ = split_trailing_attributes(line)
    first, *others = _render_inline(text).split("\n")
    if line.startswith("#"):
        return " ".join([first, *others])
    first = _FOREIGN_LIST_MARKER.sub(r"\1\\\2", first, count=1)
    # The further lines of a paragraph are text in Notion, whatever they start with: elsewhere
    # `- keep` would begin a list, and `===` would make a heading of the line above.
    escaped = [_BLOCK_MARKER.sub(r"\1\\\2", other, count=1) for other in others]
    return "\\\n".join([first, *escaped])


def _is_dropped(line: str) -> bool:
    """Whether a line is only a tag without a counterpart."""
    tag = CLOSING_TAG.match(line) or TAG.match(line)
    return tag is not None and tag[1] in _DROPPED_TAGS and line.endswith(">")


def _prefix_lines(text: str, prefix: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))


def _pipe_table(html: str, *, has_header: bool) -> str:
    """Return a table in GitHub's notation, whose first row is always the header."""
    rows = []
    for row in _TABLE_ROW.findall(html):
        rows.append([_render_table_cell(cell) for cell in _TABLE_CELL.findall(row)])
    if not rows:
        return ""
    if not has_header:
        rows.insert(0, [""] * len(rows[0]))
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _render_table_cell(cell: str) -> str:
    text, _ = split_trailing_attributes(" ".join(cell.split()))
    rendered = _render_inline(text).replace("\n", "<br>")
    return re.sub(r"(?<!\\)\|", r"\\|", rendered)


# --- the text of a line


def _render_inline(text: str) -> str:
    """Return text without Notion's own tags; a line break becomes a newline.

    Tags of pages, databases and files stay: `links` makes links of them.
    """
    rendered = ""
    end = 0
    for part in _INLINE_PART.finditer(text):
        rendered += _escape_markup(text[end : part.start()])
        if part["tag"]:
            rendered += _render_tag(part)
        else:
            rendered += part[0]
        end = part.end()
    return rendered + _escape_markup(text[end:])


def _render_tag(tag: re.Match[str]) -> str:
    """Return what a tag becomes; the text between an opening and a closing tag is kept."""
    name = tag["name"]
    if name == "br":
        return "\n"
    if name == "mention-date":
        dates = attributes(tag["attributes"])
        ends = [dates[key] for key in ("start", "end") if dates.get(key)]
        return " → ".join(ends)
    if name == "unknown":
        block = attributes(tag["attributes"])
        return f"[{block.get('alt', '')}, in Notion]({block.get('url', '')})"
    is_mention = name.startswith("mention-") and name not in _LINKED_MENTIONS
    return "" if is_mention or name == "span" else tag[0]


def _escape_markup(text: str) -> str:
    return _MARKUP_ELSEWHERE.sub(r"\\\g<0>", text)
