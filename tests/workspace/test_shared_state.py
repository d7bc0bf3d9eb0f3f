"""The state in a PostgreSQL that machines share: one sync at a time, workspaces apart, no password
in any output.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import inspect

from notion_pm.errors import AlreadyRunning, StateUnusable, UsageError
from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import SharedState, StateHome
from notion_pm.state.connection import open_state
from notion_pm.state.lock import hold_run_lock
from notion_pm.state.state import State, known_templates
from notion_pm.state.tables import METADATA
from notion_pm.state.workspace_memory import WorkspaceMemory
from tests.support.program import Program

HOLD = """
import sys
from pydantic import SecretStr
from notion_pm.model.state_home import SharedState
from notion_pm.state.lock import hold_run_lock
with hold_run_lock(SharedState(SecretStr(sys.argv[1]), sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


def a_workspace(url: str) -> SharedState:
    return SharedState(SecretStr(url), NotionId(str(uuid4())))


def test_workspaces_in_one_database_do_not_see_each_other(postgresql_url: str) -> None:
    one, other = a_workspace(postgresql_url), a_workspace(postgresql_url)
    with State(one, "product") as state:
        state.workspace.save(WorkspaceMemory("product"))
    with hold_run_lock(one), hold_run_lock(other):
        assert (known_templates(one), known_templates(other)) == ({"product": "product"}, {})


def test_two_machines_never_overlap_and_a_killed_one_holds_nothing(postgresql_url: str) -> None:
    home = a_workspace(postgresql_url)
    arguments = [sys.executable, "-c", HOLD, postgresql_url, home.workspace]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as elsewhere:
        assert elsewhere.stdout
        assert elsewhere.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning), hold_run_lock(home):
            pass
        os.kill(elsewhere.pid, signal.SIGKILL)
    for _ in range(100):  # the server notices a moment later
        try:
            with hold_run_lock(home):
                return
        except AlreadyRunning:
            continue
    pytest.fail("the lock outlived its holder")


def test_the_steps_make_the_tables_that_queries_see(home: StateHome) -> None:
    connection = open_state(home)
    there = inspect(connection)
    schema = home.schema if isinstance(home, SharedState) else None
    made = {
        name: {column["name"]: str(column["type"]) for column in there.get_columns(name, schema)}
        for name in there.get_table_names(schema)
    }
    keys = {
        name: set(there.get_pk_constraint(name, schema)["constrained_columns"]) for name in made
    }
    connection.close()
    made.pop("version_of_state", None)
    assert {name: set(columns) for name, columns in made.items()} == {
        name: set(table.columns.keys()) for name, table in METADATA.tables.items()
    }
    for name, table in METADATA.tables.items():
        assert keys[name] == set(table.primary_key.columns.keys()), name


@pytest.mark.parametrize("path", ["?host=/nowhere", "@127.0.0.1:1/x"])
def test_an_unreachable_database_is_reported_without_its_password(path: str) -> None:
    url = (
        f"postgresql://anna:secret-word@/x{path}"
        if path.startswith("?")
        else f"postgresql://anna:secret-word{path}"
    )
    home = a_workspace(url)
    with pytest.raises(StateUnusable) as refused:
        State(home, "product")
    with pytest.raises(StateUnusable), hold_run_lock(home):
        pass
    assert "anna:***@" in str(refused.value)
    assert "secret-word" not in f"{refused.value} {refused.value.advice} {home!r}"


def test_an_invalid_url_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the URL of a database"):
        State(a_workspace("postgresql://host:port/x"), "product")


def test_the_whole_way_through_the_program(postgresql_url: str, tmp_path: Path) -> None:
    program = Program(tmp_path, NOTION_PM_STATE=postgresql_url, NOTION_PM_LOCAL="w.sqlite")
    assert program("apply", "product", "--yes").code == 0
    first, second = program("sync", "--json"), program("sync", "--json")
    assert first.code == 0, first.err
    assert first.json["updates"]
    assert not second.json["updates"]
    assert not list(tmp_path.rglob("sync.sqlite")), "nothing is remembered in a file"
    assert "secret-word" not in "".join(each.out + each.err for each in (first, second))
    wrong = Program(
        tmp_path,
        NOTION_PM_STATE="postgresql://anna:secret-word@127.0.0.1:1/x",
        NOTION_PM_LOCAL="w.sqlite",
    )
    failed = wrong("sync")
    assert (failed.code, "Traceback" in failed.err, "secret-word" in failed.err) == (
        1,
        False,
        False,
    )
    assert "NOTION_PM_STATE" in failed.err
