"""Behind a company's proxy: all requests use it, and errors name the problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from notion_pm.emulator import LocalWorkspace
from notion_pm.errors import FileNotDownloaded, NotificationFailed, UsageError
from notion_pm.network import ca_bundle, proxy_for
from notion_pm.notify import post
from notion_pm.notion.files import FileFetcher
from tests.support.hostile import dripping_headers, hostile, saying
from tests.support.program import Program
from tests.support.proxies import Authority, Proxy, new_authority, served_with_tls, tunnelling_proxy
from tests.support.served import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BUCKET = "prod-files-secure.s3.us-west-2.amazonaws.com"
HOOK = "https://hooks.example.com/services/T0/B0/hook5ecret"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
BUNDLE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(
        tmp_path_factory.mktemp("authority"), "api.notion.com", BUCKET, "hooks.example.com"
    )


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the network in which the tests run."""
    for name in (*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES), *BUNDLE_VARIABLES):
        monkeypatch.delenv(name, raising=False)


def ok(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "7")])
    return [b"content"]


@pytest.fixture
def network(workspace: LocalWorkspace, authority: Authority, program: Program) -> Iterator[Proxy]:
    """A proxy that wants credentials and connects to the workspace as if it were Notion."""
    with (
        served_with_tls(workspace.app, authority) as port,
        tunnelling_proxy(port, "anna:pr0xy-pass") as proxy,
    ):
        program.environment |= {
            "NOTION_TOKEN": workspace.token,
            "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
            "HTTPS_PROXY": f"http://anna:pr0xy-pass@{proxy.address}",
        }
        yield proxy


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_notion_is_reached_through_a_proxy_with_a_companys_certificates(
    network: Proxy, program: Program, authority: Authority, variable: str
) -> None:
    program.environment[variable] = str(authority.bundle)
    done = program("plan", "product")
    assert done.code == 0, done.err
    assert set(network.asked) == {"CONNECT api.notion.com:443"}


def test_an_untrusted_certificate_is_reported_with_advice(network: Proxy, program: Program) -> None:
    done = program("plan", "product")
    assert done.code == 1
    assert (
        "api.notion.com" in done.err and network.address in done.err and "certificate" in done.err
    )
    assert "SSL_CERT_FILE" in done.err and "status.notion.so" not in done.err
    assert "pr0xy-pass" not in done.out + done.err
    assert len(network.asked) == 1, "asking again does not make it valid"


def test_a_proxy_that_wants_credentials_is_reported_without_them(
    network: Proxy, program: Program, authority: Authority
) -> None:
    program.environment |= {
        "SSL_CERT_FILE": str(authority.bundle),
        "HTTPS_PROXY": f"http://anna:wr0ng-pass@{network.address}",
    }
    done = program("--debug", "plan", "product")
    assert done.code == 1
    assert "407" in done.err and network.address in done.err and "api.notion.com" in done.err
    assert "wr0ng-pass" not in done.out + done.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"HTTPS_PROXY": "http://proxy.invalid:3128"}, "DNS"),
        ({"NOTION_PM_BASE_URL": "https://notion.invalid"}, "DNS"),
        ({"NOTION_PM_BASE_URL": "https://127.0.0.1:9"}, "refused the connection"),
    ],
)
def test_the_error_names_what_blocks_the_connection(
    settings: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from notion_pm.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("notion_pm.console.context.sleep", lambda seconds: None)
    monkeypatch.setenv("NOTION_TOKEN", "ntn_a0b1c2d3e4f5")
    monkeypatch.setenv("NOTION_PM_PARENT_PAGE", "0123456789abcdef0123456789abcdef")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["plan", "product"])
    assert done.exit_code == 1 and said in done.stderr, done.output
    assert "status.notion.so" not in done.stderr


def test_this_machine_is_never_reached_through_a_proxy(
    workspace: LocalWorkspace, program: Program
) -> None:
    with served(workspace.app) as url, tunnelling_proxy(9) as proxy:
        program.environment |= {
            "NOTION_TOKEN": workspace.token,
            "NOTION_PM_PARENT_PAGE": workspace.root_page_id,
            "NOTION_PM_BASE_URL": url,
            **dict.fromkeys(
                ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), f"http://{proxy.address}"
            ),
        }
        assert program("plan", "product").code == 0
        assert proxy.asked == []


