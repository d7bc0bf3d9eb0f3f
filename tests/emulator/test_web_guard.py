"""Who may read the site, and who may change something with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import Headers

from notion_pm.emulator.values.signed_files import Signer
from notion_pm.emulator.web.addresses import Addresses, id_in, is_own_path
from notion_pm.emulator.web.guard import FormTokens, asks_locally, is_from_here, is_loopback

ORIGIN = "http://127.0.0.1:8200"
ID = "12345678-1234-4234-8234-123456789abc"


@pytest.fixture
def addresses() -> Addresses:
    return Addresses(Signer("secret", ORIGIN, datetime(2026, 7, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8200", "127.0.0.1:8200", "127.3.2.1", "[::1]:8200"]
)
def test_loopback_names_are_answered(host: str) -> None:
    assert asks_locally(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1:8200",
        "[::1",
        "0.0.0.0",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not asks_locally(host)


def test_a_mapped_address_is_what_it_maps() -> None:
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("::ffff:10.0.0.1")
    assert not is_loopback(None)


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}, True),
        ({"Origin": ORIGIN}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://127.0.0.1:9999"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
    ],
)
def test_a_change_must_come_from_the_site(headers: dict[str, str], verdict: bool) -> None:
    assert is_from_here(Headers(headers), ORIGIN) is verdict


def test_a_form_belongs_to_the_browser_it_was_shown_to() -> None:
    tokens = FormTokens("secret")
    mine, other = tokens.new_cookie(), tokens.new_cookie()
    assert tokens.is_valid(mine, tokens.token(mine))
    assert not tokens.is_valid(other, tokens.token(mine))
    assert not tokens.is_valid(None, tokens.token(mine))
    assert not tokens.is_valid(mine, "ü")
    assert not FormTokens("another").is_valid(mine, tokens.token(mine))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///x",
        "//evil.example",
        "/v1/pages",
        "http:\n//[",
        "java\nscript:alert(1)",
        "",
        None,
    ],
)
def test_other_schemes_than_web_and_mail_are_no_links(
    url: str | None, addresses: Addresses
) -> None:
    assert addresses.link(url) is None


def test_links_to_the_web_mail_and_this_workspace(addresses: Addresses) -> None:
    assert addresses.link("https://example.com/a?b=c") == "https://example.com/a?b=c"
    assert addresses.link("mailto:a@example.com") == "mailto:a@example.com"
    assert addresses.link(f"https://app.notion.com/p/{ID}") == f"/p/{ID}"
    assert addresses.image("https://example.com/tracker.gif") is None


@pytest.mark.parametrize(
    "slug", [ID, ID.replace("-", ""), f"A-title-{ID.replace('-', '')}", ID.upper()]
)
def test_a_path_ends_with_an_id(slug: str) -> None:
    assert id_in(slug) == ID


@pytest.mark.parametrize("slug", ["", "x", f"{ID}x", f"a{ID.replace('-', '')}", "1" * 32 + "-x"])
def test_other_paths_have_no_id(slug: str) -> None:
    assert id_in(slug) is None


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "/p/\r\nX: y", "/", ""]
)
def test_foreign_paths_are_not_returned_to(path: str) -> None:
    assert not is_own_path(path)
