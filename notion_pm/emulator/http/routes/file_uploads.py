"""/v1/file_uploads"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from notion_pm.emulator.http.checks import path_id
from notion_pm.emulator.http.errors import body_error
from notion_pm.emulator.http.routes.request import body, query, session
from notion_pm.emulator.values import file_uploads

blueprint = Blueprint("file_uploads", __name__)


@blueprint.post("/file_uploads")
def create_upload() -> dict[str, Any]:
    """Create an upload. Its bytes are sent later."""
    return file_uploads.create(session(), body())


@blueprint.get("/file_uploads")
def list_uploads() -> dict[str, Any]:
    """Return the uploads, newest first."""
    return file_uploads.list_uploads(
        session(), query("status"), query("start_cursor"), query("page_size")
    )


@blueprint.get("/file_uploads/<upload_id>")
def retrieve_upload(upload_id: str) -> dict[str, Any]:
    """Return an upload."""
    upload = file_uploads.find(session(), path_id("file_upload_id", upload_id))
    return file_uploads.serialize(session(), upload)


@blueprint.post("/file_uploads/<upload_id>/send")
def send_upload(upload_id: str) -> dict[str, Any]:
    """Receive the bytes of a file, or of one part, from a multipart form."""
    file = request.files.get("file")
    if file is None:
        raise body_error("body.file", "defined")
    upload = path_id("file_upload_id", upload_id)
    return file_uploads.send(
        session(), upload, file.read(), file.mimetype, request.form.get("part_number")
    )


@blueprint.post("/file_uploads/<upload_id>/complete")
def complete_upload(upload_id: str) -> dict[str, Any]:
    """Complete a file that was sent in parts."""
    return file_uploads.complete(session(), path_id("file_upload_id", upload_id))
