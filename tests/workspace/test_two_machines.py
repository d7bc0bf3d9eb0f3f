"""Two people, two machines: commands that start almost at once, and runs that are killed, over
HTTP.

By default a small sample. A part of the matrix, and all of it:

    NOTION_PM_MATRIX=ci .venv/bin/pytest tests/workspace/test_two_machines.py -n 8
    NOTION_PM_MATRIX=all .venv/bin/pytest tests/workspace/test_two_machines.py -n 8
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from notion_pm.emulator import ManualClock
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import Faults
from tests.support.forked_program import AHEAD
from tests.support.machines import TwoMachines, two_machines
from tests.workspace.two_machine_pairs import (
    COMMANDS,
    Cell,
    Prepared,
    check,
    check_workspace,
    matrix,
    prepare,
    race,
)

_KILLS = list(product((True, False), range(1, 41), (True, False)))
_KILLS = {"all": _KILLS, "ci": _KILLS[::13]}.get(
    os.environ.get("NOTION_PM_MATRIX", ""), [(True, 9, True), (False, 20, False)]
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The workspaces in which the cells begin."""
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.mark.parametrize("cell", matrix(), ids=str)
def test_of_two_commands_one_works_and_the_other_stops_or_follows(
    tmp_path: Path, prepared: Prepared, cell: Cell
) -> None:
    shutil.copytree(prepared.of(cell), tmp_path, dirs_exist_ok=True)
    with two_machines(tmp_path) as machines:
        results = race(machines, cell)
        check(machines, cell, results)
        if cell.first == cell.second == "apply":
            # Whoever starts when the other has ended finds nothing left to do.
            assert sorted(result.code for result in results) in ([0, 5], [0, 0]), results
            assert machines.anna.run("plan", "./small.yaml", "--exit-code").code == 0


@pytest.mark.parametrize(
    "cell",
    [
        Cell("apply", "apply", 0, 0.02, is_new=True),
        Cell("import", "import", 0.1, 0.02),
        Cell("apply", "import", 0.3, 0.02),
    ],
    ids=str,
)
def test_also_with_late_reads_and_reordered_appends(
    tmp_path: Path, prepared: Prepared, cell: Cell
) -> None:
    shutil.copytree(prepared.of(cell), tmp_path, dirs_exist_ok=True)
    with two_machines(tmp_path) as machines:
        machines.ben.environment["NOTION_TOKEN"] = machines.workspace.connect("Ben")
        machines.workspace.faults.change(
            Faults(behaviour=Behaviour(read_lag=0.4, append_order="reversed"))
        )
        for machine in (machines.anna, machines.ben):
            machine.environment["NOTION_PM_READ_LAG"] = "0.6"
        results = race(machines, cell)
        machines.workspace.faults.change(Faults())
        check(machines, cell, results)


@pytest.mark.parametrize(("is_new", "moment", "arrives"), _KILLS)
def test_two_runs_are_killed_and_taken_over_when_their_claims_have_expired(
    tmp_path: Path, prepared: Prepared, is_new: bool, moment: int, arrives: bool
) -> None:
    cell = Cell("apply", "apply", 0, 0.02, is_new)
    shutil.copytree(prepared.of(cell), tmp_path, dirs_exist_ok=True)
    # The machines' clocks are real. A server's clock that is months behind would make everything
    # look old.
    clock = ManualClock(datetime.now(UTC))
    with two_machines(tmp_path, clock) as machines:
        _kill_both_at(machines, moment, arrives=arrives)
        clock.advance(minutes=12)
        machines.ben.environment[AHEAD] = "720"
        taken_over = machines.ben.run(*COMMANDS["apply"])
        assert taken_over.code == 0, taken_over
        # A run that finds nothing to do takes no lock, and leaves the expired claims to the next
        # one.
        check_workspace(machines, taken_over, may_have_claims="No changes" in taken_over.out)
        assert machines.anna.run("plan", "./small.yaml", "--exit-code").code == 0


def _kill_both_at(machines: TwoMachines, moment: int, *, arrives: bool) -> None:
    """Run apply on both machines, and kill both at one of their requests, before or after it
    arrives.
    """
    runs = [machines.anna.start(*COMMANDS["apply"]), machines.ben.start(*COMMANDS["apply"])]

    def kill(number: int) -> bool:
        if number != moment:
            return True
        for run in runs:
            run.kill()
        return arrives

    machines.line.on_request = kill
    machines.line.latency = 0.02
    for run in runs:
        run.end()
    machines.line.on_request = lambda number: True
    machines.line.latency = 0
