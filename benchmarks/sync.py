"""What sync asks of Notion: requests when nothing, a little or all has changed, and how much of the
budget it uses.

    python benchmarks/sync.py [--pages 10000] [--throughput-pages 1800] [--speed 1] [--json]

Requests: the product template with so many pages of made-up values, two thirds of them insights, on
a local workspace.

Throughput: a first sync of `--throughput-pages`, half of which it writes, against a server that
lets 180 requests through in each minute of its own clock and answers each after 150 ms, with one
job and with the default of `--jobs`. That takes about five minutes each. With `--speed 10` time
runs ten times faster than the wall clock, for limiter, latency and pauses alike; but what this
machine takes then counts ten times, which shows with one job. The share counts the complete minutes
of the server, between the first and the last: those that sync could have used to the full. Answers
with 429 are given as a share of all.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.model.ids import NotionId
from notion_pm.model.page import OptionValue, PropertyValue
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection
from notion_pm.notion.limiter import NOTION_BUDGET, WINDOW, WindowLimiter
from notion_pm.provision import provision
from notion_pm.sync.sync import SyncOptions, sync
from notion_pm.workspace.record import read_manifest
from notion_pm.workspace.sync_context import SyncContext

LATENCY = 0.15
JOBS = (1, 4)


@dataclass
class FastTime:
    """A clock and its sleep, faster than the wall clock."""

    speed: float

    def __call__(self) -> float:
        return time.monotonic() * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)


@dataclass
class Metered(httpx.BaseTransport):
    """Answers late, counts requests by minute, and refuses those beyond the budget as Notion does."""

    inner: httpx.BaseTransport
    clock: FastTime
    accepted: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or refuse it."""
        with self.lock:
            minute, passed = divmod(self.clock(), WINDOW)
            if self.accepted[int(minute)] >= NOTION_BUDGET:
                self.refused += 1
                return _too_many(int(WINDOW - passed) + 1)
            self.accepted[int(minute)] += 1
        self.clock.sleep(LATENCY)
        return self.inner.handle_request(request)

    def complete_minutes(self) -> list[int]:
        """Return how many requests were let through in each minute but the first and the last."""
        return [
            self.accepted[minute] for minute in range(min(self.accepted) + 1, max(self.accepted))
        ]


def _too_many(seconds: int) -> httpx.Response:
    body = {"object": "error", "status": 429, "code": "rate_limited", "message": "Slow down."}
    return httpx.Response(429, headers={"Retry-After": str(seconds)}, json=body)


def notion_client_for(workspace: LocalWorkspace) -> NotionClient:
    """Return a door to a workspace without limit and latency."""
    limiter = WindowLimiter(None, clock=time.monotonic, sleep=time.sleep)
    transport = httpx.WSGITransport(app=workspace.app)
    return NotionClient(
        Connection(
            workspace.token,
            limiter=limiter,
            sleep=time.sleep,
            base_url="http://local",
            transport=transport,
        )
    )


def metered_client(workspace: LocalWorkspace, clock: FastTime) -> tuple[NotionClient, Metered]:
    """Return a door to a workspace behind a budget, and what counts there."""
    transport = Metered(httpx.WSGITransport(app=workspace.app), clock)
    limiter = WindowLimiter(NOTION_BUDGET, clock=clock, sleep=clock.sleep)
    connection = Connection(
        workspace.token,
        limiter=limiter,
        sleep=clock.sleep,
        base_url="http://local",
        transport=transport,
    )
    return NotionClient(connection), transport


