"""Bytes become text and go back without a difference."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.project.text import Decoded, NotText, decode, encode, sha_of, split_lines


def decoded(data: bytes, declared: str = "") -> Decoded:
    result = decode(data, declared=declared)
    assert isinstance(result, Decoded), result
    return result


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"", "utf-8", ""),
        ("grün 🙂\n".encode(), "utf-8", "grün 🙂\n"),
        (b"\xef\xbb\xbfa\n", "utf-8", "a\n"),
        ("\ufeffä".encode("utf-16-le"), "utf-16-le", "ä"),
        ("\ufeffä".encode("utf-16-be"), "utf-16-be", "ä"),
        ("\ufeffä".encode("utf-32-le"), "utf-32-le", "ä"),
        ("\ufeffä".encode("utf-32-be"), "utf-32-be", "ä"),
        (
            b"# -*- coding: iso-8859-15 -*-\nx = '\xa4'\n",
            "iso-8859-15",
            "# -*- coding: iso-8859-15 -*-\nx = '€'\n",
        ),
        (b'<meta charset="windows-1251">\xcf\xf0\xe8', "windows-1251", '<meta charset="windows-1251">При'),
        (b"x = 'caf\xe9'\n", "cp1252", "x = 'café'\n"),
    ],
)
def test_the_encoding_is_found_and_goes_back(data: bytes, encoding: str, text: str) -> None:
    found = decoded(data)
    assert (found.encoding, found.text) == (encoding, text)
    assert encode(found.text, found) == data
    assert found.sha == sha_of(data)


def test_a_declared_encoding_is_tried_before_guessing() -> None:
    assert decoded(b"\xb0\xa1\xb0\xa2", "euc-kr").text == "가각"
    assert not decoded(b"\xb0\xa1\xb0\xa2", "euc-kr").guessed


def test_a_declaration_that_is_wrong_or_unknown_is_passed_over() -> None:
    assert decoded(b"# coding: utf-8\n# caf\xe9 au lait\n").guessed
    assert decoded(b"# coding: klingon\n# caf\xe9 au lait\n").guessed
    assert decoded(b"# coding: hex\n# caf\xe9 au lait\n").guessed


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x00", b"text\x00text", bytes(range(128, 256)) * 3])
def test_binaries_are_no_text(data: bytes) -> None:
    assert isinstance(decode(data), NotText)


def test_a_broken_utf_16_text_is_never_mended() -> None:
    result = decode(b"\xff\xfea\x00\x00\xd8b\x00")
    assert isinstance(result, NotText)


@pytest.mark.parametrize(
    ("text", "name", "newline"),
    [
        ("a\nb\n", "LF", "\n"),
        ("a\r\nb\r\n", "CRLF", "\r\n"),
        ("a\r\nb\nc\r\n", "mixed", "\r\n"),
        ("a\rb\r", "CR", "\r"),
        ("a", "LF", "\n"),
    ],
)
def test_newlines_are_named(text: str, name: str, newline: str) -> None:
    found = decoded(text.encode())
    assert (found.newline_name, found.newline) == (name, newline)


@pytest.mark.parametrize(
    ("text", "indent"),
    [("a\n\tb\n", "tabs"), ("a\n    b\n", "spaces"), ("a\n\tb\n  c\n", "mixed"), ("a\nb\n", "none")],
)
def test_indentation_is_named(text: str, indent: str) -> None:
    assert decoded(text.encode()).indent == indent


def test_lines_are_cut_at_newlines_only() -> None:
    found = decoded("a\x0cb\u2028c\r\nd".encode())
    assert found.lines == ["a\x0cb\u2028c", "d"]
    assert not found.has_final_newline
    assert split_lines("a\n\nb\n") == ["a\n", "\n", "b\n"]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_whatever_is_decoded_goes_back_byte_for_byte(data: bytes) -> None:
    result = decode(data)
    if isinstance(result, Decoded):
        assert encode(result.text, result) == data
