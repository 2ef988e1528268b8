"""Lines and columns of the protocol, in the units that a server counts, against places in a text."""

import re
from bisect import bisect_right
from itertools import accumulate

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

ENCODINGS = ("utf-32", "utf-8", "utf-16")
"""How columns may be counted, the one that costs nothing here first; utf-16 is what all servers know."""

_LINE = pattern(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True, slots=True)
class Spot:
    """A line and a column as people count them, from 1, in characters."""

    line: int
    column: int


class Text:
    """A text cut into lines as the protocol cuts it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [found[0] for found in _LINE.finditer(text) if found[0]] or [""]
        if text.endswith(("\n", "\r")):
            self.lines.append("")
        self._starts = [0, *accumulate(len(line) for line in self.lines)]

    def line(self, number: int) -> str:
        """A line, from 1, without its end; empty where there is none."""
        return self.lines[number - 1].rstrip("\r\n") if 0 < number <= len(self.lines) else ""

    def offset(self, line: int, character: int, encoding: str) -> int:
        """The place of a position of the protocol; past the end of its line it is that end."""
        if line >= len(self.lines):
            return len(self.text)
        words = self.lines[line].rstrip("\r\n")
        return self._starts[line] + _index(words, character, encoding)

    def spot(self, line: int, character: int, encoding: str) -> Spot:
        """A position of the protocol for people."""
        words = self.line(line + 1)
        return Spot(line + 1, _index(words, character, encoding) + 1)

    def at(self, offset: int) -> Spot:
        """A place in the text for people."""
        line = min(bisect_right(self._starts, offset), len(self.lines))
        return Spot(line, offset - self._starts[line - 1] + 1)

    def position(self, spot: Spot, encoding: str) -> dict[str, int]:
        """A spot as the protocol writes it."""
        words = self.line(spot.line)[: spot.column - 1]
        return {"line": spot.line - 1, "character": _units(words, encoding)}


def _units(words: str, encoding: str) -> int:
    if encoding == "utf-8":
        return len(words.encode("utf-8", "surrogatepass"))
    if encoding == "utf-16":
        return len(words) + sum(character > "\uffff" for character in words)
    return len(words)


def _index(words: str, units: int, encoding: str) -> int:
    """How many characters so many units are; inside of one they end before it."""
    if units <= 0:
        return 0
    if encoding == "utf-32" or words.isascii():
        return min(units, len(words))
    used = 0
    for index, character in enumerate(words):
        used += _units(character, encoding)
        if used > units:
            return index
    return len(words)


def columns_of(line: str, symbol: str) -> list[int]:
    """Where a name stands in a line as a whole word, from 1."""
    word = rf"(?<!\w){re.escape(symbol)}(?!\w)" if symbol[:1].isidentifier() else re.escape(symbol)
    return [found.start() + 1 for found in re.finditer(word, line)]
