"""Two machines, and the clock of one is half an hour ahead of Notion's, or behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from notion_pm.model.ids import NotionId
from notion_pm.workspace.claims import read_claims
from notion_pm.workspace.lock import Claimant, WorkspaceLock
from tests.support.forked_program import AHEAD
from tests.support.machines import Machine, TwoMachines, two_machines
from tests.support.notion_clients import notion_client_for
from tests.workspace.test_workspace_lock import record_page
from tests.workspace.two_machine_pairs import COMMANDS, Cell, Prepared, check_workspace, prepare

HALF_AN_HOUR = 1800


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.mark.parametrize("ahead", [HALF_AN_HOUR, -HALF_AN_HOUR])
@pytest.mark.parametrize("is_new", [True, False], ids=["first apply", "upgrade"])
@pytest.mark.parametrize("wrong", ["first", "second"])
def test_an_interrupted_apply_is_finished_on_another_machine(
    tmp_path: Path, prepared: Prepared, ahead: int, is_new: bool, wrong: str
) -> None:
    shutil.copytree(prepared.of(Cell("apply", "apply", 0, 0, is_new)), tmp_path, dirs_exist_ok=True)
    with two_machines(tmp_path) as machines:
        machine = machines.anna if wrong == "first" else machines.ben
        machine.environment[AHEAD] = str(ahead)
        _apply_until_a_database_is_made(machines, machines.anna)
        _forget_claims(machines)

        result = machines.ben.run(*COMMANDS["apply"])

        assert result.code == 0, result
        check_workspace(machines, result)
        assert machines.anna.run("plan", "./small.yaml", "--exit-code").code == 0


def _apply_until_a_database_is_made(machines: TwoMachines, machine: Machine) -> None:
    """Run apply, and kill it when its first database exists and no record names it."""
    run = machine.start(*COMMANDS["apply"])

    def kill(_: int) -> bool:
        if machines.line.requests[-1] == "POST /v1/databases":
            run.kill()
        return True

    machines.line.on_request = kill
    assert run.end().code != 0
    machines.line.on_request = lambda number: True


def _forget_claims(machines: TwoMachines) -> None:
    """Remove the claim of the killed run, as if it had expired."""
    notion, _ = notion_client_for(machines.workspace)
    for claim in read_claims(notion.list_children(record_page(machines).id)):
        notion.delete_block(NotionId(claim.block_id))
    notion.close()


@pytest.mark.parametrize("ahead", [HALF_AN_HOUR, -HALF_AN_HOUR])
def test_a_live_claim_is_live_on_every_machine(
    tmp_path: Path, prepared: Prepared, ahead: int
) -> None:
    shutil.copytree(prepared.applied, tmp_path, dirs_exist_ok=True)
    with two_machines(tmp_path) as machines:
        machines.anna.environment[AHEAD] = str(ahead)
        notion, _ = notion_client_for(machines.workspace)
        with WorkspaceLock(notion, Claimant("notion-pm apply", holder="ben@office")) as lock:
            lock.take(record_page(machines).id)
            machines.line.requests.clear()
            result = machines.anna.run("apply", "./small.yaml")  # no --yes, and no terminal
        assert (result.code, machines.line.writes) == (5, []), result
        notion.close()
