"""Comments on pages and blocks, in discussions (notion-api.md 2.7)."""

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
_MOST_ATTACHMENTS = 3  # notion-api.md 2.7
_MEDIA = ("image", "video", "audio")


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Add a comment to a discussion, or start a discussion on a page or block."""
    checks.check_keys(body, _CREATE_KEYS)
    parent_type, parent_id, discussion_id = _read_place(session, body)
    comment = Comment(
        id=new_id(),
        parent_type=parent_type,
        parent_id=parent_id,
        discussion_id=discussion_id,
        rich_text=_read_text(session, body),
        display_name=_read_display_name(session, body.get("display_name")),
        attachments=_read_attachments(session, body.get("attachments")),
        **tree.creation_stamp(session),
    )
    COMMENTS.insert(session.db, comment)
    return serialize(comment)


def _read_place(session: Session, body: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the parent's type and id, and the discussion's id, of a new comment."""
    has_parent = body.get("parent") is not None
    has_discussion = body.get("discussion_id") is not None
    if has_parent == has_discussion:
        raise validation_error("Exactly one of parent or discussion_id must be provided.")

    if has_discussion:
        discussion_id = checks.body_id(body, "discussion_id")
        found = COMMENTS.select(
            session.db, "WHERE discussion_id = ? ORDER BY seq LIMIT 1", (discussion_id,)
        )
        if not found:
            raise session.not_found("discussion", discussion_id)
        return found[0].parent_type, found[0].parent_id, discussion_id

    kind, parent_id = _read_parent(session, checks.an_object(body["parent"], "body.parent"))
    blocks.refuse_archived(session, blocks.find(session, parent_id))
    return kind, parent_id, _discussion(session, kind, parent_id) or new_id()


def _read_parent(session: Session, parent: Mapping[str, Any]) -> tuple[str, str]:
    kind = parent.get("type") or next((key for key in _PARENTS if key in parent), None)
    if kind is None:
        raise body_error("body.parent.page_id", "defined")
    checks.one_of(kind, _PARENTS, "body.parent.type")
    parent_id = checks.body_id(parent, kind, "body.parent")
    if kind == "page_id":
        return kind, session.page(parent_id).id
    return kind, blocks.find(session, parent_id).id


def _discussion(session: Session, kind: str, target: str) -> str | None:
    """Return the discussion of a page. All comments on the page itself belong to one (recorded)."""
    if kind != "page_id":
        return None
    found = COMMENTS.select(
        session.db, "WHERE parent_id = ? AND in_trash = 0 ORDER BY seq LIMIT 1", (target,)
    )
    return found[0].discussion_id if found else None


def _read_text(session: Session, body: Mapping[str, Any]) -> RichText:
    """Return the text of a comment, sent as rich text or as Markdown."""
    if ("rich_text" in body) == ("markdown" in body):
        raise validation_error("Exactly one of rich_text or markdown must be provided.")
    if "markdown" in body:
        text = checks.a_string(body["markdown"], "body.markdown")
        # A comment is one paragraph, so its line breaks are breaks inside the text.
        items = parse_inline(text.replace("\n", "<br>"))
        return normalize(session, items, "body.markdown")
    return normalize(session, body["rich_text"], "body.rich_text")


def _read_display_name(session: Session, sent: Any) -> Json:
    """Return the name that a comment shows. By default it is the author's."""
    if sent is None:
        sent = {"type": "user" if session.settings.is_person else "integration"}
    path = "body.display_name"
    display_name = checks.an_object(sent, path)
    kind = checks.one_of(display_name.get("type"), _DISPLAY_NAMES, f"{path}.type")
    name: str = session.settings.integration_name
    if kind == "custom":
        custom = checks.an_object(checks.require(display_name, "custom", path), f"{path}.custom")
        name = checks.require(custom, "name", f"{path}.custom")
        checks.a_string(name, f"{path}.custom.name")
    return {"type": kind, "resolved_name": name}


def _read_attachments(session: Session, sent: Any) -> list[Json] | None:
    if not sent:
        return None
    attachments = checks.an_array(sent, "body.attachments", most=_MOST_ATTACHMENTS)
    return [
        _read_attachment(session, attachment, f"body.attachments[{index}]")
        for index, attachment in enumerate(attachments)
    ]


def _read_attachment(session: Session, sent: Any, path: str) -> Json:
    upload_id = checks.body_id(checks.an_object(sent, path), "file_upload_id", path)
    content_type = find_upload(session, upload_id).content_type or ""
    main_type = content_type.split("/")[0]
    if content_type == "application/pdf":
        category = "pdf"
    elif main_type in _MEDIA:
        category = main_type
    else:
        category = "productivity"
    return {"category": category, "file": hosted_file(session, upload_id)}


def find(session: Session, comment_id: str) -> Comment:
    """Return a comment. Raises 404 if it does not exist or is not shared."""
    comment = COMMENTS.find(session.db, comment_id)
    # Deleted comments stay in the store for the webhooks, but cannot be found.
    if comment is None or comment.in_trash or not session.sees(comment.parent_id):
        raise session.not_found("comment", comment_id)
    return comment


def list_comments(
    session: Session, block_id: str | None, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return a page of the comments on a page or block, the oldest first."""
    query = {} if block_id is None else {"block_id": block_id}
    target = blocks.find(session, checks.body_id(query, "block_id", "query"))
    found = COMMENTS.select(
        session.db, "WHERE parent_id = ? AND in_trash = 0 ORDER BY seq", (target.id,)
    )
    comments = [serialize(comment) for comment in found]
    return as_list("comment", page_of(comments, start_cursor, page_size))


def update(session: Session, comment_id: str, body: Mapping[str, Any]) -> Json:
    """Change a comment's text."""
    checks.check_keys(body, _UPDATE_KEYS)
    comment = find(session, comment_id)
    changed = replace(comment, rich_text=_read_text(session, body), **tree.edit_stamp(session))
    COMMENTS.update(session.db, changed)
    return serialize(changed)


def delete(session: Session, comment_id: str) -> Json:
    """Delete a comment, and return it as it was (recorded)."""
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
    # The key is there only if there are attachments.
    return {**body, "attachments": comment.attachments} if comment.attachments else body
