"""Which of some passages fits a query best, and which part of it; seen in the text itself."""

import math
from collections.abc import Iterable, Mapping, Sequence
from string import ascii_letters, digits

from loomkin.records.dataclass import dataclass, field
from loomkin.store.words import fold

USUAL = 1_000
"""Characters of a usual passage: in a longer one a word tells less, in a shorter one more."""
LONG = 0.75
"""How much of that there is, from none to all."""
TOGETHER = 0.5
"""What words count once more that are said together."""
NEAR = 200
"""Characters within which words count as said together."""
PART = 0.75
"""The share of what is shown of a passage that its words should keep to, so that some stands around them."""
EQUAL = 0.3
"""What another word for the same counts, beside the word itself."""
FRESH, DAYS = 0.25, 14.0
"""How much more something said now is worth, and the days after which half of that is left."""
SAME_FILE, SAME_NAME = 1.3, 1.1
IN_A_ROW, SMALL = 1.0, 0.5
"""What words count that follow each other as in the query; among them those that tell nothing."""
_EQUAL = "="
_WORD = frozenset(ascii_letters + digits)
_SIGNS = "?!.,;:()'\""
LITERAL = 0.25
"""What the words of the query as they stand add, as a share of all they can add."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query as the text is looked through for it.

    `weights` has a weight for each word, `forms` the word for each form in which it is looked for, `literal`
    is what should stand there as it is, `phrases` what must, `row` the words in the order in which they were
    said, `exact` those whose capitals tell something, `equal` has what says the same as one of the words.
    """

    weights: Mapping[str, float]
    forms: Mapping[str, str]
    literal: tuple[str, ...]
    phrases: tuple[str, ...]
    files: tuple[str, ...]
    row: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    equal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a passage fits, what was `found` where (begin, end, form), and where most is `near`.

    Places are those of the folded text, which has `size` characters.
    """

    score: float
    found: Sequence[tuple[int, int, str]]
    near: tuple[int, int]
    size: int


class Judge:
    """Looks through passages for one query."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        equal = {form: _EQUAL + term for form, term in wanted.equal.items() if form not in wanted.forms}
        self._terms = {**equal, **wanted.forms}
        worth = {term: EQUAL * wanted.weights[term.removeprefix(_EQUAL)] for term in equal.values()}
        self._worth = {**worth, **wanted.weights}
        self._most = sum(wanted.weights.values()) or 1.0
        self._mean = self._most / (len(wanted.weights) or 1)
        self._row = [(word, self._weight(word)) for one in wanted.row if (word := one.strip(_SIGNS))]
        looked_for = (*wanted.phrases, *wanted.literal)
        self._spaced = len(self._row) > 1 or any(" " in one for one in looked_for)

    def fit(self, text: str, at: float, newest: float) -> Fit | None:
        """How well a text fits that was said at `at`, None where a phrase is missing."""
        wanted = self._wanted
        low = fold(text)
        plain = " ".join(low.split()) if self._spaced else low
        if any(phrase not in plain for phrase in wanted.phrases):
            return None
        found = self._found(low)
        score = self._count(found, 1 - LONG + LONG * round(len(low) / USUAL, 1))
        near, begin, end = self._densest(found, NEAR)
        score += TOGETHER * near
        score += self._most * LITERAL * sum(one in plain for one in wanted.literal)
        score += self._most * len(wanted.phrases) + (self._in_a_row(plain) if self._spaced else 0.0)
        score += sum(max(self._weight(fold(one)), self._mean) for one in wanted.exact if one in text)
        age = max(0.0, newest - at) / 86_400
        score *= 1 + FRESH * 0.5 ** (age / DAYS)
        if wanted.files:
            score *= self._of_files(low)
        return Fit(score, found, (begin, end), len(low))

    def part(self, text: str, fit: Fit, width: int) -> tuple[int, int]:
        """Where in a text most is together, in a part that leaves room around it when `width` is shown."""
        begin, end = fit.near
        if NEAR < width < fit.size:
            _, begin, end = self._densest(self._everywhere(fit, text), round(PART * width))
        if fit.size != len(text):  # folding moved the places
            begin, end = (round(place * len(text) / fit.size) for place in (begin, end))
        return begin, end

    def _everywhere(self, fit: Fit, text: str) -> list[tuple[int, int, str]]:
        """What was found, and where else what should stand there as it is does."""
        found, low = list(fit.found), fold(text)
        for phrase in (*self._wanted.phrases, *self._wanted.literal):
            place = low.find(phrase, low.find(phrase) + 1)
            while place >= 0:
                found.append((place, place + len(phrase), phrase))
                place = low.find(phrase, place + 1)
        return sorted(found)

    def _weight(self, word: str) -> float:
        term = self._wanted.forms.get(word, word)
        return self._wanted.weights.get(term, SMALL)

    def _in_a_row(self, plain: str) -> float:
        """What it adds that words of the query follow each other as they do in it."""
        found, first = 0.0, 0
        while first < len(self._row) - 1:
            end = first + 1
            said, sum_ = self._row[first]
            while end < len(self._row) and f"{said} {self._row[end][0]}" in plain:
                said, sum_ = f"{said} {self._row[end][0]}", sum_ + self._row[end][1]
                end += 1
            if end - first > 1:
                found += sum_ * (end - first - 1) / 2
            first = max(end - 1, first + 1)
        return IN_A_ROW * found

    def _found(self, low: str) -> list[tuple[int, int, str]]:
        """Where the terms and the first words of phrases stand."""
        found: list[tuple[int, int, str]] = []
        for form in self._terms:
            if form in low:
                _places(form, low, found)
        for phrase in (*self._wanted.phrases, *self._wanted.literal):
            if (place := low.find(phrase)) >= 0:
                found.append((place, place + len(phrase), phrase))
        return sorted(found)

    def _count(self, found: Sequence[tuple[int, int, str]], size: float) -> float:
        """The sum over the words, each less the more often it was there."""
        times: dict[str, int] = {}
        for _, _, form in found:
            term = self._terms.get(form, form)
            times[term] = times.get(term, 0) + 1
        return sum(
            self._worth.get(term, 0.0) * count / (count + size)
            for term, count in times.items()
            if term[0] != _EQUAL or term[1:] not in times
        )

    def _densest(self, found: Sequence[tuple[int, int, str]], reach: int) -> tuple[float, int, int]:
        """The best sum of what stands within so many characters, and where that is."""
        weights, forms = self._worth, self._terms
        best, place, until = 0.0, 0, 0
        first, value = 0, 0.0
        near: dict[str, int] = {}
        for number, (begin, end, form) in enumerate(found):
            term = forms.get(form, form)
            times = near[term] = near.get(term, 0) + 1
            if times == 1:
                value += weights.get(term, self._most)
            while found[first][0] < begin - reach:
                left = forms.get(found[first][2], found[first][2])
                near[left] -= 1
                if not near[left]:
                    value -= weights.get(left, self._most)
                first += 1
            told = value + 0.01 * (number - first)
            if told > best:
                best, place, until = told, found[first][0], end
        return best, place, until

    def _of_files(self, low: str) -> float:
        if any(path in low for path in self._wanted.files):
            return SAME_FILE
        names = (path.rpartition("/")[2] for path in self._wanted.files)
        return SAME_NAME if any(name in low for name in names) else 1.0


