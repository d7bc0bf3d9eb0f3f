"""What a large local workspace costs: rows filled, queries at their first, middle and last page,
single pages.

    python benchmarks/local_workspace.py [ROWS]

Requests go through WSGI in this process. Times are CPU time of this machine, filling also given
beside that of `import click` in a process of its own: compare ratios, not seconds. A query is
Notion's whole answer of 100 rows, most of which is the making of their JSON: "one row" and "all
rows" tell what that takes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from notion_pm.emulator import LocalWorkspace, open_workspace

ROWS = 100_000
REPEATED = 20

Json = dict[str, Any]

_DONE = {"property": "Done", "checkbox": {"equals": True}}
_SCORED = {"property": "Score", "number": {"greater_than": 50}}
_BY_SCORE = [{"property": "Score", "direction": "ascending"}]
QUERIES: Mapping[str, Json] = {
    "all rows": {},
    "checkbox": {"filter": _DONE},
    "number": {"filter": _SCORED},
    "checkbox and number": {"filter": {"and": [_DONE, _SCORED]}},
    "the same, by number": {"filter": {"and": [_DONE, _SCORED]}, "sorts": _BY_SCORE},
    "checkbox or number": {"filter": {"or": [_DONE, _SCORED]}},
    "select": {"filter": {"property": "Stage", "select": {"equals": "Build"}}},
    "text contains": {"filter": {"property": "Name", "title": {"contains": "sign"}}},
    "one row": {"filter": {"property": "ID", "unique_id": {"equals": 777}}},
    "no number, by number": {
        "filter": {"property": "Score", "number": {"is_empty": True}},
        "sorts": _BY_SCORE,
    },
}


def spent(act: Callable[[], object]) -> float:
    """Return the CPU seconds that something takes."""
    begin = time.process_time()
    act()
    return time.process_time() - begin


def import_click() -> float:
    """Return the CPU seconds of a Python that does nothing else."""
    with subprocess.Popen([sys.executable, "-c", "import click"]) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def asked(client: httpx.Client, method: str, path: str, body: Json | None = None) -> Json:
    """Return what a request answers, which must be well."""
    answer: Json = client.request(method, path, json=body).raise_for_status().json()
    return answer


def pages_of(client: httpx.Client, source: str, query: Json) -> list[float]:
    """Return the CPU seconds of each page of a query."""
    took, body = [], {"page_size": 100, **query}
    while True:
        begin = time.process_time()
        answer = asked(client, "POST", f"/data_sources/{source}/query", body)
        took.append(time.process_time() - begin)
        if not answer["has_more"]:
            return took
        body["start_cursor"] = answer["next_cursor"]


def single_pages(client: httpx.Client, source: str) -> dict[str, float]:
    """Return the CPU seconds of a request about one page."""
    body = {"parent": {"data_source_id": source}, "properties": {"Score": {"number": 1}}}
    page = f"/pages/{asked(client, 'POST', '/pages', body)['id']}"
    requests: dict[str, Callable[[], object]] = {
        "create": lambda: asked(client, "POST", "/pages", body),
        "get": lambda: asked(client, "GET", page),
        "patch": lambda: asked(client, "PATCH", page, {"properties": {"Score": {"number": 2}}}),
    }
    return {
        name: sum(spent(act) for _ in range(REPEATED)) / REPEATED for name, act in requests.items()
    }


def report(workspace: LocalWorkspace, client: httpx.Client, rows: int) -> None:
    """Fill the workspace, ask it, and print the tables."""
    sources: list[str] = []
    filling = spent(lambda: sources.append(workspace.fill(None, rows)))
    ratio = filling / import_click()
    print(
        f"fill {rows} rows: {filling:.1f} s CPU, {ratio:.0f} x import click, "
        f"{filling / rows * 1e6:.0f} us a row\n"
    )
    print(f"{'query, ms a page':22} {'pages':>5} {'first':>7} {'middle':>7} {'last':>7}")
    for title, query in QUERIES.items():
        took = [seconds * 1000 for seconds in pages_of(client, sources[0], query)]
        print(
            f"{title:22} {len(took):5} {took[0]:7.1f} {took[len(took) // 2]:7.1f} {took[-1]:7.1f}"
        )
    print(f"\n{'page, ms':22}")
    for name, seconds in single_pages(client, sources[0]).items():
        print(f"{name:22} {seconds * 1000:7.1f}")


def main() -> None:
    """Print the tables."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "workspace.sqlite")
        headers = {"Authorization": f"Bearer {workspace.token}", "Notion-Version": "2026-03-11"}
        transport = httpx.WSGITransport(app=workspace.app)
        with httpx.Client(
            transport=transport, base_url="http://local/v1", headers=headers
        ) as client:
            report(workspace, client, rows)
        workspace.close()


if __name__ == "__main__":
    main()
