"""Answers are read the same however they arrive, and what is no HTTP is refused within bounds."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.http_parser import LONGEST_HEAD, MOST_INTERIM, MOST_LINES, ResponseParser
from loomkin.llm.transport import Garbage

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
WHOLE = {
    "length": OK + b"content-length: 5\r\nx: y\r\n\r\nhello",
    "chunks": CHUNKED + b'3;name="a;b"\r\nhel\r\n02 \r\nlo\r\n0\r\nx-after: 1\r\nx-more: 2\r\n\r\n',
    "many chunks": CHUNKED + b"1\r\nh\r\n1\r\ne\r\n01;x\r\nl\r\n1\nl\n1\r\no\r\n0\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    + OK
    + b"Content-Length: 5\r\n\r\nhello",
    "bare line feeds": b"HTTP/1.1 200\ncontent-length:5\n\nhello",
    "folded": OK + b"x: a\r\n\tb\r\nx: c\r\ncontent-length: 5, 5\r\n\r\nhello",
}


def read(raw: bytes, *cuts: int, method: str = "GET") -> tuple[ResponseParser, bytes]:
    parser = ResponseParser(method)
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    pieces = [piece for start, end in pairwise(edges) for piece in parser.feed(raw[start:end])]
    return parser, b"".join(pieces)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.lists(st.integers(0, 200), max_size=40))
def test_an_answer_does_not_depend_on_where_it_is_cut(name: str, cuts: list[int]) -> None:
    parser, body = read(WHOLE[name], *cuts)
    assert body == b"hello"
    assert parser.done
    assert parser.reusable
    assert parser.head is not None
    assert parser.head.status == 200


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_may_come_byte_by_byte_and_is_not_done_before_its_last(name: str) -> None:
    raw = WHOLE[name]
    parser, body = read(raw[:-1], *range(len(raw)))
    assert not parser.done
    assert not parser.eof()
    assert body + b"".join(parser.feed(raw[-1:])) == b"hello"
    assert parser.done


def test_headers_are_lower_case_and_joined() -> None:
    parser, _ = read(WHOLE["folded"])
    assert parser.head is not None
    assert parser.head.headers == {"x": "a b, c", "content-length": "5, 5"}


def test_headers_in_utf8_and_in_latin1_are_words() -> None:
    parser, _ = read(OK + "a: ä\r\n".encode() + "b: ä\r\n".encode("latin-1") + b"\r\n")
    assert parser.head is not None
    assert parser.head.headers == {"a": "ä", "b": "ä"}


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_a_body_end_with_their_head(status: bytes) -> None:
    parser, body = read(b"HTTP/1.1 " + status + b"\r\ncontent-length: 10\r\n\r\n")
    assert (parser.done, parser.reusable, body) == (True, True, b"")


def test_an_answer_to_head_ends_with_its_head() -> None:
    parser, body = read(OK + b"transfer-encoding: chunked\r\n\r\n", method="HEAD")
    assert (parser.done, parser.reusable, body) == (True, True, b"")


def test_another_protocol_ends_the_connection() -> None:
    parser, _ = read(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x00\x01")
    assert parser.head is not None
    assert (parser.head.status, parser.done, parser.reusable) == (101, True, False)


def test_an_answer_without_length_ends_with_the_connection() -> None:
    parser, body = read(b"HTTP/1.0 200 OK\r\n\r\nhel", 10)
    assert not parser.done
    assert body + b"".join(parser.feed(b"lo")) == b"hello"
    assert parser.eof()
    assert parser.done
    assert not parser.reusable


@pytest.mark.parametrize(
    ("raw", "reusable"),
    [
        (OK + b"content-length: 0\r\n\r\n", True),
        (OK + b"connection: Close\r\ncontent-length: 0\r\n\r\n", False),
        (OK + b"connection: x, close\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", True),
        (OK + b"content-length: 0\r\n\r\nHTTP/1.1 200", False),
        (OK + b"content-length: 0\r\n\r\n\r\n", False),
        (OK + b"content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", False),
    ],
)
def test_a_connection_is_used_again_only_when_it_is_clean(raw: bytes, reusable: bool) -> None:
    parser, _ = read(raw)
    assert (parser.done, parser.reusable) == (True, reusable)


GARBAGE = {
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a web page": b"<html>",
    "one wrong letter": b"HTTQ",
    "http 2": b"HTTP/2 200\r\n\r\n",
    "no minor version": b"HTTP/1. 200 OK\r\n\r\n",
    "nul in the reason": b"HTTP/1.1 200 O\0K\r\n\r\n",
    "return in the reason": b"HTTP/1.1 200 OK\rx: y\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "long status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "low status": b"HTTP/1.1 099 OK\r\n\r\n",
    "word for a status": b"HTTP/1.1 two OK\r\n\r\n",
    "empty line first": b"\r\n" + OK + b"\r\n",
    "line without colon": OK + b"nonsense\r\n\r\n",
    "space before colon": OK + b"x : y\r\n\r\n",
    "nameless": OK + b": y\r\n\r\n",
    "nul": OK + b"x: a\0b\r\n\r\n",
    "lone return": OK + b"x: a\rb: c\r\n\r\n",
    "folded first": OK + b" x: y\r\n\r\n",
    "two lengths": OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\n",
    "negative length": OK + b"content-length: -5\r\n\r\n",
    "signed length": OK + b"content-length: +5\r\n\r\n",
    "odd digits": OK + "content-length: ٥\r\n\r\n".encode(),
    "huge length": OK + b"content-length: " + b"9" * 40 + b"\r\n\r\n",
    "empty length": OK + b"content-length:\r\n\r\n",
    "unknown coding": OK + b"transfer-encoding: gzip, chunked\r\n\r\n",
    "no chunk size": CHUNKED + b"\r\n",
    "signed chunk size": CHUNKED + b"+5\r\nhello\r\n",
    "prefixed chunk size": CHUNKED + b"0x5\r\nhello\r\n",
    "underscored chunk size": CHUNKED + b"1_0\r\nhello\r\n",
    "huge chunk size": CHUNKED + b"f" * 20 + b"\r\n",
    "overlong chunk": CHUNKED + b"3\r\nhello\r\n",
}


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 100), max_size=5))
@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_no_http_is_refused_wherever_it_is_cut(name: str, cuts: list[int]) -> None:
    with pytest.raises(Garbage):
        read(GARBAGE[name], *cuts)


def test_tls_in_answer_to_plain_words_is_named() -> None:
    with pytest.raises(Garbage, match="https://"):
        read(b"\x15\x03\x01\x00\x02\x02\x16")


@pytest.mark.parametrize(
    "begin",
    [b"HTTP/1.1 200 ", OK + b"x: ", CHUNKED + b"5;x=", CHUNKED + b"0\r\nx: "],
    ids=["status", "header", "extension", "trailer"],
)
def test_lines_without_end_are_refused_before_they_fill_the_memory(begin: bytes) -> None:
    parser = ResponseParser("GET")
    parser.feed(begin)
    for _ in range(LONGEST_HEAD // 1024 - 1):
        parser.feed(b"x" * 1024)
    with pytest.raises(Garbage, match="longer than 100 KiB"):
        parser.feed(b"x" * 1024)


def test_headers_trailers_and_interim_answers_without_end_are_refused() -> None:
    with pytest.raises(Garbage, match=f"more than {MOST_LINES} headers"):
        read(OK + b"x: y\r\n" * (MOST_LINES + 1))
    with pytest.raises(Garbage, match="longer than"):
        read(CHUNKED + b"0\r\n" + b"x: yyyyyyyy\r\n" * 10_000)
    with pytest.raises(Garbage, match="without end"):
        read(b"HTTP/1.1 102 Processing\r\n\r\n" * (MOST_INTERIM + 1))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=30) | st.sampled_from([OK, CHUNKED, b"\r\n", b"5\r\n", b"hello"])))
def test_no_bytes_raise_anything_but_garbage(pieces: list[bytes]) -> None:
    parser = ResponseParser("POST")
    with suppress(Garbage):
        for piece in pieces:
            assert sum(map(len, parser.feed(piece))) <= len(piece)
