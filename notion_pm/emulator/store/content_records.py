"""Records of views and their queries, comments, file uploads and asynchronous tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from notion_pm.emulator.store.records import Json, RichText, Stamped
from notion_pm.emulator.store.store import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Stamped):
    """A view of a data source, in the tab bar of a database or as a widget of a dashboard."""

    database_id: str
    data_source_id: str | None
    dashboard_view_id: str | None = None
    name: str
    type: str
    position: float
    filter: Json = None
    sorts: Json = None
    quick_filters: Json = None
    configuration: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewQuery:
    """The results of a view's query, kept for 15 minutes."""

    id: str
    view_id: str
    expires_at: str
    page_ids: list[str]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Stamped):
    """One comment of a discussion on a page or block."""

    parent_type: str
    parent_id: str
    discussion_id: str
    rich_text: RichText
    display_name: dict[str, Any]
    attachments: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUpload(Stamped):
    """An uploaded file. Its bytes are rows of the table `file_parts`."""

    mode: str
    status: str = "pending"
    filename: str | None = None
    content_type: str | None = None
    content_length: int | None = None
    number_of_parts: int | None = None
    expiry_time: str | None = None
    external_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncTask:
    """Work that the real service does later. Here it is done at once; only its result waits."""

    id: str
    created_time: str
    operation: str
    result: dict[str, Any] = field(default_factory=dict)


VIEWS = Table(
    "views",
    View,
    json_columns=("filter", "sorts", "quick_filters", "configuration"),
    flags=("in_trash",),
)
VIEW_QUERIES = Table("view_queries", ViewQuery, json_columns=("page_ids",), flags=("is_complete",))
COMMENTS = Table(
    "comments",
    Comment,
    json_columns=("rich_text", "display_name", "attachments"),
    flags=("in_trash",),
)
FILE_UPLOADS = Table("file_uploads", FileUpload, json_columns=(), flags=("in_trash",))
ASYNC_TASKS = Table("async_tasks", AsyncTask, json_columns=("result",), flags=())