def filled(folder: Path, clock: ManualClock, pages: int) -> LocalWorkspace:
    """Return a workspace that has the product template and so many pages."""
    workspace = open_workspace(folder / "workspace.sqlite", clock=clock)
    notion = notion_client_for(workspace)
    reading = provision.read(notion, NotionId(workspace.root_page_id), "product", {}, jobs=4)
    options = provision.PlanOptions(with_rows=False)
    provision.apply(
        notion, provision.plan(reading, options), reading, provision.ApplySettings(clock.now)
    )
    databases = read_manifest(notion, workspace.root_page_id)[1].databases
    for database, count in (
        ("vision", 10),
        ("features", pages // 3),
        ("insights", pages - pages // 3),
    ):
        workspace.fill(databases[database].data_source_id, count, seed=1)
    notion.close()
    return workspace


def place_of(
    notion: NotionClient,
    workspace: LocalWorkspace,
    folder: Path,
    clock: ManualClock,
    jobs: int = 4,
) -> SyncContext:
    """Return where to sync."""
    return SyncContext(
        notion, NotionId(workspace.root_page_id), folder / "state", clock.now, jobs=jobs
    )


def synced(workspace: LocalWorkspace, folder: Path, clock: ManualClock) -> dict[str, int]:
    """Sync half an hour later, and return what it took."""
    clock.now += timedelta(minutes=30)
    notion = notion_client_for(workspace)
    began = time.process_time()
    result = sync(place_of(notion, workspace, folder, clock), SyncOptions(force=True))
    taken = time.process_time() - began
    notion.close()
    reads = result.requests - len(result.evaluation.updates)
    return {
        "requests": result.requests,
        "reads": reads,
        "writes": len(result.evaluation.updates),
        "cpu_ms": round(taken * 1000),
    }


def people_edit(workspace: LocalWorkspace, clock: ManualClock, count: int, seed: int = 3) -> None:
    """Ship so many features."""
    notion = notion_client_for(workspace)
    entry = read_manifest(notion, workspace.root_page_id)[1].databases["features"]
    status = entry.properties["status"]
    shipped = PropertyValue(status, "status", OptionValue(entry.options["status.shipped"], ""))
    features = [page.id for page in notion.query(entry.data_source_id, property_ids=[status])]
    chosen = random.Random(seed).sample(features, count)
    clock.now += timedelta(minutes=5)
    for page_id in chosen:
        notion.update_page(page_id, [shipped])
    notion.close()


def requests_of_syncs(pages: int) -> dict[str, dict[str, int]]:
    """Return what three syncs take."""
    with tempfile.TemporaryDirectory() as name:
        folder, clock = Path(name), ManualClock()
        workspace = filled(folder, clock, pages)
        runs = {
            "first": synced(workspace, folder, clock),
            "after its own writes": synced(workspace, folder, clock),
            "unchanged": synced(workspace, folder, clock),
        }
        people_edit(workspace, clock, pages // 100)
        runs["1 % edited"] = synced(workspace, folder, clock)
        workspace.close()
    return runs


def throughput(pages: int, jobs: int, speed: float) -> dict[str, float]:
    """Return how much of the budget the first sync of so many pages uses."""
    with tempfile.TemporaryDirectory() as name:
        folder, clock, fast = Path(name), ManualClock(), FastTime(speed)
        workspace = filled(folder, clock, pages)
        notion, meter = metered_client(workspace, fast)
        clock.now += timedelta(minutes=30)
        result = sync(place_of(notion, workspace, folder, clock, jobs), SyncOptions(force=True))
        notion.close()
        workspace.close()
    minutes, accepted = meter.complete_minutes(), meter.accepted.total()
    return {
        "jobs": jobs,
        "writes": len(result.evaluation.updates),
        "requests": accepted,
        "complete_minutes": len(minutes),
        "share_of_budget": round(sum(minutes) / len(minutes) / NOTION_BUDGET, 3) if minutes else 0,
        "share_of_429": round(meter.refused / (accepted + meter.refused), 4),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    print(f"{figures['pages']:,} pages {'requests':>22} {'reads':>8} {'writes':>8} {'CPU ms':>8}")
    for title, each in figures["requests"].items():
        print(
            f"{title:24} {each['requests']:10} {each['reads']:8} {each['writes']:8} "
            f"{each['cpu_ms']:8}"
        )
    print(f"\n{NOTION_BUDGET} a minute, {LATENCY * 1000:.0f} ms each")
    print(f"{'jobs':>4} {'requests':>9} {'minutes':>8} {'of the budget':>14} {'429':>7}")
    for each in figures["throughput"]:
        print(
            f"{each['jobs']:4} {each['requests']:9} {each['complete_minutes']:8} "
            f"{each['share_of_budget']:14.1%} {each['share_of_429']:7.2%}"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="What sync asks of Notion.")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--throughput-pages", type=int, default=1_800)
    parser.add_argument("--speed", type=float, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = {
        "pages": options.pages,
        "requests": requests_of_syncs(options.pages),
        "throughput": [throughput(options.throughput_pages, jobs, options.speed) for jobs in JOBS],
    }
    if options.json:
        print(json.dumps(figures))
    else:
        show(figures)


if __name__ == "__main__":
    main()
