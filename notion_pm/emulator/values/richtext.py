"""Rich text: what clients send, made into what Notion stores and shows (notion-api.md 3.5, limits 4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from notion_pm.emulator.http.checks import (
    MOST_IN_ARRAY,
    a_boolean,
    a_link,
    a_string,
    an_array,
    an_object,
    body_id,
    one_of,
    required,
    tag,
)
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.http.links import object_url
from notion_pm.emulator.store import dates
from notion_pm.emulator.store.records import DATA_SOURCES, DATABASES, PAGES, RichText
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import custom_emojis
from notion_pm.emulator.values.users import shown_user

MOST_CHARACTERS = 2000
MOST_IN_EQUATION = 1000
_COLORS = ("default", "gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
COLORS = (*_COLORS, *(f"{color}_background" for color in _COLORS))
_STYLES = ("bold", "italic", "strikethrough", "underline", "code")
_PLAIN_STYLE: dict[str, Any] = {**dict.fromkeys(_STYLES, False), "color": "default"}

Item = dict[str, Any]


def plain(text: str) -> Item:
    """Return one item of unstyled text."""
    return _item("text", {"content": text, "link": None}, _PLAIN_STYLE, text, None)


def plain_text(items: Iterable[Mapping[str, Any]]) -> str:
    """Return the text without its styles."""
    return "".join(item["plain_text"] for item in items)


def normalized(session: Session, value: Any, path: str, *, most: int = MOST_IN_ARRAY) -> RichText:
    """Return rich text as Notion shows it; raises 400 where the request's is malformed or too long."""
    items = an_array(value, path, most=most)
    return _joined(
        _normalized_item(session, item, f"{path}[{index}]") for index, item in enumerate(items)
    )


def _joined(items: Iterable[Item]) -> RichText:
    """Join neighbouring texts that look the same: Notion keeps them as one (recorded)."""
    joined: RichText = []
    for item in items:
        if joined and _look(joined[-1]) == _look(item) is not None:
            joined[-1] = _joined_pair(joined[-1], item)
        else:
            joined.append(item)
    return joined


def _look(item: Item) -> tuple[Any, Any] | None:
    return (item["annotations"], item["href"]) if item["type"] == "text" else None


def _joined_pair(first: Item, second: Item) -> Item:
    text = first["plain_text"] + second["plain_text"]
    return {**first, "text": {**first["text"], "content": text}, "plain_text": text}


def _normalized_item(session: Session, value: Any, path: str) -> Item:
    item = an_object(value, path)
    style = _style(item.get("annotations"), f"{path}.annotations")
    kind = tag(item, ("text", "mention", "equation"), path)
    if kind == "text":
        return _text(an_object(required(item, "text", path), f"{path}.text"), style, f"{path}.text")
    if kind == "equation":
        return _equation(
            an_object(required(item, "equation", path), f"{path}.equation"),
            style,
            f"{path}.equation",
        )
    mention = an_object(required(item, "mention", path), f"{path}.mention")
    return _mention(session, item, mention, style, f"{path}.mention")


def _item(kind: str, content: Any, style: Mapping[str, Any], text: str, href: str | None) -> Item:
    return {
        "type": kind,
        kind: content,
        "annotations": dict(style),
        "plain_text": text,
        "href": href,
    }


def _style(value: Any, path: str) -> dict[str, Any]:
    if value is None:
        return _PLAIN_STYLE
    sent = an_object(value, path)
    style = {name: a_boolean(sent.get(name, False), f"{path}.{name}") for name in _STYLES}
    return {**style, "color": one_of(sent.get("color", "default"), COLORS, f"{path}.color")}


def _text(text: Mapping[str, Any], style: Mapping[str, Any], path: str) -> Item:
    content = a_string(required(text, "content", path), f"{path}.content", most=MOST_CHARACTERS)
    link = text.get("link")
    href = (
        None
        if link is None
        else a_link(
            required(an_object(link, f"{path}.link"), "url", f"{path}.link"), f"{path}.link.url"
        )
    )
    return _item(
        "text",
        {"content": content, "link": None if href is None else {"url": href}},
        style,
        content,
        href,
    )


def _equation(equation: Mapping[str, Any], style: Mapping[str, Any], path: str) -> Item:
    expression = a_string(
        required(equation, "expression", path), f"{path}.expression", most=MOST_IN_EQUATION
    )
    return _item("equation", {"expression": expression}, style, expression, None)


def _mention(
    session: Session, item: Item, mention: Mapping[str, Any], style: Mapping[str, Any], path: str
) -> Item:
    kind = mention.get("type") or next(iter(mention), None)
    if kind == "user":
        user = shown_user(session, _mentioned(mention, "user", path))
        return _item(
            "mention",
            {"type": "user", "user": user},
            style,
            f"@{user.get('name') or 'Unknown'}",
            None,
        )
    if kind in ("page", "database", "data_source"):
        target = _mentioned(mention, kind, path)
        content = {"type": kind, kind: {"id": target}}
        return _item(
            "mention", content, style, _title(session, target) or "Untitled", object_url(target)
        )
    if kind == "date":
        date = an_object(required(mention, "date", path), f"{path}.date")
        full = dates.checked(date, f"{path}.date")
        text = " → ".join(filter(None, (full["start"], full["end"])))
        return _item("mention", {"type": "date", "date": full}, style, text, None)
    if kind == "custom_emoji":
        emoji = custom_emojis.named(session, required(mention, kind, path), f"{path}.custom_emoji")
        return _item("mention", {"type": kind, kind: emoji}, style, f":{emoji['name']}:", None)
    if not isinstance(kind, str) or kind not in mention:
        raise body_error(f"{path}.type", "defined")
    return _item(
        "mention",
        {"type": kind, kind: mention[kind]},
        style,
        item.get("plain_text") or "",
        item.get("href"),
    )


def _mentioned(mention: Mapping[str, Any], kind: str, path: str) -> str:
    return body_id(
        an_object(required(mention, kind, path), f"{path}.{kind}"), "id", f"{path}.{kind}"
    )


def _title(session: Session, notion_id: str) -> str | None:
    if page := PAGES.find(session.db, notion_id):
        return page.title
    held = DATABASES.find(session.db, notion_id) or DATA_SOURCES.find(session.db, notion_id)
    return plain_text(held.title) if held else None
