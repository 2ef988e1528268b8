"""The head of a request says where it goes, carries what it must, and cannot be broken apart."""

from collections.abc import Mapping

import pytest

from loomkin.llm.http_request import head_of, target_of
from loomkin.llm.transport import Unsendable


def head(url: str, headers: Mapping[str, str] | None = None, length: int | None = None) -> list[str]:
    return head_of("POST", target_of(url), headers or {}, length).decode("ascii").split("\r\n")


@pytest.mark.parametrize(
    ("url", "host", "port", "header", "path"),
    [
        ("http://models.test/v1/chat", "models.test", 80, "models.test", "/v1/chat"),
        ("https://models.test", "models.test", 443, "models.test", "/"),
        ("https://models.test:443/x", "models.test", 443, "models.test", "/x"),
        ("http://models.test:443/x", "models.test", 443, "models.test:443", "/x"),
        ("http://Models.TEST:8080/x?a=1&b=%20c", "models.test", 8080, "models.test:8080", "/x?a=1&b=%20c"),
        ("http://[::1]:11434/api", "::1", 11434, "[::1]:11434", "/api"),
        ("http://[fe80::1%25eth0]/api", "fe80::1%eth0", 80, "[fe80::1]", "/api"),
        ("http://bücher.test/ä b", "xn--bcher-kva.test", 80, "xn--bcher-kva.test", "/%C3%A4%20b"),
        ("http://faß.test/", "xn--fa-hia.test", 80, "xn--fa-hia.test", "/"),
        ("http://models.test/x#part", "models.test", 80, "models.test", "/x"),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int, header: str, path: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.host_header, target.path) == (host, port, header, path)


def test_a_certificate_must_name_the_host_without_zone_and_closing_dot() -> None:
    assert target_of("https://models.test./").server_name == "models.test"
    assert target_of("https://[fe80::1%25eth0]/").server_name == "fe80::1"


@pytest.mark.parametrize(
    "url",
    ["ftp://host/", "host:80", "http://", "http://:80", "http://h:x", "http://h:99999", "http://[::1",
     "http://a b/", "http://a<b/", "http://ä..test/", "http://h:0/"],
)  # fmt: skip
def test_what_is_no_address_cannot_be_sent(url: str) -> None:
    with pytest.raises(Unsendable):
        target_of(url)


def test_the_head_has_one_of_each_and_ends_with_an_empty_line() -> None:
    lines = head("http://h.test/p", {"Content-Type": "application/json", "User-Agent": "mine"}, 12)
    assert lines == [
        "POST /p HTTP/1.1",
        "Host: h.test",
        "user-agent: mine",
        "accept: */*",
        "accept-encoding: identity",
        "content-type: application/json",
        "content-length: 12",
        "",
        "",
    ]


def test_a_request_without_content_names_no_length() -> None:
    assert not any(line.startswith("content-length") for line in head("http://h.test/"))
    assert "content-length: 0" in head("http://h.test/", length=0)


def test_name_and_password_of_the_address_go_as_a_header_and_nowhere_else() -> None:
    lines = head("http://me:p%40ss@h.test:8/x", {"authorization": "Bearer k"})
    assert lines[:2] == ["POST /x HTTP/1.1", "Host: h.test:8"]
    assert [line for line in lines if line.startswith("authorization")] == [
        "authorization: Basic bWU6cEBzcw=="
    ]
    assert "me" not in " ".join(lines[:2])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", "a\r\nb: c"),
        ("x\r\ny", "a"),
        ("x y", "a"),
        ("", "a"),
        ("ä", "a"),
        ("x", " a"),
        ("x", "ä"),
        ("x", "a\0"),
        ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
    ],
)
def test_a_header_that_would_break_the_request_apart_cannot_be_sent(name: str, value: str) -> None:
    with pytest.raises(Unsendable):
        head("http://h.test/", {name: value})


def test_line_breaks_in_an_address_do_not_reach_the_wire() -> None:
    assert head("http://h.test/a\r\nX: y")[0] == "POST /aX:%20y HTTP/1.1"
