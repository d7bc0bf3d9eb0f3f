"""The options of a status or select property, which the site can set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from notion_pm.emulator.http.errors import validation_error
from notion_pm.emulator.pages import pages
from notion_pm.emulator.schema.properties import find_property
from notion_pm.emulator.store import ids
from notion_pm.emulator.store.records import PAGES, Page, Property
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.reading import Reader
from notion_pm.emulator.web.cells import UNTITLED, Tag, tag

CHOOSABLE = ("status", "select")


@dataclass(frozen=True, slots=True)
class Choice:
    """A property of a page that can be set, with its options by group.

    A select has one group without a name.
    """

    page_id: str
    page_title: str
    property_id: str
    name: str
    current: Tag | None
    groups: tuple[tuple[str, tuple[Tag, ...]], ...]
    can_be_empty: bool


def choice(page: Page, prop: Property) -> Choice:
    """Return the options of a page's status or select property."""
    value = page.properties.get(prop.id)
    options = {option["id"]: tag(option) for option in prop.config["options"]}
    groups: list[tuple[str, tuple[Tag, ...]]] = []
    for group in prop.config.get("groups", ()):
        members = [options[option_id] for option_id in group["option_ids"] if option_id in options]
        groups.append((str(group["name"]), tuple(members)))
    # A select has options without groups.
    if not groups:
        groups = [("", tuple(options.values()))]
    return Choice(
        page_id=ids.remove_dashes(page.id),
        page_title=page.title or UNTITLED,
        property_id=ids.encode_property_id(prop.id),
        name=prop.name,
        current=tag(value) if value else None,
        groups=tuple(groups),
        can_be_empty=prop.type == "select",
    )


def choose(session: Session, page_id: str, property_id: str, option_id: str) -> None:
    """Set a page's status or select, like a request of the API. Raises ApiError."""
    prop = _choosable(session, page_id, property_id)
    value = {"id": option_id} if option_id else None
    pages.update(
        session, page_id, {"properties": {ids.encode_property_id(prop.id): {prop.type: value}}}
    )


def describe_change(session: Session, page_id: str, property_id: str) -> str | None:
    """Return a sentence with the new value of a property, None for one that the site cannot set."""
    page = PAGES.find(session.db, page_id)
    if page is None:
        return None
    prop = _find_choosable(session, page, property_id)
    if prop is None:
        return None
    value = page.properties.get(prop.id)
    return f"{page.title or UNTITLED}: {prop.name} is now {_name(value)}."


def _name(value: Mapping[str, object] | None) -> str:
    return f"“{value['name']}”" if value else "empty"


def _choosable(session: Session, page_id: str, property_id: str) -> Property:
    found = _find_choosable(session, session.page(page_id), property_id)
    if found is None:
        raise validation_error("Only a status or a select can be changed here.")
    return found


def _find_choosable(session: Session, page: Page, property_id: str) -> Property | None:
    prop = find_property(Reader(session).page_schema(page), property_id)
    return prop if prop and prop.type in CHOOSABLE else None
