"""Injected faults: repeatable from a seed, with the answers of the service and of proxies."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notion_pm.emulator import LocalWorkspace, ManualClock, open_workspace, serve
from notion_pm.emulator.behaviour import Behaviour
from notion_pm.emulator.faults import (
    FaultInjector,
    Faults,
    InvalidFaultsError,
    Rule,
    read_faults,
    validate_faults,
)
from tests.conftest import client_of

from .conftest import Notion, text

Json = dict[str, Any]


class Outside:
    """A workspace with faults, the delays that it asked for, and a client without retries."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        self.waits: list[float] = []
        self.workspace = open_workspace(path, clock=clock, sleep=self.waits.append)
        self.client = client_of(self.workspace)

    def with_faults(self, faults: str, seed: int = 0) -> Outside:
        self.workspace.faults.change(read_faults(faults, seed=seed))
        return self

    def statuses(self, count: int, path: str = "/users/me") -> list[int]:
        return [self.client.get(path).status_code for _ in range(count)]

    def create_page(self) -> httpx.Response:
        title = {"title": {"title": text("Made")}}
        return self.client.post(
            "/pages", json={"parent": {"page_id": self.workspace.root_page_id}, "properties": title}
        )

    def pages(self) -> int:
        return self.workspace.counts()["pages"]


@pytest.fixture
def outside(tmp_path: Path, clock: ManualClock) -> Iterator[Outside]:
    """A workspace for which each test chooses the faults."""
    opened = Outside(tmp_path / "weather.sqlite", clock)
    yield opened
    opened.client.close()
    opened.workspace.close()


def test_rate_limit_of_a_connection_ends_with_its_window(
    outside: Outside, clock: ManualClock
) -> None:
    outside.with_faults("limits connection=3")
    clock.advance(seconds=18)
    assert outside.statuses(3) == [200] * 3
    refused = outside.client.get("/users/me")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["Retry-After"] == "42"
    assert refused.json()["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": "42",
    }
    assert refused.json()["request_id"] == refused.headers["x-notion-request-id"]
    clock.advance(seconds=41)
    assert outside.statuses(1) == [429]
    clock.advance(seconds=1)
    assert outside.statuses(4) == [200, 200, 200, 429]


def test_limit_of_the_workspace_counts_all_connections_and_may_be_long(outside: Outside) -> None:
    outside.with_faults("limits workspace=2 workspace_seconds=600 connection=10")
    outside.client.headers["Authorization"] = "Bearer ntn_somebody_else"
    assert outside.statuses(1) == [401]
    outside.client.headers["Authorization"] = f"Bearer {outside.workspace.token}"
    assert outside.statuses(2) == [200, 429]
    refused = outside.client.get("/users/me")
    assert int(refused.headers["Retry-After"]) > 60
    assert (
        refused.json()["additional_data"]["rate_limit_reason"]
        == "public_api_space_request_rate_limit"
    )


@pytest.mark.parametrize(
    ("faults", "status", "code"),
    [
        ("409", 409, "conflict_error"),
        ("429 retry_after=120", 429, "rate_limited"),
        ("500", 500, "internal_server_error"),
        ("503", 503, "service_unavailable"),
        ("504", 504, "gateway_timeout"),
        ("529 retry_after=5", 529, "service_overload"),
    ],
)
def test_trouble_before_the_work_leaves_nothing_behind(
    outside: Outside, faults: str, status: int, code: str
) -> None:
    before = outside.pages()
    answer = outside.with_faults(faults).create_page()
    body = answer.json()
    assert (answer.status_code, body["object"], body["status"], body["code"]) == (
        status,
        "error",
        status,
        code,
    )
    assert body["request_id"] == answer.headers["x-notion-request-id"]
    waits = {"429 retry_after=120": "120", "529 retry_after=5": "5"}
    assert answer.headers.get("Retry-After") == waits.get(faults)
    assert outside.pages() == before


def test_bad_gateway_is_a_proxys_page(outside: Outside) -> None:
    answer = outside.with_faults("502").create_page()
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")


def test_unavailable_after_the_work_names_what_was_made(outside: Outside) -> None:
    before = outside.pages()
    answer = outside.with_faults("503 when=after").create_page()
    assert answer.status_code == 503
    data = answer.json()["additional_data"]
    assert outside.pages() == before + 1
    outside.with_faults("calm")
    assert outside.client.get(f"/pages/{data['committed_resource_id']}").status_code == 200
    assert data["committed_child_ids"] == []
    assert data["retry_guidance"]


