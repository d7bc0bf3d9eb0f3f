"""Rich text items -> inline Notion-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from notion_pm.notion_markdown.syntax import Json, colour_name, escape, notion_url, tag_attributes

_EMPHASIS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_PARTS = re.compile(r"(\s*)(.*?)(\s*)\Z", re.DOTALL)
_NO_ANNOTATIONS: Json = {}


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """What is written around a stretch of text as a whole: a link and a span's attributes."""

    link: str | None
    color: str | None
    underline: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    """Markdown of one style. Space carries no emphasis of its own: ``** x**`` would not be read as bold."""

    wrapper: _Wrapper
    markdown: str
    emphasis: frozenset[str]
    is_space: bool = False


def render_inline(items: Sequence[Json]) -> str:
    """Return the Notion-flavoured Markdown of rich text items, on one line."""
    pieces = [piece for item in _joined(items) for piece in _pieces(item)]
    return "".join(
        _stretch(wrapper, list(group))
        for wrapper, group in groupby(pieces, key=lambda p: p.wrapper)
    )


def _joined(items: Iterable[Json]) -> Iterator[Json]:
    """Join neighbouring texts that differ in nothing but content."""
    pending: Json | None = None
    for item in items:
        if (
            pending
            and _content(pending) is not None
            and _content(item) is not None
            and _look(pending) == _look(item)
        ):
            joined = (_content(pending) or "") + (_content(item) or "")
            pending = pending | {"text": pending["text"] | {"content": joined}}
            continue
        if pending:
            yield pending
        pending = item
    if pending:
        yield pending


def _content(item: Json) -> str | None:
    text = item.get("text")
    return text["content"] if text else None


def _link(item: Json) -> str | None:
    link = item.get("text", _NO_ANNOTATIONS).get("link")
    return link["url"] if link else None


def _look(item: Json) -> tuple[_Wrapper, frozenset[str], bool]:
    annotations = item.get("annotations") or _NO_ANNOTATIONS
    wrapper = _Wrapper(
        _link(item), colour_name(annotations.get("color")), bool(annotations.get("underline"))
    )
    emphasis = frozenset(name for name in _EMPHASIS if annotations.get(name))
    return wrapper, emphasis, bool(annotations.get("code"))


def _pieces(item: Json) -> Iterator[_Piece]:
    wrapper, emphasis, code = _look(item)
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
    if kind in ("user", "page", "database"):
        return _mention(
            kind, mention[kind]["id"], label.removeprefix("@") if kind == "user" else label
        )
    return (
        f":{mention['custom_emoji'].get('name', '')}:"
        if kind == "custom_emoji"
        else _lines(escape(label))
    )


def _equation(expression: str) -> str:
    if "`$" in expression:
        return "$" + expression.replace("$", "\\$") + "$"
    return f"$`{expression}`$"


def _mention(kind: str, notion_id: str, label: str) -> str:
    url = f"user://{notion_id}" if kind == "user" else notion_url(notion_id)
    opening = f"<mention-{kind}{tag_attributes(url=url)}"
    return (
        f"{opening}>{escape(label).replace(chr(10), ' ')}</mention-{kind}>"
        if label
        else f"{opening}/>"
    )


def _date(date: Json) -> str:
    return f"<mention-date{tag_attributes(start=date['start'], end=date.get('end'), timeZone=date.get('time_zone'))}/>"


def _stretch(wrapper: _Wrapper, pieces: Sequence[_Piece]) -> str:
    text = _emphasised(pieces)
    if wrapper.link is not None:
        text = f"[{text}]({_url(wrapper.link)})"
    if wrapper.color or wrapper.underline:
        underline = "true" if wrapper.underline else None
        text = f"<span{tag_attributes(color=wrapper.color, underline=underline)}>{text}</span>"
    return text


def _url(url: str) -> str:
    return re.sub(r"[\\()]", r"\\\g<0>", url.replace("\n", ""))


def _emphasised(pieces: Sequence[_Piece]) -> str:
    """Write a stretch's pieces with their emphasis, opening and closing each mark where text begins and ends."""
    written: list[str] = []
    active: frozenset[str] = frozenset()
    for index, piece in enumerate(pieces):
        wanted = _around(pieces, index) if piece.is_space else piece.emphasis
        written += [_signs(active - wanted), _signs(wanted - active, opening=True), piece.markdown]
        active = wanted
    return "".join(written) + _signs(active)


def _around(pieces: Sequence[_Piece], index: int) -> frozenset[str]:
    """Return the emphasis that the nearest texts on both sides of a space share."""
    before = next(
        (p.emphasis for p in reversed(pieces[:index]) if not p.is_space), frozenset[str]()
    )
    after = next((p.emphasis for p in pieces[index + 1 :] if not p.is_space), frozenset[str]())
    return before & after


def _signs(marks: frozenset[str], *, opening: bool = False) -> str:
    """Asterisks stay next to each other, whichever side strikethrough is on: ``***`` is read as one run."""
    order = ("bold", "italic", "strikethrough") if opening else ("strikethrough", "bold", "italic")
    return "".join(_EMPHASIS[mark] for mark in order if mark in marks)
