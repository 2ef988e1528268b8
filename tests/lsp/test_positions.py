"""Columns in the units of three encodings, and messages cut out of a stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomkin.lsp.errors import Gone
from loomkin.lsp.frames import Frames, framed
from loomkin.lsp.positions import Spot, Text, columns_of

WORDS = st.text(st.sampled_from("aé𝄞漢\t \r\n"), max_size=40)


@given(WORDS, st.sampled_from(["utf-8", "utf-16", "utf-32"]), st.data())
def test_every_place_in_a_text_comes_back_from_its_position(
    words: str, encoding: str, data: st.DataObject
) -> None:
    text = Text(words)
    assert "".join(text.lines) == words
    line = data.draw(st.integers(1, len(text.lines)))
    column = data.draw(st.integers(1, len(text.line(line)) + 1))
    spot = Spot(line, column)
    position = text.position(spot, encoding)
    assert text.spot(position["line"], position["character"], encoding) == spot
    offset = text.offset(position["line"], position["character"], encoding)
    assert text.at(offset) == spot


def test_units_are_those_of_the_encoding_and_what_is_past_a_line_is_its_end() -> None:
    text = Text("𝄞é x\n")
    assert [
        text.position(Spot(1, 4), encoding)["character"] for encoding in ("utf-8", "utf-16", "utf-32")
    ] == [7, 4, 3]
    assert text.spot(0, 99, "utf-16") == Spot(1, 5)
    assert text.spot(0, 1, "utf-16") == Spot(1, 1), "inside a pair it is before it"
    assert text.offset(99, 0, "utf-8") == len(text.text)


def test_a_name_is_found_as_a_whole_word() -> None:
    assert columns_of("prices = price(price_of, price)", "price") == [10, 26]
    assert columns_of("a->b", "->") == [2]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers()), max_size=6), st.integers(1, 30))
def test_messages_come_whole_however_the_stream_is_cut(messages: list[dict[str, int]], size: int) -> None:
    stream = b"".join(b"noise\n" + framed(json.dumps(one).encode()) for one in messages)
    frames = Frames()
    got = [body for at in range(0, len(stream), size) for body in frames.feed(stream[at : at + size])]
    assert [json.loads(body) for body in got] == messages
    assert frames.garbage == 6 * len(messages)


def test_other_headers_are_passed_over_and_endless_noise_is_an_end() -> None:
    frames = Frames()
    header = b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n"
    assert frames.feed(header + b"{}") == [b"{}"]
    with pytest.raises(Gone, match="something else"):
        frames.feed(b"x" * (2 << 20))
