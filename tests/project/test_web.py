import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import trustme

from loomkin.project.problem import Problem
from loomkin.project.web import Page, fetch, is_public
from loomkin.project.web_text import html_to_text


class Site:
    """A real HTTP server on loopback that answers with prepared bytes and remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.port = 0

    def page(
        self, path: str, body: bytes | str, kind: str = "text/html; charset=utf-8", more: str = ""
    ) -> None:
        raw = body.encode() if isinstance(body, str) else body
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(raw)}\r\n{more}\r\n"
        self.pages[path] = head.encode() + raw

    def redirect(self, path: str, target: str) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
        self.pages[path] = head.encode()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.requests.append(head)
                path = head.split(" ")[1]
                if path == "/silence":
                    await reader.read()
                    break
                writer.write(self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    async with server:
        site.port = server.sockets[0].getsockname()[1]
        yield site


def anyone(host: str) -> bool:
    return True


async def get(url: str, allow: Callable[[str], bool] = anyone, **more: float) -> Page | Problem:
    return await fetch(url, allow, private=anyone, **more)  # type: ignore[arg-type]


async def told(url: str, allow: Callable[[str], bool] = anyone, **more: float) -> str:
    result = await get(url, allow, **more)
    assert isinstance(result, Problem), result
    assert result.hint
    return result.what


async def test_a_page_is_fetched_as_title_and_text(site: Site) -> None:
    site.page(
        "/", "<html><head><title>The  page</title></head><body><h1>Héllo</h1><p>world</p></body></html>"
    )
    page = await get(site.url())
    assert page == Page(site.url(), "The page", "# Héllo\n\nworld", "text/html", 14, False)
    assert f"host: 127.0.0.1:{site.port}" in site.requests[0].lower()


async def test_a_name_is_pinned_to_its_address_and_still_named_to_the_server(site: Site) -> None:
    site.page("/", "x", "text/plain")
    assert isinstance(await get(site.url(host="localhost")), Page)
    assert f"host: localhost:{site.port}" in site.requests[0].lower()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::1]", "0.0.0.0"])
async def test_addresses_inside_the_machine_are_refused_however_written(site: Site, host: str) -> None:
    result = await fetch(site.url(host=host), anyone)
    assert isinstance(result, Problem)
    assert "inside this machine or network" in result.what
    assert site.requests == []


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1%eth0",
     "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "0.0.0.0", "224.0.0.1", "::"],
)  # fmt: skip
def test_what_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"]
)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


async def test_each_redirect_asks_again(site: Site) -> None:
    site.redirect("/", f"http://localhost:{site.port}/end")
    site.page("/end", "done", "text/plain")
    asked: list[str] = []

    def allow(host: str) -> bool:
        asked.append(host)
        return host == "127.0.0.1"

    assert "localhost may not be fetched from" in await told(site.url(), allow)
    assert asked == ["127.0.0.1", "localhost"]
    assert len(site.requests) == 1
    page = await get(site.url())
    assert isinstance(page, Page)
    assert (page.text, page.url) == ("done", f"http://localhost:{site.port}/end")


async def test_a_redirect_into_the_network_is_refused(site: Site) -> None:
    site.redirect("/", "http://169.254.169.254/latest/meta-data")
    result = await fetch(site.url(), anyone, private=lambda host: host == "127.0.0.1")
    assert isinstance(result, Problem)
    assert "169.254.169.254 is inside" in result.what


async def test_redirects_without_end_and_to_other_schemes_are_refused(site: Site) -> None:
    site.redirect("/", "/")
    assert "more than 5 redirects" in await told(site.url())
    site.redirect("/file", "file:///etc/passwd")
    assert "only http and https" in await told(site.url("/file"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "nonsense", "http://", "http://[bad", ""])
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert await told(url)


async def test_passwords_in_addresses_are_refused() -> None:
    assert "user name or password" in await told("http://me:secret@example.org/")


async def test_status_type_time_and_connection_failures_are_told(site: Site) -> None:
    assert "answered 404" in await told(site.url("/nowhere"))
    site.page("/image", b"\x89PNG", "image/png")
    assert "is image/png, not text" in await told(site.url("/image"))
    assert "within 0.3 s" in await told(site.url("/silence"), timeout=0.3)
    assert "was not fetched" in await told("http://127.0.0.1:1/")
    site.pages["/garbage"] = b"not http at all\r\n\r\n"
    assert "was not fetched" in await told(site.url("/garbage"))


async def test_long_pages_are_cut_at_a_line_and_big_downloads_stopped(site: Site) -> None:
    site.page("/", "0123456789\n" * 1000, "text/plain")
    page = await get(site.url(), max_chars=100)
    assert isinstance(page, Page)
    assert (page.text, page.total_chars, page.cut) == ("\n".join(["0123456789"] * 9), 11_000, True)
    page = await get(site.url(), max_bytes=55)
    assert isinstance(page, Page)
    assert (len(page.text), page.cut) == (55, True)


async def test_a_bomb_of_compressed_bytes_is_stopped(site: Site) -> None:
    site.page("/", gzip.compress(b"0" * 50_000_000), "text/plain", "Content-Encoding: gzip\r\n")
    page = await get(site.url(), max_bytes=1000)
    assert isinstance(page, Page)
    assert (len(page.text), page.cut) == (1000, True)


async def test_charsets_are_honoured(site: Site) -> None:
    site.page("/header", "café".encode("latin-1"), "text/plain; charset=iso-8859-1")
    site.page("/meta", b"<meta charset=iso-8859-1><p>caf\xe9", "text/html")
    site.page("/none", "café".encode(), "text/plain")
    site.page("/unknown", "café".encode(), "text/plain; charset=klingon")
    for path in ("/header", "/meta", "/none", "/unknown"):
        page = await get(site.url(path))
        assert isinstance(page, Page)
        assert page.text == "café"


async def test_a_certificate_is_checked_against_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    site = Site()
    site.page("/", "safe", "text/plain")
    for name, good in (("localhost", True), ("other.example", False)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        async with await asyncio.start_server(site.answer, "127.0.0.1", 0, ssl=context) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
            result = await get(f"https://localhost:{port}/")
            assert isinstance(result, Page) == good, result


def test_html_becomes_readable_text() -> None:
    title, text = html_to_text(
        "<title>T &amp; U</title><style>x{}</style><script>if (a < b) alert('<p>no</p>')</script>"
        "<nav><a href='/home'>Home</a></nav><h2>Usage</h2><p>Run <code>make</code>\n  now,<br>please.</p>"
        "<ul><li>one<li><b>two</b></ul><pre>  def f():\n      pass</pre>"
        "<table><tr><td>a</td><td>b</td></tr></table>"
        "<noscript>hidden</noscript><p>end <a href='https://x.org'>link</a> <a href='#top'>top</a>"
    )
    assert title == "T & U"
    assert text == (
        "Home </home>\n\n## Usage\n\nRun `make` now,\nplease.\n\n- one\n- two\n\n  def f():\n      pass\n\n"
        "a | b\n\nend link <https://x.org> top"
    )


@pytest.mark.parametrize(
    "html", ["", "<", "<p", "</p></p></div>", "<pre><pre>", "<!-- open", "<a href=>x", "<svg><p>x"]
)
def test_broken_html_gives_what_can_be_read(html: str) -> None:
    assert isinstance(html_to_text(html)[1], str)
