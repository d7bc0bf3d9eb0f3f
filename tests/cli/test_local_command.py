"""`notion-pm local`: what its commands do to a file."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from notion_pm.cli import main
from notion_pm.emulator import open_workspace
from tests.conftest import client_of
from tests.support.program import Program


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A workspace file that does not exist yet."""
    return tmp_path / "work.sqlite"


def local(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["local", *map(str, arguments)])


def shown(file: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads(local("info", file, "--json").stdout)
    return facts


def test_info_makes_a_workspace_and_counts_what_is_in_it(file: Path) -> None:
    facts = shown(file)
    assert (facts["pages"], facts["rows"], facts["databases"]) == (1, 0, 0)
    assert "root page id" in local("info", file).stdout


def test_info_gives_a_shell_what_a_client_needs(file: Path) -> None:
    facts = shown(file)
    line = f"export NOTION_TOKEN={facts['token']} NOTION_PM_PARENT_PAGE={facts['root_page_id']}"
    assert local("info", file, "--env").stdout == f"{line}\n"


def test_fill_reset_and_copy(file: Path, tmp_path: Path) -> None:
    source = local("fill", file, "--rows", 12).stdout.strip()
    assert local("fill", file, "--rows", 3, "--data-source", source).stdout.strip() == source
    assert (shown(file)["rows"], shown(file)["databases"]) == (15, 1)
    copy = tmp_path / "copy.sqlite"
    assert local("copy", file, copy).exit_code == 0
    before = shown(file)
    assert local("reset", file, "--yes").exit_code == 0
    after = shown(file)
    assert (after["rows"], after["databases"]) == (0, 0)
    assert [before[key] == after[key] for key in ("token", "root_page_id", "users")] == [True] * 3
    assert shown(copy)["rows"] == 15
    taken = local("copy", file, copy)
    assert (taken.exit_code, "already" in taken.output) == (1, True)


def test_reset_asks_first(file: Path) -> None:
    local("fill", file, "--rows", 2)
    assert CliRunner().invoke(main, ["local", "reset", str(file)], input="n\n").exit_code == 1
    assert shown(file)["rows"] == 2
    assert local("reset", file.with_name("missing.sqlite"), "--yes").exit_code != 0


def test_token_connects_one_more_integration(file: Path) -> None:
    token = local("token", file, "--name", "reader", "--capability", "read").stdout.strip()
    workspace = open_workspace(file)
    with client_of(workspace) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get(f"/pages/{workspace.root_page_id}").status_code == 200
        refused: httpx.Response = client.patch(f"/pages/{workspace.root_page_id}", json={})
        assert refused.status_code == 403
    workspace.close()
    faulty = local("token", file, "--name", "bird", "--capability", "fly")
    assert (faulty.exit_code, "Unknown capability" in faulty.output) == (1, True)


def test_faulty_weather_is_told(file: Path) -> None:
    told = local("serve", file, "--weather", "hail")
    assert (told.exit_code, "Invalid --weather value" in told.output) == (1, True)


def test_webhook_from_handshake_to_removal(file: Path) -> None:
    bodies: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output clean."""

    local("info", file)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        added = local(
            "webhook",
            "add",
            file,
            f"http://127.0.0.1:{server.server_port}",
            "--event",
            "page.created",
        )
        server.shutdown()
        thread.join()
    subscription, token = added.stdout.strip(), bodies[0]["verification_token"]
    assert "pending" in local("webhook", "list", file).stdout
    assert local("webhook", "verify", file, subscription, "secret_wrong").exit_code == 1
    assert local("webhook", "verify", file, subscription, token).exit_code == 0
    listed = json.loads(local("webhook", "list", file, "--json").stdout)
    assert [(each["status"], each["event_types"]) for each in listed] == [
        ("active", ["page.created"])
    ]
    assert local("webhook", "remove", file, subscription).exit_code == 0
    assert json.loads(local("webhook", "list", file, "--json").stdout) == []


def test_taken_port_is_told(file: Path, program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = program("local", "serve", str(file), "--port", str(taken.getsockname()[1]))
    assert (told.code, "Cannot listen on" in told.err, "Traceback" in told.err) == (1, True, False)
