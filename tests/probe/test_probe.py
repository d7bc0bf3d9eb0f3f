"""`doctor --probe`: the statements agree with the local workspace, and each of them can differ."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import Faults, read_faults
from notion_pm.model.ids import NotionId
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import Connection
from notion_pm.notion.limiter import WindowLimiter
from notion_pm.probe.command import SOMETHING_DIFFERS, exit_code_of
from notion_pm.probe.lab import MOST_REQUESTS, Lab
from notion_pm.probe.memory import Memory
from notion_pm.probe.report import summarise
from notion_pm.probe.runner import USUAL_REQUESTS, Connections, ProbeResult, check, run_probe
from notion_pm.probe.statement import Area, Finding, Statement, Verdict, all_statements, redact
from notion_pm.probe.unknowns import UNKNOWNS
from tests.probe.probe_lies import LyingTransport, lies
from tests.support.notion_clients import PatientClock
from tests.support.program import Program

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_STATEMENTS = {statement.id: statement for statement in all_statements()}


@pytest.fixture(scope="module")
def shared_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    """One workspace for all single statements: each has a scratch page of its own."""
    opened = open_workspace(tmp_path_factory.mktemp("probe") / "workspace.sqlite")
    yield opened
    opened.close()


def _connection(
    workspace: LocalWorkspace, transport: httpx.BaseTransport, token: str = ""
) -> Connection:
    clock = PatientClock()
    return Connection(
        token or workspace.token,
        limiter=WindowLimiter(None, clock=clock, sleep=clock.sleep),
        sleep=clock.sleep,
        base_url="http://local",
        transport=transport,
    )


def _lab(
    workspace: LocalWorkspace,
    transport: httpx.BaseTransport,
    sleep: Callable[[float], None] = lambda _: None,
) -> Lab:
    """Make a scratch page, and a lab whose second connection always hears the truth."""
    second = _connection(
        workspace, httpx.WSGITransport(app=workspace.app), workspace.connect("second")
    )
    page = NotionClient(second).create_page(
        workspace.root_page_id, "notion-pm probe", look_up=lambda: None
    )
    return Lab(_connection(workspace, transport), page.id, sleep=sleep, second=second)


def _verdicts(
    workspace: LocalWorkspace,
    statements: dict[str, Statement] = _STATEMENTS,
    sleep: Callable[[float], None] = lambda _: None,
) -> dict[str, Verdict]:
    lab = _lab(workspace, httpx.WSGITransport(app=workspace.app), sleep)
    return {id: check(statement, lab).verdict for id, statement in statements.items()}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, NOTION_PM_LOCAL=str(tmp_path / "w.sqlite"))


def test_all_statements_agree_with_the_local_workspace(program: Program, tmp_path: Path) -> None:
    token = program("local", "token", "w.sqlite", "--name", "second").out.strip()
    program.environment["SECOND_NOTION_TOKEN"] = token
    done = program(
        "doctor", "--probe", "--yes", "--json", "--second-token-env", "SECOND_NOTION_TOKEN"
    )
    assert done.code == 0, done.err
    assert done.json["counts"] == {"agrees": len(_STATEMENTS), "differs": 0, "cannot tell": 0}
    assert done.json["requests"] <= MOST_REQUESTS
    written = (tmp_path / "notion-pm-probe.json").read_text()
    assert len(json.loads(written)["statements"]) == len(_STATEMENTS)
    assert token not in written
    assert not _ID.search(written)


def test_only_a_page_in_the_trash_remains(program: Program, tmp_path: Path) -> None:
    done = program("doctor", "--probe", "--yes", "--json", "--report", "r.md")
    assert done.code == 0, done.err
    assert done.json["requests"] == USUAL_REQUESTS
    assert (tmp_path / "r.md").read_text().startswith("# ")
    assert not list((tmp_path / "state").rglob("probe.json"))
    checks = {each["name"] for each in program("doctor", "--json").json["checks"]}
    assert "probe" in checks
    workspace = open_workspace(tmp_path / "w.sqlite")
    notion = NotionClient(_connection(workspace, httpx.WSGITransport(app=workspace.app)))
    assert [
        child for child in notion.list_children(workspace.root_page_id) if not child.in_trash
    ] == []
    assert len(list(notion.search_pages("notion-pm probe", in_trash=True))) == 1
    workspace.close()


def test_every_statement_has_a_lie() -> None:
    assert set(lies()) == set(_STATEMENTS)


def test_unknowns_name_statements_that_exist() -> None:
    assert {unknown.statement for unknown in UNKNOWNS if unknown.statement} <= set(_STATEMENTS)


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
        (
            Behaviour(linked_databases="404"),
            set(),
        ),  # both answers are known, and notion-pm takes both
        (
            Behaviour(queries_return=frozenset({"data_sources"})),
            set(),
        ),  # notion-pm asks for pages only
        (Behaviour(queries_return=frozenset({"partial_pages"})), {"queries.whole-pages"}),
        (Behaviour(computed_values="unsupported"), {"pages.formula-computed"}),
        (Behaviour(new_property_type=True), {"schema.only-what-was-sent"}),
        (Behaviour(removed_status="default"), {"options.removed-status-not-default"}),
        (
            Behaviour(query_lag=20),
            {"queries.new-rows-found", "queries.edit-found", "queries.trashed-row-gone"},
        ),
        (Behaviour(search_lag=600), {"search.finds-scratch-page"}),
        (Behaviour(read_lag=1), {"locks.two-connections-at-once"}),
        (
            Behaviour(read_lag=600),
            {
                "locks.two-connections-at-once",
                "locks.two-connections-in-time",
                "locks.two-connections-one-order",
                "locks.two-connections-order-sent",
            },
        ),
        (Behaviour(append_order="reversed"), {"locks.two-connections-order-sent"}),
    ],
    ids=lambda value: (
        next(iter(value.model_dump(exclude_defaults=True)), "")
        if isinstance(value, Behaviour)
        else ""
    ),
)
def test_a_setting_of_the_emulator_makes_its_statements_differ(
    behaviour: Behaviour, differing: set[str], workspace: LocalWorkspace, clock: ManualClock
) -> None:
    workspace.faults.change(Faults(behaviour=behaviour))
    found = _verdicts(workspace, sleep=lambda seconds: clock.advance(seconds=seconds or 2))
    assert {id for id, verdict in found.items() if verdict is Verdict.DIFFERS} == differing


def test_connection_trouble_is_not_a_difference(workspace: LocalWorkspace) -> None:
    workspace.faults.change(read_faults("storm", seed=3))
    found = _verdicts(workspace)
    assert Verdict.DIFFERS not in found.values()
    assert Verdict.AGREES in found.values()


class CutOff(httpx.BaseTransport):
    """Ends the run at one request, before or after it is carried out, and lets all others pass."""

    def __init__(
        self, inner: httpx.BaseTransport, number: int, error: BaseException, *, after: bool = False
    ) -> None:
        self._inner = inner
        self._left = number
        self._error = error
        self._after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self._left -= 1
        if self._left == 0:
            if self._after:
                self._inner.handle_request(request).read()
            raise self._error
        return self._inner.handle_request(request)


def _run(workspace: LocalWorkspace, transport: httpx.BaseTransport, state: Path) -> ProbeResult:
    connections = Connections(_connection(workspace, transport), PatientClock().sleep)
    few = all_statements()[:20]
    return run_probe(
        connections, NotionId(workspace.root_page_id), few, Memory.read(state), lambda *_: None
    )


@pytest.mark.parametrize(
    ("number", "after"),
    [(1, False), (1, True), (15, False), (15, True)],
    ids=["none", "made", "half", "half done"],
)
def test_an_interrupted_probe_continues(
    number: int, after: bool, workspace: LocalWorkspace, tmp_path: Path
) -> None:
    honest = httpx.WSGITransport(app=workspace.app)
    with pytest.raises(KeyboardInterrupt):
        _run(workspace, CutOff(honest, number, KeyboardInterrupt(), after=after), tmp_path)
    done = len(Memory.read(tmp_path).findings)
    assert (done > 0) == (number > 1)
    notion = NotionClient(_connection(workspace, honest))
    in_trash = list(notion.search_pages("notion-pm probe", in_trash=True))
    assert len(in_trash) == (1 if number > 1 else 0)

    result = _run(workspace, honest, tmp_path)
    assert {finding.verdict for finding in result.findings.values()} == {Verdict.AGREES}
    assert len(list(notion.search_pages("notion-pm probe", in_trash=True))) == 1
    assert not list(notion.search_pages("notion-pm probe", in_trash=False))
    assert not Memory.read(tmp_path).is_resumed


def test_a_probe_stays_within_its_number_of_requests(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    memory = Memory.read(tmp_path)
    memory.spent = MOST_REQUESTS - 10
    memory.save()
    result = _run(workspace, httpx.WSGITransport(app=workspace.app), tmp_path)
    assert result.requests <= MOST_REQUESTS
    assert result.left_behind is None
    assert result.count(Verdict.CANNOT_TELL) > 0
    assert exit_code_of(result) == 5


def test_differences_are_reported_by_part_of_the_program() -> None:
    statements = all_statements()
    findings = {each.id: Finding(Verdict.AGREES) for each in statements}
    findings["options.rename-by-id"] = Finding(Verdict.DIFFERS, ["200", ["A"]], ["200", ["B"]])
    result = ProbeResult(statements, findings, 1, None)
    conclusions = {summary.area: summary.conclusion for summary in summarise(result)}
    assert conclusions[Area.OPTIONS].startswith("do not use")
    assert {conclusion for area, conclusion in conclusions.items() if area is not Area.OPTIONS} == {
        "fine"
    }
    assert exit_code_of(result) == SOMETHING_DIFFERS == 6


@pytest.mark.parametrize("variable", ["AWS_SECRET", "MISSING_NOTION_TOKEN", "OTHER_NOTION_TOKEN"])
def test_a_second_token_is_sent_only_to_its_server(
    variable: str, program: Program, tmp_path: Path
) -> None:
    """A variable without a token, an empty one, and a token for another server in `.env`."""
    del program.environment["NOTION_PM_LOCAL"]
    program.environment.update(AWS_SECRET="s", OTHER_NOTION_TOKEN="t")
    (tmp_path / ".env").write_text(
        "NOTION_TOKEN=x\nNOTION_PM_PARENT_PAGE=3fa85f64-5717-4562-b3fc-2c963f66afa6\n"
        "NOTION_PM_BASE_URL=https://elsewhere.example.com\n"
    )
    done = program("doctor", "--probe", "--yes", "--second-token-env", variable)
    assert done.code == 1
    assert "second-token-env" in done.err or variable in done.err
    assert "elsewhere.example.com could not" not in done.err


def test_a_probe_needs_confirmation(program: Program, tmp_path: Path) -> None:
    assert program("doctor", "--probe").code == 1
    assert program("doctor", "--yes").code == 1
    assert not (tmp_path / "notion-pm-probe.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "3fa85f6457174562b3fc2c963f66afa6",
        'shared with your integration "Acme secret project".',
        "https://app.notion.com/p/Acme-3fa85f64",
        "ada@example.com",
        "ntn_1234567890abcdef",
    ],
)
def test_a_report_contains_nothing_that_identifies_people(text: str) -> None:
    shown = json.dumps(redact({"a": [f"before {text} after"]}))
    assert not any(word in shown for word in ("3fa85f64", "Acme", "ada@", "1234567890"))


def test_a_partly_checked_part_is_not_called_fine() -> None:
    statements = all_statements()
    findings = {each.id: Finding(Verdict.AGREES) for each in statements}
    lock = next(each for each in statements if each.area is Area.LOCKS)
    findings[lock.id] = Finding(Verdict.CANNOT_TELL, reason="no second token", is_optional=True)
    conclusions = {
        summary.area: summary.conclusion
        for summary in summarise(ProbeResult(statements, findings, 1, None))
    }
    assert "fine" not in conclusions[Area.LOCKS]
    assert conclusions[Area.SYNC] == "fine"
