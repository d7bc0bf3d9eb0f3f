"""Sync as Prefect flows, on a real Prefect server that the test starts.

Prefect lives in an environment of its own: NOTION_PM_PREFECT_PYTHON names its Python, in which
`notion-pm[prefect]` is installed. Without it the tests are skipped.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

PYTHON = os.environ.get("NOTION_PM_PREFECT_PYTHON", "")
pytestmark = pytest.mark.skipif(
    not PYTHON, reason="NOTION_PM_PREFECT_PYTHON names no Python with notion-pm[prefect]"
)

_STARTS_WITHIN = 90
"""Seconds."""
_CLIENTS = """
[workspaces.acme]
local = "acme.sqlite"

[workspaces.twin]
local = "acme.sqlite"

[workspaces.globex]
local = "globex.sqlite"
"""
_BROKEN = """
[workspaces.broken]
parent_page = "8f0c1b1e-5d0a-4b57-9e5d-0a4b579e5d0a"
token_env = "UNSET_NOTION_TOKEN"
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Start a Prefect server, and lend the environment in which flows find it."""
    folder, port = tmp_path_factory.mktemp("prefect"), _free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "NOTION_PM_STATE": str(folder / "state"),
    }
    serve = [PYTHON, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(serve, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(environment["PREFECT_API_URL"], folder / "server.log")
            yield environment
        finally:
            server.terminate()


@pytest.fixture
def clients(tmp_path: Path, settings: Mapping[str, str]) -> Path:
    """Lend a folder whose notion-pm.toml names two workspaces, one of them twice."""
    (tmp_path / "notion-pm.toml").write_text(_CLIENTS)
    for name in ("acme", "globex"):
        applied = [PYTHON, "-m", "notion_pm", "-w", name, "apply", "product", "--yes"]
        subprocess.run(applied, cwd=tmp_path, env=settings, check=True, capture_output=True)
    return tmp_path


def test_every_workspace_is_synced_and_those_of_one_token_one_after_the_other(
    clients: Path, settings: Mapping[str, str]
) -> None:
    done = _flow(clients, settings)
    assert done.returncode == 0, done.stderr
    told = {each["client"]: each for each in json.loads(done.stdout.splitlines()[-1])}
    assert told.keys() == {"acme", "twin", "globex"}
    assert told["globex"]["outcome"] == "changed"
    # at the same time one of the two would have met the other at work, and been skipped
    assert sorted([told["acme"]["outcome"], told["twin"]["outcome"]]) == ["changed", "unchanged"]
    limits = _asked(settings, "v2/concurrency_limits/filter")
    assert len(limits) == 2
    assert {each["limit"] for each in limits} == {1}
    assert all(each["name"].startswith("notion-pm-") for each in limits)


def test_a_failing_workspace_does_not_stop_the_others(
    clients: Path, settings: Mapping[str, str]
) -> None:
    with (clients / "notion-pm.toml").open("a") as file:
        file.write(_BROKEN)
    done = _flow(clients, settings)
    assert done.returncode == 1
    assert "UNSET_NOTION_TOKEN is empty" in done.stderr
    states = {each["name"]: each["state_type"] for each in _asked(settings, "task_runs/filter")}
    assert states["sync broken"] == "FAILED"
    assert states["sync globex"] == states["sync acme"] == "COMPLETED"


def _flow(folder: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    once = [PYTHON, "-m", "notion_pm.jobs.flows", "--once"]
    return subprocess.run(
        once, cwd=folder, env=settings, capture_output=True, text=True, timeout=300
    )


def _asked(settings: Mapping[str, str], path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.post(
        f"{settings['PREFECT_API_URL']}/{path}", json={}
    ).json()
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, log: Path) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends:
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"Prefect's server did not start:\n{log.read_text()[-2000:]}")
