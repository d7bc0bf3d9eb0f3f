"""A faithful local Notion: the API as a WSGI application over one SQLite file.

workspace = open_workspace("demo.sqlite")
client = httpx.Client(transport=httpx.WSGITransport(app=workspace.app), ...)
workspace.close()
"""

from __future__ import annotations

from .clock import Clock, ManualClock
from .errors import ApiError
from .server import serve
from .store import UnusableFileError
from .workspace import LocalWorkspace, open_workspace

__all__ = [
    "ApiError",
    "Clock",
    "LocalWorkspace",
    "ManualClock",
    "UnusableFileError",
    "open_workspace",
    "serve",
]
