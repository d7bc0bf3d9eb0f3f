"""Blocks as requests send them: checked, counted, and made into drafts of what is to be stored."""

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

MOST_ELEMENTS = 1000
MOST_LEVELS = 2
_ALWAYS_INSIDE = {"table_row": "table", "column": "column_list"}
_CALLOUT_ICON = {
    "type": "emoji",
    "emoji": "💡",
}  # what a callout gets whose request says nothing of an icon [K]
_NOT_BY_REQUEST = (
    "child_page",
    "child_database",
    "link_preview",
    "meeting_notes",
    "transcription",
    "unsupported",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A block to be made, with what is to stand inside it."""

    type: str
    content: Json
    children: tuple[Draft, ...] = ()

    def size(self) -> int:
        """Return how many blocks it is, itself included."""
        return 1 + sum(child.size() for child in self.children)


def drafts(
    session: Session,
    value: Any,
    path: str,
    *,
    parent: str = "child_page",
    levels: int = MOST_LEVELS,
) -> tuple[Draft, ...]:
    """Return the blocks of a request's array; raises 400 where one of them is wrong, or there are too many.

    `parent` is the type they are to stand in; `levels` says how deep children may be nested.
    """
    found = _drafts(session, checks.an_array(value, path), path, parent, levels)
    checks.check_at_most(sum(draft.size() for draft in found), MOST_ELEMENTS, f"{path}.length")
    return found


def _drafts(
    session: Session, blocks: Iterable[Any], path: str, parent: str, levels: int
) -> tuple[Draft, ...]:
    return tuple(
        _draft(session, block, f"{path}[{index}]", parent, levels)
        for index, block in enumerate(blocks)
    )


def _draft(session: Session, value: Any, path: str, parent: str, levels: int) -> Draft:
    sent = checks.an_object(value, path)
    kind = _app_type_of(session, sent) or type_of(sent, path)
    _check_place(kind, parent, path)
    content_path = f"{path}.{kind}"
    sent_content = checks.an_object(sent[kind], content_path)
    if kind == "callout":
        sent_content = {"icon": _CALLOUT_ICON, **sent_content}
    content = new_content(session, kind, sent_content, content_path)
    children = _children(session, kind, sent_content, content_path, levels)
    _check_table(kind, content, children, content_path)
    return Draft(kind, content, children)


def _app_type_of(session: Session, sent: Mapping[str, Any]) -> str | None:
    """Return the type of a block that only people can make, where a person makes it."""
    if not session.settings.is_person:
        return None
    return next((kind for kind in APP_BLOCK_TYPES if isinstance(sent.get(kind), dict)), None)


def type_of(sent: Mapping[str, Any], path: str) -> str:
    """Return the type of a block in a request: what it says, or the one key that is a type's name."""
    kind = sent.get("type") or next(
        (key for key in sent if key in BLOCK_TYPES or key in _NOT_BY_REQUEST), None
    )
    if not isinstance(kind, str) or kind in _NOT_BY_REQUEST or kind not in sent:
        raise _fix_one(path)
    return checks.one_of(kind, BLOCK_TYPES, f"{path}.type")


def _fix_one(path: str) -> Exception:
    """Make the 400 for a block of none of the types that can be made, which lists them all."""
    wanted = [f"{path}.{kind} should be defined, instead was `undefined`." for kind in BLOCK_TYPES]
    return validation_error("\n".join(["body failed validation. Fix one:", *wanted]))


def _check_place(kind: str, parent: str, path: str) -> None:
    only = BLOCK_TYPES[parent].inside if parent in BLOCK_TYPES else ""
    if only and kind != only:
        raise body_error(f"{path}.{only}", "defined")
    if (wanted := _ALWAYS_INSIDE.get(kind)) and parent != wanted:
        raise body_error(f"{path}.{kind}", "not present", {})


def _children(session: Session, kind: str, sent: Json, path: str, levels: int) -> tuple[Draft, ...]:
    given = sent.get("children")
    fewest = ALL_BLOCK_TYPES[kind].fewest_children
    if given is None and fewest:
        raise body_error(f"{path}.children", "defined")
    if given == [] and kind == "column":
        return ()  # measured: columns may be made empty
    if given is None or given == []:
        return _enough((), fewest, path)
    if levels == 0:
        raise body_error(f"{path}.children", "not present", given)
    array = checks.an_array(given, f"{path}.children")
    deeper = levels if kind == "column_list" else levels - 1  # columns count with their list
    return _enough(_drafts(session, array, f"{path}.children", kind, deeper), fewest, path)


def _enough(children: tuple[Draft, ...], fewest: int, path: str) -> tuple[Draft, ...]:
    if len(children) < fewest:
        raise body_error(f"{path}.children.length", f"≥ `{fewest}`", len(children))
    return children


def _check_table(kind: str, content: Json, rows: Iterable[Draft], path: str) -> None:
    if kind == "table":
        for row in rows:
            check_row(row.content, content["table_width"])


def check_row(content: Mapping[str, Any], width: int) -> None:
    """Refuse a table row that has not as many cells as its table has columns."""
    if len(content["cells"]) != width:
        raise validation_error(
            "Number of cells in table row must match the table width of the parent table"
        )