def test_unavailable_after_an_append_names_the_new_blocks(outside: Outside) -> None:
    root = outside.workspace.root_page_id
    children = [{"paragraph": {"rich_text": text(word)}} for word in ("one", "two")]
    answer = outside.with_faults("503 when=after").client.patch(
        f"/blocks/{root}/children", json={"children": children}
    )
    named = answer.json()["additional_data"]["committed_child_ids"]
    standing = outside.with_faults("calm").client.get(f"/blocks/{root}/children").json()["results"]
    assert named == [block["id"] for block in standing]


def test_a_refusal_is_not_hidden_by_trouble_after_it(outside: Outside) -> None:
    answer = outside.with_faults("503 when=after").client.post("/pages", json={})
    assert answer.status_code == 400


def test_a_repeated_request_is_carried_out_twice_and_answered_once(outside: Outside) -> None:
    before = outside.pages()
    second = outside.with_faults("repeated methods=POST first=1").create_page()
    assert (second.status_code, outside.pages()) == (200, before + 2)
    blocks = outside.client.get(f"/blocks/{outside.workspace.root_page_id}/children").json()[
        "results"
    ]
    assert [block["id"] for block in blocks][-1] == second.json()["id"]
    first = outside.with_faults("repeated methods=POST first=1 answer=first").create_page()
    blocks = outside.client.get(f"/blocks/{outside.workspace.root_page_id}/children").json()[
        "results"
    ]
    assert [block["id"] for block in blocks][-2] == first.json()["id"]


def test_reading_is_never_called_saved(outside: Outside) -> None:
    outside.with_faults("503 when=after")
    for answer in (outside.client.get("/users/me"), outside.client.post("/search", json={})):
        assert (answer.status_code, "additional_data" in answer.json()) == (503, False)


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_dropped_connection_is_what_a_network_client_sees(
    outside: Outside, when: str, made: int
) -> None:
    before = outside.pages()
    outside.with_faults(f"dropped when={when}")
    with pytest.raises(httpx.RemoteProtocolError):
        outside.create_page()
    assert outside.pages() == before + made


def test_rules_choose_their_requests(outside: Outside) -> None:
    outside.with_faults("500 methods=post,PATCH; 504 path=/v1/users/* skip=1 first=2")
    assert outside.statuses(5) == [200, 504, 504, 200, 200]
    assert outside.create_page().status_code == 500
    outside.with_faults("409 every=3")
    assert outside.statuses(7) == [200, 200, 409, 200, 200, 409, 200]
    assert [
        (rule["seen"], rule["struck"]) for rule in outside.workspace.faults.report()["rules"]
    ] == [(7, 2)]


def test_the_same_seed_gives_the_same_faults(outside: Outside) -> None:
    faults = "529 probability=0.3; 500 probability=0.2"
    first, again, other = (outside.with_faults(faults, seed).statuses(60) for seed in (7, 7, 8))
    assert first == again != other
    assert {200, 500, 529} == set(first)
    assert 10 < first.count(529) < 30


def test_latency_adds_up_and_asks_the_workspaces_own_sleep(outside: Outside) -> None:
    outside.with_faults("slow seconds=2; 504 seconds=30 every=2", seed=3)
    assert outside.statuses(2) == [200, 504]
    first, second = outside.waits
    assert 0 < first < 2
    assert 30 < second < 32


@pytest.mark.parametrize(
    ("faults", "fault"),
    [
        ("418", "rules.0.trouble"),
        ("hail", "rules.0.trouble"),
        ("429 when=after", "cannot come after"),
        ("429 answer=first", "no answer to choose"),
        ("500 retry_after=3", "no retry_after"),
        ("slow", "needs seconds"),
        ("500 every=0", "rules.0.every"),
        ("500 methods=FETCH", "rules.0.methods"),
        ("500 sometimes=1", "rules.0.sometimes"),
        ("500 often", "not a setting"),
        ("500 path='", "quotation"),
        ("limits connection=0", "limits.connection"),
        ("missing.yaml", "missing.yaml"),
    ],
)
def test_errors_in_faults_are_named(faults: str, fault: str) -> None:
    with pytest.raises(InvalidFaultsError, match=fault):
        read_faults(faults)


def test_faults_in_files(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "seed: 4\nrules:\n  - {trouble: 503, when: after, methods: [POST]}\n"
    )
    (tmp_path / "w.toml").write_text(
        'seed = 4\n[[rules]]\ntrouble = 503\nwhen = "after"\nmethods = ["POST"]\n'
    )
    from_yaml, from_toml = (read_faults(str(tmp_path / name)) for name in ("w.yaml", "w.toml"))
    assert from_yaml == from_toml == read_faults("503 when=after methods=POST", seed=4)
    assert read_faults(str(tmp_path / "w.yaml"), seed=9).seed == 9
    (tmp_path / "broken.yaml").write_text("rules: [")
    with pytest.raises(InvalidFaultsError, match=r"broken\.yaml"):
        read_faults(str(tmp_path / "broken.yaml"))
    with pytest.raises(InvalidFaultsError):
        validate_faults(["rain"])


