"""Convert texts of other tools to plain text: HTML, Jira's wiki markup, links of Notion exports."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import unquote

_BLOCK = "p div br li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre section article"
_BLOCKS = frozenset(_BLOCK.split())
_HIDDEN = frozenset({"script", "style", "head", "title"})
"""Elements whose text a reader does not see."""


# The texts may come from strangers and have a million characters. So no pattern may backtrack over
# a whole text: one that begins with a sign, such as `<`, stops before the next sign of its kind.
# (`html.parser` takes minutes for `<a <a <a ...`.)
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]*)[^<>]*>|<[!?/][^<>]*>", re.DOTALL
)
_LONG_NUMBER = re.compile(r"&#\d{8,};?")
"""Larger than the number of any character; `html.unescape` fails on thousands of digits."""


def from_html(text: str) -> str:
    """Return HTML as the text that a reader sees, with one line for each paragraph or item."""
    parts: list[str] = []
    hidden_levels = 0  # how many open elements hide the text, such as a script
    end = 0
    for markup in _MARKUP.finditer(text):
        if not hidden_levels:
            parts.append(_unescape(text[end : markup.start()]))
        end = markup.end()
        tag = (markup["tag"] or "").lower()
        is_end_tag = bool(markup["end"])
        if tag in _HIDDEN and is_end_tag:
            hidden_levels = max(0, hidden_levels - 1)
        elif tag in _HIDDEN:
            hidden_levels += 1
        elif tag == "li" and not is_end_tag:
            parts.append("\n- ")
        elif tag in _BLOCKS:
            parts.append("\n")
    if not hidden_levels:
        parts.append(_unescape(text[end:]))
    return _tidy("".join(parts))


def _unescape(text: str) -> str:
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
    # The patterns of lines begin with `^\s*`, which would backtrack over thousands of blank lines.
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
    """Return the pages that a cell of a Notion export links to, with their ids.

    The form is `Title (notion:id)`, one page per line. Without ids, as in links to other sites and
    in old exports, the titles alone.
    """
    for ending in (_LINK, _PATH):
        titles, _ = _titles(ending, text)
        links = [link[0] for link in ending.finditer(text)]
        id_matches = [_EXPORTED_ID.search(link) for link in links]
        page_ids = [match[1] for match in id_matches if match is not None]
        if links and len(titles) == len(links) == len(page_ids):
            pages = zip(titles, page_ids, strict=True)
            return "\n".join(f"{title.strip()} (notion:{page_id})" for title, page_id in pages)
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
    """Return the words of a list that is written as one text, separated by blanks."""
    return frozenset(text.split())


def _from_plain(text: str) -> str:
    return text.strip()


READERS: dict[str, Callable[[str], str]] = {
    "plain": _from_plain,
    "html": from_html,
    "jira": from_jira,
    "notion": from_notion,
}


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` characters, cut between words if possible."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    is_between_words = cut[-1:].isspace() or text[length - 1].isspace()
    if not is_between_words:
        whole_words = cut.rsplit(None, 1)[0]
        # A very long last word, or a text without blanks, is cut inside the word.
        if len(whole_words) > length // 2:
            cut = whole_words
    return f"{cut.rstrip()}…"


_CONTEXT = 12
"""Characters that are shown before the first difference of two texts."""


def different_parts(one: str, other: str, length: int) -> tuple[str, str]:
    """Return two texts, each cut to at most `length` characters around their first difference."""
    if len(one) <= length and len(other) <= length:
        return one, other
    first_difference = min(len(one), len(other))
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            first_difference = index
            break
    start = max(0, first_difference - _CONTEXT)
    if start == 0:
        return shorten(one, length), shorten(other, length)
    return f"…{shorten(one[start:], length - 1)}", f"…{shorten(other[start:], length - 1)}"
