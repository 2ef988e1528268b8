"""Finding passages of the log by words: candidates from the index, ranked by what stands in them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from sqlite3 import Connection, Row

from loomkin.records.dataclass import dataclass
from loomkin.store.candidates import Candidates
from loomkin.store.database import Database
from loomkin.store.lookup import Common, Range, Terms
from loomkin.store.passages import NO_MODULE, between, catch_up, without_index
from loomkin.store.question import Question
from loomkin.store.ranking import Fit, Judge, window
from loomkin.store.searchable import cuts, read_in

POOL, WIDE_POOL = 32, 100
"""Candidates whose text is looked at, and how many among few passages."""
SAME = 2
"""Passages of one message that an answer has at most."""
ALIKE, IN_A_ROW = 0.5, 5
"""The share of so many words in a row, shown already, from which on a passage tells nothing new."""
OVER = 200
"""Characters beyond a passage in which a phrase may go on."""
_AT_ONCE = 64
_META = """SELECT passages.id, passages.seq, start, kind, events.session, events.agent, events.at,
 messages.id AS message, messages.sender FROM passages CROSS JOIN events ON events.seq = passages.seq
 LEFT JOIN messages ON messages.session = events.session AND messages.agent = events.agent
 AND messages.seq = events.seq WHERE events.project = ? AND passages.id IN (%s)"""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; quoted words must stand together.

    `kinds` are names of facts (`searchable.SEARCHED`), `messages` the ids of the only messages to look in
    (None: all), `without` those to leave out, `senders` whose messages alone are wanted, `kept` only those
    that a keeper holds, `files` what the asker works on, `width` about how many characters of a passage are
    wanted.
    """

    words: str
    session: str = ""
    agent: str = ""
    kinds: tuple[str, ...] = ()
    messages: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    senders: tuple[str, ...] = ()
    kept: bool = False
    files: tuple[str, ...] = ()
    limit: int = 10
    width: int = 1_200


@dataclass(frozen=True, slots=True)
class Hit:
    """A part of what was said; `start` is its place in the words of the event, which are `whole` characters.

    `message` and `sender` are empty where the event is no message.
    """

    seq: int
    kind: str
    session: str
    agent: str
    message: str
    sender: str
    at: float
    start: int
    whole: int
    text: str
    score: float


def search(database: Database, query: Query) -> list[Hit]:
    """What fits best first; blocks, and indexes on the writing connection what is new.

    Raises StoreError where the file cannot be read, or this SQLite has no full-text search.
    """
    with database.failures():
        while not catch_up(database.writer):
            pass
        return find(database.reader, database.project, query, Common())


def find(connection: Connection, project: str, query: Query, common: Common) -> list[Hit]:
    """What fits best first, as far as it is indexed; `common` remembers from one search to the next."""
    try:
        return _Search(connection, project, query, common).hits()
    except sqlite3.OperationalError as error:
        if NO_MODULE in str(error):
            raise without_index() from error
        if "no such table: passage" in str(error):
            return []  # nothing was ever indexed
        raise


