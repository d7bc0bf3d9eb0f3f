"""The lock of a workspace in the commands: who holds it is seen, it is renewed, and it goes away."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from notion_pm.errors import LockLost, RecordChanged, Stopped, TimeLimitReached, UnsafeChange
from notion_pm.model.ids import NotionId
from notion_pm.model.page import PropertyValue
from notion_pm.model.schema import ChildBlock
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Postponed
from notion_pm.notion.retry import Tries
from notion_pm.workspace.claims import Claim, read_claims
from notion_pm.workspace.lock import Claimant, WorkspaceLock
from tests.conftest import client_of
from tests.support.faults import Fault
from tests.support.machines import TwoMachines, two_machines
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.terminal import at_a_terminal
from tests.workspace.two_machine_pairs import COMMANDS, TEMPLATES, Prepared, prepare


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A workspace in which each command has something to do."""
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def machines(tmp_path: Path, prepared: Prepared) -> Iterator[TwoMachines]:
    """The workspace after an apply."""
    shutil.copytree(prepared.applied, tmp_path, dirs_exist_ok=True)
    with two_machines(tmp_path) as machines:
        yield machines


def record_page(machines: TwoMachines) -> ChildBlock:
    notion, _ = notion_client_for(machines.workspace)
    blocks = notion.list_children(machines.workspace.root_page_id)
    notion.close()
    return next(block for block in blocks if block.title == "notion-pm: small")


def claims(machines: TwoMachines) -> tuple[Claim, ...]:
    notion, _ = notion_client_for(machines.workspace)
    found = read_claims(notion.list_children(record_page(machines).id))
    notion.close()
    return found


@contextmanager
def ben_at_work(machines: TwoMachines) -> Iterator[None]:
    """Hold the lock, as a run on Ben's machine does."""
    notion, _ = notion_client_for(machines.workspace)
    with WorkspaceLock(notion, Claimant("notion-pm apply", holder="ben@office")) as lock:
        lock.take(record_page(machines).id)
        machines.line.requests.clear()
        yield
    notion.close()


@pytest.mark.parametrize("name", ["apply", "import", "adopt", "undo", "destroy", "repair"])
def test_each_command_that_takes_the_lock_loses_against_a_live_claim(
    machines: TwoMachines, name: str
) -> None:
    if name == "repair":
        damage_the_record(machines)
    command = COMMANDS.get(name, ("repair", "./small.yaml", "--yes"))
    with ben_at_work(machines):
        result = machines.anna.run(*command)
        assert result.code == 5, result
        assert "ben@office" in result.err
        # At most its own claim: added, and removed.
        assert len(machines.line.writes) in {0, 2}, machines.line.writes
        assert [claim.holder for claim in claims(machines)] == ["ben@office"]
    assert machines.anna.run(*command).code == 0


def test_apply_stops_before_it_asks_when_a_live_claim_is_seen(machines: TwoMachines) -> None:
    with ben_at_work(machines):
        result = machines.anna.run("apply", "./small.yaml")  # no --yes, and no terminal
        assert (result.code, machines.line.writes) == (5, []), result
        assert "ben@office" in result.err


def person(machines: TwoMachines, method: str, path: str, body: object) -> None:
    """Do what a person does in Notion."""
    with client_of(machines.workspace) as client:
        client.request(method, path, json=body).raise_for_status()


def damage_the_record(machines: TwoMachines) -> None:
    notion, _ = notion_client_for(machines.workspace)
    code = next(
        block for block in notion.list_children(record_page(machines).id) if block.type == "code"
    )
    notion.update_text_block(code.id, "code", "{", language="json")
    notion.close()


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_live_claim_is_shown(machines: TwoMachines, command: str) -> None:
    machines.anna.environment["NOTION_PM_TEMPLATE"] = "./small.yaml"
    with ben_at_work(machines):
        assert "ben@office" in machines.anna.run(command).out
        assert "ben@office" in machines.anna.run(command, "--json").out


