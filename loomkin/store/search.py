"""Finding passages of the log by words: candidates from the index, ranked by what stands in them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from sqlite3 import Connection, Row

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern
from loomkin.store.database import Database
from loomkin.store.equal import equals
from loomkin.store.lookup import NEWEST, Common, Range, Terms
from loomkin.store.passages import NO_MODULE, between, catch_up, without_index
from loomkin.store.question import Question
from loomkin.store.ranking import EQUAL, Judge, Wanted, forms, rarity, squeezed, window
from loomkin.store.searchable import cuts, read_in
from loomkin.store.words import chunks_of, fold, threes

POOL, WIDE_POOL, PHRASE_POOL = 32, 100, 250
"""Candidates whose text is looked at: more among few passages, and with a phrase, which only text shows."""
SAME = 2
"""Passages of one message that an answer has at most."""
ALIKE, IN_A_ROW = 0.5, 5
"""The share of so many words in a row, shown already, from which on a passage tells nothing new."""
LOOKED_THROUGH = 500
"""The newest passages in which a phrase without any term is looked for."""
OVER = 200
"""Characters beyond a passage in which a phrase may go on."""
_AT_ONCE = 64
_PHRASE = pattern(r'"([^"]+)"')
_WORD = pattern(r"\w{2,}")
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
        self._question = Question(query.words)
        self._said: dict[int, tuple[str, float]] = {}
        pool = WIDE_POOL if self._terms.small else POOL
        self._most = self._least = max(pool, SAME * query.limit)

    def hits(self) -> list[Hit]:
        if self._query.limit < 1 or self._terms.range.empty:
            return []
        candidates, judge = self._candidates()
        newest = self._connection.execute("SELECT at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        found = []
        for row in self._pool(candidates, self._most):
            text, worth = self._said_in(row)
            starts = cuts(text)
            if row["start"] not in starts:
                continue  # damaged since it was indexed
            number = starts.index(row["start"])
            stop = starts[number + 1] if number + 1 < len(starts) else len(text)
            passage = text[row["start"] : stop + OVER if self._phrases else stop]
            fit = judge.fit(passage, row["at"], newest["at"], self._query.width)
            if fit is not None:
                begin, end = window(passage, fit.begin, fit.end, self._query.width)
                found.append(_hit(row, text, row["start"] + begin, row["start"] + end, fit.score * worth))
            if len(found) >= self._least:
                break
        return self._best(found)

    def _candidates(self) -> tuple[list[int], Judge]:
        """Numbers of passages, the most promising first, and who looks at them."""
        weights: dict[str, float] = {}
        spelled: dict[str, str] = {}
        scores: dict[int, float] = {}
        frequent = []
        exact = tuple(filter(_is_name, _WORD.findall(self._query.words)))
        named = set(map(fold, exact))
        for term, share in self._wanted_terms().items():
            for alike in ([term],) if term in named else (forms(term), [term]):
                rows = self._terms.rows(alike)
                if rows is not None:
                    break
            spelled |= {one: spelled.get(one, term) for one in alike}
            if rows is None:
                frequent.append(term)
                weights[term] = share * 0.3 * rarity(self._terms.most, self._terms.range.size)
                continue
            weight = weights[term] = share * rarity(len(rows), self._terms.range.size)
            for number in rows:
                scores[number] = scores.get(number, 0.0) + weight
        equal = self._equal(weights, scores)
        whole = squeezed([_PHRASE.sub(" ", self._query.words)])
        files = squeezed(self._query.files)
        runs = tuple(word for one in whole for word in one.split())
        wanted = Wanted(weights, spelled, self._literal(whole), self._phrases, files, runs, exact, equal)
        together = self._terms.together(self._phrase_terms()) if self._phrases else []
        self._most += min(len(together), PHRASE_POOL)
        for number in together:  # all of these come first
            scores[number] = scores.get(number, 0.0) + sum(weights.values())
        if scores:
            return sorted(scores, key=lambda number: (-scores[number], -number)), Judge(wanted)
        if self._phrases and not self._phrase_terms():
            self._most = LOOKED_THROUGH
            return self._terms.latest(LOOKED_THROUGH), Judge(wanted)
        found = self._terms.newest(frequent, self._query.words)
        signs = () if found else _signs(self._query.words)
        if signs:
            return self._terms.latest(NEWEST), Judge(replace(wanted, phrases=signs))
        return found, Judge(wanted)

    def _equal(self, weights: Mapping[str, float], scores: dict[int, float]) -> dict[str, str]:
        """What says the same as a term, with that term; the passages in which it stands count as well."""
        words = _WORD.findall(_PHRASE.sub(" ", fold(self._query.words)))
        found = {other: term for other, term in equals(words).items() if term in weights}
        for other, term in found.items():
            ((_, parts),) = list(chunks_of(other))[-1:]
            rows = self._terms.rows(parts[-1:])
            worth = EQUAL * min(weights[term], rarity(len(rows or ()), self._terms.range.size))
            for number in rows or ():
                scores[number] = scores.get(number, 0.0) + worth
        return found

    def _wanted_terms(self) -> dict[str, float]:
        """The terms of the query, and how much each counts: the parts of a name less than the name."""
        found: dict[str, float] = {}
        for whole, parts in chunks_of(self._query.words):
            for number, term in enumerate(parts):
                share = (_PART if whole and number else 1.0) * self._question.share(term)
                found[term] = max(found.get(term, 0.0), share)
        return found

    def _phrase_terms(self) -> list[str]:
        """What a passage has that a phrase stands in whole."""
        found: list[str] = []
        for whole, parts in chunks_of(" ".join(self._phrases)):
            found += parts[:1] if whole else parts
        return found or [three for phrase in self._phrases for three in threes(phrase)]

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

    def _said_in(self, row: Row) -> tuple[str, float]:
        """The words of an event, and what they count for who asks."""
        seq = row["seq"]
        if seq not in self._said:
            self._said[seq] = "", 1.0
            stored = self._connection.execute("SELECT data FROM events WHERE seq = ?", (seq,)).fetchone()
            if stored is not None:  # not deleted meanwhile
                text, fact = read_in(row["kind"], stored["data"])
                if text:
                    worth = self._question.worth(row["sender"] or "", row["agent"], fact)
                    self._said[seq] = text, worth
        return self._said[seq]

    def _best(self, found: list[Hit]) -> list[Hit]:
        """The best ones, of the same message not more than two, of what others say as well one."""
        chosen: list[Hit] = []
        texts: set[str] = set()
        shown: dict[tuple[str, ...], int] = {}
        times: dict[int, int] = {}
        for hit in sorted(found, key=lambda one: (-one.score, -one.seq, one.start)):
            words = hit.text.split()
            rows = set(zip(*(words[at:] for at in range(IN_A_ROW)), strict=False))
            known = sum(shown.get(row, hit.seq) != hit.seq for row in rows)
            again = hit.text in texts or known > ALIKE * len(rows)
            if again or times.get(hit.seq, 0) == SAME:
                continue
            texts.add(hit.text)
            shown |= dict.fromkeys(rows, hit.seq)
            times[hit.seq] = times.get(hit.seq, 0) + 1
            chosen.append(hit)
            if len(chosen) == self._query.limit:
                break
        return chosen


def _is_name(word: str) -> bool:
    """Whether capitals or digits within a word make it a name: `STOP`, `NameError`, `t2`."""
    capitals = word != word.lower() and not word[1:].islower()
    return capitals or not (word.isdigit() or word.isalpha())


def _signs(words: str) -> tuple[str, ...]:
    """What no index knows, such as `??` or one letter of Chinese: only the text itself shows it."""
    if any(one.isascii() and one.isalnum() for one in words):
        return ()
    return tuple(squeezed([words.replace('"', " ")]))


def _hit(row: Row, text: str, begin: int, end: int, score: float) -> Hit:
    said = row["seq"], row["kind"], row["session"], row["agent"], row["message"] or "", row["sender"] or ""
    return Hit(*said, row["at"], begin, len(text), text[begin:end], score)
