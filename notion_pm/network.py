"""How this machine reaches others: addresses, and the environment's proxy and certificates.

Every HTTP client of the program uses these, so that behind a company's proxy either Notion, file
downloads and notifications all work, or all report the same problem.
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
"""In this order; the first one that is set is used. curl and requests read the middle two."""

_IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_TUNNEL_REFUSED = "Tunnel connection failed:"
"""How the standard library, and so requests, begins the message about a proxy's refusal."""

_PROXY_SCHEMES = ("http", "https")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: 127.0.0.0/8, ::1 or `localhost`.

    A token is sent in plain HTTP to such a host. So only names count that cannot lead elsewhere:
    `x.localhost` does not, because some resolvers ask the network for it, and neither does an IPv4
    address inside an IPv6 address.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    # Before Python 3.13 the standard library says False for ::ffff:127.0.0.1, later True.
    is_mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return address.is_loopback and not is_mapped


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, not on this machine or a network around it.

    An IPv6 address that contains an IPv4 address (mapped, 6to4, Teredo, NAT64) reaches that one.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    addresses = _embedded_addresses(parsed) or [parsed]
    return all(candidate.is_global and not candidate.is_multicast for candidate in addresses)


def _embedded_addresses(address: _IpAddress) -> list[_IpAddress]:
    """Return the IPv4 addresses that an IPv6 address contains."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    embedded: list[_IpAddress] = []
    if address.ipv4_mapped is not None:
        embedded.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        embedded.append(address.sixtofour)
    if address.teredo is not None:
        embedded.append(address.teredo[1])
    if address in _NAT64:
        embedded.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return embedded


def addresses_of(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def proxy_for(url: str) -> str | None:
    """Return the URL of the proxy for a request to `url`, None for a direct connection.

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
    """Return host and port of a proxy, without user and password."""
    return _host_and_port(urlsplit(proxy))


def ca_bundle() -> Path | None:
    """Return the file or folder of certificates from the environment's variables, or None.

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
                f"Fix {variable}, or unset it.",
            )
        return path
    return None


def ssl_context() -> ssl.SSLContext:
    """Return the context that verifies TLS: with the environment's certificates, else certifi's.

    Raises UsageError when the file contains no certificates.
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
            "The file must contain certificates in PEM format, each between BEGIN and END "
            "CERTIFICATE.",
        ) from None


def connection_trouble(error: BaseException) -> str:
    """Return in words why a connection could not be made or was lost.

    Libraries wrap the system's error, so the innermost known cause gives the words.
    """
    for cause in reversed(_causes(error)):
        words = _known_trouble(cause)
        if words:
            return words
    # Only the class: messages of libraries may quote a URL, and URLs of webhooks are secrets.
    return f"the connection failed ({type(error).__name__})"


def _known_trouble(error: BaseException) -> str:
    """Return the words for one cause, "" for an unknown one."""
    # The order matters: most of these are subclasses of OSError, and some are subclasses of a class
    # that is checked below (SSLCertVerificationError of SSLError, for example).
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
    """Return the error, its cause, the cause of that, and so on.

    urllib3 keeps causes in `reason` and in arguments.
    """
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < 20:  # real chains are short
        current = waiting.pop(0)
        if current in found:
            continue
        found.append(current)
        linked = [current.__cause__, current.__context__, getattr(current, "reason", None)]
        linked.extend(current.args)
        waiting.extend(cause for cause in linked if isinstance(cause, BaseException))
    return found


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _checked_proxy(proxy: str) -> str:
    """Return the proxy's URL with a scheme: people also write only `proxy:3128`."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            "The environment names a proxy that cannot be used.",
            "Set HTTPS_PROXY to a URL such as http://proxy.example.com:3128; SOCKS proxies are not "
            "supported.",
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
