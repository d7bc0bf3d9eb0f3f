"""Read texts of other tools as plain text: HTML, Jira's wiki markup, links of Notion exports."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import unquote

_BLOCK = "p div br li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre section article"
_BLOCKS = frozenset(_BLOCK.split())
_SILENT = frozenset({"script", "style", "head", "title"})


# Every text here comes from strangers and may have a million characters, so no expression may
# backtrack over it: what begins with a sign never reads past the next sign of its kind.
# (`html.parser` takes minutes for `<a <a <a ...`.)
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]*)[^<>]*>|<[!?/][^<>]*>", re.DOTALL
)
_LONG_NUMBER = re.compile(r"&#\d{8,};?")
"""More than any character's number; `html.unescape` fails on thousands of digits."""


def from_html(text: str) -> str:
    """Return HTML as the text that a reader sees, with one line for each paragraph or item."""
    parts: list[str] = []
    silent = 0
    end = 0
    for found in _MARKUP.finditer(text):
        if not silent:
            parts.append(_plain(text[end : found.start()]))
        end = found.end()
        tag = (found["tag"] or "").lower()
        is_end = bool(found["end"])
        if tag in _SILENT:
            silent = max(0, silent - 1) if is_end else silent + 1
        elif tag in _BLOCKS:
            parts.append("\n- " if tag == "li" and not is_end else "\n")
    if not silent:
        parts.append(_plain(text[end:]))
    return _tidy("".join(parts))


def _plain(text: str) -> str:
    return unescape(_LONG_NUMBER.sub("\ufffd", text))


_JIRA: tuple[tuple[str, str], ...] = (
    (r"\{(?:quote|noformat|panel|code|color|info|note|tip|warning)(?::[^{}]*)?\}", ""),
    (r"(?m)^\s*h[1-6]\.\s+", ""),
    (r"(?m)^\s*bq\.\s+", ""),
    (r"(?m)^\s*[*#-]+\s+", "- "),
    (r"\[([^\[\]|]+)\|(?:mailto:)?([^\[\]|]+)(?:\|[^\[\]]*)?\]", r"\1 (\2)"),
    (r"\[(https?://[^\[\]|]+)\]", r"\1"),
    (r"\[~[^\[\]]*\]", ""),  # a person
    (r"!([^!\s|]+)(?:\|[^!\n]*)?!", r"(\1)"),  # an image
    (r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"\1"),
    (r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])", r"\1"),
    (r"\{\{([^{}\n]*)\}\}", r"\1"),
)


_BLANK_LINES = re.compile(r"\n\s*\n")


def from_jira(text: str) -> str:
    """Return Jira's wiki markup as plain text."""
    # The expressions look for the beginning of a line over blanks, so these must be few.
    text = _BLANK_LINES.sub("\n\n", text)
    for pattern, plain in _JIRA:
        text = re.sub(pattern, plain, text)
    return _tidy(text)


_LINK = re.compile(r" \(https?://[^\s()]+\)(?:,\s*|$)")
_PATH = re.compile(r" \(\S+[0-9a-f]{32}(?:_all)?\.(?:md|csv)(?:\?\S*)?\)(?:,\s*|$)", re.MULTILINE)
"""The path of a page's file, as Notion's own export writes it after the title since 2023."""
_FILE = re.compile(r"(?:%20|\s)[0-9a-f]{32}(?:_all)?\.(?:md|csv)(?:,\s*|$)")
"""The end of a page's file name, its id and suffix: older exports write only the file name."""


def from_notion(text: str) -> str:
    """Return the titles of the pages that a cell of a Notion export links to, one per line.

    Notion writes `Title (https://www.notion.so/...)`, before 2026 the path of the page's file.
    """
    linked = _titles(_LINK, text)[0] or _titles(_PATH, text)[0]
    if linked:
        return "\n".join(title.strip() for title in linked)
    paths, _ = _titles(_FILE, text)
    if paths:
        return "\n".join(unquote(path).rpartition("/")[2].strip() for path in paths)
    return text.strip()


_EXPORTED_ID = re.compile(r"([0-9a-f]{32})(?:_all)?(?:\.(?:md|csv)|\?|\))")
_WITH_ID = re.compile(r"(.*) \(notion:([0-9a-f]{32})\)", re.DOTALL)


def with_page_ids(text: str) -> str:
    """Return the pages that a cell of a Notion export links to, one per line: `Title (notion:id)`."""
    for ending in (_LINK, _PATH):
        links = list(ending.finditer(text))
        if not links:
            continue
        titles, _ = _titles(ending, text)
        found = [_EXPORTED_ID.search(link[0]) for link in links]
        ids = [match[1] for match in found if match]
        if len(titles) == len(links) == len(ids):
            pairs = zip(titles, ids, strict=True)
            return "\n".join(f"{title.strip()} (notion:{page_id})" for title, page_id in pairs)
    return from_notion(text)


def without_page_id(word: str) -> tuple[str, str]:
    """Split a page of `with_page_ids` into title and id; the id is empty for other words."""
    found = _WITH_ID.fullmatch(word)
    return (found[1], found[2]) if found else (word, "")


def holds_only_page_links(text: str) -> bool:
    """Whether a cell holds only links to pages, as a Notion export writes them."""
    for ending in (_LINK, _PATH, _FILE):
        _, rest = _titles(ending, text)
        if not rest.strip():
            return True
    return False


def _titles(ending: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """Return the text before each ending, on its line, and everything else."""
    titles: list[str] = []
    rest: list[str] = []
    end = 0
    for found in ending.finditer(text):
        above, line_break, title = text[end : found.start()].rpartition("\n")
        end = found.end()
        rest.append(above + line_break)
        if title:
            titles.append(title)
        else:
            rest.append(found[0])
    return titles, "".join([*rest, text[end:]])


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text that lists some."""
    return frozenset(text.split())


def _as_it_is(text: str) -> str:
    return text.strip()


READERS: dict[str, Callable[[str], str]] = {
    "plain": _as_it_is,
    "html": from_html,
    "jira": from_jira,
    "notion": from_notion,
}


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` characters, cut between words if possible."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    between = cut[-1:].isspace() or text[length - 1].isspace()
    words = cut if between else cut.rsplit(None, 1)[0]
    return f"{(words if len(words) > length // 2 else cut).rstrip()}…"


_CONTEXT = 12
"""Characters that are shown before the first difference of two texts."""


def different_parts(one: str, other: str, length: int) -> tuple[str, str]:
    """Return two texts, each cut to at most `length` characters around their first difference."""
    if len(one) <= length and len(other) <= length:
        return one, other
    pairs = zip(one, other, strict=False)
    shortest = min(len(one), len(other))
    common = next((at for at, (left, right) in enumerate(pairs) if left != right), shortest)
    start = max(0, common - _CONTEXT)
    if start == 0:
        return shorten(one, length), shorten(other, length)
    return f"…{shorten(one[start:], length - 1)}", f"…{shorten(other[start:], length - 1)}"
