"""Notion clients for tests: on a local workspace, without real sleeps, with faults on request."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from notion_pm.emulator import LocalWorkspace
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection
from notion_pm.notion.limiter import WindowLimiter
from notion_pm.notion.retry import Patience
from tests.support.faults import Fault, FaultyTransport


class PatientClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.naps.append(seconds)


def calm(number: int, request: httpx.Request) -> Fault | None:
    """No weather."""
    return None


def notion_client_for(
    workspace: LocalWorkspace,
    *,
    weather: Callable[[int, httpx.Request], Fault | None] = calm,
    clock: PatientClock | None = None,
    budget: int | None = None,
    patience: Patience | None = None,
    token: str | None = None,
) -> tuple[NotionClient, FaultyTransport]:
    """Return a client for a workspace, and the transport that saw its requests."""
    time = clock or PatientClock()
    transport = FaultyTransport(httpx.WSGITransport(app=workspace.app), weather)
    connection = Connection(
        token or workspace.token,
        limiter=WindowLimiter(budget, clock=time, sleep=time.sleep),
        sleep=time.sleep,
        base_url="http://local",
        transport=transport,
        patience=patience or Patience(),
    )
    return NotionClient(connection), transport
