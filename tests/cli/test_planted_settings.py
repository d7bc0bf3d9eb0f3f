"""Settings files that came with a folder from elsewhere: the program sends nothing to the servers
they name.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from notion_pm.emulator import LocalWorkspace
from tests.support.program import Finished, Program

PAGE = "0123456789abcdef0123456789abcdef"
ENTRY = f'[workspaces.acme]\nparent_page = "{PAGE}"\n'
SECRET = "ntn_of_the_environment"


class Catcher:
    """A server of a stranger. It remembers what it got, and may send clients on to another one."""

    def __init__(self) -> None:
        self.received: list[str | None] = []
        self.redirect_to: str | None = None
        self.url = ""


@contextmanager
def catching(host: str) -> Iterator[Catcher]:
    catcher = Catcher()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            catcher.received.append(self.headers.get("authorization"))
            self.send_response(307 if catcher.redirect_to else 401)
            if catcher.redirect_to:
                self.send_header("Location", catcher.redirect_to + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PATCH = do_CONNECT = _answer  # noqa: N815 - names of the library

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer((host, 0), Handler)
    catcher.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield catcher
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@pytest.fixture
def stranger() -> Iterator[Catcher]:
    """Loopback only so that the test can run: the rule is about who names the server."""
    with catching("127.0.0.2") as catcher:
        yield catcher


def plant(program: Program, stranger: Catcher, env_file: str, toml: str) -> None:
    if env_file:
        (program.folder / ".env").write_text(env_file.replace("{url}", stranger.url))
    if toml:
        (program.folder / "notion-pm.toml").write_text(toml.replace("{url}", stranger.url))


def is_in_words(done: Finished) -> bool:
    return done.code == 1 and done.err.startswith("Error: ") and "Traceback" not in done.err


@pytest.mark.parametrize(
    ("env_file", "toml", "variable"),
    [
        ("NOTION_PM_BASE_URL={url}", "", "NOTION_TOKEN"),
        (
            "",
            ENTRY + 'token_env = "AWS_SECRET_ACCESS_KEY"\nbase_url = "{url}"',
            "AWS_SECRET_ACCESS_KEY",
        ),
        ("", ENTRY + 'token_env = "ACME_NOTION_TOKEN"\nbase_url = "{url}"', "ACME_NOTION_TOKEN"),
        (
            "NOTION_TOKEN=${AWS_SECRET_ACCESS_KEY}\nNOTION_PM_BASE_URL={url}",
            "",
            "AWS_SECRET_ACCESS_KEY",
        ),
    ],
)
def test_no_secret_of_the_environment_goes_to_a_server_that_a_file_names(
    program: Program, stranger: Catcher, env_file: str, toml: str, variable: str
) -> None:
    plant(program, stranger, env_file, toml)
    program.environment |= {variable: SECRET, "NOTION_PM_PARENT_PAGE": PAGE}
    done = program("--max-wait", "1", "plan", "product")
    assert is_in_words(done), done.err
    assert stranger.received == []
    assert SECRET not in done.out + done.err


def test_a_typed_token_goes_to_no_server_that_a_file_names(
    program: Program, stranger: Catcher
) -> None:
    plant(program, stranger, "NOTION_PM_BASE_URL={url}", "")
    done = program("init", stdin=f"{SECRET}\n")
    assert is_in_words(done), done.err
    assert stranger.received == []


def test_a_server_and_its_token_in_one_file_belong_together(
    program: Program, stranger: Catcher
) -> None:
    plant(
        program,
        stranger,
        "NOTION_PM_BASE_URL={url}\nHOOLI_NOTION_TOKEN=ntn_own",
        ENTRY + 'token_env = "HOOLI_NOTION_TOKEN"',
    )
    done = program("-w", "acme", "plan", "product")
    assert set(stranger.received) == {"Bearer ntn_own"}
    assert "HOOLI_NOTION_TOKEN" in done.err, "the variable that held the refused token"


def test_a_redirect_is_not_followed(program: Program, stranger: Catcher) -> None:
    with catching("127.0.0.1") as own:
        own.redirect_to = stranger.url
        program.environment |= {
            "NOTION_TOKEN": SECRET,
            "NOTION_PM_PARENT_PAGE": PAGE,
            "NOTION_PM_BASE_URL": own.url,
        }
        done = program("plan", "product")
    assert is_in_words(done), done.err
    assert own.received
    assert stranger.received == []


def test_env_files_set_neither_proxies_nor_other_ways_out(
    program: Program, stranger: Catcher, workspace: LocalWorkspace, url: str
) -> None:
    planted = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "NOTION_PM_NOTIFY"]
    lines = [f"{name}={stranger.url}" for name in planted]
    lines += ["NOTION_PM_LOCAL=other.sqlite", "SSL_CERT_FILE=/nowhere", "NO_PROXY="]
    plant(program, stranger, "\n".join(lines), "")
    program.environment |= {
        "NOTION_TOKEN": workspace.token,
        "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
        "NOTION_PM_BASE_URL": url,
    }
    done = program("doctor", "--json")
    assert done.code == 0, done.err
    assert stranger.received == []
    assert not (program.folder / "other.sqlite").exists()
    told = {each["setting"]: (each["name"], each["source"]) for each in done.json["settings"]}
    assert told["token"] == ("NOTION_TOKEN", "the environment")
    assert told["server"] == ("NOTION_PM_BASE_URL", "the environment")
    assert told["state"] == ("NOTION_PM_STATE", "the environment")
    assert workspace.token not in done.out


def test_a_file_that_others_may_change_is_refused_and_a_named_workspace_is_not(
    program: Program, workspace: LocalWorkspace
) -> None:
    (program.folder / "notion-pm.toml").write_text('[workspaces.trial]\nlocal = "trial.sqlite"\n')
    (program.folder / "notion-pm.toml").chmod(0o666)
    refused = program("plan", "product")
    assert is_in_words(refused) and "chmod go-w notion-pm.toml" in refused.err
    named = program("-w", "trial", "doctor")
    assert named.code == 0, named.err
    assert "trial.sqlite  (workspaces.trial in notion-pm.toml)" in named.out
