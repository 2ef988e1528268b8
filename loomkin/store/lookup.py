"""In which passages a term stands, and which terms stand in too many to tell anything."""

from collections.abc import Iterable, Sequence
from itertools import chain
from sqlite3 import Connection

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

SHARE = 50
"""A term in more than one of so many passages tells nothing."""
FEW, MANY = 400, 5_000
"""Whatever its share, a term in so few passages is looked up, one in so many is not."""
SMALL, ALL = 10_000, 2_000
"""A repository of so few passages affords to look up terms that are in so many."""
NEWEST = 200
_START = pattern(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Range:
    """The passages from the first to the last number."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many there are at most."""
        return max(0, self.last - self.first + 1)

    @property
    def empty(self) -> bool:
        """Whether there are none."""
        return self.last < self.first


class Common:
    """Terms found to be common, with how many passages there were; they stay so until there are far more."""

    MOST = 5_000

    def __init__(self) -> None:
        self._among: dict[str, int] = {}

    def __contains__(self, found: tuple[str, int]) -> bool:
        among = self._among.get(found[0])
        return among is not None and among <= found[1] < 2 * among

    def add(self, term: str, among: int) -> None:
        """Remember one; all are forgotten when there are too many."""
        if len(self._among) >= self.MOST:
            self._among.clear()
        self._among[term] = among


class Terms:
    """The index within a range of passages."""

    def __init__(self, connection: Connection, common: Common, range_: Range) -> None:
        self._connection = connection
        self._common = common
        self.range = range_
        self.small = range_.size <= SMALL
        self.most = ALL if self.small else min(max(FEW, range_.size // SHARE), MANY)

    def rows(self, terms: Sequence[str]) -> list[int] | None:
        """The passages in which one of the terms stands, newest first; None where there are too many."""
        query = " OR ".join(map(_quoted, terms))
        whole = self.range.first == 1
        if whole and (query, self.range.last) in self._common:
            return None
        found = self._match(query, self.most + 1)
        if len(found) <= self.most:
            return found
        if whole:
            self._common.add(query, self.range.last)
        return None

    def together(self, terms: Sequence[str]) -> list[int]:
        """The newest passages in which all of these terms stand, however common."""
        return self._match(" AND ".join(map(_quoted, terms)), self.most) if terms else []

    def newest(self, frequent: Sequence[str], words: str) -> list[int]:
        """The newest passages with all of these terms, else with one; else those a word begins."""
        for joint in (" AND ", " OR "):
            if frequent and (found := self._match(joint.join(map(_quoted, frequent)), NEWEST)):
                return found
        starts = dict.fromkeys(_START.findall(words.lower()))
        return self._match(" OR ".join(f"{_quoted(one)}*" for one in starts), NEWEST) if starts else []

    def latest(self, most: int) -> list[int]:
        """The newest passages, whatever is in them."""
        return list(range(self.range.last, max(self.range.first, self.range.last - most) - 1, -1))

    def _match(self, query: str, limit: int) -> list[int]:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        rows: Iterable[tuple[int]] = cursor.execute(
            "SELECT rowid FROM passage_terms WHERE passage_terms MATCH ? AND rowid BETWEEN ? AND ?"
            " ORDER BY rowid DESC LIMIT ?",
            (query, self.range.first, self.range.last, limit),
        )
        return list(chain.from_iterable(rows))


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""').replace("\0", "") + '"'
