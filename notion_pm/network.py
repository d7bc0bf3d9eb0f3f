"""How this machine reaches others: the proxy and the certificates that the environment names.

The same answers serve every HTTP client of the program, so that Notion, file downloads and
notifications either all work behind a company's proxy or all say the same about it.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from notion_pm.errors import UsageError

_BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")
"""In this order; the first one that is set counts. curl and requests read the middle two."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_TUNNEL_REFUSED = "Tunnel connection failed:"
"""How the standard library, which requests is built on, passes on what a proxy answers."""

_PROXY_SCHEMES = ("http", "https")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet: not to this machine or a network around it.

    IPv6 addresses that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) lead where that one leads.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [found]
    if isinstance(found, ipaddress.IPv6Address):
        carried = [found.ipv4_mapped, found.sixtofour, found.teredo and found.teredo[1]]
        if found in _NAT64:
            carried.append(ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF))
        addresses = [each for each in carried if each is not None] or addresses
    return all(each.is_global and not each.is_multicast for each in addresses)


def addresses_of(host: str, port: int) -> list[str]:
    """Return the IP addresses that a host name stands for. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def proxy_for(url: str) -> str | None:
    """Return the URL of the proxy for a request to `url`, None where it goes there directly.

    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY decide, in upper or lower case, and on macOS and
    Windows the system's settings. This machine itself is never reached through a proxy: a local
    workspace would otherwise send its token to it.

    Raises UsageError for a proxy that cannot be used.
    """
    target = urlsplit(url)
    host = target.hostname or ""
    if is_loopback(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(_host_and_port(target)):
        return None
    return _checked_proxy(proxy)


def shown_proxy(proxy: str) -> str:
    """Return host and port of a proxy: without user and password."""
    return _host_and_port(urlsplit(proxy))


def ca_bundle() -> Path | None:
    """Return the file or folder of certificates that the environment names, None where it names none.

    Raises UsageError when it does not exist.
    """
    for variable in _BUNDLE_VARIABLES:
        value = os.environ.get(variable)
        if not value:
            continue
        path = Path(value)
        if not path.exists():
            raise UsageError(
                f"{variable} names a file of certificates that does not exist: {value}",
                f"Correct {variable}, or unset it.",
            )
        return path
    return None


def ssl_context() -> ssl.SSLContext:
    """Return what TLS connections are verified with: the environment's certificates, else certifi's.

    Raises UsageError when the file holds no certificates.
    """
    bundle = ca_bundle()
    try:
        if bundle is None:
            return httpx.create_ssl_context(trust_env=False)
        if bundle.is_dir():
            return ssl.create_default_context(capath=str(bundle))
        return ssl.create_default_context(cafile=str(bundle))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"The certificates in {bundle} cannot be read: {_words(error)}.",
            "The file must hold certificates in PEM format, each between BEGIN and END CERTIFICATE.",
        ) from None


def connection_trouble(error: BaseException) -> str:
    """Return in words why a connection could not be made or was lost.

    Libraries wrap what the system said; the innermost cause that is known decides.
    """
    for cause in reversed(_causes(error)):
        words = _known_trouble(cause)
        if words:
            return words
    # The name alone: what libraries say may quote a URL, and URLs of webhooks are secrets.
    return f"the connection failed ({type(error).__name__})"


def _known_trouble(error: BaseException) -> str:
    # The order matters: these are all kinds of OSError.
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved (DNS)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be verified (TLS: {error.verify_message or _words(error)})"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "it closed the connection (TLS)"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection is possible (TLS: {_words(error)})"
    if isinstance(error, ConnectionRefusedError):
        return "it refused the connection"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, httpx.RemoteProtocolError):
        return "it ended the connection, or spoke something that is not HTTP"
    if isinstance(error, ConnectionError):
        return "the connection was lost"
    if str(error).startswith(_TUNNEL_REFUSED):
        return f"the proxy does not let it through ({str(error)[len(_TUNNEL_REFUSED) :].strip()})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return ""


def _causes(error: BaseException) -> list[BaseException]:
    """The error, what caused it, and so on; urllib3 keeps causes in `reason` and in arguments."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 20:  # a chain is short; a circle would not end
        current = waiting.pop(0)
        if current in found:
            continue
        found.append(current)
        linked = [current.__cause__, current.__context__, getattr(current, "reason", None)]
        linked.extend(current.args)
        waiting.extend(each for each in linked if isinstance(each, BaseException))
    return found


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _checked_proxy(proxy: str) -> str:
    """The proxy's URL with a scheme: `proxy:3128` is as common as `http://proxy:3128`."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            "The environment names a proxy that cannot be used.",
            "Set HTTPS_PROXY to a URL such as http://proxy.example.com:3128; SOCKS proxies are not supported.",
        )
    return url


def _host_and_port(parts: SplitResult) -> str:
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    try:
        port = parts.port
    except ValueError:
        port = None
    return shown if port is None else f"{shown}:{port}"
