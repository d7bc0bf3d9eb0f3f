"""Rich text: read what clients send into what responses show (notion-api.md 3.5, limits 4.2)."""

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
    read_type,
    require,
)
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.http.links import object_url
from notion_pm.emulator.store.records import DATA_SOURCES, DATABASES, PAGES, RichText
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import custom_emojis, dates
from notion_pm.emulator.values.users import serialize_user

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


def normalize(session: Session, value: Any, path: str, *, most: int = MOST_IN_ARRAY) -> RichText:
    """Return rich text as responses show it. Raises 400 if it is malformed or too long."""
    items = an_array(value, path, most=most)
    return _join_neighbours(
        _normalize_item(session, item, f"{path}[{index}]") for index, item in enumerate(items)
    )


def _join_neighbours(items: Iterable[Item]) -> RichText:
    """Join neighbouring texts of the same style and link: Notion keeps them as one (recorded)."""
    joined: RichText = []
    for item in items:
        style = _style_and_link(item)
        if joined and style is not None and style == _style_and_link(joined[-1]):
            joined[-1] = _join_pair(joined[-1], item)
        else:
            joined.append(item)
    return joined


def _style_and_link(item: Item) -> tuple[Any, Any] | None:
    """Return what two texts must have in common to be joined, None for anything but a text."""
    return (item["annotations"], item["href"]) if item["type"] == "text" else None


def _join_pair(first: Item, second: Item) -> Item:
    text = first["plain_text"] + second["plain_text"]
    return {**first, "text": {**first["text"], "content": text}, "plain_text": text}


def _normalize_item(session: Session, value: Any, path: str) -> Item:
    item = an_object(value, path)
    style = _read_style(item.get("annotations"), f"{path}.annotations")
    kind = read_type(item, ("text", "mention", "equation"), path)
    content_path = f"{path}.{kind}"
    content = an_object(require(item, kind, path), content_path)
    if kind == "text":
        return _read_text(content, style, content_path)
    if kind == "equation":
        return _read_equation(content, style, content_path)
    return _read_mention(session, item, content, style, content_path)


def _item(kind: str, content: Any, style: Mapping[str, Any], text: str, href: str | None) -> Item:
    return {
        "type": kind,
        kind: content,
        "annotations": dict(style),
        "plain_text": text,
        "href": href,
    }


def _read_style(value: Any, path: str) -> dict[str, Any]:
    if value is None:
        return _PLAIN_STYLE
    sent = an_object(value, path)
    style = {name: a_boolean(sent.get(name, False), f"{path}.{name}") for name in _STYLES}
    return {**style, "color": one_of(sent.get("color", "default"), COLORS, f"{path}.color")}


def _read_text(text: Mapping[str, Any], style: Mapping[str, Any], path: str) -> Item:
    content = a_string(require(text, "content", path), f"{path}.content", most=MOST_CHARACTERS)
    if text.get("link") is None:
        return _item("text", {"content": content, "link": None}, style, content, None)
    link = an_object(text["link"], f"{path}.link")
    url = a_link(require(link, "url", f"{path}.link"), f"{path}.link.url")
    return _item("text", {"content": content, "link": {"url": url}}, style, content, url)


def _read_equation(equation: Mapping[str, Any], style: Mapping[str, Any], path: str) -> Item:
    expression = a_string(
        require(equation, "expression", path), f"{path}.expression", most=MOST_IN_EQUATION
    )
    return _item("equation", {"expression": expression}, style, expression, None)


def _read_mention(
    session: Session, item: Item, mention: Mapping[str, Any], style: Mapping[str, Any], path: str
) -> Item:
    kind = mention.get("type") or next(iter(mention), None)
    text, href = item.get("plain_text") or "", item.get("href")
    match kind:
        # The name is looked up now, and stays in the text if the person is renamed.
        case "user":
            content: Any = serialize_user(session, _mentioned_id(mention, kind, path))
            text, href = f"@{content.get('name') or 'Unknown'}", None
        case "page" | "database" | "data_source":
            target = _mentioned_id(mention, kind, path)
            content = {"id": target}
            text, href = _title_of(session, target) or "Untitled", object_url(target)
        case "date":
            sent = an_object(require(mention, "date", path), f"{path}.date")
            content = dates.read_date(sent, f"{path}.date")
            moments = filter(None, (content["start"], content["end"]))
            text, href = " → ".join(moments), None
        case "custom_emoji":
            sent = require(mention, kind, path)
            content = custom_emojis.resolve_emoji(session, sent, f"{path}.custom_emoji")
            text, href = f":{content['name']}:", None
        case str() if kind in mention:
            # Other kinds (link_preview, template_mention) are stored as they are sent.
            content = mention[kind]
        case _:
            raise body_error(f"{path}.type", "defined")
    return _item("mention", {"type": kind, kind: content}, style, text, href)


def _mentioned_id(mention: Mapping[str, Any], kind: str, path: str) -> str:
    sent = an_object(require(mention, kind, path), f"{path}.{kind}")
    return body_id(sent, "id", f"{path}.{kind}")


def _title_of(session: Session, notion_id: str) -> str | None:
    """Return the title of a page, database or data source, None if it does not exist."""
    page = PAGES.find(session.db, notion_id)
    if page is not None:
        return page.title
    found = DATABASES.find(session.db, notion_id) or DATA_SOURCES.find(session.db, notion_id)
    return plain_text(found.title) if found else None
