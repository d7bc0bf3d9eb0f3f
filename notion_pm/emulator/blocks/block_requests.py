"""Read the blocks of a request: check and count them, and return drafts of what to store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from notion_pm.emulator.blocks.block_types import (
    ALL_BLOCK_TYPES,
    APP_BLOCK_TYPES,
    BLOCK_TYPES,
    new_content,
)
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.store.session import Session

Json = dict[str, Any]

# notion-api.md 4.2
MOST_ELEMENTS = 1000
MOST_LEVELS = 2
_ONLY_PARENT = {"table_row": "table", "column": "column_list"}
# The icon of a callout without one in the request (known from the service).
_CALLOUT_ICON = {"type": "emoji", "emoji": "💡"}
_NOT_CREATABLE = (
    "child_page",
    "child_database",
    "link_preview",
    "meeting_notes",
    "transcription",
    "unsupported",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A block to be stored, with the blocks inside it."""

    type: str
    content: Json
    children: tuple[Draft, ...] = ()

    def size(self) -> int:
        """Return the number of blocks, including itself."""
        return 1 + sum(child.size() for child in self.children)


def drafts(
    session: Session,
    value: Any,
    path: str,
    *,
    parent: str = "child_page",
    levels: int = MOST_LEVELS,
) -> tuple[Draft, ...]:
    """Return the blocks of a request's array. Raises 400 for a wrong block, or too many blocks.

    `parent` is the type of the block that will hold them. `levels`: how deep they may be nested.
    """
    blocks = checks.an_array(value, path)
    read = _read_drafts(session, blocks, path, parent, levels)
    checks.check_at_most(sum(draft.size() for draft in read), MOST_ELEMENTS, f"{path}.length")
    return read


def _read_drafts(
    session: Session, blocks: Iterable[Any], path: str, parent: str, levels: int
) -> tuple[Draft, ...]:
    return tuple(
        _read_draft(session, block, f"{path}[{index}]", parent, levels)
        for index, block in enumerate(blocks)
    )


def _read_draft(session: Session, value: Any, path: str, parent: str, levels: int) -> Draft:
    sent = checks.an_object(value, path)
    kind = _app_type_of(session, sent) or type_of(sent, path)
    _check_parent(kind, parent, path)
    content_path = f"{path}.{kind}"
    sent_content = checks.an_object(sent[kind], content_path)
    if kind == "callout":
        # `{"icon": null}` makes a callout without an icon, an absent key the default icon.
        sent_content = {"icon": _CALLOUT_ICON, **sent_content}
    content = new_content(session, kind, sent_content, content_path)
    children = _read_children(session, kind, sent_content, content_path, levels)
    _check_table(kind, content, children)
    return Draft(kind, content, children)


def _app_type_of(session: Session, sent: Mapping[str, Any]) -> str | None:
    """Return the type of a block that only people can make, if a person makes one."""
    if not session.settings.is_person:
        return None
    for kind in APP_BLOCK_TYPES:
        if isinstance(sent.get(kind), dict):
            return kind
    return None


def type_of(sent: Mapping[str, Any], path: str) -> str:
    """Return the type of a block in a request: its `type`, or the key that is a type's name."""
    kind = sent.get("type")
    if not kind:
        kind = next((key for key in sent if key in BLOCK_TYPES or key in _NOT_CREATABLE), None)
    if not isinstance(kind, str) or kind in _NOT_CREATABLE or kind not in sent:
        raise _no_type(path)
    return checks.one_of(kind, BLOCK_TYPES, f"{path}.type")


def _no_type(path: str) -> Exception:
    """Return the 400 for a block that has no type that can be created. It lists all types."""
    missing = [f"{path}.{kind} should be defined, instead was `undefined`." for kind in BLOCK_TYPES]
    return validation_error("\n".join(["body failed validation. Fix one:", *missing]))


def _check_parent(kind: str, parent: str, path: str) -> None:
    """Refuse a block inside a parent of a type that cannot hold it."""
    only_child = BLOCK_TYPES[parent].inside if parent in BLOCK_TYPES else ""
    if only_child and kind != only_child:
        raise body_error(f"{path}.{only_child}", "defined")
    only_parent = _ONLY_PARENT.get(kind)
    if only_parent and parent != only_parent:
        raise body_error(f"{path}.{kind}", "not present", {})


def _read_children(
    session: Session, kind: str, sent: Json, path: str, levels: int
) -> tuple[Draft, ...]:
    children = sent.get("children")
    fewest = ALL_BLOCK_TYPES[kind].fewest_children
    if children is None and fewest:
        raise body_error(f"{path}.children", "defined")
    # Columns need children, but an empty array is accepted (measured).
    if children == [] and kind == "column":
        return ()
    if children is None or children == []:
        _check_count(0, fewest, path)
        return ()
    # At most two levels per request (notion-api.md 4.2). Deeper blocks need another request.
    if levels == 0:
        raise body_error(f"{path}.children", "not present", children)

    # A column list and its columns count as one level.
    levels_below = levels if kind == "column_list" else levels - 1
    children_path = f"{path}.children"
    blocks = checks.an_array(children, children_path)
    read = _read_drafts(session, blocks, children_path, kind, levels_below)
    _check_count(len(read), fewest, path)
    return read


def _check_count(count: int, fewest: int, path: str) -> None:
    if count < fewest:
        raise body_error(f"{path}.children.length", f"≥ `{fewest}`", count)


def _check_table(kind: str, content: Json, rows: Iterable[Draft]) -> None:
    if kind == "table":
        for row in rows:
            check_row(row.content, content["table_width"])


def check_row(content: Mapping[str, Any], width: int) -> None:
    """Refuse a table row with more or fewer cells than the table has columns."""
    if len(content["cells"]) != width:
        raise validation_error(
            "Number of cells in table row must match the table width of the parent table"
        )
