"""Download attached files from the servers where Notion stores them, and from no others.

Addresses of files come from a client's pages, which strangers can write. So a file is downloaded
only if the API itself says that Notion stores it (the caller checks that), only from a host that is
known to store Notion's files, and only from a public address. Each redirect must pass the same
checks. No token is sent: the addresses are signed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import httpx
import tenacity

from notion_pm.errors import FileNotDownloaded, LinkExpired
from notion_pm.network import addresses_of, connection_trouble, is_loopback, is_public, proxy_for
from notion_pm.notion.transport import (
    BoundedTransport,
    Deadline,
    TooLarge,
    TooSlow,
    Undecodable,
    body_pieces,
    within,
)

LARGEST_FILE = 200 * 2**20
"""Bytes of a file at most, unless --max-file-size says otherwise."""

FILE_SECONDS = 600.0
"""The time for one file as a whole, with redirects and retries: 200 MB at 3 Mbit/s."""

SLOW_AFTER = 30.0
_SLOWEST = 1024
"""Bytes per second below which a download is stopped, after `SLOW_AFTER` seconds."""

_SILENCE = httpx.Timeout(30.0, connect=15.0)
_MOST_REDIRECTS = 3
_ATTEMPTS = 4
_EXPIRED = frozenset({400, 401, 403})
"""Statuses for an expired signature."""
_TEMPORARY = frozenset({429, 500, 502, 503, 504})

# Where the API says that files are: seen in recordings and in public pages made from Notion. The
# bucket has a name for each region that Notion keeps data in (-euc1, -apne1, -apne2).
_BUCKET_HOST = re.compile(r"prod-files-secure(-[a-z]{3,5}[0-9])?\.s3\.[a-z0-9-]+\.amazonaws\.com")
_REGION_HOST = re.compile(r"s3[.-][a-z0-9-]+\.amazonaws\.com")
"""Hosts that serve the buckets of all customers: the path must name one of Notion's."""
_BUCKET_PATHS = ("/secure.notion-static.com/", "/prod-files-secure/")
_HOSTS = frozenset({"file.notion.so", "file.notion.com", "secure.notion-static.com"})
_DOMAINS = (".notionusercontent.com", ".notion-static.com")

_LOCAL_FILE = re.compile(r"/files/[0-9a-f-]{36}/[^/]*")
"""The path of a file that a local workspace stores."""


