"""Downloading attached files: also those of a local workspace that runs inside this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import requests
from requests.adapters import BaseAdapter

from notion_pm.cli.context import LOCAL_URL, Context
from notion_pm.config import Local
from notion_pm.gateway.files import fetch, new_session


def fetch_for(context: Context) -> Callable[[str, Path], None]:
    """Return what downloads the files of a workspace. Raises LinkExpired, FileNotFetched."""
    session = _session(context)
    return lambda url, path: fetch(session, url, path)


def _session(context: Context) -> requests.Session:
    session = new_session()
    if isinstance(context.target, Local):
        session.mount(LOCAL_URL, _InProcess(httpx.WSGITransport(app=context.local_workspace.app)))
    return session


class _InProcess(BaseAdapter):
    """Answers requests by a WSGI application."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        super().__init__()
        self._transport = transport

    def send(self, request: requests.PreparedRequest, *args: Any, **settings: Any) -> requests.Response:
        answer = self._transport.handle_request(httpx.Request(request.method or "GET", request.url or ""))
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(_text(answer.headers))
        response.raw = BytesIO(answer.read())
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        self._transport.close()


def _text(headers: httpx.Headers) -> Mapping[str, str]:
    return dict(headers.items())
