"""File uploads: create, send, complete, attach (notion-api.md 2.8)."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from notion_pm.emulator.blocks import tree
from notion_pm.emulator.http import checks
from notion_pm.emulator.http.errors import ApiError, body_error, validation_error
from notion_pm.emulator.http.links import HERE
from notion_pm.emulator.http.lists import as_list, page_of
from notion_pm.emulator.store.clock import to_stored, to_the_minute
from notion_pm.emulator.store.content_records import FILE_UPLOADS, FileUpload
from notion_pm.emulator.store.ids import new_id
from notion_pm.emulator.store.session import Session
from notion_pm.emulator.values.users import me

Json = dict[str, Any]

_MODES = ("single_part", "multi_part", "external_url")
_STATUSES = ("pending", "uploaded", "expired", "failed")
_CREATE_KEYS = frozenset(("mode", "filename", "content_type", "number_of_parts", "external_url"))
_MOST_PARTS = 10_000
_LIFETIME = timedelta(hours=1)
_IMPORT_DURATION = timedelta(seconds=1)
_PLACEHOLDER = "A local workspace does not fetch files. This replaces the file at {url}\n"
MOST_BYTES_IN_NAME = 900
_SIGNED_FOR = timedelta(hours=1)
FILES_URL = f"{HERE}/files"  # as stored; signed_files.py makes it a URL that can be opened


def create(session: Session, body: Mapping[str, Any]) -> Json:
    """Create an upload. Its bytes are sent with `send`, or imported from a URL."""
    checks.check_keys(body, _CREATE_KEYS)
    mode = checks.one_of(body.get("mode", _MODES[0]), _MODES, "body.mode")
    filename = _read_filename(body, mode)
    external_url = None
    if mode == "external_url":
        external_url = checks.a_url(body.get("external_url"), "body.external_url")
    upload = FileUpload(
        id=new_id(),
        mode=mode,
        filename=filename,
        content_type=_read_content_type(body, filename),
        number_of_parts=_read_number_of_parts(body, mode),
        external_url=external_url,
        expiry_time=to_stored(session.moment + _LIFETIME),
        **tree.creation_stamp(session),
    )
    FILE_UPLOADS.insert(session.db, upload)
    if upload.external_url is not None:
        data = _PLACEHOLDER.format(url=upload.external_url).encode()
        session.db.execute("INSERT INTO file_parts VALUES (?, ?, ?)", (upload.id, 1, data))
    return serialize(session, upload)


def _read_filename(body: Mapping[str, Any], mode: str) -> str | None:
    if body.get("filename") is None:
        if mode != "single_part":
            raise body_error("body.filename", "defined")
        return None
    filename = checks.a_string(body["filename"], "body.filename")
    checks.check_at_most(len(filename.encode()), MOST_BYTES_IN_NAME, "body.filename.length")
    return filename


def _read_number_of_parts(body: Mapping[str, Any], mode: str) -> int | None:
    if mode != "multi_part":
        return None
    number = checks.an_integer(checks.require(body, "number_of_parts"), "body.number_of_parts")
    if number < 1:
        raise body_error("body.number_of_parts", "≥ `1`", number)
    checks.check_at_most(number, _MOST_PARTS, "body.number_of_parts")
    return number


def _read_content_type(body: Mapping[str, Any], filename: str | None) -> str | None:
    if body.get("content_type") is None:
        return mimetypes.guess_type(filename)[0] if filename else None
    return checks.a_string(body["content_type"], "body.content_type")


def find(session: Session, upload_id: str) -> FileUpload:
    """Return an upload with its current status. Raises 404 if it does not exist."""
    upload = FILE_UPLOADS.find(session.db, upload_id)
    if upload is None:
        raise session.not_found("file_upload", upload_id)
    return _with_current_status(session, upload)


def _with_current_status(session: Session, upload: FileUpload) -> FileUpload:
    """Return an upload after the changes that only time makes, and that are not stored.

    It may have been imported from its URL, or have expired (both recorded).
    """
    imported = _import_time(upload)
    if upload.status == "pending" and imported is not None and imported <= session.now:
        upload = replace(
            upload,
            status="uploaded",
            content_length=_count_bytes(session, upload),
            last_edited_time=imported,
        )
    # Only an upload that is attached to something has no expiry time. All others expire, even after
    # their bytes were sent.
    if upload.expiry_time is not None and upload.expiry_time <= session.now:
        return replace(
            upload, status="expired", expiry_time=None, last_edited_time=upload.expiry_time
        )
    return upload


def _import_time(upload: FileUpload) -> str | None:
    """Return when a file is imported from its URL, None if it is not imported."""
    if upload.external_url is None:
        return None
    return to_stored(datetime.fromisoformat(upload.created_time) + _IMPORT_DURATION)


def send(
    session: Session, upload_id: str, data: bytes, content_type: str | None, part: str | None
) -> Json:
    """Receive the bytes of a file, or of one part of it."""
    upload = find(session, upload_id)
    _refuse_unless_pending(upload)
    # The limit is the one that the bot's user object names.
    limit = me(session)["bot"]["workspace_limits"]["max_file_upload_size_in_bytes"]
    if len(data) > limit:
        raise validation_error(
            f"File size {len(data)} exceeds the limit of {limit} bytes of this workspace."
        )
    number = _read_part_number(upload, part)
    session.db.execute(
        "INSERT OR REPLACE INTO file_parts VALUES (?, ?, ?)", (upload.id, number, data)
    )
    # A single part completes the upload, several parts need `complete` (notion-api.md 2.8).
    if upload.mode == "single_part":
        typed = replace(upload, content_type=upload.content_type or content_type)
        upload = _mark_uploaded(session, typed)
    return serialize(session, upload)


def _refuse_unless_pending(upload: FileUpload) -> None:
    if upload.status != "pending" or upload.mode == "external_url":
        raise validation_error(
            f"File upload {upload.id} has status {upload.status} and cannot be sent to."
        )


def _read_part_number(upload: FileUpload, part: str | None) -> int:
    if upload.number_of_parts is None:
        return 1
    if part is None or not part.isdigit() or not 1 <= int(part) <= upload.number_of_parts:
        raise body_error("body.part_number", f"between `1` and `{upload.number_of_parts}`", part)
    return int(part)


def complete(session: Session, upload_id: str) -> Json:
    """Complete a file that was sent in parts."""
    upload = find(session, upload_id)
    _refuse_unless_pending(upload)
    if upload.number_of_parts is None or _count_parts(session, upload) < upload.number_of_parts:
        raise validation_error(
            f"File upload {upload.id} cannot be completed: not all of its parts were sent."
        )
    return serialize(session, _mark_uploaded(session, upload))


def _mark_uploaded(session: Session, upload: FileUpload) -> FileUpload:
    done = replace(
        upload,
        status="uploaded",
        content_length=_count_bytes(session, upload),
        **tree.edit_stamp(session),
    )
    FILE_UPLOADS.update(session.db, done)
    return done


def _count_bytes(session: Session, upload: FileUpload) -> int:
    row = session.db.execute(
        "SELECT sum(length(data)) FROM file_parts WHERE upload_id = ?", (upload.id,)
    ).fetchone()
    return int(row[0] or 0)


def _count_parts(session: Session, upload: FileUpload) -> int:
    row = session.db.execute(
        "SELECT count(*) FROM file_parts WHERE upload_id = ?", (upload.id,)
    ).fetchone()
    return int(row[0])


def list_uploads(
    session: Session, status: str | None, start_cursor: str | None, page_size: str | None
) -> Json:
    """Return a page of the uploads, newest first."""
    if status is not None:
        checks.one_of(status, _STATUSES, "query.status")
    results = []
    for stored in FILE_UPLOADS.select(session.db, "ORDER BY seq DESC"):
        upload = _with_current_status(session, stored)
        if status in (None, upload.status):
            results.append(serialize(session, upload))
    return as_list("file_upload", page_of(results, start_cursor, page_size))


def serialize(session: Session, upload: FileUpload) -> Json:
    """Return an upload as responses show it.

    The URL to send the bytes to is there only while it is pending (recorded).
    """
    body: Json = {
        "object": "file_upload",
        "id": upload.id,
        "created_time": to_the_minute(upload.created_time),
        "created_by": {"id": upload.created_by, "type": "bot"},
        "last_edited_time": to_the_minute(upload.last_edited_time),
        "expiry_time": to_the_minute(upload.expiry_time) if upload.expiry_time else None,
    }
    if upload.status == "pending":
        body["upload_url"] = f"{HERE}/v1/file_uploads/{upload.id}/send"
    body |= {
        "in_trash": upload.in_trash,
        # In every version: 2026-03-11 removes it only from pages, blocks and databases.
        "archived": upload.in_trash,
        "status": upload.status,
        "filename": upload.filename,
        "content_type": upload.content_type,
        "content_length": upload.content_length,
    }
    imported = _import_time(upload)
    if imported is not None and upload.status != "pending":
        result = {"type": "success", "success": {}, "imported_time": f"{imported[:19]}.000+00:00"}
        body["file_import_result"] = result
    if upload.number_of_parts is not None:
        body["number_of_parts"] = {
            "total": upload.number_of_parts,
            "sent": _count_parts(session, upload),
        }
    return body


def hosted_file(session: Session, upload_id: str) -> Json:
    """Attach an upload, and return the file object. Raises 400 if its bytes were not sent yet."""
    upload = find(session, upload_id)
    if upload.status != "uploaded":
        raise ApiError(
            400,
            "validation_error",
            f"File upload {upload_id} has not been uploaded: its status is {upload.status}.",
        )
    FILE_UPLOADS.update(session.db, replace(upload, expiry_time=None))  # attached: never expires
    name = quote(upload.filename or "Untitled", safe="")
    return {"url": f"{FILES_URL}/{upload.id}/{name}", "expiry_time": _expiry(session)}


def _expiry(session: Session) -> str:
    expiry = session.moment + _SIGNED_FOR
    milliseconds = expiry.microsecond // 1000
    return f"{expiry:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"
