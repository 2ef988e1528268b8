"""What the map keeps of one file: its outline, the names in its code, and the terms it can be found by."""

import re
import struct
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from loomkin.codemap.languages import MORE, QUERIES, UNCODED
from loomkin.codemap.symbols import nested
from loomkin.codemap.words import Pieces, names_in
from loomkin.project.grammars import LARGEST, grammar, language_of
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

if TYPE_CHECKING:
    from tree_sitter import Node, Query

VERSION = 1
"""Of what is kept: another one makes all anew."""
DEFINED, CODE, WORDS = 0, 8, 16
"""Where in a term's number stands how often it is in names that are defined, in code, in words."""
MOST = 255
WIDE, ALL = 20, (1 << 20) - 1
"""How they stand side by side while they are summed up."""
MANY = (ALL ^ MOST) * (1 | 1 << WIDE | 1 << 2 * WIDE)
"""What is set where one of them is too large."""
_CODE_BITS, _WORD_BITS = MOST << CODE, MOST << WORDS
LONGEST_LINE = 2_000
"""Characters of a line on average from which on a file is made by a program for programs."""
SIGNATURE = 120
_HEAD = struct.Struct("<IIII")
_OPENING = ("...", " do", "{", ":", "=", "=>", ";")
_BLANKS = pattern(r"\s+")
_DEFINITION = pattern(
    r"(?m)^[ \t]*(?:[a-z]+[ \t]+){0,3}?"
    r"(?:def|fn|fun|func|function|class|struct|trait|interface|module|object|type|enum|protocol|record|macro"
    r"|message|service|table)[ \t]+([^\W\d]\w+)[^\n]*"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition of an outline: how deep it stands, its lines from 1, its dotted name, how it begins."""

    depth: int
    first: int
    last: int
    name: str
    signature: str

    @property
    def own(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Digest:
    """A file as the map knows it; `names` and `terms` say how often, the latter packed in three numbers."""

    outline: tuple[Entry, ...]
    names: Mapping[str, int]
    terms: Mapping[str, int]


def digest(path: str, text: str, known: Pieces) -> Digest:
    """Read a file's text; what no grammar reads is read for its names alone. Never fails."""
    language = language_of(path)
    if len(text) > LARGEST or len(text) > LONGEST_LINE * (text.count("\n") + 1):
        return Digest((), {}, {})
    if language in QUERIES:
        outline, code, words = _parsed(language, text)
    else:
        outline, code, words = _by_lines(text), text, ""
    names = Counter(names_in(code))
    return Digest(outline, names, _terms(outline, names, Counter(names_in(words)), known))


def _parsed(language: str, text: str) -> tuple[tuple[Entry, ...], str, str]:
    """The definitions, the code without words for people, and these words."""
    from tree_sitter import Parser, QueryCursor  # heavy: late on purpose

    data = text.encode("utf-8", "surrogatepass")
    captured = QueryCursor(_query(language)).captures(Parser(grammar(language)).parse(data).root_node)
    code, words, end = [], [], 0
    for start, stop in sorted((node.start_byte, node.end_byte) for node in captured.get("words", ())):
        if start >= end:
            code.append(data[end:start])
            words.append(data[start:stop])
            end = stop
    code.append(data[end:])
    outline = tuple(_entries(data, captured))
    return outline, b"\n".join(code).decode("utf-8", "replace"), b"\n".join(words).decode("utf-8", "replace")


def _entries(data: bytes, captured: "Mapping[str, Sequence[Node]]") -> Iterator[Entry]:
    for node, name, _, depth in nested(captured):
        row, column = node.end_point
        first = node.start_point[0] + 1
        own = name if name.isidentifier() else _BLANKS.sub(" ", name.replace("\0", ""))
        yield Entry(depth, first, max(row + (column > 0), first), own, _signature(data, node.start_byte))


def lines_with(path: str, text: str, name: str) -> list[tuple[int, bool]]:
    """The lines from 1 on which a name stands in a file's code, and whether it is defined there."""
    language = language_of(path)
    places = [one.start() for one in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    outline: tuple[Entry, ...]
    spans: list[tuple[int, int]] = []
    if language in QUERIES and places and len(text) <= LARGEST:
        from tree_sitter import Parser, QueryCursor  # heavy: late on purpose

        data = text.encode("utf-8", "surrogatepass")
        captured = QueryCursor(_query(language)).captures(Parser(grammar(language)).parse(data).root_node)
        spans = [(node.start_byte, node.end_byte) for node in captured.get("words", ())]
        outline = tuple(_entries(data, captured))
        places = [len(text[:place].encode("utf-8", "surrogatepass")) for place in places]
        line_of = [data.count(b"\n", 0, place) + 1 for place in places]
    else:
        outline = _by_lines(text)
        line_of = [text.count("\n", 0, place) + 1 for place in places]
    defined = {one.first for one in outline if one.own == name}
    kept = dict.fromkeys(
        line
        for place, line in zip(places, line_of, strict=True)
        if not any(start <= place < end for start, end in spans)
    )
    return [(line, line in defined) for line in kept]


def _by_lines(text: str) -> tuple[Entry, ...]:
    found = []
    for one in _DEFINITION.finditer(text):
        line = text.count("\n", 0, one.start(1)) + 1
        found.append(Entry(0, line, line, one[1], _tidy(one[0])))
    return tuple(found)


def _signature(data: bytes, start: int) -> str:
    """How a definition begins: its first line, and more where brackets are open at its end."""
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    while end < len(data) and end - start < 3 * SIGNATURE:
        line = data[start:end]
        if line.count(b"(") <= line.count(b")"):
            break
        following = data.find(b"\n", end + 1)
        end = len(data) if following < 0 else following
    return _tidy(data[start : min(end, start + 4 * SIGNATURE)].decode("utf-8", "replace"))


def _tidy(text: str) -> str:
    line = text.strip()
    if "\n" in line or "\t" in line or "  " in line:
        line = _BLANKS.sub(" ", line).replace("( ", "(").replace(", )", ")").replace(" )", ")")
    for ending in _OPENING:
        if line.endswith(ending):
            line = line.removesuffix(ending).rstrip()
    return line if len(line) <= SIGNATURE else line[: SIGNATURE - 1] + "…"


def _terms(
    outline: tuple[Entry, ...], names: Mapping[str, int], words: Mapping[str, int], known: Pieces
) -> dict[str, int]:
    counts: dict[str, int] = {}
    get = counts.get
    defined = Counter(one.own for one in outline)
    for shift, found in enumerate((defined, names, words)):
        for name, times in found.items():
            value = min(times, MOST) << shift * WIDE
            for piece in known[name]:
                counts[piece] = get(piece, 0) + value
    return {
        term: _narrow(value)
        if value & MANY
        else value & MOST | value >> WIDE - CODE & _CODE_BITS | value >> 2 * WIDE - WORDS & _WORD_BITS
        for term, value in counts.items()
    }


def _narrow(value: int) -> int:
    """Three numbers, each cut to what fits."""
    parts = (value & ALL, value >> WIDE & ALL, value >> 2 * WIDE)
    return sum(min(part, MOST) << shift for part, shift in zip(parts, (DEFINED, CODE, WORDS), strict=True))


@cache
def _query(language: str) -> "Query":
    from tree_sitter import Query  # heavy: late on purpose

    return Query(grammar(language), QUERIES[language] + MORE.get(language, "") + UNCODED[language])


def packed(one: Digest) -> bytes:
    """A digest as bytes, to be kept."""
    lines = (f"{e.depth}\t{e.first}\t{e.last}\t{e.name}\t{e.signature}" for e in one.outline)
    parts = [
        "\n".join(lines).encode("utf-8", "surrogatepass"),
        " ".join(one.names).encode("utf-8", "surrogatepass"),
        " ".join(one.terms).encode("utf-8", "surrogatepass"),
    ]
    counts = bytes(min(times, MOST) for times in one.names.values())
    head = _HEAD.pack(*map(len, parts), len(counts))
    return zlib.compress(b"".join((head, *parts, counts, array("I", one.terms.values()).tobytes())), 1)


class Packed:
    """A kept digest, of which only what is asked for is read."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = zlib.decompress(data)
        self._at = _HEAD.unpack_from(self._data)

    def outline(self) -> tuple[Entry, ...]:
        """The definitions from top to bottom."""
        rows = (row.split("\t", 4) for row in self._text(0).split("\n") if row)
        return tuple(Entry(int(row[0]), int(row[1]), int(row[2]), row[3], row[4]) for row in rows)

    def defined(self) -> set[str]:
        """The last parts of the names that are defined."""
        return {row.split("\t", 4)[3].rpartition(".")[2] for row in self._text(0).split("\n") if row}

    def names(self) -> Iterator[tuple[str, int]]:
        """The names in the code and how often each is there."""
        start = self._start(3)
        return zip(self._text(1).split(" "), self._data[start : start + self._at[3]], strict=False)

    def terms(self) -> Iterator[tuple[str, int]]:
        """The terms and their packed numbers."""
        numbers = array("I", self._data[self._start(3) + self._at[3] :])
        return zip(self._text(2).split(" "), numbers, strict=False)

    def _start(self, part: int) -> int:
        sizes: tuple[int, ...] = self._at
        return _HEAD.size + sum(sizes[:part])

    def _text(self, part: int) -> str:
        start = self._start(part)
        return self._data[start : start + self._at[part]].decode("utf-8", "surrogatepass")
