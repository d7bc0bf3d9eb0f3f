"""Rich text items -> inline Notion-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from notion_pm.notion_markdown.syntax import Json, colour_name, escape, notion_url, tag_attributes

# Underline and colour have no sign in Markdown; they become a `<span>`.
_EMPHASIS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_PARTS = re.compile(r"(\s*)(.*?)(\s*)\Z", re.DOTALL)
_NO_ANNOTATIONS: Json = {}


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """The link and the span around several pieces of text."""

    link: str | None
    color: str | None
    underline: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    """Markdown of one style.

    Space is a piece without emphasis, because ``** x**`` would not be bold.
    """

    wrapper: _Wrapper
    markdown: str
    emphasis: frozenset[str]
    is_space: bool = False


def render_inline(items: Sequence[Json]) -> str:
    """Return the Notion-flavoured Markdown of rich text items, on one line."""
    pieces: list[_Piece] = []
    for item in _join_alike(items):
        pieces += _pieces(item)
    markdown = ""
    for wrapper, group in groupby(pieces, key=lambda piece: piece.wrapper):
        markdown += _wrap(wrapper, list(group))
    return markdown


def _join_alike(items: Iterable[Json]) -> list[Json]:
    """Return the items, with neighbouring texts of one style joined."""
    # Texts of more than 2000 characters come as several items (notion-api.md 4.2).
    joined: list[Json] = []
    for item in items:
        content = _content(item)
        before = _content(joined[-1]) if joined else None
        if content is None or before is None or _style(joined[-1]) != _style(item):
            joined.append(item)
        else:
            text = joined[-1]["text"] | {"content": before + content}
            joined[-1] = joined[-1] | {"text": text}
    return joined


def _content(item: Json) -> str | None:
    text = item.get("text")
    return text["content"] if text else None


def _link(item: Json) -> str | None:
    link = item.get("text", _NO_ANNOTATIONS).get("link")
    return link["url"] if link else None


def _style(item: Json) -> tuple[_Wrapper, frozenset[str], bool]:
    annotations = item.get("annotations") or _NO_ANNOTATIONS
    wrapper = _Wrapper(
        _link(item), colour_name(annotations.get("color")), bool(annotations.get("underline"))
    )
    emphasis = frozenset(name for name in _EMPHASIS if annotations.get(name))
    return wrapper, emphasis, bool(annotations.get("code"))


def _pieces(item: Json) -> Iterator[_Piece]:
    wrapper, emphasis, code = _style(item)
    content = _content(item)
    if content is None:
        yield _Piece(wrapper, _atom(item), emphasis)
    elif code:
        yield from _code_pieces(content, wrapper, emphasis)
    else:
        yield from _text_pieces(content, wrapper, emphasis)


def _text_pieces(content: str, wrapper: _Wrapper, emphasis: frozenset[str]) -> Iterator[_Piece]:
    found = _PARTS.match(content)
    assert found
    before, core, after = found.groups()
    if before:
        yield _Piece(wrapper, _lines(before), frozenset(), is_space=True)
    if core:
        yield _Piece(wrapper, _lines(escape(core)), emphasis)
    if after:
        yield _Piece(wrapper, _lines(after), frozenset(), is_space=True)


def _code_pieces(content: str, wrapper: _Wrapper, emphasis: frozenset[str]) -> Iterator[_Piece]:
    for number, line in enumerate(content.split("\n")):
        if number:
            yield _Piece(wrapper, "<br>", frozenset(), is_space=True)
        if line:
            yield _Piece(wrapper, _code(line), emphasis)


def _lines(text: str) -> str:
    return text.replace("\n", "<br>")


def _code(content: str) -> str:
    longest = max(map(len, re.findall("`+", content)), default=0)
    fence = "`" * (longest + 1)
    # The parser takes one space off on each side, so a code that has such spaces needs two.
    spaced = content.startswith(" ") and content.endswith(" ") and content.strip(" ")
    padding = " " if content[0] == "`" or content[-1] == "`" or spaced else ""
    return f"{fence}{padding}{content}{padding}{fence}"


def _atom(item: Json) -> str:
    if "equation" in item:
        return _equation(item["equation"]["expression"].replace("\n", " "))
    mention = item["mention"]
    kind = mention.get("type") or next(iter(mention))
    label = item.get("plain_text") or ""
    if kind == "date":
        return _date(mention["date"])
    if kind == "user":
        return _mention(kind, f"user://{mention[kind]['id']}", label.removeprefix("@"))
    if kind in ("page", "database"):
        return _mention(kind, notion_url(mention[kind]["id"]), label)
    if kind == "custom_emoji":
        return f":{mention['custom_emoji'].get('name', '')}:"
    return _lines(escape(label))


def _equation(expression: str) -> str:
    # "`$" would end the quoted form too early.
    if "`$" in expression:
        return "$" + expression.replace("$", "\\$") + "$"
    return f"$`{expression}`$"


def _mention(kind: str, url: str, label: str) -> str:
    opening = f"<mention-{kind}{tag_attributes(url=url)}"
    if not label:
        return f"{opening}/>"
    text = escape(label).replace("\n", " ")
    return f"{opening}>{text}</mention-{kind}>"


def _date(date: Json) -> str:
    values = tag_attributes(
        start=date["start"], end=date.get("end"), timeZone=date.get("time_zone")
    )
    return f"<mention-date{values}/>"


def _wrap(wrapper: _Wrapper, pieces: Sequence[_Piece]) -> str:
    """Return pieces with their emphasis, and the link and span around them."""
    text = _with_emphasis(pieces)
    if wrapper.link is not None:
        text = f"[{text}]({_url(wrapper.link)})"
    if wrapper.color or wrapper.underline:
        underline = "true" if wrapper.underline else None
        text = f"<span{tag_attributes(color=wrapper.color, underline=underline)}>{text}</span>"
    return text


def _url(url: str) -> str:
    return re.sub(r"[\\()]", r"\\\g<0>", url.replace("\n", ""))


def _with_emphasis(pieces: Sequence[_Piece]) -> str:
    """Return pieces with the signs of emphasis, each directly beside a text."""
    markdown = ""
    active: frozenset[str] = frozenset()
    for index, piece in enumerate(pieces):
        wanted = _shared_emphasis(pieces, index) if piece.is_space else piece.emphasis
        markdown += _closing_signs(active - wanted)
        markdown += _opening_signs(wanted - active)
        markdown += piece.markdown
        active = wanted
    return markdown + _closing_signs(active)


def _shared_emphasis(pieces: Sequence[_Piece], index: int) -> frozenset[str]:
    """Return the emphasis that the nearest texts on both sides of a space share."""
    return _first_emphasis(reversed(pieces[:index])) & _first_emphasis(pieces[index + 1 :])


def _first_emphasis(pieces: Iterable[_Piece]) -> frozenset[str]:
    for piece in pieces:
        if not piece.is_space:
            return piece.emphasis
    return frozenset()


# Asterisks stay next to each other, on both sides of strikethrough: ``***`` is read as one run.


def _opening_signs(emphasis: frozenset[str]) -> str:
    order = ("bold", "italic", "strikethrough")
    return "".join(_EMPHASIS[mark] for mark in order if mark in emphasis)


def _closing_signs(emphasis: frozenset[str]) -> str:
    order = ("strikethrough", "bold", "italic")
    return "".join(_EMPHASIS[mark] for mark in order if mark in emphasis)
