"""The token and the address of the webhook are in nothing that is printed, whatever a server or a
proxy says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program
from tests.support.served import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "ntn_a0b1c2d3e4f5g6h7"
HOOK = "http://127.0.0.1:9/services/T0/B0/hook5ecret"


class Echo:
    """A server that quotes the request's headers wherever it says something, as careless proxies
    do.
    """

    def __init__(self) -> None:
        self.status = "400 Bad Request"
        self.body = "json"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        quoted = environ["HTTP_AUTHORIZATION"]
        assert TOKEN in quoted
        headers = [
            ("Content-Type", "application/json"),
            ("X-Quoted", quoted),
            ("Retry-After", quoted),
        ]
        start_response(self.status, headers)
        said = {
            "object": "error",
            "message": f"refused {quoted}",
            "code": quoted,
            "request_id": quoted,
        }
        return [json.dumps(said).encode() if self.body == "json" else f"<p>{quoted}</p>".encode()]


@pytest.fixture
def echo(program: Program) -> Iterator[Echo]:
    server = Echo()
    with served(server) as url:
        program.environment |= {
            "NOTION_PM_BASE_URL": url,
            "NOTION_TOKEN": f" {TOKEN} ",
            "NOTION_PM_PARENT_PAGE": "0123456789abcdef0123456789abcdef",
            "NOTION_PM_NOTIFY": HOOK,
        }
        yield server


def said_by(program: Program, *arguments: str) -> str:
    done = program(*arguments)
    assert done.code != 0
    return done.out + done.err


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("400 Bad Request", "json"),
        ("401 Unauthorized", "html"),
        ("405 Not Allowed", "json"),
        ("200 OK", "html"),
    ],
)
def test_what_servers_quote_is_not_repeated(
    program: Program, echo: Echo, status: str, body: str
) -> None:
    echo.status, echo.body = status, body
    said = said_by(
        program, "--debug", "sync", "--json", "--log-level", "debug", "--time-limit", "3s"
    )
    assert TOKEN not in said and "hook5ecret" not in said, said


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Unavailable"])
def test_nor_when_requests_are_sent_again(program: Program, echo: Echo, status: str) -> None:
    echo.status = status
    said = said_by(program, "--debug", "sync", "--log-level", "debug", "--time-limit", "3s")
    assert "Traceback" in said, "it was debugged"
    assert TOKEN not in said and "hook5ecret" not in said, said


def test_the_log_names_the_run_and_its_requests(program: Program, echo: Echo) -> None:
    said = said_by(program, "sync", "--log-level", "debug")
    request = next(line for line in said.splitlines() if "GET /v1/blocks/" in line)
    moment, level, run, *_ = request.split()
    assert level == "DEBUG"
    assert run.startswith(f"[{moment[:4]}") and run.endswith("]"), (
        "a run is called after its moment"
    )
    assert "refused Bearer [token]" in said