def test_commands_that_write_nothing_take_no_lock(machines: TwoMachines) -> None:
    (machines.anna.folder / "none.csv").write_text("Id,Task\n0,Plan\n")
    with ben_at_work(machines):
        for command in (
            ("plan", "./small.yaml"),
            ("import", "rows.csv", "--map", "map.yaml", "--dry-run"),
            ("import", "none.csv", "--map", "map.yaml", "--yes"),
            ("undo", "--dry-run"),
            ("sync", "--dry-run"),
            ("repair", "./small.yaml", "--yes"),
        ):
            result = machines.anna.run(*command)
            assert (result.code, machines.line.writes) == (0, []), (command, result)
    assert machines.anna.run(*COMMANDS["adopt"]).code == 0
    assert machines.anna.run(*COMMANDS["apply"]).code == 0
    with ben_at_work(machines):
        for name in ("adopt", "apply"):
            result = machines.anna.run(*COMMANDS[name])
            assert (result.code, machines.line.writes) == (0, []), (name, result)


@pytest.mark.parametrize(
    ("name", "number"),
    [("apply", signal.SIGINT), ("import", signal.SIGTERM), ("destroy", signal.SIGTERM)],
)
def test_a_signal_removes_the_claim(
    machines: TwoMachines, name: str, number: signal.Signals
) -> None:
    run = machines.anna.start(*COMMANDS[name])
    sent: list[int] = []

    def interrupt(_: int) -> bool:
        # The first write is the claim. At the second one, or once it is listed, the run is at work.
        if len(machines.line.writes) == 2 and not sent:
            sent.append(number)
            os.kill(run.pid, number)
        return True

    machines.line.on_request = interrupt
    machines.line.latency = 0.2  # so that the signal arrives before the answer
    result = run.end()
    assert sent, result
    assert result.code != 0, result
    assert claims(machines) == ()


def test_a_person_breaks_the_lock(machines: TwoMachines) -> None:
    program = Program(machines.anna.folder)
    program.environment = machines.anna.environment
    command = [*COMMANDS["adopt"][:-1], "--break-lock"]
    with ben_at_work(machines):
        assert at_a_terminal(program, command, [("Remove the lock?", "n")]).code != 0
        assert machines.anna.run(*command, "--json").code == 1, "nobody was asked"
        assert [claim.holder for claim in claims(machines)] == ["ben@office"]
        agreed = at_a_terminal(program, command, [("Remove the lock?", "y"), ("[y/N]", "y")])
        assert agreed.code == 0, agreed
        assert claims(machines) == ()


@pytest.mark.parametrize("name", ["import", "destroy"])
def test_yes_breaks_the_lock(machines: TwoMachines, name: str) -> None:
    with ben_at_work(machines):
        assert machines.anna.run(*COMMANDS[name], "--break-lock").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("undo", "--dry-run", "--yes"),
        ("import", "rows.csv", "--map", "map.yaml", "--dry-run", "--yes"),
        ("import", "--yes"),
        ("destroy", "small", "--confirm", "WRONG"),
        ("destroy", "--confirm", "WRONG"),
        ("adopt", "small", "--apply", "mapping.yaml", "--yes"),
        ("adopt", "--yes"),
        ("import", "missing.csv", "--yes"),
        ("import", "rows.csv", "--map", "broken.yaml", "--yes"),
        ("import", "rows.csv", "--preset", "nothing", "--yes"),
        ("import", "rows.csv", "--map", "map.yaml", "--separator", "words", "--yes"),
        ("import", "rows.csv", "--map", "map.yaml", "--encoding", "nothing", "--yes"),
        ("apply", "./invalid.yaml", "--yes"),
        ("repair", "./invalid.yaml", "--yes"),
        ("adopt", "./invalid.yaml", "--yes"),
    ],
)
def test_a_lock_is_not_broken_for_a_run_that_is_refused_or_writes_nothing(
    machines: TwoMachines, command: tuple[str, ...]
) -> None:
    (machines.anna.folder / "broken.yaml").write_text(
        "source: Test\ninto: tasks\nkey: nothing\nfill: 3\n"
    )
    (machines.anna.folder / "invalid.yaml").write_text(
        TEMPLATES[0].replace("type: number", "type: nothing")
    )
    with ben_at_work(machines):
        result = machines.anna.run(*command, "--break-lock")
        assert (result.code, machines.line.writes) == (1, []), result
        assert [claim.holder for claim in claims(machines)] == ["ben@office"]


