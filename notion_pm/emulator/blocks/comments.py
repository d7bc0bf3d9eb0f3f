"""Laws of comments: on pages, on blocks, in discussions (notion-api.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notion_pm.emulator.blocks import blocks, tree
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import body_error, validation_error
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.markdown import parse_inline
from notion_pm.emulator.store.clock import to_the_minute
from notion_pm.emulator.store.content_records import COMMENTS, Comment
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.records import RichText
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.file_uploads import find as find_upload
from notion_pm.emulator.values.file_uploads import hosted_file
from notion_pm.emulator.values.richtext import normalize
from notion_pm.emulator.values.users import reference

Json = dict[str, Any]

_CREATE_KEYS = frozenset(
    ("parent", "discussion_id", "rich_text", "markdown", "attachments", "display_name")
)
_UPDATE_KEYS = frozenset(("rich_text", "markdown"))
_PARENTS = ("page_id", "block_id")
_DISPLAY_NAMES = ("integration", "user", "custom")
_MOST_ATTACHMENTS = 3
_MEDIA = ("image", "video", "audio")


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Add a comment to a discussion, or open one on a page or block."""
    checks.check_keys(body, _CREATE_KEYS)
    parent_type, parent_id, discussion_id = _place(session, body)
    comment = Comment(
        id=new_id(),
        parent_type=parent_type,
        parent_id=parent_id,
        discussion_id=discussion_id,
        rich_text=_text(session, body),
        display_name=_display_name(session, body.get("display_name")),
        attachments=_attachments(session, body.get("attachments")),
        **tree.creation_stamp(session),
    )
    COMMENTS.insert(session.db, comment)
    return serialize(comment)


def _place(session: Session, body: Mapping[str, Any]) -> tuple[str, str, str]:
    if (body.get("parent") is None) == (body.get("discussion_id") is None):
        raise validation_error("Exactly one of parent or discussion_id must be provided.")
    if body.get("discussion_id") is not None:
        discussion_id = checks.body_id(body, "discussion_id")
        found = COMMENTS.select(
            session.db, "WHERE discussion_id = ? ORDER BY seq LIMIT 1", (discussion_id,)
        )
        if not found:
            raise session.not_found("discussion", discussion_id)
        return found[0].parent_type, found[0].parent_id, discussion_id
    parent = checks.an_object(body["parent"], "body.parent")
    kind = parent.get("type") or next((key for key in _PARENTS if key in parent), None)
    if kind is None:
        raise body_error("body.parent.page_id", "defined")
    checks.one_of(kind, _PARENTS, "body.parent.type")
    parent_id = checks.body_id(parent, kind, "body.parent")
    target = session.page(parent_id).id if kind == "page_id" else blocks.find(session, parent_id).id
    blocks.refuse_archived(session, blocks.find(session, target))
    return kind, target, _discussion(session, kind, target) or new_id()


def _discussion(session: Session, kind: str, target: str) -> str | None:
    """Return the discussion of a page, which all comments on the page itself belong to (recorded)."""
    if kind != "page_id":
        return None
    found = COMMENTS.select(
        session.db, "WHERE parent_id = ? AND in_trash = 0 ORDER BY seq LIMIT 1", (target,)
    )
    return found[0].discussion_id if found else None


def _text(session: Session, body: Mapping[str, Any]) -> RichText:
    """Return the comment's text, which is sent as rich text or as Markdown."""
    if ("rich_text" in body) == ("markdown" in body):
        raise validation_error("Exactly one of rich_text or markdown must be provided.")
    if "markdown" in body:
        written = checks.a_string(body["markdown"], "body.markdown")
        return normalize(session, parse_inline(written.replace("\n", "<br>")), "body.markdown")
    return normalize(session, body["rich_text"], "body.rich_text")


def _display_name(session: Session, sent: Any) -> Json:
    default = {"type": "user" if session.settings.is_person else "integration"}
    wanted = default if sent is None else checks.an_object(sent, "body.display_name")
    kind = checks.one_of(wanted.get("type"), _DISPLAY_NAMES, "body.display_name.type")
    if kind == "custom":
        custom = checks.an_object(
            checks.require(wanted, "custom", "body.display_name"), "body.display_name.custom"
        )
        name = checks.a_string(
            checks.require(custom, "name", "body.display_name.custom"),
            "body.display_name.custom.name",
        )
        return {"type": kind, "resolved_name": name}
    return {"type": kind, "resolved_name": session.settings.integration_name}


def _attachments(session: Session, sent: Any) -> list[Json] | None:
    if not sent:
        return None
    attachments = checks.an_array(sent, "body.attachments", most=_MOST_ATTACHMENTS)
    return [
        _attachment(session, each, f"body.attachments[{index}]")
        for index, each in enumerate(attachments)
    ]


def _attachment(session: Session, sent: Any, path: str) -> Json:
    upload_id = checks.body_id(checks.an_object(sent, path), "file_upload_id", path)
    content_type = find_upload(session, upload_id).content_type or ""
    main = content_type.split("/")[0]
    category = (
        "pdf" if content_type == "application/pdf" else main if main in _MEDIA else "productivity"
    )
    return {"category": category, "file": hosted_file(session, upload_id)}


def find(session: Session, comment_id: str) -> Comment:
    """Return a comment; raises 404 where there is none."""
    comment = COMMENTS.find(session.db, comment_id)
    if comment is None or comment.in_trash or not session.sees(comment.parent_id):
        raise session.not_found("comment", comment_id)
    return comment


def list_comments(
    session: Session, block_id: str | None, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return a page of the comments on a page or block, the oldest first."""
    where = {} if block_id is None else {"block_id": block_id}
    target = blocks.find(session, checks.body_id(where, "block_id", "query"))
    found = COMMENTS.select(
        session.db, "WHERE parent_id = ? AND in_trash = 0 ORDER BY seq", (target.id,)
    )
    return as_list(
        "comment", page_of([serialize(comment) for comment in found], start_cursor, page_size)
    )


def update(session: Session, comment_id: str, body: Mapping[str, Any]) -> Json:
    """Change a comment's text."""
    checks.check_keys(body, _UPDATE_KEYS)
    comment = find(session, comment_id)
    changed = replace(comment, rich_text=_text(session, body), **tree.edit_stamp(session))
    COMMENTS.update(session.db, changed)
    return serialize(changed)


def delete(session: Session, comment_id: str) -> Json:
    """Delete a comment and return it once more (recorded)."""
    comment = find(session, comment_id)
    COMMENTS.update(session.db, replace(comment, in_trash=True, **tree.edit_stamp(session)))
    return serialize(comment)


def serialize(comment: Comment) -> Json:
    """Return a comment as responses show it."""
    body = {
        "object": "comment",
        "id": comment.id,
        "parent": {"type": comment.parent_type, comment.parent_type: comment.parent_id},
        "discussion_id": comment.discussion_id,
        "created_time": to_the_minute(comment.created_time),
        "last_edited_time": to_the_minute(comment.last_edited_time),
        "created_by": reference(comment.created_by),
        "rich_text": comment.rich_text,
        "display_name": comment.display_name,
    }
    return {**body, "attachments": comment.attachments} if comment.attachments else body