@pytest.mark.parametrize("preset", ["calm", "notion", "storm"])
def test_presets(preset: str) -> None:
    faults = read_faults(preset)
    assert faults.limits.connection == (None if preset == "calm" else 180)
    assert bool(faults.rules) == (preset == "storm")


def test_control_route_changes_the_faults(outside: Outside) -> None:
    with httpx.Client(
        transport=httpx.WSGITransport(app=outside.workspace.app),
        base_url="http://local/_local",
        headers={"Authorization": f"Bearer {outside.workspace.token}"},
    ) as control:
        assert control.get("/weather").json() == {
            "seed": 0,
            "limits": {},
            "rules": [],
            "limited": 0,
        }
        faults = {"seed": 5, "rules": [{"trouble": 503, "first": 1}]}
        assert control.put("/weather", json=faults).json()["seed"] == 5
        assert outside.statuses(2) == [503, 200]
        assert control.get("/weather").json()["rules"] == [
            {"trouble": 503, "first": 1, "seen": 2, "struck": 1}
        ]
        line = control.put("/weather", content="dropped", headers={"Content-Type": "text/plain"})
        assert line.json()["rules"][0]["trouble"] == "dropped"
        refused = control.put("/weather", json={"rules": [{"trouble": "hail"}]})
        assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")
        assert control.put("/weather", content=b"{").json()["code"] == "invalid_json"
        assert control.delete("/weather").json()["rules"] == []
        assert outside.statuses(1) == [200]


def test_control_needs_the_token_and_this_machine(workspace: LocalWorkspace) -> None:
    def asked(address: str, token: str) -> int:
        transport = httpx.WSGITransport(app=workspace.app, remote_addr=address)
        with httpx.Client(transport=transport, base_url="http://local") as client:
            return client.get(
                "/_local/weather", headers={"Authorization": f"Bearer {token}"}
            ).status_code

    assert asked("127.0.0.1", workspace.token) == asked("::1", workspace.token) == 200
    assert asked("127.0.0.1", "ntn_wrong") == 401
    assert asked("192.0.2.7", workspace.token) == asked("", workspace.token) == 403


def test_reset_empties_the_workspace_and_keeps_the_token(
    workspace: LocalWorkspace, api: httpx.Client
) -> None:
    fresh = workspace.counts()
    page = api.post(
        "/pages", json={"parent": {"page_id": workspace.root_page_id}, "markdown": "# Hello"}
    ).json()
    with httpx.Client(
        transport=httpx.WSGITransport(app=workspace.app), base_url="http://local"
    ) as control:
        headers = {"Authorization": f"Bearer {workspace.token}"}
        assert control.post("/_local/reset", headers=headers).status_code == 200
        assert (
            control.get("/_local/nowhere", headers=headers).json()["code"] == "invalid_request_url"
        )
    assert workspace.counts() == fresh
    assert api.get(f"/pages/{page['id']}").status_code == 404
    assert api.get(f"/pages/{workspace.root_page_id}").status_code == 200


@contextmanager
def served(workspace: LocalWorkspace) -> Iterator[str]:
    """Serves a workspace over HTTP until the process ends, as waitress does."""
    urls: list[str] = []
    ready = threading.Event()

    def announce(url: str) -> None:
        urls.append(url)
        ready.set()

    threading.Thread(
        target=serve, args=(workspace,), kwargs={"announce": announce}, daemon=True
    ).start()
    assert ready.wait(10)
    yield urls[0]


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_server_drops_connections_too(outside: Outside, when: str, made: int) -> None:
    before = outside.pages()
    outside.with_faults(f"dropped when={when} methods=POST first=1")
    with (
        served(outside.workspace) as url,
        httpx.Client(base_url=f"{url}/v1", headers=outside.client.headers) as client,
    ):
        assert client.get("/users/me").status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
            client.post("/pages", json={"parent": {"page_id": outside.workspace.root_page_id}})
        assert client.get("/users/me").status_code == 200
    assert outside.pages() == before + made


def test_faults_can_be_given_when_opening(tmp_path: Path) -> None:
    faults = Faults.model_validate({"rules": [{"trouble": 500}]})
    workspace = open_workspace(tmp_path / "w.sqlite", faults=faults)
    with client_of(workspace) as client:
        assert client.get("/users/me").status_code == 500
    workspace.close()