class _TemporaryFailure(Exception):
    """An attempt that failed, and may succeed a moment later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FileFetcher:
    """Downloads files of one workspace. Safe for threads."""

    def __init__(
        self,
        workspace_url: str,
        *,
        largest: int = LARGEST_FILE,
        sleep: Callable[[float], None] = time.sleep,
        raise_if_stopping: Callable[[], None] = lambda: None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Make a fetcher for the workspace at `workspace_url`.

        `largest`: bytes of a file at most. `raise_if_stopping`: raises what ends the run.
        `transport`: reaches a workspace within this process.
        """
        self._workspace = httpx.URL(workspace_url)
        self._largest = largest
        self._sleep = sleep
        self._raise_if_stopping = raise_if_stopping
        self._transport = transport
        self._lock = threading.Lock()
        self._clients: dict[str | None, httpx.Client] = {}

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def is_known_place(self, url: str) -> bool:
        """Whether a file could be downloaded from an address, judged by the address alone."""
        return not self._refusal(url)

    def fetch(self, url: str, path: Path) -> None:
        """Download a file to `path`; when it fails, no file is left there.

        Raises LinkExpired when a new address is needed, FileNotDownloaded for all other failures.
        """
        name = _name(url)
        policy = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TemporaryFailure),
            wait=tenacity.wait_exponential(multiplier=0.5),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        deadline = Deadline(FILE_SECONDS, self._raise_if_stopping)
        try:
            with within(deadline):
                policy(self._fetch_once, url, path, deadline)
        except BaseException as error:  # Ctrl-C as well: half a file must not remain
            path.unlink(missing_ok=True)
            reason = self._reason(error)
            if reason:
                raise FileNotDownloaded(name, reason) from None
            raise

    def _reason(self, error: BaseException) -> str:
        """Return in words why a download failed, "" for what is not a failure of the download."""
        if isinstance(error, _TemporaryFailure):
            return error.reason
        if isinstance(error, TooLarge):
            return f"it is larger than {_megabytes(error.limit)} (--max-file-size)"
        if isinstance(error, TooSlow):
            return f"it did not arrive within {error.seconds:g} seconds"
        if isinstance(error, Undecodable):
            return str(error)
        return ""

    def _fetch_once(self, url: str, path: Path, deadline: Deadline) -> None:
        deadline.remaining()
        name = _name(url)
        for _ in range(1 + _MOST_REDIRECTS):
            refusal = self._refusal(url)
            if refusal:
                raise FileNotDownloaded(name, refusal)
            client = self._client(url)
            try:
                with client.stream("GET", url) as answer:
                    target = (
                        answer.headers.get("location") if answer.has_redirect_location else None
                    )
                    if target is None:
                        self._save(answer, name, path)
                        return
            except httpx.TransportError as error:
                if isinstance(error, httpx.ProxyError):
                    raise FileNotDownloaded(
                        name, f"the proxy does not let it through ({error})"
                    ) from None
                raise _TemporaryFailure(connection_trouble(error)) from None
            url = str(httpx.URL(url).join(target))
        raise FileNotDownloaded(name, "it is redirected too often")

    def _save(self, answer: httpx.Response, name: str, path: Path) -> None:
        if answer.status_code in _EXPIRED:
            raise LinkExpired(f"The address of {name!r} has expired.")
        if answer.status_code in _TEMPORARY:
            raise _TemporaryFailure(f"its server answered with status {answer.status_code}")
        if not answer.is_success:
            raise FileNotDownloaded(name, f"its server answered with status {answer.status_code}")
        # A header may be missing or wrong, so the pieces are counted as well; but it saves the
        # download of a file that is too large.
        stated = answer.headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > self._largest:
            raise TooLarge(self._largest)
        began, written = time.monotonic(), 0
        with path.open("wb") as file:
            for piece in body_pieces(answer, self._largest):
                file.write(piece)
                written += len(piece)
                elapsed = time.monotonic() - began
                if elapsed > SLOW_AFTER and written < _SLOWEST * elapsed:
                    raise FileNotDownloaded(
                        name, f"it arrives too slowly ({written:,} bytes in {elapsed:.0f} s)"
                    )

    # --- which addresses are allowed

    def _refusal(self, url: str) -> str:
        """Return why nothing is downloaded from an address, "" if it is allowed."""
        try:
            parts = httpx.URL(url)
        except (httpx.InvalidURL, ValueError, TypeError):
            return "its address is not valid"
        if parts.userinfo:
            return "its address names a user"
        if self._is_of_workspace(parts):
            return ""
        if parts.scheme != "https":
            return "its address is not https"
        if parts.port is not None:
            return f"its address names the port {parts.port}"
        if not _stores_notion_files(parts):
            return f"{parts.host or 'its address'} is not a server on which Notion stores files"
        return ""

    def _is_of_workspace(self, url: httpx.URL) -> bool:
        """Whether an address belongs to the server of a local workspace.

        A tool that records or disturbs the traffic may give a local workspace another port than its
        own. Its files are then recognised by their path.
        """
        here = self._workspace
        same_port = (url.scheme, url.port) == (here.scheme, here.port)
        if self._transport is not None:
            return url.host == here.host and same_port
        if not (is_loopback(here.host) and is_loopback(url.host)):
            return False
        return same_port or bool(url.scheme == "http" and _LOCAL_FILE.fullmatch(url.path))

    def _client(self, url: str) -> httpx.Client:
        """Return the HTTP client for an address: direct, or through a proxy."""
        proxy = None if self._transport else proxy_for(url)
        with self._lock:
            if proxy not in self._clients:
                transport = self._transport or BoundedTransport(proxy, resolve=_public_addresses)
                client = httpx.Client(transport=transport, trust_env=False, timeout=_SILENCE)
                client.headers = httpx.Headers(
                    {"Accept-Encoding": "identity", "User-Agent": "notion-pm"}
                )
                self._clients[proxy] = client
            return self._clients[proxy]


def _stores_notion_files(url: httpx.URL) -> bool:
    host = url.raw_host.decode()
    if host in _HOSTS or host.endswith(_DOMAINS) or _BUCKET_HOST.fullmatch(host):
        return True
    return (
        bool(_REGION_HOST.fullmatch(host))
        and url.path.startswith(_BUCKET_PATHS)
        and ".." not in url.path
    )


def _public_addresses(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host to connect to.

    Raises FileNotDownloaded when one of them is private, whatever the host's name: a stranger's
    name, or one that the network resolves in its own way, may point into this network.
    """
    try:
        found = addresses_of(host, port)
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
    is_allowed = is_loopback if is_loopback(host) else is_public
    if not found or not all(is_allowed(address) for address in found):
        raise FileNotDownloaded(host, "its server has a private address")
    return found


def _name(url: str) -> str:
    """Return a name for messages: the last part of an address, without its signature."""
    return PurePosixPath(unquote(url.partition("?")[0].partition("#")[0])).name[:100]


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB" if size >= 2**20 else f"{size:,} bytes"
