"""`doctor --probe`: the statements agree with the local workspace, and each of them can differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.weather import Weather
from notion_pm.gateway.connection import Connection
from notion_pm.gateway.limiter import WindowLimiter
from notion_pm.gateway.notion import Gateway
from notion_pm.probe.lab import MOST_REQUESTS, Lab
from notion_pm.probe.runner import USUAL_REQUESTS, check
from notion_pm.probe.statement import Statement, Verdict, all_statements
from tests.gateways import PatientClock
from tests.probe_lies import LyingTransport, lies
from tests.program import Program

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_STATEMENTS = {statement.id: statement for statement in all_statements()}


@pytest.fixture(scope="module")
def shared_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    """One workspace for all single statements: each has a scratch page of its own."""
    opened = open_workspace(tmp_path_factory.mktemp("probe") / "workspace.sqlite")
    yield opened
    opened.close()


def _connection(workspace: LocalWorkspace, transport: httpx.BaseTransport) -> Connection:
    clock = PatientClock()
    return Connection(
        workspace.token,
        limiter=WindowLimiter(None, clock=clock, sleep=clock.sleep),
        sleep=clock.sleep,
        base_url="http://local",
        transport=transport,
    )


def _lab(workspace: LocalWorkspace, transport: httpx.BaseTransport) -> Lab:
    """Make a scratch page, and a lab whose second connection always hears the truth."""
    honest = _connection(workspace, httpx.WSGITransport(app=workspace.app))
    page = Gateway(honest).create_page(workspace.root_page_id, "notion-pm probe", look_up=lambda: None)
    return Lab(_connection(workspace, transport), page.id, sleep=PatientClock().sleep, second=honest)


def _verdicts(workspace: LocalWorkspace, statements: dict[str, Statement] = _STATEMENTS) -> dict[str, Verdict]:
    lab = _lab(workspace, httpx.WSGITransport(app=workspace.app))
    return {id: check(statement, lab).verdict for id, statement in statements.items()}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, NOTION_PM_LOCAL=str(tmp_path / "w.sqlite"))


def test_all_statements_agree_with_the_local_workspace(program: Program, tmp_path: Path) -> None:
    token = program("local", "token", "w.sqlite", "--name", "second").out.strip()
    program.environment["SECOND_NOTION_TOKEN"] = token
    done = program("doctor", "--probe", "--yes", "--json", "--second-token-env", "SECOND_NOTION_TOKEN")
    assert done.code == 0, done.err
    assert done.json["counts"] == {"agrees": len(_STATEMENTS), "differs": 0, "cannot tell": 0}
    assert done.json["requests"] <= MOST_REQUESTS
    written = (tmp_path / "notion-pm-probe.json").read_text()
    assert len(json.loads(written)["statements"]) == len(_STATEMENTS)
    assert token not in written
    assert not _ID.search(written)


def test_nothing_is_left_but_a_page_in_the_trash(program: Program, tmp_path: Path) -> None:
    done = program("doctor", "--probe", "--yes", "--json", "--report", "r.md")
    assert done.code == 0, done.err
    assert done.json["requests"] == USUAL_REQUESTS
    assert (tmp_path / "r.md").read_text().startswith("# ")
    assert not list((tmp_path / "state").rglob("probe.json"))
    workspace = open_workspace(tmp_path / "w.sqlite")
    gateway = Gateway(_connection(workspace, httpx.WSGITransport(app=workspace.app)))
    assert [child for child in gateway.list_children(workspace.root_page_id) if not child.in_trash] == []
    assert len(list(gateway.search_pages("notion-pm probe", in_trash=True))) == 1
    workspace.close()


def test_every_statement_has_a_lie() -> None:
    assert set(lies()) == set(_STATEMENTS)


@pytest.mark.parametrize("id", _STATEMENTS)
def test_a_statement_differs_when_notion_does(id: str, shared_workspace: LocalWorkspace) -> None:
    lying = LyingTransport(httpx.WSGITransport(app=shared_workspace.app), lies()[id])
    finding = check(_STATEMENTS[id], _lab(shared_workspace, lying))
    assert finding.verdict is Verdict.DIFFERS, finding


@pytest.mark.parametrize(
    ("behaviour", "differing"),
    [
        (Behaviour(property_ids="any"), {"ids.decoded-refused"}),
        (
            Behaviour(property_ids="names"),
            {
                "ids.page-values-as-received",
                "ids.filter-as-received",
                "ids.sort-as-received",
                "views.properties-as-received",
            },
        ),
        (Behaviour(formula_filters="accepted"), {"queries.formula-filter-refused"}),
    ],
    ids=str,
)
def test_a_setting_of_the_emulator_makes_its_statements_differ(
    behaviour: Behaviour, differing: set[str], workspace: LocalWorkspace
) -> None:
    workspace.weather.change(Weather(behaviour=behaviour))
    found = _verdicts(workspace)
    assert {id for id, verdict in found.items() if verdict is Verdict.DIFFERS} == differing