def rarity(there: int, of: int) -> float:
    """What a term that stands in `there` of so many passages tells about one of them."""
    return math.log(1 + of / (there + 0.5))


def window(text: str, begin: int, end: int, width: int) -> tuple[int, int]:
    """Where to cut a text to about `width` characters around a part of it, at line ends where it can be."""
    if len(text) <= width:
        return 0, len(text)
    room = max(0, width - (end - begin)) // 2
    start = max(0, min(begin - room, len(text) - width))
    stop = min(len(text), max(start + width, min(end, start + 2 * width)))
    line = text.rfind("\n", 0, max(start, 1)) + 1
    if start - line < width // 4:
        start = line
    line = text.find("\n", stop)
    if 0 <= line - stop < width // 4:
        stop = line
    return start, stop


def forms(word: str) -> list[str]:
    """An English word and its other forms; only itself where it is none."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return [word]
    stems = {word}
    for ending in ("ing", "ed", "es", "s", "d", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stems.add(word[: -len(ending)])
    if word.endswith(("ies", "ied")):
        stems.add(word[:-3] + "y")
    shortest = min(stems, key=len)
    if len(shortest) > 3 and shortest[-1] == shortest[-2]:
        stems.add(shortest[:-1])
    made = {stem + ending for stem in stems for ending in ("", "s", "ed", "ing")}
    made |= {stem + ending for stem in stems for ending in ("e", "es", "d") if stem == shortest}
    if word.endswith("y"):
        made |= {word[:-1] + "ies", word[:-1] + "ied"}
    return [word, *sorted(made - {word})]


def _places(form: str, low: str, found: list[tuple[int, int, str]]) -> None:
    """Add where a form stands with no word going on before or behind it; an underscore parts words.

    Scripts without blanks are not looked at.
    """
    size, last = len(form), len(low)
    opens, closes = form[0] in _WORD, form[-1] in _WORD
    begin = low.find(form)
    while begin >= 0:
        end = begin + size
        before = opens and begin and low[begin - 1] in _WORD
        if not before and not (closes and end < last and low[end] in _WORD):
            found.append((begin, end, form))
        begin = low.find(form, end)


def squeezed(words: Iterable[str]) -> tuple[str, ...]:
    """Folded, each run of blanks as one, without what is empty."""
    return tuple(filter(None, (" ".join(fold(one).split()) for one in words)))
