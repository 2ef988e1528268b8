"""The names and words of a text, split into the pieces that a question about it may hold, as stems."""

import re
from collections.abc import Iterable, Iterator

from loomkin.records.regex import pattern

LONGEST = 64
NAME_STEM = "_"
"""What parts the words of a name."""
_NAME = pattern(r"[^\W\d]\w+")
_ASCII_NAME = pattern(r"[A-Za-z_]\w+", re.ASCII)
_PIECE = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d{2,}")
_ENDINGS = {
    "s": (
        ("ations", "at"), ("sses", "ss"), ("ments", ""), ("ings", ""), ("ions", ""), ("ies", "y"),
        ("ers", ""), ("ors", ""), ("es", ""), ("s", ""),
    ),
    "n": (("ation", "at"), ("ion", "")),
    "g": (("ing", ""),),
    "y": (("edly", ""), ("ly", "")),
    "d": (("ed", ""),),
    "r": (("er", ""), ("or", "")),
    "t": (("ment", ""),),
    "e": (("able", ""), ("ible", ""), ("e", "")),
}  # fmt: skip
"""By a word's last letter: endings, the longest first, and what stands in their place."""
_KEPT = ("ss", "us", "is")


def names_in(text: str) -> list[str]:
    """All names of two or more characters, as they are written."""
    found: list[str] = (_ASCII_NAME if text.isascii() else _NAME).findall(text)
    return found


class Pieces(dict[str, tuple[str, ...]]):
    """The stems of each name's pieces; most names were met before."""

    MOST = 150_000

    def __missing__(self, name: str) -> tuple[str, ...]:
        if len(self) >= self.MOST:
            self.clear()
        found = self[name] = tuple(dict.fromkeys(_stems(name)))
        return found


def stem(word: str) -> str:
    """A lower-case English word without its ending; short words stay."""
    if len(word) < 4 or word.endswith(_KEPT):
        return word
    for ending, instead in _ENDINGS.get(word[-1], ()):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word[: -len(ending)] + instead
            if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "sl":
                base = base[:-1]
            return base
    return word


def _stems(name: str) -> Iterator[str]:
    if name.islower() and "_" not in name:
        yield stem(name)[:LONGEST]
        return
    for piece in _PIECE.findall(name):
        if len(piece) > 1:
            yield stem(piece.lower())[:LONGEST]


def path_pieces(path: str, known: Pieces) -> Iterable[str]:
    """The stems of a path: of its folders and of the file's name without the ending."""
    body, dot, ending = path.rpartition(".")
    names = _NAME.findall(body if dot and "/" not in ending else path)
    return [one for name in names for one in known[name]]