@given(
    rules=st.lists(st.builds(Rule, trouble=st.sampled_from((409, 500, 503)), skip=st.integers(0, 5),
                             first=st.none() | st.integers(0, 9), every=st.integers(1, 4),
                             probability=st.floats(0, 1)), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)  # fmt: skip
def test_rules_decide_each_for_itself(rules: list[Rule], seed: int) -> None:
    def struck(faults: Faults) -> list[Rule | None]:
        conditions = FaultInjector(faults)
        moment = datetime(2026, 7, 1, tzinfo=UTC)
        return [conditions.decide("GET", "/v1/users", "", moment).rule for _ in range(30)]

    together = struck(Faults(seed=seed, rules=tuple(rules)))
    alone = struck(Faults(seed=seed, rules=(rules[0],)))
    for number, (first, any_) in enumerate(zip(alone, together, strict=True), start=1):
        assert first is None or any_ == first
        place = number - rules[0].skip
        within = (
            place > 0
            and (rules[0].first is None or place <= rules[0].first)
            and place % rules[0].every == 0
        )
        assert first is None or within
        if rules[0].probability == 1:
            assert (first is not None) == within


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: *a",
        "rules: !!bool perhaps",
        "seed: !!int x",
        "[" * 5_000,
        "seed: " + "9" * 6_000,
        "x" * 200_000,
    ],
)
def test_a_file_that_was_made_to_stop_the_program_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "weather.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFaultsError):
        read_faults(str(path))


def test_a_named_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weather.json")
    with pytest.raises(InvalidFaultsError, match="regular file"):
        read_faults(str(tmp_path / "weather.json"))


def _append_text(client: httpx.Client, page: str, content: str) -> None:
    block = {"paragraph": {"rich_text": [{"text": {"content": content}}]}}
    assert client.patch(f"/blocks/{page}/children", json={"children": [block]}).status_code == 200


def _texts_on(client: httpx.Client, page: str) -> list[str]:
    found = client.get(f"/blocks/{page}/children").json()["results"]
    return [each["paragraph"]["rich_text"][0]["plain_text"] for each in found]


@pytest.fixture
def other(workspace: LocalWorkspace) -> Iterator[httpx.Client]:
    """A client of another connection to the same workspace."""
    headers = {
        "Authorization": f"Bearer {workspace.connect('Other')}",
        "Notion-Version": "2026-03-11",
    }
    transport = httpx.WSGITransport(app=workspace.app)
    with httpx.Client(transport=transport, base_url="http://local/v1", headers=headers) as client:
        yield client


def test_another_connection_sees_blocks_some_seconds_later(
    workspace: LocalWorkspace, api: httpx.Client, other: httpx.Client, clock: ManualClock
) -> None:
    workspace.faults.change(Faults(behaviour=Behaviour(read_lag=3)))
    _append_text(api, workspace.root_page_id, "a")
    assert _texts_on(api, workspace.root_page_id) == ["a"]
    assert _texts_on(other, workspace.root_page_id) == []
    clock.advance(seconds=3)
    assert _texts_on(other, workspace.root_page_id) == ["a"]


def test_two_appends_may_be_in_reverse_order(
    workspace: LocalWorkspace, api: httpx.Client, other: httpx.Client, clock: ManualClock
) -> None:
    workspace.faults.change(Faults(behaviour=Behaviour(append_order="reversed")))
    _append_text(api, workspace.root_page_id, "first")
    clock.advance(seconds=2)
    for client, content in ((api, "a"), (other, "b"), (other, "c")):
        _append_text(client, workspace.root_page_id, content)
    assert _texts_on(api, workspace.root_page_id) == ["first", "b", "c", "a"]


def test_queries_and_search_lag_behind_while_pages_do_not(
    workspace: LocalWorkspace, notion: Notion, clock: ManualClock
) -> None:
    source = notion.database("Known", N={"number": {}})
    row = notion.row(source, "R", N={"number": 1})["id"]
    workspace.faults.change(Faults(behaviour=Behaviour(query_lag=20, search_lag=5)))
    clock.advance(seconds=30)
    notion.patch(f"/pages/{row}", properties={"N": {"number": 2}})
    made = notion.row(source, "S")["id"]

    def queried() -> list[int | None]:
        rows = notion.post(f"/data_sources/{source}/query")["results"]
        return sorted(
            (each["properties"]["N"]["number"] for each in rows), key=lambda each: each or 0
        )

    def found() -> set[str]:
        return {each["id"] for each in notion.post("/search")["results"]}

    assert queried() == [1]
    assert notion.values(row)["N"] == 2
    assert made not in found()
    clock.advance(seconds=6)
    assert made in found()
    assert queried() == [1]
    clock.advance(seconds=15)
    assert queried() == [None, 2]


def test_rules_for_behaviour_add_up() -> None:
    faults = read_faults("behaviour read_lag=3; notion; behaviour append_order=reversed")
    assert faults.behaviour == Behaviour(read_lag=3, append_order="reversed")
