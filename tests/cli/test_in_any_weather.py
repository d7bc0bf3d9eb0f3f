"""The client in the local workspace's own weather: a storm makes it slower, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.emulator.faults import read_faults
from notion_pm.template import templates as template_files
from tests.support.notion_clients import PatientClock, notion_client_for
from tests.support.provisioned import apply_to, plan_for, tables


class SharedTime(PatientClock):
    """A clock of the client whose sleep passes in the workspace too."""

    def __init__(self, workspace_clock: ManualClock) -> None:
        super().__init__()
        self._workspace_clock = workspace_clock

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._workspace_clock.advance(seconds=seconds)


@pytest.mark.parametrize("seed", [1, 2])
def test_apply_in_a_storm_makes_what_it_makes_in_calm(
    tmp_path: Path, workspace: LocalWorkspace, clock: ManualClock, seed: int
) -> None:
    product = template_files.load("product")
    calm, _ = notion_client_for(workspace)
    apply_to(calm, workspace, product)
    stormy_clock = ManualClock()
    storm = open_workspace(
        tmp_path / "storm.sqlite",
        clock=stormy_clock,
        faults=read_faults("storm", seed=seed),
        sleep=lambda seconds: stormy_clock.advance(seconds=seconds),
    )
    notion, transport = notion_client_for(storm, clock=SharedTime(stormy_clock))
    apply_to(notion, storm, product)
    report = storm.faults.report()
    assert report["limited"] > 0
    assert sum(rule["struck"] for rule in report["rules"]) > 20
    assert not plan_for(notion, storm, product).changes
    assert tables(notion, storm) == tables(calm, workspace)
    assert len(transport.seen) < 600
    for opened in (notion, calm, storm):
        opened.close()
