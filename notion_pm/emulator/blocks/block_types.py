"""The types of blocks: their content, and which children they may have.

See notion-api.md 2.4, and 4.2 for limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.blocks.block_sources import FILE, LINK, Source
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import ABSENT, body_error
from notion_pm.emulator.markdown.languages import LANGUAGES
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values import icons
from notion_pm.emulator.values.richtext import COLORS, MOST_IN_EQUATION, normalize

Json = dict[str, Any]
_Read = Callable[[Session, Any, str], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a block's content: how its value is read, and its default."""

    read: _Read
    default: Any = ABSENT

    @property
    def is_required(self) -> bool:
        """Whether a new block must have it."""
        return self.default is ABSENT


@dataclass(frozen=True, slots=True)
class BlockType:
    """The content of one type of block.

    `inside`: the only type of child that is allowed. None: no children, "": children of any type.
    `source`: reads what a request may give in several forms (which file, which page).
    """

    fields: Mapping[str, Field]
    inside: str | None = None
    fewest_children: int = 0
    source: Source | None = None


def new_content(session: Session, kind: str, sent: Mapping[str, Any], path: str) -> Json:
    """Return the content of a new block. Raises 400 if the request does not fit its type."""
    block_type = ALL_BLOCK_TYPES[kind]
    _check_keys(block_type, sent, path)
    for name, field in block_type.fields.items():
        if field.is_required and sent.get(name) is None:
            raise body_error(f"{path}.{name}", "defined")
    content = {}
    for name, field in block_type.fields.items():
        content[name] = _read_field(session, field, sent, name, path)
    return {**content, **_source_content(session, kind, {}, sent, path)}


def changed_content(
    session: Session, kind: str, old: Mapping[str, Any], sent: Mapping[str, Any], path: str
) -> Json:
    """Return a block's content after an update. Keys that the request does not have stay."""
    block_type = BLOCK_TYPES[kind]
    _check_keys(block_type, sent, path)
    content = {**old}
    for name, field in block_type.fields.items():
        if name in sent:
            content[name] = _read_field(session, field, sent, name, path)
    return {**content, **_source_content(session, kind, old, sent, path)}


def _source_content(
    session: Session, kind: str, old: Mapping[str, Any], sent: Mapping[str, Any], path: str
) -> Json:
    source = ALL_BLOCK_TYPES[kind].source
    return source.read(session, kind, old, sent, path) if source else {}


def _check_keys(block_type: BlockType, sent: Mapping[str, Any], path: str) -> None:
    known = set(block_type.fields)
    if block_type.source is not None:
        known.update(block_type.source.keys)
    if block_type.inside is not None:
        known.add("children")
    checks.check_keys(sent, known, path)


def _read_field(
    session: Session, field: Field, sent: Mapping[str, Any], name: str, path: str
) -> Any:
    value = sent.get(name)
    if value is None and not field.is_required:
        return field.default
    return field.read(session, value, f"{path}.{name}")


def _boolean(_: Session, value: Any, path: str) -> bool:
    return checks.a_boolean(value, path)


def _color(_: Session, value: Any, path: str) -> str:
    return checks.one_of(value, COLORS, path)


def _language(_: Session, value: Any, path: str) -> str:
    return checks.one_of(value, sorted(LANGUAGES), path)


def _name(_: Session, value: Any, path: str) -> str:
    return checks.a_string(value, path)


def _url(_: Session, value: Any, path: str) -> str:
    return checks.a_url(value, path)


def _expression(_: Session, value: Any, path: str) -> str:
    return checks.a_string(value, path, most=MOST_IN_EQUATION)


def _icon(session: Session, value: Any, path: str) -> Json | None:
    return icons.read_icon(session, value, path)


def _width(_: Session, value: Any, path: str) -> int:
    width = checks.a_number(value, path)
    if width < 1:
        raise body_error(path, "≥ `1`", value)
    return int(width)


def _ratio(_: Session, value: Any, path: str) -> float:
    return checks.a_number(value, path)


