"""Finding passages of the log by words: candidates from the index, ranked by what stands in them."""

import sqlite3
from collections.abc import Iterator, Sequence
from sqlite3 import Connection, Row

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern
from loomkin.store.database import Database
from loomkin.store.lookup import Common, Range, Terms
from loomkin.store.passages import NO_MODULE, between, catch_up, without_index
from loomkin.store.ranking import Judge, Wanted, forms, rarity, squeezed, window
from loomkin.store.searchable import cuts, said_in
from loomkin.store.words import chunks_of

POOL, PHRASE_POOL = 32, 250
"""Candidates whose text is looked at; with a phrase more, since only the text shows it."""
SAME = 2
"""Passages of one message that an answer has at most."""
OVER = 200
"""Characters beyond a passage in which a phrase may go on."""
_AT_ONCE = 64
_PHRASE = pattern(r'"([^"]+)"')
_PART = 0.35
"""What a word within a name counts, beside the name."""
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


class _Search:
    def __init__(self, connection: Connection, project: str, query: Query, common: Common) -> None:
        self._connection = connection
        self._project = project
        self._query = query
        self._terms = Terms(connection, common, Range(*between(connection, query.session)))
        self._phrases = squeezed(_PHRASE.findall(query.words))
        self._said: dict[int, str] = {}
        self._most = self._least = max(POOL, SAME * query.limit)

    def hits(self) -> list[Hit]:
        if self._query.limit < 1 or self._terms.range.empty:
            return []
        candidates, judge = self._candidates()
        newest = self._connection.execute("SELECT at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        found = []
        for row in self._pool(candidates, self._most):
            text = self._said_in(row)
            starts = cuts(text)
            if row["start"] not in starts:
                continue  # damaged since it was indexed
            number = starts.index(row["start"])
            stop = starts[number + 1] if number + 1 < len(starts) else len(text)
            passage = text[row["start"] : stop + OVER if self._phrases else stop]
            fit = judge.fit(passage, row["at"], newest["at"])
            if fit is not None:
                begin, end = window(passage, fit.begin, fit.end, self._query.width)
                found.append(_hit(row, text, row["start"] + begin, row["start"] + end, fit.score))
            if len(found) >= self._least:
                break
        return self._best(found)

    def _candidates(self) -> tuple[list[int], Judge]:
        """Numbers of passages, the most promising first, and who looks at them."""
        weights: dict[str, float] = {}
        spelled: dict[str, str] = {}
        scores: dict[int, float] = {}
        frequent = []
        for term, share in self._wanted_terms().items():
            alike = forms(term)
            rows = self._terms.rows(alike)
            if rows is None and len(alike) > 1:
                alike = [term]
                rows = self._terms.rows(alike)
            spelled |= {one: spelled.get(one, term) for one in alike}
            if rows is None:
                frequent.append(term)
                weights[term] = share * 0.3 * rarity(self._terms.most, self._terms.range.size)
                continue
            weight = weights[term] = share * rarity(len(rows), self._terms.range.size)
            for number in rows:
                scores[number] = scores.get(number, 0.0) + weight
        whole = squeezed([_PHRASE.sub(" ", self._query.words)])
        files = squeezed(self._query.files)
        wanted = Wanted(weights, spelled, self._literal(whole), self._phrases, files)
        together = self._terms.together(self._phrase_terms()) if self._phrases else []
        self._most += min(len(together), PHRASE_POOL)
        for number in together:  # all of these come first
            scores[number] = scores.get(number, 0.0) + sum(weights.values())
        if scores:
            return sorted(scores, key=lambda number: (-scores[number], -number)), Judge(wanted)
        found = self._terms.newest(frequent, self._query.words)
        signs = () if found else _signs(self._query.words)
        if signs:
            return self._terms.latest(), Judge(replace(wanted, phrases=signs))
        return found, Judge(wanted)

    def _wanted_terms(self) -> dict[str, float]:
        """The terms of the query, and how much each counts: the parts of a name less than the name."""
        found: dict[str, float] = {}
        for whole, parts in chunks_of(self._query.words):
            for number, term in enumerate(parts):
                found[term] = max(found.get(term, 0.0), _PART if whole and number else 1.0)
        return found

    def _phrase_terms(self) -> list[str]:
        """What a passage has that a phrase stands in whole."""
        found: list[str] = []
        for whole, parts in chunks_of(" ".join(self._phrases)):
            found += parts[:1] if whole else parts
        return found

    def _literal(self, whole: Sequence[str]) -> tuple[str, ...]:
        """What should stand in the text as it is: the query, and each word of it with signs inside."""
        words = [word for one in whole for word in one.split() if not word.isalnum() and len(word) > 2]
        more = [one for one in whole if len(one.split()) > 1]
        return tuple(dict.fromkeys((*more, *(word.strip("?!.,;()") for word in words))))

    def _pool(self, candidates: Sequence[int], most: int) -> Iterator[Row]:
        """The first candidates that the query allows."""
        taken = 0
        for place in range(0, len(candidates), _AT_ONCE):
            some = candidates[place : place + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(_META % marks, (self._project, *some))
            known = {row["id"]: row for row in rows}
            for number in some:
                row = known.get(number)
                if row is not None and self._allows(row):
                    yield row
                    taken += 1
                    if taken == most:
                        return

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

    def _said_in(self, row: Row) -> str:
        seq = row["seq"]
        if seq not in self._said:
            self._said[seq] = ""
            stored = self._connection.execute("SELECT data FROM events WHERE seq = ?", (seq,)).fetchone()
            if stored is not None:  # not deleted meanwhile
                self._said[seq] = said_in(row["kind"], stored["data"])
        return self._said[seq]

    def _best(self, found: list[Hit]) -> list[Hit]:
        """The best ones, of the same message not more than two, of the same text one."""
        chosen: list[Hit] = []
        texts: set[str] = set()
        times: dict[int, int] = {}
        for hit in sorted(found, key=lambda one: (-one.score, -one.seq, one.start)):
            if hit.text in texts or times.get(hit.seq, 0) == SAME:
                continue
            texts.add(hit.text)
            times[hit.seq] = times.get(hit.seq, 0) + 1
            chosen.append(hit)
            if len(chosen) == self._query.limit:
                break
        return chosen


def _signs(words: str) -> tuple[str, ...]:
    """What no index knows, such as `??` or one letter of Chinese: only the text itself shows it."""
    if any(one.isascii() and one.isalnum() for one in words):
        return ()
    return tuple(squeezed([words.replace('"', " ")]))


def _hit(row: Row, text: str, begin: int, end: int, score: float) -> Hit:
    return Hit(
        row["seq"],
        row["kind"],
        row["session"],
        row["agent"],
        row["message"] or "",
        row["sender"] or "",
        row["at"],
        begin,
        len(text),
        text[begin:end],
        score,
    )
