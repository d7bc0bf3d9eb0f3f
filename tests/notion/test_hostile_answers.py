"""Broken responses of a server: every command ends, with an error in words."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.errors import (
    IncompleteRead,
    InvalidResponse,
    NotionError,
    OutcomeUnknown,
    RateLimited,
    ResponseTooLarge,
    TimeLimitReached,
    Unreachable,
)
from notion_pm.notion import connection
from notion_pm.notion.client import NotionClient
from notion_pm.notion.connection import LARGEST_ANSWER, Connection, Request
from notion_pm.notion.limiter import WindowLimiter
from notion_pm.notion.retry import Patience
from tests.support.hostile import (
    Answer,
    bomb,
    cut,
    dripping,
    dripping_headers,
    endless,
    hostile,
    packed,
    saying,
    silent,
)
from tests.support.notion_clients import PatientClock
from tests.support.program import Program

TOKEN = "ntn_a0b1c2d3e4f5g6h7"
PAGE = "0123456789abcdef0123456789abcdef"

BROKEN: dict[str, Answer] = {
    "null": saying(b"null"),
    "an empty object": saying(b"{}"),
    "a list": saying(b"[]"),
    "a text": saying(b'"ok"'),
    "an object of another kind": saying(b'{"object": "user", "id": 5}'),
    "a list of nothing": saying(b'{"object": "list", "results": null}'),
    "items without content": saying(b'{"object": "list", "results": [{}], "has_more": false}'),
    "damaged gzip": packed(b"\x1f\x8b\x08no gzip"),
    "another packing": saying(b"abc", "Content-Encoding: br"),
    "bytes that are not UTF-8": saying(b'{"object": "\xff\xfe"}'),
    "half of a document": saying(b'{"object": "page", "id"'),
    "a page of HTML": saying(b"<html>Log in</html>", "Content-Type: text/html"),
    "deep nesting": saying(b'{"a":' * 100_000),
    "a bomb": packed(bomb(40)),
    "a redirect": saying(b"", "Location: http://169.254.169.254/", status="302 Found"),
}

COMMANDS = [
    ["plan", "product"],
    ["apply", "product", "--yes"],
    ["adopt", "product"],
    ["capture", PAGE, "-o", "captured.yaml"],
    ["sync"],
    ["import", "features", "rows.csv"],
    ["export", "-o", "out.csv"],
    ["export", PAGE, "-o", "page.csv"],
    ["trace", PAGE],
    ["audit"],
    ["loop"],
    ["report", "-o", "report.html"],
    ["why", PAGE],
    ["undo", "--yes"],
    ["destroy", "product", "--yes"],
    ["doctor"],
    ["status"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings for a server, and no waiting between attempts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTION_TOKEN", TOKEN)
    monkeypatch.setenv("NOTION_PM_PARENT_PAGE", PAGE)
    monkeypatch.setenv("NOTION_PM_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("notion_pm.console.context.sleep", lambda seconds: None)
    (tmp_path / "rows.csv").write_text("Name\nA\n")
    return tmp_path


@pytest.mark.parametrize("kind", BROKEN)
def test_every_command_reports_a_response_that_is_not_notions(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hostile(BROKEN[kind]) as server:
        monkeypatch.setenv("NOTION_PM_BASE_URL", server.url)
        for command in COMMANDS:
            done = CliRunner().invoke(main, command)
            assert_said_in_words(done, command)


def assert_said_in_words(done: Result, command: list[str]) -> None:
    assert done.exception is None or isinstance(done.exception, SystemExit), (
        command,
        done.exception,
    )
    assert done.exit_code in {0, 1}, command
    assert "Traceback" not in done.output and TOKEN not in done.output
    if command[0] in {"plan", "apply", "sync", "export"}:
        assert done.exit_code == 1 and "127.0.0.1" in done.output, (command, done.output)


_OPEN: list[Connection] = []


@pytest.fixture(autouse=True)
def closed_afterwards() -> Iterator[None]:
    """Close the connections of a test."""
    yield
    while _OPEN:
        _OPEN.pop().close()


def connected(
    url: str, clock: PatientClock | None = None, patience: Patience | None = None
) -> Connection:
    time_here = clock or PatientClock()
    limiter = WindowLimiter(None, clock=time_here, sleep=time_here.sleep)
    made = Connection(
        TOKEN, limiter=limiter, sleep=time_here.sleep, base_url=url, patience=patience or Patience()
    )
    _OPEN.append(made)
    return made


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if kind != "a redirect"])
def test_a_create_with_a_broken_response_is_looked_up(kind: str) -> None:
    """It may have been carried out, so it is not sent again without looking for the result."""
    looks: list[str] = []

    def look_up() -> str | None:
        looks.append("look")
        return "found"

    with hostile(BROKEN[kind]) as server:
        made = connected(server.url).create(
            Request("POST", "pages", {}), read=lambda answer: str(answer["id"][:0]), look_up=look_up
        )
    assert made == "found" and len(looks) == 1 and len(server.requests) == 1


def test_a_create_that_stays_unknown_says_so() -> None:
    with hostile(saying(b"null")) as server, pytest.raises(OutcomeUnknown):
        connected(server.url, patience=Patience(attempts=2)).create(
            Request("POST", "pages", {}), read=lambda answer: answer, look_up=lambda: None
        )


@pytest.mark.parametrize("answer", [endless, packed(bomb(200))])
def test_a_response_has_a_size_limit(answer: Answer) -> None:
    with hostile(answer) as server, pytest.raises(ResponseTooLarge):
        connected(server.url).send(Request("GET", "users/me"))
    assert len(server.requests) == 1, "asking again would cost as much again"


def test_a_query_with_a_too_large_response_uses_smaller_pages() -> None:
    sizes: list[int] = []

    def by_size(socket: object, line: str) -> None:
        sizes.append(len(sizes))
        if len(sizes) < 3:
            packed(bomb(LARGEST_ANSWER // 2**20 + 1))(socket, line)  # type: ignore[arg-type]
        else:
            saying(b'{"object": "list", "results": [], "has_more": false}')(socket, line)  # type: ignore[arg-type]

    with hostile(by_size) as server:
        assert list(NotionClient(connected(server.url)).query(PAGE)) == []
    assert len(sizes) == 3


def test_endless_paging_stops() -> None:
    turns: list[str] = []

    def in_turn(socket: object, line: str) -> None:
        turns.append(line)
        answer = {
            "object": "list",
            "results": [],
            "has_more": True,
            "next_cursor": "ab"[len(turns) % 2],
        }
        saying(json.dumps(answer).encode())(socket, line)  # type: ignore[arg-type]

    with hostile(in_turn) as server, pytest.raises(IncompleteRead):
        NotionClient(connected(server.url)).list_children(PAGE)
    assert len(turns) == 3


def test_valid_gzip_is_read() -> None:
    answer = {"object": "user", "id": "x" * 200_000}
    with hostile(packed(gzip.compress(json.dumps(answer).encode()))) as server:
        assert connected(server.url).send(Request("GET", "users/me")) == answer


@pytest.mark.parametrize("answer", [dripping, dripping_headers, silent])
def test_a_request_has_one_deadline_as_a_whole(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 1.0)
    began = time.monotonic()
    with hostile(answer) as server, pytest.raises(Unreachable, match="within 1 seconds"):
        connected(server.url).send(Request("GET", "users/me"))
    assert time.monotonic() - began < 20
    assert len(server.requests) == 3


@pytest.mark.parametrize("answer", [dripping, dripping_headers, silent])
def test_stopping_a_run_stops_its_reads(answer: Answer) -> None:
    asked: list[int] = []

    def go_on() -> None:
        asked.append(1)
        if len(asked) > 3:
            raise TimeLimitReached(5)

    clock = PatientClock()
    limiter = WindowLimiter(None, clock=clock, sleep=clock.sleep)
    with hostile(answer) as server:
        _OPEN.append(
            Connection(
                TOKEN,
                limiter=limiter,
                sleep=clock.sleep,
                base_url=server.url,
                raise_if_stopping=go_on,
            )
        )
        with pytest.raises(TimeLimitReached):
            _OPEN[0].send(Request("GET", "users/me"))


@pytest.mark.parametrize("answer", [dripping, silent])
def test_a_time_limit_applies_whatever_the_server_does(program: Program, answer: Answer) -> None:
    with hostile(answer) as server:
        program.environment |= {
            "NOTION_TOKEN": TOKEN,
            "NOTION_PM_PARENT_PAGE": PAGE,
            "NOTION_PM_BASE_URL": server.url,
        }
        began = time.monotonic()
        done = program("sync", "--time-limit", "2s")
    assert done.code == 5, done.err
    assert time.monotonic() - began < 30


def test_a_lost_connection_names_the_host() -> None:
    with hostile(cut) as server, pytest.raises(NotionError, match=r"127\.0\.0\.1"):
        connected(server.url, patience=Patience(attempts=2)).send(Request("GET", "users/me"))


@pytest.mark.parametrize("retry_after", ["0", "-5", "Mon, 01 Jan 2001 00:00:00 -0000", "0.0"])
def test_a_429_without_a_wait_backs_off_and_ends(retry_after: str) -> None:
    clock = PatientClock()
    with (
        hostile(saying(b"{}", f"Retry-After: {retry_after}", status="429 No")) as server,
        pytest.raises(RateLimited, match="7 times in a row"),
    ):
        connected(server.url, clock).send(Request("GET", "users/me"))
    assert len(server.requests) == 7
    pauses = [nap for nap in clock.naps if nap]
    assert pauses == sorted(pauses) and clock.now > 30


@pytest.mark.parametrize(
    "retry_after", ["99999999999", "1e400", "Mon, 01 Jan 2035 00:00:00 -0000", "3600"]
)
def test_a_wait_that_is_too_long_is_not_started(retry_after: str) -> None:
    clock = PatientClock()
    with (
        hostile(saying(b"{}", f"Retry-After: {retry_after}", status="429 No")) as server,
        pytest.raises(RateLimited, match="asks to wait"),
    ):
        connected(server.url, clock).send(Request("GET", "users/me"))
    assert clock.naps == [] and len(server.requests) == 1


@pytest.mark.parametrize(
    "retry_after", ["soon", "nan", "", "Mon, 99 Foo 2026 99:00:00 +0000", "[1]"]
)
def test_an_invalid_retry_after_is_ignored(retry_after: str) -> None:
    clock = PatientClock()
    with (
        hostile(saying(b"{}", f"Retry-After: {retry_after}", status="429 No")) as server,
        pytest.raises(RateLimited),
    ):
        connected(server.url, clock, Patience(max_wait=60)).send(Request("GET", "users/me"))
    assert min(nap for nap in clock.naps if nap) >= 10


def test_broken_responses_are_retried_only_a_few_times() -> None:
    clock = PatientClock()
    with hostile(saying(b"<html>")) as server, pytest.raises(InvalidResponse):
        connected(server.url, clock).send(Request("GET", "users/me"))
    assert len(server.requests) == 3 and clock.now < 10
