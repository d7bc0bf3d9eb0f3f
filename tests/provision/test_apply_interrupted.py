"""An apply that was interrupted at any moment continues when it is run again."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notion_pm.emulator import LocalWorkspace, open_workspace
from notion_pm.model.template import LoadedTemplate
from notion_pm.notion.retry import Patience
from tests.support.faults import Fault
from tests.support.notion_clients import notion_client_for
from tests.support.program import Program
from tests.support.provisioned import apply_to, manifest_pages, plan_for, tables
from tests.support.template_worlds import load, templates

Weather = Callable[[int, httpx.Request], Fault | None]


class Killed(BaseException):
    """The process ended here."""


class _LastBreath(Fault):
    """The request was carried out, and nobody is left to hear the answer."""

    def strike(self, request: httpx.Request) -> httpx.Response:
        raise Killed


def _dying(moment: int, *, carried_out: bool) -> Weather:
    """Return the weather in which a process ends at a request: before it is sent, or after it was
    carried out."""

    def weather(number: int, request: httpx.Request) -> Fault | None:
        if number == moment and carried_out:
            return _LastBreath(after=True)
        if number >= moment:
            raise Killed
        return None

    return weather


def _rich() -> LoadedTemplate:
    """Return a small template with everything in it that an interruption could break."""
    name = {"type": "title", "title": "Name"}
    status = {"type": "status", "title": "Status", "options": [{"key": "open", "name": "Open"}]}
    insights = {
        "type": "relation",
        "title": "Insights",
        "to": "insights",
        "two_way": {"key": "for", "title": "For"},
    }
    after = {"type": "relation", "title": "After", "to": "features"}
    count = {
        "type": "rollup",
        "title": "Count",
        "relation": "for",
        "property": "name",
        "function": "count",
    }
    views = {
        "all": {"title": "All", "type": "table", "where": {"status": "open"}},
        "list": {"title": "L", "type": "list"},
    }
    return load(
        {
            "databases": {
                "features": {
                    "title": "Features",
                    "properties": {
                        "name": name,
                        "status": status,
                        "insights": insights,
                        "after": after,
                    },
                    "views": views,
                },
                "insights": {
                    "title": "Insights",
                    "properties": {"name": name, "count": count},
                    "views": {"gallery": {"title": "Gallery", "type": "gallery"}},
                },
            }
        },
        {
            "features": [
                {"key": "a", "name": "Same", "insights": "x;y", "after": "b"},
                {"key": "b", "name": "Same", "after": "a"},
                {"key": "c", "name": "Other", "status": "open"},
            ],
            "insights": [{"key": "x", "name": "X"}, {"key": "y", "name": "Y"}],
        },
    )


def _upgraded() -> LoadedTemplate:
    """Return the next version of the rich template: renamed, extended, with more rows."""
    before = _rich()
    data = before.template.model_dump(mode="json", exclude_defaults=True)
    features, insights = data["databases"]["features"], data["databases"]["insights"]
    features["title"] = "Specs"
    features["properties"]["state"] = {
        **features["properties"].pop("status"),
        "title": "State",
        "was": "status",
    }
    features["properties"]["state"]["options"].append({"key": "beta", "name": "Beta"})
    features["views"]["all"]["where"] = {"state": {"is": ["open", "beta"]}}
    features["views"]["late"] = {"title": "Late", "type": "list"}
    shown = {"type": "formula", "title": "Shown", "expression": 'format(prop("State"))'}
    features["properties"]["shown"] = shown
    insights["properties"]["about"] = {
        "type": "relation",
        "title": "About",
        "to": "features",
        "two_way": {"key": "notes", "title": "Notes"},
    }
    data["databases"]["notes"] = {
        "title": "Notes",
        "properties": {"name": {"type": "title", "title": "Name"}},
    }
    rows = {
        key: [{"key": row.key, **row.cells} for row in each] for key, each in before.rows.items()
    }
    rows["features"] = [
        {"state" if key == "status" else key: cell for key, cell in row.items()}
        for row in rows["features"]
    ]
    rows["features"].append({"key": "d", "name": "New", "state": "beta", "insights": "z"})
    rows["insights"].append({"key": "z", "name": "Z"})
    rows["notes"] = [{"key": "n", "name": "N"}]
    return load({**data, "version": 2}, rows)


def _interrupt(workspace: LocalWorkspace, loaded: LoadedTemplate, weather: Weather) -> None:
    notion, _ = notion_client_for(workspace, weather=weather)
    try:
        apply_to(notion, workspace, loaded, jobs=2)
    except Killed:
        pass
    finally:
        notion.close()


def _healed(folder: Path, loaded: LoadedTemplate, weather: Weather) -> object:
    """Interrupt an apply, apply again, and return all that is there; prove that nothing is left to
    do."""
    workspace = open_workspace(folder / f"{time.monotonic_ns()}.sqlite")
    _interrupt(workspace, loaded, weather)
    notion, transport = notion_client_for(workspace)
    result = apply_to(notion, workspace, loaded)
    assert result.planned == result.sent == len(transport.seen)
    assert plan_for(notion, workspace, loaded).changes == ()
    assert set(manifest_pages(notion, workspace).values()) == {1}
    found = tables(notion, workspace)
    notion.close()
    workspace.close()
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, object]:
    """How many requests an undisturbed apply takes, and what it makes."""
    workspace = open_workspace(tmp_path_factory.mktemp("undisturbed") / "workspace.sqlite")
    notion, transport = notion_client_for(workspace)
    apply_to(notion, workspace, _rich())
    requests, found = len(transport.seen), tables(notion, workspace)
    notion.close()
    workspace.close()
    return requests, found


@pytest.mark.parametrize("carried_out", [False, True])
def test_an_apply_continues_after_it_was_killed_at_any_request(
    tmp_path: Path, undisturbed: tuple[int, object], carried_out: bool
) -> None:
    requests, found = undisturbed
    for moment in range(1, requests + 1):
        assert _healed(tmp_path, _rich(), _dying(moment, carried_out=carried_out)) == found, moment


def test_another_connection_continues_after_any_creation(
    tmp_path: Path, undisturbed: tuple[int, object]
) -> None:
    """Ownership is judged by the record and by what is under the parent page, not by who created
    it."""

    def dying_at_create(wanted: int) -> Weather:
        creates = 0

        def weather(number: int, request: httpx.Request) -> Fault | None:
            nonlocal creates
            creates += request.method == "POST" and not request.url.path.endswith("/query")
            if creates == wanted and request.method == "POST":
                return _LastBreath(after=True)
            if creates > wanted:
                raise Killed
            return None

        return weather

    resumed = 0
    while True:
        workspace = open_workspace(tmp_path / f"{resumed}.sqlite")
        notion, first = notion_client_for(workspace, weather=dying_at_create(resumed + 1))
        try:
            apply_to(notion, workspace, _rich(), jobs=2)
        except Killed:
            pass
        else:
            break
        other, transport = notion_client_for(
            workspace, token=workspace.connect("Another connection")
        )
        result = apply_to(other, workspace, _rich())
        assert result.planned == result.sent == len(transport.seen)
        assert tables(other, workspace) == undisturbed[1], resumed
        assert set(manifest_pages(other, workspace).values()) == {1}
        for each in (notion, other, workspace):
            each.close()
        resumed += 1
    assert resumed == 10  # the record page, two databases, two views, five rows
    assert first.seen
    notion.close()
    workspace.close()


@pytest.mark.parametrize("carried_out", [False, True])
def test_an_upgrade_continues_after_it_was_killed_at_any_request(
    tmp_path: Path, carried_out: bool
) -> None:
    def upgraded(weather: Weather | None) -> tuple[int, object]:
        workspace = open_workspace(tmp_path / f"{time.monotonic_ns()}.sqlite")
        notion, _ = notion_client_for(workspace)
        apply_to(notion, workspace, _rich())
        if weather:
            _interrupt(workspace, _upgraded(), weather)
        again, transport = notion_client_for(workspace)
        result = apply_to(again, workspace, _upgraded())
        assert result.planned == result.sent == len(transport.seen)
        found = tables(notion, workspace)
        again.close()
        notion.close()
        workspace.close()
        return len(transport.seen), found

    requests, found = upgraded(None)
    for moment in range(1, requests + 1):
        assert upgraded(_dying(moment, carried_out=carried_out))[1] == found, moment


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(loaded=templates(), moment=st.integers(2, 40), carried_out=st.booleans())
def test_an_apply_of_any_template_continues_after_an_interruption(
    loaded: LoadedTemplate, moment: int, carried_out: bool
) -> None:
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "undisturbed.sqlite")
        notion, _ = notion_client_for(workspace)
        apply_to(notion, workspace, loaded)
        found = tables(notion, workspace)
        notion.close()
        workspace.close()
        assert _healed(Path(folder), loaded, _dying(moment, carried_out=carried_out)) == found


def test_an_apply_continues_after_it_was_killed_twice(
    tmp_path: Path, undisturbed: tuple[int, object]
) -> None:
    _, found = undisturbed
    workspace = open_workspace(tmp_path / "workspace.sqlite")
    _interrupt(workspace, _rich(), _dying(7, carried_out=True))
    _interrupt(workspace, _rich(), _dying(22, carried_out=True))
    notion, _ = notion_client_for(workspace)
    apply_to(notion, workspace, _rich())
    assert tables(notion, workspace) == found
    notion.close()
    workspace.close()


def test_every_lost_answer_is_looked_up(
    workspace: LocalWorkspace, undisturbed: tuple[int, object]
) -> None:
    """Every create is carried out, and its answer is lost."""
    lost: set[bytes] = set()

    def weather(number: int, request: httpx.Request) -> Fault | None:
        if (
            request.method != "POST"
            or request.url.path.endswith("/query")
            or request.content in lost
        ):
            return None
        lost.add(request.content)
        return Fault(lost=True, after=True)

    notion, _ = notion_client_for(workspace, weather=weather, patience=Patience(attempts=3))
    result = apply_to(notion, workspace, _rich())
    assert tables(notion, workspace) == undisturbed[1]
    assert result.sent > result.planned
    assert len(lost) > 8
    notion.close()


_WEATHER = {
    "lost before": Fault(lost=True),
    "lost after": Fault(lost=True, after=True),
    "503 before": Fault(),
    "503 saved": Fault(after=True),
    "500": Fault(500, "internal_server_error"),
    "504 after": Fault(504, "gateway_timeout", html=True, after=True),
    "409": Fault(409, "conflict_error"),
    "429": Fault(429, "rate_limited", headers={"Retry-After": "70"}),
    "529": Fault(529, "service_overload"),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(moment=st.integers(1, 28), kind=st.sampled_from(sorted(_WEATHER)))
def test_an_apply_survives_a_fault_at_any_request(
    undisturbed: tuple[int, object], moment: int, kind: str
) -> None:
    """The same run goes on: what may have been done is looked up, what was not is sent again."""
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "workspace.sqlite")
        notion, _ = notion_client_for(
            workspace, weather=lambda number, _: _WEATHER[kind] if number == moment else None
        )
        apply_to(notion, workspace, _rich())
        assert tables(notion, workspace) == undisturbed[1]
        assert set(manifest_pages(notion, workspace).values()) == {1}
        notion.close()
        workspace.close()


@pytest.mark.parametrize("pause", [0.7, 1.0, 1.5])
def test_an_apply_continues_after_its_process_was_killed(tmp_path: Path, pause: float) -> None:
    """The program itself, killed for real, on a local workspace."""
    program = Program(tmp_path)
    command = [sys.executable, "-m", "notion_pm", "--local", "w.sqlite", "apply", "--yes"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=program.environment, stdout=subprocess.DEVNULL
    )
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = program("--local", "w.sqlite", "apply", "--yes", "--json")
    assert again.code == 0, again.err
    assert again.json["requests"]["planned"] == again.json["requests"]["sent"]
    assert program("--local", "w.sqlite", "plan", "--exit-code").code == 0
    workspace = open_workspace(tmp_path / "w.sqlite")
    notion, _ = notion_client_for(workspace)
    found = tables(notion, workspace)
    assert {title: [len(each.rows) for each in made] for title, made in found.items()} == {
        "Vision": [13],
        "Customer insights": [248],
        "Feature specs": [30],
    }
    notion.close()
    workspace.close()
