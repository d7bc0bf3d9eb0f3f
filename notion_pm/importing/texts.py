"""Texts of other tools as plain text: HTML, and Jira's wiki markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote

_BLOCK = "p div br li ul ol tr table h1 h2 h3 h4 h5 h6 blockquote pre section article"
_BLOCKS = frozenset(_BLOCK.split())
_SILENT = frozenset({"script", "style", "head", "title"})


class _Text(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def from_html(text: str) -> str:
    """Return HTML as the text that a reader sees, a line for each paragraph or item."""
    reader = _Text()
    reader.feed(text)
    reader.close()
    return _tidy("".join(reader.parts))


_JIRA: tuple[tuple[str, str], ...] = (
    (r"\{(?:quote|noformat|panel|code|color|info|note|tip|warning)(?::[^}]*)?\}", ""),
    (r"(?m)^\s*h[1-6]\.\s+", ""),
    (r"(?m)^\s*bq\.\s+", ""),
    (r"(?m)^\s*[*#-]+\s+", "- "),
    (r"\[([^\]|]+)\|(?:mailto:)?([^\]|]+)(?:\|[^\]]*)?\]", r"\1 (\2)"),
    (r"\[(https?://[^\]|]+)\]", r"\1"),
    (r"\[~[^\]]*\]", ""),  # a person
    (r"!([^!\s|]+)(?:\|[^!\n]*)?!", r"(\1)"),  # an image
    (r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"\1"),
    (r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])", r"\1"),
    (r"\{\{(.*?)\}\}", r"\1"),
)


def from_jira(text: str) -> str:
    """Return Jira's wiki markup as plain text."""
    for pattern, plain in _JIRA:
        text = re.sub(pattern, plain, text)
    return _tidy(text)


_LINKED = re.compile(r"(.+?) \(https?://[^\s()]+\)(?:,\s*|$)")
_FILED = re.compile(r"(.+?)(?:%20|\s)[0-9a-f]{32}(?:_all)?\.(?:md|csv)(?:,\s*|$)")


def from_notion(text: str) -> str:
    """Return the titles of the pages that a cell of Notion's own export links to, a line each.

    It writes `Title (https://www.notion.so/...)`, or before 2026 a path to the page's file.
    """
    if linked := _LINKED.findall(text):
        return "\n".join(each.strip() for each in linked)
    filed = [unquote(each).rpartition("/")[2].strip() for each in _FILED.findall(text)]
    return "\n".join(filed) if filed else text.strip()


def links_pages(text: str) -> bool:
    """Whether a cell holds nothing but links to pages, as Notion's own export writes them."""
    return bool(_LINKED.sub("", text).strip() == "" or _FILED.sub("", text).strip() == "")


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _as_it_is(text: str) -> str:
    return text.strip()


READERS: dict[str, Callable[[str], str]] = {
    "plain": _as_it_is,
    "html": from_html,
    "jira": from_jira,
    "notion": from_notion,
}


def shortened(text: str, length: int) -> str:
    """Return a text of at most so many characters, cut between words where that is possible."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    between = cut[-1:].isspace() or text[length - 1].isspace()
    words = cut if between else cut.rsplit(None, 1)[0]
    return f"{(words if len(words) > length // 2 else cut).rstrip()}…"
