"""Looking into outputs of commands that were too long to be said and stand whole in files."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from loomkin.records.dataclass import dataclass
from loomkin.store.words import chunks_of, fold

MOST_CALLS = 200
SHOWN = 12_000
"""Bytes up to which an output was said whole."""
MOST_BYTES = 32_000_000
"""Of all outputs together, the newest first."""
BLOCK = 12
"""Lines of a part that is looked at."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an output that has some of the words; `share` is how much of what was asked for."""

    file: str
    start: int
    whole: int
    text: str
    share: float


def pieces(folder: Path, files: Sequence[str], words: str, width: int) -> Iterator[Piece]:
    """The best part of each file that has the words; those that are gone are passed over."""
    terms = _terms(words)
    left = MOST_BYTES
    for name in dict.fromkeys(files):
        try:
            with (folder / name.rpartition("/")[2]).open("rb") as file:
                data = file.read(max(0, left))
        except OSError:
            continue
        left -= len(data)
        if len(data) <= SHOWN:
            continue
        piece = _best(name, data.decode("utf-8", "replace"), terms, width)
        if piece is not None:
            yield piece


def _terms(words: str) -> list[str]:
    return [found[0] for _, found in chunks_of(words) if found]


def _best(name: str, text: str, terms: Sequence[str], width: int) -> Piece | None:
    low = fold(text)
    if len(low) != len(text) or not terms:
        low = text.lower()
    known = [term for term in terms if term in low]
    if not known:
        return None
    counts = {term: low.count(term) for term in known}
    scores: dict[int, float] = {}
    starts = _starts(low)
    for term in known:
        place, seen = low.find(term), -1
        while place >= 0:
            block = _block(starts, place)
            if block != seen:
                scores[block] = scores.get(block, 0.0) + 1.0 / (1 + counts[term]) + 1.0
                seen = block
            place = low.find(term, starts[block + 1] if block + 1 < len(starts) else len(low))
    best = max(scores, key=lambda block: (scores[block], -block))
    begin = starts[best]
    end = starts[best + 1] if best + 1 < len(starts) else len(text)
    return Piece(name, begin, len(text), text[begin : min(end, begin + width)], len(known) / len(terms))


def _starts(text: str) -> list[int]:
    starts, place, count = [0], text.find("\n"), 0
    while place >= 0:
        count += 1
        if count % BLOCK == 0:
            starts.append(place + 1)
        place = text.find("\n", place + 1)
    return starts


def _block(starts: Sequence[int], place: int) -> int:
    return bisect_right(starts, place) - 1