def _cells(session: Session, value: Any, path: str) -> list[Any]:
    cells = checks.an_array(value, path)
    return [normalize(session, cell, f"{path}[{index}]") for index, cell in enumerate(cells)]


def _synced_from(_: Session, value: Any, path: str) -> Json:
    source = checks.an_object(value, path)
    return {"type": "block_id", "block_id": checks.body_id(source, "block_id", path)}


_RICH_TEXT = Field(normalize)
_COLOR = Field(_color, default="default")
_CAPTION = Field(normalize, default=[])
_ICON = Field(_icon, default=None)
_TEXT = {"rich_text": _RICH_TEXT, "color": _COLOR}
_HEADING = BlockType(
    {"rich_text": _RICH_TEXT, "is_toggleable": Field(_boolean, default=False), "color": _COLOR},
    inside="",
)
_LINKED = BlockType({"caption": _CAPTION, "url": Field(_url)})
_FILE = BlockType({"caption": _CAPTION}, source=FILE)

BLOCK_TYPES: Mapping[str, BlockType] = {
    "embed": _LINKED,
    "bookmark": _LINKED,
    "image": _FILE,
    "video": _FILE,
    "pdf": _FILE,
    "file": _FILE,
    "audio": _FILE,
    "code": BlockType({"caption": _CAPTION, "rich_text": _RICH_TEXT, "language": Field(_language)}),
    "equation": BlockType({"expression": Field(_expression)}),
    "divider": BlockType({}),
    "breadcrumb": BlockType({}),
    # A tab block has one paragraph for each tab.
    "tab": BlockType({}, inside="paragraph", fewest_children=1),
    "table_of_contents": BlockType({"color": _COLOR}),
    "link_to_page": BlockType({}, source=LINK),
    # Its number of cells is checked with the table, see block_requests.check_row.
    "table_row": BlockType({"cells": Field(_cells)}),
    "table": BlockType(
        {
            "table_width": Field(_width),
            "has_column_header": Field(_boolean, default=False),
            "has_row_header": Field(_boolean, default=False),
        },
        inside="table_row",
        fewest_children=1,
    ),
    # One column would be no list. Empty columns are accepted, see block_requests.py.
    "column_list": BlockType({}, inside="column", fewest_children=2),
    "column": BlockType({"width_ratio": Field(_ratio, default=None)}, inside="", fewest_children=1),
    # Only toggleable headings may have children, see block_writing.py.
    "heading_1": _HEADING,
    "heading_2": _HEADING,
    "heading_3": _HEADING,
    "heading_4": _HEADING,
    "paragraph": BlockType({"rich_text": _RICH_TEXT, "icon": _ICON, "color": _COLOR}, inside=""),
    "bulleted_list_item": BlockType(_TEXT, inside=""),
    "numbered_list_item": BlockType(_TEXT, inside=""),
    "quote": BlockType(_TEXT, inside=""),
    "to_do": BlockType(
        {"rich_text": _RICH_TEXT, "checked": Field(_boolean, default=False), "color": _COLOR},
        inside="",
    ),
    "toggle": BlockType(_TEXT, inside=""),
    "template": BlockType({"rich_text": _RICH_TEXT}, inside=""),
    "callout": BlockType({"rich_text": _RICH_TEXT, "icon": _ICON, "color": _COLOR}, inside=""),
    # Without `synced_from` it is an original, with it a copy that shows the children of the
    # original.
    "synced_block": BlockType({"synced_from": Field(_synced_from, default=None)}, inside=""),
}

APP_BLOCK_TYPES: Mapping[str, BlockType] = {"unsupported": BlockType({"block_type": Field(_name)})}
"""Blocks that only people can make, in Notion's app: buttons, AI blocks.

The API shows them as `unsupported`, with the name of their type (recorded).
"""

ALL_BLOCK_TYPES = {**BLOCK_TYPES, **APP_BLOCK_TYPES}