@dataclass(frozen=True, slots=True)
class _Said:
    """The words of an event, where its passages begin and end, and what it counts for who asks."""

    text: str
    ends: Mapping[int, int]
    worth: float


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage of `text` from `start` to `end` that fits."""

    row: Row
    text: str
    start: int
    end: int
    fit: Fit
    score: float


class _Search:
    def __init__(self, connection: Connection, project: str, query: Query, common: Common) -> None:
        self._connection = connection
        self._project = project
        self._query = query
        self._common = common
        self._range = Range(*between(connection, query.session))
        self._question = Question(query.words)
        self._said: dict[int, _Said] = {}

    def hits(self) -> list[Hit]:
        if self._query.limit < 1 or self._range.empty:
            return []
        terms = Terms(self._connection, self._common, self._range)
        chosen = Candidates(terms, self._query.words, self._query.files, self._question).choose()
        least = max(WIDE_POOL if terms.small else POOL, SAME * self._query.limit)
        newest = self._connection.execute("SELECT at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        found = []
        for row in self._pool(chosen.passages, least + chosen.more):
            said = self._said[row["seq"]]
            end = said.ends.get(row["start"])
            if end is None:
                continue  # damaged since it was indexed
            end += OVER if chosen.phrases and end < len(said.text) else 0
            fit = chosen.judge.fit(said.text[row["start"] : end], row["at"], newest["at"])
            if fit is not None:
                found.append(_Found(row, said.text, row["start"], end, fit, fit.score * said.worth))
            if len(found) >= least:
                break
        return self._best(found, chosen.judge)

    def _pool(self, candidates: Sequence[int], most: int) -> Iterator[Row]:
        """The first candidates that the query allows, once their words are read."""
        taken = place = 0
        size = min(most, _AT_ONCE)
        while taken < most and place < len(candidates):
            some = candidates[place : place + size]
            place += size
            size = _AT_ONCE
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(_META % marks, (self._project, *some))
            known = {row["id"]: row for row in rows if self._allows(row)}
            allowed = [known[number] for number in some if number in known][: most - taken]
            taken += len(allowed)
            self._read(allowed)
            yield from allowed

    def _allows(self, row: Row) -> bool:
        query = self._query
        return (
            query.session in ("", row["session"])
            and query.agent in ("", row["agent"])
            and (not query.kinds or row["kind"] in query.kinds)
            and (query.messages is None or row["message"] in query.messages)
            and (not row["message"] or row["message"] not in query.without)
            and (not query.senders or row["sender"] in query.senders)
            and (not query.kept or self._is_kept(row["message"]))
        )

    def _is_kept(self, message: str) -> bool:
        found = self._connection.execute("SELECT 1 FROM keeper_messages WHERE message = ?", (message,))
        return found.fetchone() is not None

    def _read(self, rows: Sequence[Row]) -> None:
        """Bring in the words of some events; one that was deleted meanwhile has none."""
        new = {row["seq"]: row for row in rows if row["seq"] not in self._said}
        self._said |= dict.fromkeys(new, _Said("", {}, 1.0))
        marks = ",".join("?" * len(new))
        stored = self._connection.execute(f"SELECT seq, data FROM events WHERE seq IN ({marks})", (*new,))
        for seq, data in stored:
            text, fact = read_in(new[seq]["kind"], data)
            if text:
                worth = self._question.worth(new[seq]["sender"] or "", new[seq]["agent"], fact)
                self._said[seq] = _Said(text, dict(pairwise((*cuts(text), len(text)))), worth)

    def _best(self, found: list[_Found], judge: Judge) -> list[Hit]:
        """The best ones, of the same message not more than two, of what others say as well one."""
        chosen: list[Hit] = []
        texts: set[str] = set()
        shown: dict[tuple[str, ...], int] = {}
        times: dict[int, int] = {}
        for one in sorted(found, key=lambda one: (-one.score, -one.row["seq"], one.start)):
            seq = one.row["seq"]
            if times.get(seq, 0) == SAME:
                continue
            hit = self._hit(one, judge)
            words = hit.text.split()
            rows = set(zip(*(words[at:] for at in range(IN_A_ROW)), strict=False))
            known = sum(shown[row] != seq for row in shown.keys() & rows)
            if hit.text in texts or known > ALIKE * len(rows):
                continue
            texts.add(hit.text)
            shown |= dict.fromkeys(rows, seq)
            times[seq] = times.get(seq, 0) + 1
            chosen.append(hit)
            if len(chosen) == self._query.limit:
                break
        return chosen

    def _hit(self, found: _Found, judge: Judge) -> Hit:
        """As much of a passage as is wanted, around what fits best in it."""
        row, width, text = found.row, self._query.width, found.text
        passage = text[found.start : found.end]
        begin, end = window(passage, *judge.part(passage, found.fit, width), width)
        begin, end = begin + found.start, end + found.start
        about = row["seq"], row["kind"], row["session"], row["agent"]
        who = row["message"] or "", row["sender"] or ""
        return Hit(*about, *who, row["at"], begin, len(text), text[begin:end], found.score)