def test_files_are_downloaded_through_the_proxy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    with served_with_tls(ok, authority) as port, tunnelling_proxy(port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        with closing(FileFetcher("https://api.notion.com")) as fetcher:
            fetcher.fetch(f"https://{BUCKET}/a/plan.pdf?X-Amz-Signature=1", tmp_path / "plan.pdf")
            assert proxy.asked == [f"CONNECT {BUCKET}:443"]
            with pytest.raises(FileNotDownloaded):
                fetcher.fetch("https://169.254.169.254/latest", tmp_path / "x")
        assert len(proxy.asked) == 1, "a proxy does not widen what may be fetched"
    assert (tmp_path / "plan.pdf").read_bytes() == b"content"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_notifications_are_sent_through_the_proxy(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(authority.bundle))
    with served_with_tls(ok, authority) as port, tunnelling_proxy(port, "anna:pr0xy-pass") as proxy:
        monkeypatch.setenv("https_proxy", f"http://anna:pr0xy-pass@{proxy.address}")
        post(HOOK, "text", {}, sleep=lambda seconds: None)
        assert proxy.asked == ["CONNECT hooks.example.com:443"]


@pytest.mark.parametrize(
    ("credentials", "trusted", "said"),
    [("anna:wr0ng-pass", True, "407"), ("anna:pr0xy-pass", False, "certificate")],
)
def test_a_notification_that_fails_names_host_proxy_and_reason(
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    credentials: str,
    trusted: bool,
    said: str,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    with served_with_tls(ok, authority) as port, tunnelling_proxy(port, "anna:pr0xy-pass") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{credentials}@{proxy.address}")
        with pytest.raises(NotificationFailed) as caught:
            post(HOOK, "text", {}, sleep=lambda seconds: None)
        text = str(caught.value)
        assert "hooks.example.com" in text and proxy.address in text and said in text
        assert "hook5ecret" not in text and "-pass" not in text


def test_a_very_slow_webhook_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notion_pm.notify._WHOLE_TIMEOUT", 0.5)
    with hostile(dripping_headers) as server, pytest.raises(NotificationFailed, match="in time"):
        post(server.url, "text", {}, sleep=lambda seconds: None)


def test_a_redirecting_webhook_is_a_failure() -> None:
    with hostile(saying(b"", "Location: http://127.0.0.1:9/", status="302 Found")) as server:
        with pytest.raises(NotificationFailed, match="status 302"):
            post(server.url, "text", {}, sleep=lambda seconds: None)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url",
    ["http://[x/hook5ecret", "hook5ecret", "ftp://example.com/hook5ecret", "https:///hook5ecret"],
)
def test_an_invalid_webhook_is_reported_without_its_url(url: str) -> None:
    with pytest.raises(NotificationFailed) as caught:
        post(url, "text", {}, sleep=lambda seconds: None)
    assert "hook5ecret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://api.notion.com", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://api.notion.com", "http://p:1"),
        ({"https_proxy": "p:1"}, "https://api.notion.com", "http://p:1"),
        ({"ALL_PROXY": "http://p:1"}, "https://api.notion.com", "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, "https://api.notion.com", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".notion.com"}, "https://api.notion.com", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://api.notion.com", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://localhost:8200", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://127.9.9.9", None),
        ({"HTTPS_PROXY": "http://p:1"}, "https://[::1]:8200", None),
    ],
)
def test_which_proxy_is_used(
    environment: dict[str, str], url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


@pytest.mark.parametrize("proxy", ["socks5://p:1080", "http://", "http://p:port", "http://[x"])
def test_an_unusable_proxy_is_reported_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError):
        proxy_for("https://api.notion.com")


def test_missing_certificates_are_named(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(UsageError, match="SSL_CERT_FILE"):
        ca_bundle()
    program.environment |= {
        "NOTION_TOKEN": "ntn_a0b1c2d3e4f5",
        "NOTION_PM_PARENT_PAGE": "0123456789abcdef0123456789abcdef",
        "SSL_CERT_FILE": str(Path(__file__)),
    }
    done = program("plan", "product")
    assert done.code == 1 and "PEM" in done.err and "Traceback" not in done.err
