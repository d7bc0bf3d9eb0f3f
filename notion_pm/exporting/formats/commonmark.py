"""Notion-flavoured Markdown to Markdown that reads the same everywhere (CommonMark with GitHub's tables).

In Notion's flavour each line is a block, tabs nest blocks, and tags say what Markdown cannot
(https://developers.notion.com/guides/data-apis/enhanced-markdown). Elsewhere two lines are one paragraph, and a
tab makes a code block. What has no counterpart (colours, columns, whom a mention names) is left out, its text is kept;
a toggle is an item of a list, as in Notion's own export.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_LIST_ITEM = re.compile(r"(?:-|\d+\.)(?: |$)")
_FENCE = re.compile(r"`{3,}|\$\$$")
_ATTRIBUTES = re.compile(r'\s*\{(?:[\w-]+="[^"]*"\s*)+\}$')
_ICON = re.compile(r'\bicon="([^"]*)"')
_DATE = re.compile(r'<mention-date start="([^"]*)"(?: end="([^"]*)")?[^>]*?/>')
_ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
_WRAPPERS = re.compile(
    r"</?(?:columns|column|synced_block|synced_block_reference|callout|details|table_of_contents|empty-block)\b[^>]*>$"
)
_SUMMARY = re.compile(r"<summary>(.*)</summary>$")
_SPAN = re.compile(r"(?<!\\)</?span\b[^>]*>")
_MENTION = re.compile(
    r"(?<!\\)<mention-(?!page\b|database\b)([a-z-]+)\b[^>]*?(?:/>|>(.*?)</mention-\1>)"
)
_UNKNOWN = re.compile(r'<unknown url="([^"]*)" alt="([^"]*)"/>')
_BREAK = re.compile(r"(?<!\\)<br\s*/?>")
_NOT_TEXT = re.compile(
    r"(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)|\]\([^()\s]*\)|(?<!\\)<[^<>]*>", re.DOTALL
)
_MARKUP = re.compile(r"(?<![^\W_]|\\)_|(?<!\\)_(?![^\W_])|(?<!\\)&(?=#?\w+;)")
"""Underscores that are not inside a word, for these emphasise, and what reads like an entity."""
_MARKER = re.compile(r"^(\s*(?=[-+#=])|\s*\d+(?=[.)]))([-+#=.)])(?=[\s#=-]|$)")
"""What begins a block at the start of a line."""
_OTHER_MARKER = re.compile(r"^((?=\+)|\d+(?=\)))([+)])(?=\s|$)")
"""Markers of lists that Notion does not know."""


@dataclass(slots=True)
class _Block:
    """A line, or a fenced block of code, with the blocks that are nested in it."""

    text: str
    children: list[_Block] = field(default_factory=list)
    is_code: bool = False


def as_commonmark(notion: str) -> str:
    """Return a page's body in Markdown that any program renders as Notion does, as far as Markdown goes."""
    return _joined(_parse(notion.split("\n")))


def _parse(lines: Sequence[str]) -> list[_Block]:
    root = _Block("")
    levels = [root]
    pending = iter(lines)
    for line in pending:
        text = line.lstrip("\t")
        depth = min(len(line) - len(text), len(levels) - 1)
        block = _Block(_SUMMARY.sub(r"- \1", text))
        if fence := _FENCE.match(text):
            block = _Block("\n".join([text, *_code(pending, fence[0], depth)]), is_code=True)
        elif text.startswith("<table") and not text.startswith("<table_of_contents"):
            block = _Block(
                _pipe_table("\n".join([text, *_until(pending, "</table>")])), is_code=True
            )
        if block.text.strip():
            del levels[depth + 1 :]
            levels[depth].children.append(block)
            levels.append(block)
    return root.children


def _code(pending: Iterator[str], fence: str, depth: int) -> Iterator[str]:
    """The lines of a code block with its closing fence; they are the code's own but for the nesting's tabs."""
    for line in pending:
        own = line.removeprefix("\t" * depth)
        yield own
        if own.strip() == fence:
            return


def _until(pending: Iterator[str], end: str) -> Iterator[str]:
    for line in pending:
        yield line.strip()
        if line.strip() == end:
            return


def _joined(blocks: Sequence[_Block]) -> str:
    """Blocks with a blank line between them, but for the items of one list."""
    parts: list[str] = []
    before_is_item = False
    for block in blocks:
        is_item = _is_item(block)
        if text := _rendered(block):
            parts += ["\n" if is_item and before_is_item else "\n\n"] if parts else []
            parts.append(text)
            before_is_item = is_item
    return "".join(parts)


def _is_item(block: _Block) -> bool:
    return not block.is_code and _LIST_ITEM.match(block.text) is not None


def _rendered(block: _Block) -> str:
    inside = _joined(block.children)
    if block.is_code:
        return block.text
    if _is_item(block):
        gap = "\n" if block.children and _is_item(block.children[0]) else "\n\n"
        return _line(block.text) + (gap + _prefixed(inside, "    ") if inside else "")
    if block.text.startswith(">"):
        return _line(block.text) + ("\n>\n" + _prefixed(inside, "> ") if inside else "")
    if block.text.startswith("<callout"):
        icon = _ICON.search(block.text)
        return _prefixed(f"{icon[1]} {inside}" if icon else inside, "> ")
    return "\n\n".join(part for part in (_line(block.text), inside) if part)


def _line(text: str) -> str:
    """A line without what only Notion reads."""
    if _WRAPPERS.match(text):
        return ""
    first, *others = _BREAK.split(_inline(_ATTRIBUTES.sub("", text)))
    if text.startswith("#"):
        return " ".join([first, *others])
    first = _OTHER_MARKER.sub(r"\1\\\2", first, count=1)
    return "\\\n".join([first, *(_as_text(each) for each in others)])


def _as_text(line: str) -> str:
    """A further line of a paragraph, which in Notion is text whatever it begins with.

    Elsewhere `- keep` would begin a list, `# 1 prio` a heading, and `===` would make a heading of the line above.
    """
    return _MARKER.sub(r"\1\\\2", line, count=1)


def _inline(text: str) -> str:
    """Text without tags that only Notion reads; those of pages, databases and files become links later."""
    dated = _DATE.sub(lambda date: " → ".join(filter(None, date.groups())), text)
    told = _UNKNOWN.sub(
        lambda block: f"[{block[2]}, in Notion]({block[1].replace('&amp;', '&')})", dated
    )
    return _escaped(_SPAN.sub("", _MENTION.sub(lambda mention: mention[2] or "", told)))


def _escaped(text: str) -> str:
    """Text with backslashes before what is text in Notion and markup elsewhere: `__init__`, `_id_`, `&lt;`.

    Code, targets of links and tags stay as they are.
    """
    parts: list[str] = []
    end = 0
    for kept in _NOT_TEXT.finditer(text):
        parts += [_MARKUP.sub(r"\\\g<0>", text[end : kept.start()]), kept[0]]
        end = kept.end()
    return "".join([*parts, _MARKUP.sub(r"\\\g<0>", text[end:])])


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join((prefix + line).rstrip() for line in text.split("\n"))


def _pipe_table(html: str) -> str:
    """A table as GitHub writes it, whose first row is always its header."""
    rows = [[_cell(cell) for cell in _CELL.findall(row)] for row in _ROW.findall(html)]
    if not rows:
        return ""
    head, *body = (
        rows if 'header-row="true"' in html.split(">", 1)[0] else [["" for _ in rows[0]], *rows]
    )
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", _inline(_ATTRIBUTES.sub("", " ".join(text.split()))))
