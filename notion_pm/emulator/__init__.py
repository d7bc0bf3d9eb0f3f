"""A faithful local Notion: the API as a WSGI application over one SQLite file.

workspace = open_workspace("demo.sqlite")
client = httpx.Client(transport=httpx.WSGITransport(app=workspace.app), ...)
workspace.close()
"""

from __future__ import annotations

from notion_pm.emulator.http.errors import ApiError
from notion_pm.emulator.http.server import serve
from notion_pm.emulator.store.clock import Clock, ManualClock
from notion_pm.emulator.store.store import UnusableFileError
from notion_pm.emulator.workspace import LocalWorkspace, open_workspace

__all__ = [
    "ApiError",
    "Clock",
    "LocalWorkspace",
    "ManualClock",
    "UnusableFileError",
    "open_workspace",
    "serve",
]