@pytest.mark.parametrize("place", ["renamed", "moved", "damaged"])
def test_a_lock_is_broken_wherever_people_put_the_record_page(
    machines: TwoMachines, place: str
) -> None:
    notion, _ = notion_client_for(machines.workspace)
    page = record_page(machines)
    with ben_at_work(machines):
        if place == "renamed":
            title = {"title": [{"text": {"content": "Our record"}}]}
            person(machines, "PATCH", f"pages/{page.id}", {"properties": {"title": title}})
        elif place == "moved":
            attic = notion.create_page(
                machines.workspace.root_page_id, "Attic", look_up=lambda: None
            ).id
            person(
                machines,
                "POST",
                f"pages/{page.id}/move",
                {"parent": {"type": "page_id", "page_id": attic}},
            )
        else:
            damage_the_record(machines)
        command = ("repair", "./small.yaml", "--yes") if place == "damaged" else COMMANDS["apply"]
        assert machines.anna.run(*command, "--break-lock").code == 0
        assert read_claims(notion.list_children(page.id)) == ()
    notion.close()


def test_the_lock_of_another_template_is_not_broken(machines: TwoMachines) -> None:
    text = (machines.anna.folder / "small.yaml").read_text()
    (machines.anna.folder / "other.yaml").write_text(
        text.replace("template: small", "template: other")
    )
    with ben_at_work(machines):
        machines.anna.run("apply", "./other.yaml", "--yes", "--break-lock")
        assert [claim.holder for claim in claims(machines)] == ["ben@office"]


class Ticking:
    """A clock that goes on by some seconds whenever somebody looks at it."""

    def __init__(self, seconds: float) -> None:
        self.now = 1_000_000.0
        self.seconds = seconds

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


def _write(machines: TwoMachines, notion: NotionClient) -> NotionId:
    root = NotionId(machines.workspace.root_page_id)
    return notion.create_page(root, "Written", children=[], icon="🧾", look_up=lambda: None).id


def test_a_long_run_renews_its_claim(machines: TwoMachines) -> None:
    notion, transport = notion_client_for(machines.workspace)
    clock = Ticking(30)
    claimant = Claimant("notion-pm apply", holder="ben@office", monotonic=clock, wall=lambda: 0.0)
    with WorkspaceLock(notion, claimant) as lock:
        lock.take(record_page(machines).id)
        for _ in range(20):
            _write(machines, notion)
        renewals = [
            each
            for each in transport.seen
            if each.method == "PATCH" and "/blocks/" in each.url.path
        ]
        # A lease is ten minutes. The run has taken 20 minutes or more, and has renewed every two or
        # three.
        renewals = [each for each in renewals if not each.url.path.endswith("/children")]
        assert clock.now - 1_000_000 > 1200
        assert 5 <= len(renewals) <= 20
    assert claims(machines) == ()
    notion.close()


def test_a_run_that_only_reads_renews_its_claim_too(machines: TwoMachines) -> None:
    notion, _ = notion_client_for(machines.workspace)
    clock = Ticking(30)
    claimant = Claimant("notion-pm apply", holder="ben@office", monotonic=clock, wall=lambda: 0.0)
    with WorkspaceLock(notion, claimant) as lock:
        lock.take(record_page(machines).id)
        for _ in range(40):
            notion.list_children(machines.workspace.root_page_id)
        assert clock.now - 1_000_000 > 1200, "a lease is ten minutes"
        assert _write(machines, notion)
    assert claims(machines) == ()
    notion.close()


@pytest.mark.parametrize("listings", [2, 100])
def test_a_first_apply_waits_until_its_own_page_is_listed(
    machines: TwoMachines, listings: int
) -> None:
    """Notion may show a new page late; a list without it may lack another run's page as well."""
    notion, _ = notion_client_for(machines.workspace)
    naps: list[float] = []
    page = notion.get_page(record_page(machines).id)
    seen = iter(range(1, 1000))

    def list_late() -> list[ChildBlock]:
        return [record_page(machines)] if next(seen) > listings else []

    with WorkspaceLock(notion, Claimant(sleep=naps.append)) as lock:
        if listings == 2:
            lock.check_new_page(page, list_late)
        else:
            with pytest.raises(LockLost):
                lock.check_new_page(page, list_late)
        lock.forget()
    assert len(naps) == (3 if listings == 2 else 5)
    notion.close()


