"""`sync --all`: every client side by side, and nobody pays for another's trouble."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from notion_pm.errors import RateLimited, Unavailable
from notion_pm.state.lock import hold_run_lock
from notion_pm.sync.commands.sync import ClientRun, Round
from notion_pm.sync.run import SyncRun
from tests.support.program import Program
from tests.sync.test_every import FINE, failed

_CLIENTS = """\
    [workspaces.acme]
    local = "acme.sqlite"

    [workspaces.globex]
    local = "globex.sqlite"

    [workspaces.initech]
    parent_page = "00000000-0000-4000-8000-000000000000"
    token_env = "INITECH_NOTION_TOKEN"
"""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clients whose workspaces a sync would change, and one whose token is missing."""
    folder = tmp_path_factory.mktemp("applied")
    (folder / "notion-pm.toml").write_text(dedent(_CLIENTS), encoding="utf-8")
    assert Program(folder)("apply", "product", "--all", "--yes").code == 1
    return folder


@pytest.fixture
def clients(applied: Path, tmp_path: Path) -> Program:
    return Program(shutil.copytree(applied, tmp_path / "clients"))


def by_client(told: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {each["client"]: each for each in told}


def test_all_clients_are_synced_beside_one_that_fails(clients: Program) -> None:
    done = clients("sync", "--all", "--json")
    assert done.code == 1
    told = by_client(done.json)
    assert {name: (each["outcome"], each["updates"]) for name, each in told.items()} == {
        "acme": ("changed", 43),
        "globex": ("changed", 43),
        "initech": ("failed", 0),
    }
    assert len({each["run"] for each in told.values()}) == 1
    assert len({each["page"] for each in told["acme"]["report"]["updates"]}) == 43
    assert "INITECH_NOTION_TOKEN" in told["initech"]["error"]["message"]

    again = clients("sync", "--all")
    assert again.code == 1
    rows = [
        line.split()[:3]
        for line in again.out.splitlines()
        if line.startswith(("acme ", "globex ", "initech "))
    ]
    assert rows == [
        ["acme", "unchanged", "0"],
        ["globex", "unchanged", "0"],
        ["initech", "failed", "0"],
    ]
    assert "initech: No token for workspace 'initech'" in again.out
    assert "Traceback" not in again.err


def test_a_client_at_work_elsewhere_is_skipped_and_the_most_serious_exit_code_counts(
    clients: Program,
) -> None:
    text = (
        (clients.folder / "notion-pm.toml")
        .read_text(encoding="utf-8")
        .partition("[workspaces.initech]")[0]
    )
    (clients.folder / "notion-pm.toml").write_text(text, encoding="utf-8")
    (acme, _) = sorted(
        (clients.folder / "state").iterdir(), key=lambda each: _parent(clients, "acme") != each.name
    )
    with hold_run_lock(acme):
        done = clients("sync", "--all", "--json")
    assert done.code == 5
    assert {name: each["outcome"] for name, each in by_client(done.json).items()} == {
        "acme": "skipped",
        "globex": "changed",
    }
    assert clients("sync", "--all").code == 0
    quiet = clients("sync", "--all", "--quiet")
    assert (quiet.code, quiet.out) == (0, "")


def _parent(clients: Program, name: str) -> str:
    return str(clients("local", "info", f"{name}.sqlite", "--json").json["root_page_id"])


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_a_beat_for_all_tells_every_client_and_ends_well_when_asked(clients: Program) -> None:
    command = [sys.executable, "-m", "notion_pm", "sync", "--all", "--every", "1s", "--json"]
    out_file = clients.folder / "out.jsonl"
    with out_file.open("w") as out:
        running = subprocess.Popen(command, cwd=clients.folder, env=clients.environment, stdout=out)
        ends = time.monotonic() + 60
        while len(out_file.read_text().splitlines()) < 6 and time.monotonic() < ends:
            time.sleep(0.1)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    told = [json.loads(line) for line in out_file.read_text().splitlines()]
    first, second = told[:3], told[3:6]
    assert (
        [each["client"] for each in first]
        == [each["client"] for each in second]
        == ["acme", "globex", "initech"]
    )
    assert [each["outcome"] for each in first] == ["changed", "changed", "failed"]
    assert [each["outcome"] for each in second] == ["unchanged", "unchanged", "failed"]


def test_all_and_one_client_are_not_asked_for_together(clients: Program) -> None:
    refused = clients("-w", "acme", "sync", "--all")
    assert refused.code == 1 and "--all cannot be combined" in refused.err


def a_round(*runs: SyncRun) -> Round:
    return Round([ClientRun(f"client {number}", run, "") for number, run in enumerate(runs)])


def test_a_round_has_failed_only_when_all_clients_have() -> None:
    down, asked = failed(Unavailable("down")), failed(RateLimited("wait", retry_after=90))
    assert a_round(FINE, down).trouble == ""
    assert a_round(down, asked).trouble == "Unavailable, RateLimited"
    assert a_round(asked, FINE).asks_to_wait == 0
    assert a_round(asked).asks_to_wait == 90
