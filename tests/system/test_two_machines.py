"""Two people, two machines: pairs of commands that start almost at once, over HTTP. One works, the other stops.

By default a small sample; all pairs, start differences and latencies (some minutes) with

    NOTION_PM_MATRIX=all pytest tests/system/test_two_machines.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.emulator.clock import system_clock
from notion_pm.emulator.weather import CALM, weather_in
from notion_pm.gateway.notion import Gateway
from notion_pm.model.schema import PropertyPatch
from tests.gateways import gateway_to
from tests.program import Finished
from tests.system.conftest import served

_ROWS = "Id,Insight\n1,Too slow\n2,Too dear\n3,No dark mode\n"
_MAP = "source: Test\ninto: insights\nkey: {from: Id, prefix: 'test:'}\nfill: {name: Insight}\n"
_IS_WHOLE = os.environ.get("NOTION_PM_MATRIX") == "all"

COMMANDS = {
    "apply": ("apply", "product", "--no-rows", "--yes"),
    "import": ("import", "rows.csv", "--map", "map.yaml", "--yes"),
    "adopt": ("adopt", "--apply", "mapping.yaml", "--yes"),
    "undo": ("undo", "--yes"),
    "sync": ("sync",),
    "destroy": ("destroy", "product", "--confirm", "product"),
}


class Machine:
    """A home of its own; the workspace is the same."""

    def __init__(self, folder: Path, workspace: LocalWorkspace, url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        (folder / "rows.csv").write_text(_ROWS)
        (folder / "map.yaml").write_text(_MAP)
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NOTION_PM_STATE": str(folder / "state"),
            "NOTION_TOKEN": workspace.token,
            "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
            "NOTION_PM_BASE_URL": url,
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "notion_pm", *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Finished:
        return finished(self.start(*arguments))


def finished(process: subprocess.Popen[str]) -> Finished:
    out, err = process.communicate(timeout=120)
    return Finished(process.returncode, out, err)


@contextmanager
def two_machines(folder: Path, clock: ManualClock | None = None) -> Iterator[tuple[LocalWorkspace, Machine, Machine]]:
    workspace = open_workspace(folder / "workspace.sqlite", clock=clock or system_clock)
    with served(workspace.app) as url:
        yield workspace, Machine(folder / "a", workspace, url), Machine(folder / "b", workspace, url)
    workspace.close()


def databases(workspace: LocalWorkspace) -> Counter[str]:
    gateway, _ = gateway_to(workspace)
    blocks = gateway.list_children(workspace.root_page_id)
    gateway.close()
    return Counter(each.title for each in blocks if each.type == "child_database" and not each.in_trash)


def record_pages(workspace: LocalWorkspace) -> int:
    gateway, _ = gateway_to(workspace)
    blocks = gateway.list_children(workspace.root_page_id)
    gateway.close()
    return sum(each.title == "notion-pm: product" and not each.in_trash for each in blocks)


def slow(workspace: LocalWorkspace, seconds: float) -> None:
    workspace.weather.change(weather_in(f"slow seconds={seconds}", seed=1))


def raced(first: Machine, second: Machine, names: tuple[str, str], difference: float) -> tuple[Finished, Finished]:
    running = first.start(*COMMANDS[names[0]])
    time.sleep(difference)
    other = second.run(*COMMANDS[names[1]])
    return finished(running), other


def check_sound(workspace: LocalWorkspace, results: tuple[Finished, Finished]) -> None:
    """Nothing exists twice, and nobody failed without saying why."""
    assert set(databases(workspace).values()) <= {1}, results
    assert record_pages(workspace) <= 1, results
    for result in results:
        assert "Traceback" not in result.err, result
        if result.code == 5:
            assert "@" in result.err or "since this run has looked" in result.err or "running" in result.err, result


@pytest.mark.parametrize(
    ("difference", "latency"),
    list(product((0, 0.1, 0.3, 0.6, 1, 2), (0.02, 0.08, 0.3))) if _IS_WHOLE else [(0, 0.05), (0.4, 0.05)],
)
def test_two_first_applies_make_one_set_of_databases(tmp_path: Path, difference: float, latency: float) -> None:
    with two_machines(tmp_path) as (workspace, anna, ben):
        slow(workspace, latency)
        results = raced(anna, ben, ("apply", "apply"), difference)
        check_sound(workspace, results)
        codes = sorted(result.code for result in results)
        assert codes in ([0, 5], [0, 0]), results
        if difference < 0.5:
            assert codes == [0, 5], results
            loser = next(result for result in results if result.code == 5)
            assert "notion-pm apply" in loser.err or "since this run has looked" in loser.err
        assert sum(databases(workspace).values()) == 3
        workspace.weather.change(CALM)
        assert anna.run("plan", "product", "--no-rows", "--exit-code").code == 0


def test_a_killed_run_is_taken_over_when_its_claim_has_expired(tmp_path: Path) -> None:
    clock = ManualClock()
    with two_machines(tmp_path, clock) as (workspace, anna, ben):
        slow(workspace, 0.1)
        running = anna.start(*COMMANDS["apply"])
        _wait_for_a_database(workspace)
        running.kill()
        running.communicate()
        workspace.weather.change(CALM)
        locked = ben.run(*COMMANDS["apply"])
        assert (locked.code, "expires" in locked.err) == (5, True), locked
        clock.advance(minutes=12)
        assert ben.run(*COMMANDS["apply"]).code == 0
        assert set(databases(workspace).values()) == {1}
        assert sum(databases(workspace).values()) == 3


def test_a_killed_run_is_taken_over_at_once_on_its_own_machine_and_with_break_lock(tmp_path: Path) -> None:
    with two_machines(tmp_path) as (workspace, anna, ben):
        slow(workspace, 0.1)
        running = anna.start(*COMMANDS["apply"])
        _wait_for_a_database(workspace)
        running.kill()
        running.communicate()
        workspace.weather.change(CALM)
        assert "at work" in ben.run("doctor").out
        assert ben.run("apply", "product", "--no-rows", "--break-lock", "--json").code == 1, "nobody was asked"
        assert ben.run(*COMMANDS["apply"]).code == 5
        assert anna.run(*COMMANDS["apply"]).code == 0
        assert set(databases(workspace).values()) == {1}


_APPLIED = ("apply", "import", "undo", "sync", "destroy")
_PAIRS = list(product(product(_APPLIED, _APPLIED), (0, 0.3, 2), (0.02, 0.08, 0.3)))
_SAMPLE = [(("import", "import"), 0.2, 0.05), (("apply", "destroy"), 0.3, 0.05)]


@pytest.mark.parametrize(("names", "difference", "latency"), _PAIRS if _IS_WHOLE else _SAMPLE)
def test_pairs_on_an_applied_workspace(
    tmp_path: Path, names: tuple[str, str], difference: float, latency: float
) -> None:
    with two_machines(tmp_path) as (workspace, anna, ben):
        assert anna.run(*COMMANDS["apply"]).code == 0
        _delete_a_property(workspace)  # so that an apply has something to do
        # Only the machine that applied has the journal of it.
        first, second = (ben, anna) if names[1] == "undo" else (anna, ben)
        slow(workspace, latency)
        results = raced(first, second, names, difference)
        workspace.weather.change(CALM)
        check_sound(workspace, results)
        assert set(_imported(workspace).values()) <= {1}, results
        if names == ("import", "import"):
            assert sum(_imported(workspace).values()) == 3, results
            assert sorted(result.code for result in results) in ([0, 0], [0, 5])


@pytest.mark.skipif(not _IS_WHOLE, reason="NOTION_PM_MATRIX=all runs it")
@pytest.mark.parametrize("names", [("adopt", "adopt"), ("adopt", "apply"), ("apply", "adopt")])
@pytest.mark.parametrize("difference", [0, 0.3])
def test_pairs_with_a_first_adoption(tmp_path: Path, names: tuple[str, str], difference: float) -> None:
    with two_machines(tmp_path) as (workspace, anna, ben):
        gateway, _ = gateway_to(workspace)
        title = {"Insight": PropertyPatch(type="title"), "Quote": PropertyPatch(type="rich_text")}
        gateway.create_database(workspace.root_page_id, "Voices", title, look_up=lambda: None)
        gateway.close()
        assert anna.run("adopt", "product").code == 0
        (ben.folder / "mapping.yaml").write_text((anna.folder / "mapping.yaml").read_text())
        slow(workspace, 0.08)
        results = raced(anna, ben, names, difference)
        workspace.weather.change(CALM)
        check_sound(workspace, results)


def _delete_a_property(workspace: LocalWorkspace) -> None:
    gateway, _ = gateway_to(workspace)
    gateway.update_data_source(_insights(gateway, workspace), {"Source URL": None})
    gateway.close()


def _imported(workspace: LocalWorkspace) -> Counter[str]:
    gateway, _ = gateway_to(workspace)
    try:
        return Counter(page.title for page in gateway.query(_insights(gateway, workspace)))
    except StopIteration:  # they are in the trash
        return Counter()
    finally:
        gateway.close()


def _insights(gateway: Gateway, workspace: LocalWorkspace) -> str:
    blocks = gateway.list_children(workspace.root_page_id)
    block = next(each for each in blocks if each.title == "Customer insights" and not each.in_trash)
    return gateway.get_database(block.id).data_source_ids[0]


def _wait_for_a_database(workspace: LocalWorkspace) -> None:
    deadline = time.monotonic() + 60
    while not databases(workspace):
        assert time.monotonic() < deadline, "the apply has made nothing"
        time.sleep(0.1)