def test_a_run_that_was_paused_for_longer_than_its_lease_writes_nothing_more(
    machines: TwoMachines,
) -> None:
    notion, transport = notion_client_for(machines.workspace)
    clock = Ticking(0)
    claimant = Claimant("notion-pm apply", monotonic=lambda: 0.0, wall=clock)
    with pytest.raises(LockLost), WorkspaceLock(notion, claimant) as lock:
        lock.take(record_page(machines).id)
        _write(machines, notion)
        clock.now += 601
        _write(machines, notion)
    assert sum(each.url.path == "/v1/pages" for each in transport.seen) == 1
    notion.close()


@pytest.mark.parametrize("what", ["claim", "page"])
def test_a_run_ends_before_its_next_write_when_its_claim_is_gone(
    machines: TwoMachines, what: str
) -> None:
    notion, transport = notion_client_for(machines.workspace)
    clock = Ticking(0)
    claimant = Claimant("notion-pm apply", monotonic=clock, wall=lambda: 0.0)
    with pytest.raises(LockLost), WorkspaceLock(notion, claimant) as lock:
        lock.take(record_page(machines).id)
        _write(machines, notion)
        other, _ = notion_client_for(machines.workspace)
        if what == "claim":
            other.delete_block(claims(machines)[0].block_id)
        else:
            other.trash_page(record_page(machines).id)
        other.close()
        clock.now += 151  # the claim is to be renewed
        _write(machines, notion)
    assert sum(each.url.path == "/v1/pages" for each in transport.seen) == 1
    notion.close()


@pytest.mark.parametrize("is_first", [True, False])
def test_an_update_whose_check_had_to_wait_is_decided_again(
    machines: TwoMachines, *, is_first: bool
) -> None:
    refused: list[str] = []
    is_refusing = False

    def weather(_: int, request: httpx.Request) -> Fault | None:
        if not is_refusing or "/v1/blocks/" not in request.url.path or refused:
            return None
        refused.append(request.method)
        return Fault(429, "rate_limited", {"Retry-After": "30"})

    root = machines.workspace.root_page_id
    title, tries = [PropertyValue("title", "title", "Renamed")], Tries()
    notion, _ = notion_client_for(machines.workspace, weather=weather)
    clock = Ticking(0)
    with WorkspaceLock(
        notion, Claimant("notion-pm sync", monotonic=clock, wall=lambda: 0.0)
    ) as lock:
        lock.take(record_page(machines).id)
        if not is_first:
            _write(machines, notion)
            clock.now += 151  # the claim is to be renewed
        is_refusing = True
        with pytest.raises(Postponed):
            notion.update_page_now(root, title, tries)
        assert refused == ["GET" if is_first else "PATCH"]
        assert notion.get_page(NotionId(root)).title != "Renamed"
        assert notion.update_page_now(root, title, tries).title == "Renamed"
    notion.close()


@pytest.mark.parametrize(
    ("error", "has_time"),
    [
        (RecordChanged(), True),
        (UnsafeChange("People chose it.", ""), True),
        (LookupError("as PlanChanged and UndoChanged are: none of ours"), True),
        (KeyboardInterrupt(), False),
        (Stopped(), False),
        (TimeLimitReached(60), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_run_that_need_not_end_retries_to_remove_its_claim(
    machines: TwoMachines, error: BaseException, has_time: bool
) -> None:
    deletions = 0

    def first_deletion_fails(_: int, request: httpx.Request) -> Fault | None:
        nonlocal deletions
        deletions += request.method == "DELETE"
        return Fault(503) if request.method == "DELETE" and deletions == 1 else None

    notion, _ = notion_client_for(machines.workspace, weather=first_deletion_fails)
    with pytest.raises(type(error)), WorkspaceLock(notion, Claimant("notion-pm apply")) as lock:
        lock.take(record_page(machines).id)
        raise error
    assert (deletions > 1) == has_time
    assert (claims(machines) == ()) == has_time
    notion.close()
