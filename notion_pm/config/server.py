"""The server that a token is sent to, and which servers may get it.

The rule: a token is sent only to Notion, or to a server that the same source names (both in `.env`,
both in notion-pm.toml, both in the environment). A server on this machine that the environment
names may get any token. A file in the current folder never decides where a token from another
source is sent, not even to this machine: folder and server may belong to another user.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from notion_pm.config.sources import Source
from notion_pm.errors import UsageError
from notion_pm.network import is_loopback

NOTION_URL = "https://api.notion.com"

_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_EXAMPLE = f"Write it like {NOTION_URL}."


@dataclass(frozen=True, slots=True)
class Server:
    """A server with Notion's API, and the source that names it. `name`: the setting there."""

    url: str = NOTION_URL
    source: Source = Source.DEFAULT
    name: str = ""

    @property
    def is_on_this_machine(self) -> bool:
        """Whether its address is a loopback address."""
        return is_loopback(urlsplit(self.url).hostname or "")


@dataclass(frozen=True, slots=True)
class TokenOrigin:
    """The origin of a token. `name`: its variable, or another name for messages."""

    source: Source
    name: str

    def __str__(self) -> str:
        if self.source is Source.COMMAND_LINE:
            return self.name
        return f"{self.name} ({self.source})"


def normalised_url(text: str) -> str:
    """Return the address of a server in a form that all programs read in the same way.

    Raises ValueError with the reason. It does not quote an address that may contain a password.
    """
    parts = _split(text)
    host = parts.hostname or ""
    if not _is_host(host):
        raise ValueError(f"{text!r} has no valid host name. {_EXAMPLE}")
    if parts.query or parts.fragment:
        raise ValueError(f"{text!r} must end after the host or a path. {_EXAMPLE}")
    path = parts.path.rstrip("/")
    # The client adds /v1 itself (notion-api.md 1.2), so requests would go to /v1/v1.
    if path.endswith("/v1"):
        raise ValueError(f"{text!r} must end before /v1")
    # Every request carries the token in a header. On this machine it does not leave the machine.
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{text!r} would send the token unencrypted: use https")
    # urlsplit removes the brackets of an IPv6 address; without them its last part would look like a
    # port.
    shown_host = f"[{host}]" if ":" in host else host
    standard_port = 443 if parts.scheme == "https" else 80
    port = "" if parts.port in {None, standard_port} else f":{parts.port}"
    return f"{parts.scheme}://{shown_host}{port}{path}"


def raise_if_redirected(token: TokenOrigin, server: Server) -> None:
    """Refuse to send a token to a server that another source named.

    Raises UsageError.
    """
    if server.url == NOTION_URL or _is_of_one_source(token.source, server.source):
        return
    if server.is_on_this_machine and not server.source.is_file:
        return
    raise UsageError(
        f"{token} would be sent to {server.url}, which {server.name} in {server.source} names. "
        "Nothing was sent.",
        "A token is sent to another server than Notion's only when both come from the same source. "
        f"To continue, remove {server.name} from {server.source}, or, if you trust that server, "
        f"{_advice_for_same_source(token, server)}.",
    )


def _is_of_one_source(token: Source, server: Source) -> bool:
    # The command line and the environment are both set by the person who runs the command.
    of_the_person = {Source.COMMAND_LINE, Source.ENVIRONMENT}
    return token == server or {token, server} <= of_the_person


def _advice_for_same_source(token: TokenOrigin, server: Server) -> str:
    if token.source is Source.CONFIG_FILE:
        return "set base_url in notion-pm.toml, beside the token"
    variable = (
        server.name if server.name.endswith("NOTION_PM_BASE_URL") else server_variable(token.name)
    )
    place = Source.ENVIRONMENT if token.source is Source.COMMAND_LINE else token.source
    return f"set {variable} in {place}"


def server_variable(token_variable: str) -> str:
    """Return the variable for the server of a token.

    For example ACME_NOTION_PM_BASE_URL for ACME_NOTION_TOKEN.
    """
    return f"{token_variable.removesuffix('NOTION_TOKEN')}NOTION_PM_BASE_URL"


def _split(text: str) -> SplitResult:
    # Programs differ in these: for `https://a.example\@b.example` some connect to one host, some to
    # the other. The check and the connection must mean the same host.
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError(
            f"{text!r} contains characters that are not allowed in an address. {_EXAMPLE}"
        )
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise ValueError(
            f"the address of a server must not contain a user name or password. {_EXAMPLE}"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{text!r} is not the address of a server. {_EXAMPLE}")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"{text!r} has an invalid port: use a number from 0 to 65535") from None
    return parts


def _is_host(host: str) -> bool:
    try:
        return "%" not in host and bool(ip_address(host))
    except ValueError:
        return _HOST_NAME.fullmatch(host) is not None
