"""Fetching a web page as text, within limits and never from inside the network unless allowed."""

import asyncio
import ipaddress
import os
import re
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from loomkin.project.problem import Problem
from loomkin.records.dataclass import dataclass

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 4_000_000
MAX_CHARS = 60_000
FETCH_SECONDS = 30.0
REDIRECTS = 5
_TEXTUAL = re.compile(
    r"text/.*|application/(?:.*[+/])?(?:json|xml|javascript|ecmascript|yaml|x-yaml|toml|x-sh|sql)"
)
_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page as text; `url` is the last one after redirects.

    `total_chars` is the length before cutting; `cut` says that the text or the download was cut.
    """

    url: str
    title: str
    text: str
    content_type: str
    total_chars: int
    cut: bool


def _nowhere(host: str) -> bool:
    return False


async def fetch(
    url: str,
    allow: Callable[[str], bool],
    *,
    private: Callable[[str], bool] = _nowhere,
    timeout: float = FETCH_SECONDS,
    max_bytes: int = MAX_BYTES,
    max_chars: int = MAX_CHARS,
) -> Page | Problem:
    """Fetch a page of text; never raises for what the network does.

    `allow(host)` is asked for the first host and again for each redirect. Addresses that are not public
    (loopback, private, link-local, metadata services) are refused unless `private(host)` is true. The name
    is resolved once and that very address connected to, so a name cannot change between check and use.
    """
    fresh = await asyncio.to_thread(_client, timeout)
    import httpx2  # heavy: late on purpose

    try:
        async with asyncio.timeout(timeout), fresh as client:
            for _ in range(REDIRECTS + 1):
                answer = await _step(client, url, allow, private, max_bytes, max_chars)
                if not isinstance(answer, str):
                    return answer
                url = answer
        return Problem(f"{url} was not fetched: more than {REDIRECTS} redirects.", "Use the final address.")
    except TimeoutError:
        return Problem(f"{url} was not fetched within {timeout:g} s.", "Try again later, or another page.")
    except (httpx2.InvalidURL, ValueError) as error:
        return Problem(f"{url!r} is no usable address: {error}.", "Give a full http or https URL.")
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        return Problem(f"{url} was not fetched: {reason}.", "Check the address, then try again.")


def _client(timeout: float) -> "httpx2.AsyncClient":
    """A client made in a thread: importing the library and reading the certificates both block."""
    import httpx2  # heavy: late on purpose

    return httpx2.AsyncClient(timeout=timeout, follow_redirects=False)


async def _step(
    client: "httpx2.AsyncClient",
    url: str,
    allow: Callable[[str], bool],
    private: Callable[[str], bool],
    max_bytes: int,
    max_chars: int,
) -> Page | Problem | str:
    """One request: a page, a problem, or the address of a redirect."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError as error:
        return Problem(f"{url!r} is no usable address: {error}.", "Give a full http or https URL.")
    if parts.scheme not in ("http", "https") or not host:
        return Problem(f"{url!r} was not fetched: only http and https are.", "Give a full http or https URL.")
    if parts.username or parts.password:
        return Problem("The address holds a user name or password.", "Leave it out.")
    if not allow(host):
        return Problem(
            f"{host} may not be fetched from.", "Ask the person to allow this host, or use another."
        )
    address = await _resolve(host, port or (443 if parts.scheme == "https" else 80), private(host))
    if isinstance(address, Problem):
        return address
    target = url
    if address:
        shown = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{shown}:{port}" if port else shown, fragment="").geturl()
    netloc = parts.netloc.rpartition("@")[2]
    headers = {"Host": netloc, "User-Agent": "loomkin", "Accept": "text/html, text/*;q=0.9, application/json"}
    request = client.build_request("GET", target, headers=headers, extensions={"sni_hostname": host})
    response = await client.send(request, stream=True)
    try:
        if response.has_redirect_location:
            return urljoin(url, response.headers["location"])
        return await _page(response, url, max_bytes, max_chars)
    finally:
        await response.aclose()


async def _resolve(host: str, port: int, private: bool) -> str | Problem:
    """The address to connect to; empty where only a proxy can resolve the name."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if _has_proxy():
            return ""
        return Problem(f"The host {host} cannot be resolved: {error}.", "Check its spelling and the network.")
    addresses = [str(entry[4][0]) for entry in found]
    if not private:
        for address in addresses:
            if not is_public(address):
                return Problem(
                    f"{host} was not fetched from: its address {address} is inside this machine or network.",
                    "Ask the person to allow it, or use a public page.",
                )
    return "" if _has_proxy() else addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is reachable by everyone, also when it carries an IPv4 address within."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return inner.is_global
        if ip in ipaddress.IPv6Network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF).is_global
    return ip.is_global and not ip.is_multicast


def _has_proxy() -> bool:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return any(os.environ.get(name) or os.environ.get(name.lower()) for name in names)


async def _page(response: "httpx2.Response", url: str, max_bytes: int, max_chars: int) -> Page | Problem:
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if response.status_code >= 400:
        return Problem(f"{url} answered {response.status_code}.", "Check the address, or try another page.")
    if not _TEXTUAL.fullmatch(kind):
        return Problem(f"{url} is {kind}, not text.", "Download it with the shell if it is needed.")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            break
    cut = len(body) > max_bytes
    raw = bytes(body[:max_bytes])
    text = _decode(raw, response.charset_encoding)
    title = ""
    if kind in ("text/html", "application/xhtml+xml"):
        from loomkin.project.web_text import html_to_text  # heavy: late on purpose

        title, text = await asyncio.to_thread(html_to_text, text)
    return Page(url, title, _sized(text, max_chars), kind, len(text), cut or len(text) > max_chars)


def _decode(raw: bytes, charset: str | None) -> str:
    declared = _CHARSET.search(raw[:2048])
    for name in (charset, declared[1].decode("ascii", "replace") if declared else None):
        if name:
            try:
                return raw.decode(name, "replace")
            except LookupError:
                continue
    return raw.decode("utf-8-sig", "replace")


def _sized(text: str, max_chars: int) -> str:
    """At most `max_chars` characters, cut at a line end where there is one."""
    if len(text) <= max_chars:
        return text
    end = text.rfind("\n", 0, max_chars)
    return text[: end if end > 0 else max_chars]
