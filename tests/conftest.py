"""Fixtures for all tests: a local workspace of their own, and clients that talk to it as to Notion."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.model.ids import NotionId
from notion_pm.model.state_home import SharedState, StateHome
from tests.support import postgresql
from tests.support.program import Program
from tests.support.served import served

TRAFFIC_FOLDER = "NOTION_PM_TRAFFIC"
"""The variable that names a folder for the traffic of all tests: evidence.py looks at it."""

_NO_EVIDENCE = frozenset({"test_probe.py", "test_property_ids.py", "test_unknown_values.py"})
"""Tests that send what Notion must refuse, or let the local workspace answer with what no type
knows.
"""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Record the traffic of a test, where that is wanted. This runs before the test's fixtures."""
    folder = os.environ.get(TRAFFIC_FOLDER)
    if not folder:
        return
    # The official types are checked apart for what the program sends, and for what anybody may
    # send.
    file = "workspace.jsonl" if item.path.parent.name == "emulator" else "program.jsonl"
    if item.path.name in _NO_EVIDENCE:
        os.environ.pop("NOTION_PM_LOCAL_RECORD", None)
    else:
        os.environ["NOTION_PM_LOCAL_RECORD"] = str(Path(folder, file))


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until a test moves it."""
    return ManualClock()


@pytest.fixture
def workspace(tmp_path: Path, clock: ManualClock) -> Iterator[LocalWorkspace]:
    """A fresh local workspace on the test's own clock."""
    opened = open_workspace(tmp_path / "workspace.sqlite", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def api(workspace: LocalWorkspace) -> Iterator[httpx.Client]:
    """An HTTP client of the workspace: token and newest version set, paths below /v1/."""
    with client_of(workspace) as client:
        yield client


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL of a PostgreSQL that the tests have started."""
    programs = postgresql.found()
    if programs is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with postgresql.running(programs) as url:
        yield url


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> StateHome:
    """A place for the state that holds nothing yet, of each kind in turn."""
    if request.param == "SQLite":
        return tmp_path
    return SharedState(SecretStr(request.getfixturevalue("postgresql_url")), NotionId(str(uuid4())))


def client_of(workspace: LocalWorkspace, version: str = "2026-03-11") -> httpx.Client:
    """Returns a client that speaks one version of the API to a workspace."""
    headers = {"Authorization": f"Bearer {workspace.token}", "Notion-Version": version}
    transport = httpx.WSGITransport(app=workspace.app)
    return httpx.Client(transport=transport, base_url="http://local/v1", headers=headers)


@pytest.fixture
def url(workspace: LocalWorkspace) -> Iterator[str]:
    """The workspace, served: its URL."""
    with served(workspace.app) as address:
        yield address


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, with no settings."""
    folder = tmp_path / "client"
    folder.mkdir()
    return Program(folder)


@pytest.fixture
def connected(program: Program, workspace: LocalWorkspace, url: str) -> Program:
    """The program, connected to the workspace by settings in its environment."""
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_BASE_URL": url,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
    }
    return program
