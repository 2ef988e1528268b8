"""The map of a project: what is where, who names it, and what matters for a request; kept between runs."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from loomkin.codemap.base import HIGH, LOW, NAME
from loomkin.codemap.digest import VERSION, Entry, digest, lines_with
from loomkin.codemap.index import Index
from loomkin.codemap.late import BYTES_PER_TOKEN, LEAST_TOKENS, TOKENS
from loomkin.codemap.rank import rank
from loomkin.codemap.reading import content
from loomkin.codemap.render import Budget, Drawn, draw
from loomkin.codemap.words import Pieces
from loomkin.records.dataclass import dataclass
from loomkin.store.codemap import MapStore

MOST_FILES = 400
"""Files that are looked through for the places of one name."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Where something is defined."""

    path: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Reference:
    """A line with a name in its code; `defines` says that it is there that the name gets its meaning."""

    path: str
    line: int
    text: str
    defines: bool


@dataclass(frozen=True, slots=True)
class References:
    """The places of a name, those in the files with the most of them first; `files` have it in all."""

    found: tuple[Reference, ...]
    files: int


class Atlas:
    """Answers questions about the files below a folder; blocks, and serves one thread at a time.

    What `closed` is true of is not shown: files that whoever asks may not read.
    """

    def __init__(self, root: Path, file: Path | None, stays: bool = False) -> None:
        """What was read is kept in `file`, or in memory; `stays` where more than one question is to come."""
        self.root = root
        self._store = MapStore(file, VERSION)
        self._index = Index(root, self._store, stays)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._store.close()

    def renew(self) -> None:
        """Read what changed, so that the next question need not."""
        with self._lock:
            self._index.refresh()

    def map(
        self,
        words: str,
        at_hand: Collection[str] = (),
        tokens: int = TOKENS,
        closed: Callable[[str], bool] = lambda path: False,
    ) -> Drawn:
        """The files that matter for somebody's words; without any, those that matter most to the others."""
        with self._lock:
            self._index.refresh()
            ranking = rank(self._index, words, at_hand)
            budget = Budget(max(tokens, LEAST_TOKENS), BYTES_PER_TOKEN)
            return draw(ranking, self._index.outlines, budget, self._index.pieces, closed)

    def definitions(self, name: str) -> list[Definition]:
        """Where a name is defined, dotted or not; where nowhere, what is defined under it in another case."""
        with self._lock:
            self._index.refresh()
            own = _own(name)
            exact = list(self._defined({own}))
            found = [one for one in exact if _ends_in(one.entry.name, name)] or exact
            if not found:
                over = self._index.over
                folded = own.casefold().replace("_", "")
                names = (over.name(number) for number in range(over.name_count))
                near = {one for one in names if one.casefold().replace("_", "") == folded}
                found = list(self._defined(near))
            return sorted(found, key=lambda one: (one.path, one.entry.first))

    def references(self, name: str, closed: Callable[[str], bool] = lambda path: False) -> References:
        """The lines with a name in their code, not in comments or texts, definitions among them."""
        with self._lock:
            self._index.refresh()
            own = _own(name)
            where = self._index.postings([NAME + own])[NAME + own]
            over = self._index.over
            files = sorted((-(entry & LOW), over.path(entry >> HIGH)) for entry in where)
        open_ones = [path for _, path in files if not closed(path)]
        found: list[Reference] = []
        for path in open_ones[:MOST_FILES]:
            text = content(str(self.root), path).decode("utf-8", "replace")
            rows = text.split("\n")
            found += [
                Reference(path, line, rows[line - 1].strip(), defines)
                for line, defines in lines_with(path, text, own)
            ]
        return References(tuple(found), len(open_ones))

    def _defined(self, names: Collection[str]) -> Iterator[Definition]:
        over = self._index.over
        files = {
            file
            for number in range(over.name_count)
            if over.name(number) in names
            for file in over.defined_in(number)
        }
        for number, entries in self._index.outlines(sorted(files)).items():
            for entry in entries:
                if entry.own in names:
                    yield Definition(over.path(number), entry)


def outline(path: str, text: str) -> Sequence[Entry]:
    """The definitions of one text, from top to bottom."""
    return digest(path, text, Pieces()).outline


def _own(name: str) -> str:
    return name.strip().replace("::", ".").replace("#", ".").rstrip("().").rpartition(".")[2]


def _ends_in(name: str, wanted: str) -> bool:
    plain = wanted.strip().replace("::", ".").replace("#", ".").rstrip("().")
    return name == plain or name.endswith(f".{plain}")
