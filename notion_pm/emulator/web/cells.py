"""Property values for templates: each is a cell with a kind and items to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.store.records import PAGES, Page, Property
from notion_pm.emulator.values.reading import Reader
from notion_pm.emulator.web import formats, texts
from notion_pm.emulator.web.addresses import Addresses, page_path

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tag:
    """An option, in its colour."""

    name: str
    color: str = "default"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A name with a link. `href` is None if its URL must not be a link."""

    text: str
    href: str | None = None
    icon: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time, as text for people and in ISO form."""

    text: str
    start: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A value to show.

    `kind`: spans, text, number, tags, status, people, dates, check or links.
    """

    kind: str
    items: tuple[Any, ...] = ()


UNTITLED = "Untitled"
_NO_NAME = "Unknown person"
_EMPTY = Cell("text")


@dataclass(frozen=True, slots=True)
class CellReader:
    """Reads the cells of pages within one request."""

    reader: Reader
    addresses: Addresses

    def cell(self, page: Page, prop: Property) -> Cell:
        """Return what a page shows for a property."""
        if prop.type == "relation":
            related = self.reader.related_pages(page, prop)
            return Cell("links", tuple(map(page_link, related)))
        return self._cell(prop.type, self.reader.value(page, prop), prop.config)

    def _cell(self, kind: str, value: Any, config: Json) -> Cell:
        if value is None:
            return _EMPTY
        if kind in ("rollup", "formula"):
            return self._computed_cell(value, config)
        if kind in ("title", "rich_text"):
            return Cell("spans", texts.spans(value, self.addresses))
        if kind == "relation":
            pages = [PAGES.find(self.reader.session.db, related["id"]) for related in value]
            links = [page_link(page) for page in pages if page and not page.in_trash]
            return Cell("links", tuple(links))
        if kind == "number":
            return Cell("number", (formats.number_text(value, config.get("format") or "number"),))
        if kind in ("url", "email", "files"):
            return Cell("links", tuple(self._links(kind, value)))
        read = _READERS.get(kind)
        return Cell("text", (str(value),)) if read is None else read(value)

    def _computed_cell(self, value: Json, config: Json) -> Cell:
        """Return the result of a formula or rollup. The items of a list become one cell."""
        kind: str = value["type"]
        content: Any = value.get(kind)
        if kind == "array":
            return _join_cells(
                [self._cell(item["type"], item[item["type"]], {}) for item in content]
            )
        if kind in ("string", "unsupported", "incomplete"):
            has_text = kind == "string" and content
            return Cell("text", (str(content),)) if has_text else _EMPTY
        # Rollups give fractions; the app shows them in percent.
        if kind == "number" and str(config.get("function", "")).startswith("percent"):
            config = {"format": "percent"}
        return self._cell("checkbox" if kind == "boolean" else kind, content, config)

    def _links(self, kind: str, value: Any) -> Sequence[Link]:
        if kind == "url":
            short = value.removeprefix("https://").removeprefix("http://")
            return [Link(short, self.addresses.link(value))]
        if kind == "email":
            return [Link(value, self.addresses.link(f"mailto:{value}"))]
        return [
            Link(file["name"], self.addresses.link(file[file["type"]].get("url"))) for file in value
        ]


def page_link(page: Page) -> Link:
    """Return a link to a page, with its title."""
    return Link(page.title or UNTITLED, page_path(page.id, page.title), emoji(page.icon))


def emoji(icon: Json | None) -> str | None:
    """Return the emoji of an icon, None for any other icon. Pictures are not loaded."""
    return str(icon["emoji"]) if icon and icon.get("type") == "emoji" else None


def tag(option: Json) -> Tag:
    """Return an option as a tag."""
    return Tag(str(option["name"]), str(option.get("color") or "default"), str(option["id"]))


def _join_cells(cells: Sequence[Cell]) -> Cell:
    """Return one cell with the items of all, without repetitions. Texts are joined by commas."""
    filled = [cell for cell in cells if cell.items]
    if not filled:
        return _EMPTY
    kind = filled[0].kind
    if kind in ("tags", "links", "people", "dates", "check"):
        items: dict[Any, None] = {}  # a dict keeps the order and drops repetitions
        for cell in filled:
            if cell.kind == kind:
                items.update(dict.fromkeys(cell.items))
        return Cell(kind, tuple(items))
    texts_of_cells = ["".join(map(_plain, cell.items)) for cell in filled]
    return Cell("text", (", ".join(texts_of_cells),))


def _plain(item: Any) -> str:
    return str(getattr(item, "text", None) or getattr(item, "name", None) or item)


def _person(user: Json) -> Cell:
    return Cell("people", (str(user.get("name") or _NO_NAME),))


def _date(value: Json) -> Cell:
    return Cell("dates", (Moment(formats.date_text(value), value["start"]),))


def _time(value: str) -> Cell:
    return Cell("dates", (Moment(formats.moment_text(value), value),))


def _unique_id(value: Json) -> Cell:
    parts = [str(part) for part in (value["prefix"], value["number"]) if part is not None]
    return Cell("text", ("-".join(parts),))


_READERS: Mapping[str, Callable[[Any], Cell]] = {
    "select": lambda value: Cell("tags", (tag(value),)),
    "status": lambda value: Cell("status", (tag(value),)),
    "multi_select": lambda value: Cell("tags", tuple(map(tag, value))),
    "people": lambda value: Cell(
        "people", tuple(str(user.get("name") or _NO_NAME) for user in value)
    ),
    "created_by": _person,
    "last_edited_by": _person,
    "date": _date,
    "created_time": _time,
    "last_edited_time": _time,
    "checkbox": lambda value: Cell("check", (bool(value),)),
    "unique_id": _unique_id,
    "button": lambda _: _EMPTY,
    "place": lambda value: Cell("text", (str(value.get("name") or value.get("address") or ""),)),
    "verification": lambda value: Cell("text", (str(value.get("state") or "").capitalize(),)),
}
