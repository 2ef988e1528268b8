"""Events and calls put together from whatever pieces a server sends."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loomkin.llm.calls import CallTracker
from loomkin.llm.sse import MOST_PENDING, EventParser, FramingError, LineSplitter
from loomkin.llm.wire import CallDelta

STREAM = (
    b": hello\n\nevent: a\ndata: one\n\ndata:two\r\ndata: three\r\n\r\nid: 7\nretry: 10\ndata: \xc3\xa4\n\n"
    b"data\ndata: last\n\n"
)
EVENTS = [("a", b"one"), ("", b"two\nthree"), ("", "ä".encode()), ("", b"last")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_events_do_not_depend_on_where_the_stream_is_cut(cuts: list[int], ending: bytes) -> None:
    stream = STREAM.replace(b"\r\n", b"\n").replace(b"\n", ending)
    parser = EventParser()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    events = [event for start, end in pairwise(edges) for event in parser.feed(stream[start:end])]
    assert events + parser.end() == EVENTS


def test_a_last_event_without_its_empty_line_is_not_lost() -> None:
    parser = EventParser()
    assert parser.feed(b"data: x") == []
    assert parser.end() == [("", b"x")]


def test_what_is_no_field_is_kept_as_a_sample() -> None:
    parser = EventParser()
    parser.feed(b"<html>\n<body>\n")
    assert parser.ignored == b"<html>"


def test_a_line_without_end_is_refused() -> None:
    splitter = LineSplitter()
    with pytest.raises(FramingError):
        splitter.feed(b"x" * (MOST_PENDING + 1))


def gathered(pieces: list[CallDelta | None]) -> list[tuple[str, str]]:
    found: dict[int, list[str]] = {}
    for piece in pieces:
        if piece is not None:
            entry = found.setdefault(piece.index, ["", ""])
            entry[0] += piece.name
            entry[1] += piece.arguments
    return [(name, arguments) for name, arguments in found.values()]


def test_calls_interleaved_by_index_are_told_apart() -> None:
    tracker = CallTracker()
    pieces = [
        tracker.piece(0, "a", "read", ""),
        tracker.piece(1, "b", "write", ""),
        tracker.piece(0, "", "", '{"x"'),
        tracker.piece(1, "", "", '{"y"'),
        tracker.piece(0, "", "", ":1}"),
        tracker.piece(1, "", "", ":2}"),
    ]
    assert gathered(pieces) == [("read", '{"x":1}'), ("write", '{"y":2}')]


def test_an_id_and_name_repeated_with_each_piece_do_not_begin_a_new_call() -> None:
    tracker = CallTracker()
    pieces = [tracker.piece(0, "a", "read", '{"x"'), tracker.piece(0, "a", "read", ":1}")]
    assert gathered(pieces) == [("read", '{"x":1}')]


def test_parallel_calls_that_share_an_index_are_told_apart_by_id() -> None:
    tracker = CallTracker()
    pieces = [tracker.piece(0, "a", "read", "{}"), tracker.piece(0, "b", "read", '{"x":1}')]
    assert gathered(pieces) == [("read", "{}"), ("read", '{"x":1}')]


def test_calls_without_any_index_begin_with_each_name() -> None:
    tracker = CallTracker()
    pieces = [
        tracker.piece(None, "a", "read", '{"x"'),
        tracker.piece(None, "", "", ":1}"),
        tracker.piece(None, "b", "write", "{}"),
    ]
    assert gathered(pieces) == [("read", '{"x":1}'), ("write", "{}")]


def test_a_call_without_arguments_ends_with_an_empty_object() -> None:
    tracker = CallTracker()
    pieces = [tracker.piece(0, "a", "status", ""), tracker.piece(1, "b", "read", '{"x":1}')]
    assert gathered([*pieces, *tracker.bare()]) == [("status", "{}"), ("read", '{"x":1}')]
