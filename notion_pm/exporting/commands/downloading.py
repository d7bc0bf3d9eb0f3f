"""Downloading attached files: also those of a local workspace that runs inside this process."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from notion_pm.config import Local
from notion_pm.console.context import LOCAL_URL, Context
from notion_pm.console.signals import raise_if_stopping, sleep
from notion_pm.notion.files import FileFetcher


def file_fetcher(
    context: Context, closing: Callable[[Callable[[], object]], object], largest: int
) -> FileFetcher:
    """Return what downloads the files of a workspace, each up to `largest` bytes."""
    target = context.target
    if isinstance(target, Local):
        transport = httpx.WSGITransport(app=context.local_workspace.app)
        fetcher = FileFetcher(
            LOCAL_URL,
            largest=largest,
            sleep=sleep,
            raise_if_stopping=raise_if_stopping,
            transport=transport,
        )
    else:
        fetcher = FileFetcher(
            target.base_url, largest=largest, sleep=sleep, raise_if_stopping=raise_if_stopping
        )
    closing(fetcher.close)
    return fetcher
