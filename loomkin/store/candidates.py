"""Which passages the index knows for the words of a query, the most promising first."""

from collections.abc import Mapping, Sequence

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern
from loomkin.store.equal import equals
from loomkin.store.lookup import NEWEST, Terms
from loomkin.store.question import Question
from loomkin.store.ranking import EQUAL, Judge, Wanted, forms, rarity, squeezed
from loomkin.store.words import chunks_of, fold, threes

PHRASE_POOL = 250
"""Candidates more whose text is looked at with a phrase, which only text shows."""
LOOKED_THROUGH = 500
"""The newest passages in which a phrase without any term is looked for."""
_PHRASE = pattern(r'"([^"]+)"')
_WORD = pattern(r"\w{2,}")
_PART = 0.35
"""What a word within a name counts, beside the name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Numbers of passages, the most promising first, who looks at them, and `more` to look at than else."""

    passages: Sequence[int]
    judge: Judge
    more: int
    phrases: tuple[str, ...]


class Candidates:
    """Chooses for one query; quoted words must stand together."""

    def __init__(self, terms: Terms, words: str, files: Sequence[str], question: Question) -> None:
        self._terms = terms
        self._words = words
        self._files = files
        self._question = question
        self._phrases = squeezed(_PHRASE.findall(words))

    def choose(self) -> Chosen:
        """What the index knows of each term, put together."""
        weights: dict[str, float] = {}
        spelled: dict[str, str] = {}
        scores: dict[int, float] = {}
        frequent = []
        exact = tuple(filter(_is_name, _WORD.findall(self._words)))
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
            _add(scores, rows, weight)
        equal = self._equal(weights, scores)
        whole = squeezed([_PHRASE.sub(" ", self._words)])
        files = squeezed(self._files)
        runs = tuple(word for one in whole for word in one.split())
        wanted = Wanted(weights, spelled, self._literal(whole), self._phrases, files, runs, exact, equal)
        together = self._terms.together(self._phrase_terms()) if self._phrases else []
        more = min(len(together), PHRASE_POOL)
        _add(scores, together, sum(weights.values()))  # all of these come first
        if scores:
            newest = sorted(scores, reverse=True)
            best = sorted(newest, key=scores.__getitem__, reverse=True)
            return Chosen(best, Judge(wanted), more, self._phrases)
        if self._phrases and not self._phrase_terms():
            latest = self._terms.latest(LOOKED_THROUGH)
            return Chosen(latest, Judge(wanted), LOOKED_THROUGH, self._phrases)
        found = self._terms.newest(frequent, self._words)
        signs = () if found else _signs(self._words)
        if signs:
            wanted = replace(wanted, phrases=signs)
            found = self._terms.latest(NEWEST)
        return Chosen(found, Judge(wanted), more, self._phrases)

    def _equal(self, weights: Mapping[str, float], scores: dict[int, float]) -> dict[str, str]:
        """What says the same as a term, with that term; the passages in which it stands count as well."""
        words = _WORD.findall(_PHRASE.sub(" ", fold(self._words)))
        found = {other: term for other, term in equals(words).items() if term in weights}
        for other, term in found.items():
            ((_, parts),) = list(chunks_of(other))[-1:]
            rows = self._terms.rows(parts[-1:])
            worth = EQUAL * min(weights[term], rarity(len(rows or ()), self._terms.range.size))
            _add(scores, rows or (), worth)
        return found

    def _wanted_terms(self) -> dict[str, float]:
        """The terms of the query, and how much each counts: the parts of a name less than the name."""
        found: dict[str, float] = {}
        for whole, parts in chunks_of(self._words):
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


def _add(scores: dict[int, float], rows: Sequence[int], weight: float) -> None:
    """Count the passages in which one more term stands; there are thousands, few of them known."""
    known = scores.keys() & rows
    more = dict.fromkeys(rows, weight)
    for number in known:
        more[number] += scores[number]
    scores |= more


def _is_name(word: str) -> bool:
    """Whether capitals or digits within a word make it a name: `STOP`, `NameError`, `t2`."""
    capitals = word != word.lower() and not word[1:].islower()
    return capitals or not (word.isdigit() or word.isalpha())


def _signs(words: str) -> tuple[str, ...]:
    """What no index knows, such as `??` or one letter of Chinese: only the text itself shows it."""
    if any(one.isascii() and one.isalnum() for one in words):
        return ()
    return tuple(squeezed([words.replace('"', " ")]))
