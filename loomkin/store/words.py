"""What a text can be found by: its words, its identifiers and paths whole, and the words within them.

The same text gives the same terms in the same order, whenever: deleting from the index depends on it. A
change here needs another `passages.VERSION`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain, compress, count
from operator import and_

from loomkin.records.regex import pattern

LONGEST_WORD, LONGEST_NAME = 40, 64
HASH, NUMBER = 12, 8
"""Characters that are kept of a hash or of a long number."""
_NOTHING = (
    "a about all also am an and any are as at be been being but by can could did do does for from had has"
    " have he her his how i if in into is it its me my no not of on or our she so some such than that the"
    " their them then there these they this those to us was we were what when where which who why will with"
    " would you your"
)
STOP = frozenset(_NOTHING.split())
"""Words that tell nothing; phrases with them are looked up in the text itself."""
_COMMON = STOP | {word.capitalize() for word in STOP}

# marks that \w leaves out belong to the words of Indic and other scripts
_LETTER = r"[\w\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u109f\u1780-\u17d3]"
_TAIL = r"(?:(?:::|->|[./@-]){0}+)*(?:\+\+|\#)?"
_ASCII_CHUNK = pattern(r"\w+" + _TAIL.format(r"\w"), re.ASCII)
_CHUNK = pattern(f"{_LETTER}+{_TAIL.format(_LETTER)}")
_FLAG = pattern(r"(?<![\w-])--[a-zA-Z][\w-]*")
_JOINT = pattern(r"::|->|[./@-]")
_PIECE = pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_HASH = pattern(r"(?=[a-f]*\d)[0-9a-f]{12,}")
_VERSION = pattern(r"\d{1,3}(?:\.\d{1,4}){2,3}")
# scripts without spaces between words, and Hangul, whose words have endings
_DENSE = pattern(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
_ACCENTS = pattern("[\u0300-\u036f]+")
_NUMBERED = pattern(r"(?m)^ *\d+\| ?")
_SHARP = ("c", "f", "j")
# words with hyphens are found by their parts; so is what an object says of itself
_NAMED = pattern(r"[./:>@]")
_SELF = ("self.", "cls.", "this.")


class _Terms(dict[str, tuple[str, ...]]):
    """The terms of each chunk; most chunks are words that were met before."""

    MOST = 40_000

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        if len(self) >= self.MOST:
            self.clear()
        found = self[chunk] = tuple(_split(chunk))
        return found


def terms(text: str) -> str:
    """All terms of a passage, each once, with spaces between."""
    chunks = _chunks(text)
    found = chain.from_iterable(map(_known.__getitem__, chunks))
    return " ".join(dict.fromkeys(chain(found, _threes(chunks))))


def threes(words: str) -> list[str]:
    """The terms of a phrase whose words tell nothing one by one: each three of them in a row."""
    return _threes(_chunks(words))


def chunks_of(words: str) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """The terms of what somebody looks for, chunk by chunk, and whether the first is the whole chunk."""
    for chunk in dict.fromkeys(_chunks(words)):
        found = tuple(dict.fromkeys(_known[chunk]))
        whole = not _JOINT.search(chunk) or (bool(found) and bool(_NAMED.search(found[0])))
        yield whole or chunk.startswith("--"), found


def fold(text: str) -> str:
    """Without case and accents."""
    lower = text.lower()
    if lower.isascii():
        return lower
    apart = unicodedata.normalize("NFKD", lower)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def _term(word: str) -> str:
    """The word folded; signs into which some letters come apart are left out, they would part the term."""
    whole = fold(word)
    if whole.isascii():
        return whole
    return "".join(one for one in whole if not one.isascii() or one.isalnum() or one in "_-./:>@+#")


def _chunks(text: str) -> list[str]:
    plain = _NUMBERED.sub("", text) if "|" in text else text
    found: list[str] = (_ASCII_CHUNK if text.isascii() else _CHUNK).findall(plain)
    return _FLAG.findall(plain) + found if "--" in plain else found


def _threes(chunks: Sequence[str]) -> list[str]:
    common = list(map(_COMMON.__contains__, chunks))
    rows = map(and_, map(and_, common, common[1:]), common[2:])
    return ["+".join(chunks[at : at + 3]).lower() for at in compress(count(), rows)]


def _split(chunk: str) -> Sequence[str]:
    """The chunk itself, then the words in it, then the pieces of these."""
    if chunk.isalnum():
        return _word(chunk)
    if chunk[-1] in "+#":
        name = chunk.rstrip("+#")
        return (chunk.lower(),) if name.lower() in _SHARP else _known[name]
    if chunk.startswith("--"):
        return (_term(chunk)[:LONGEST_NAME],)
    parts = [part for part in _JOINT.split(chunk) if part]
    if len(parts) < 2:
        return _word(chunk)
    found: list[str] = []
    whole = _term(chunk)
    if whole.startswith(_SELF):
        whole = whole.partition(".")[2]
    if len(whole) <= LONGEST_NAME and _NAMED.search(whole) and not (whole[0].isdigit() and _numeric(whole)):
        found.append(whole)
        file = whole.rpartition("/")[2]
        if file != whole and "." in file:
            found.append(file)
    for part in parts:
        found += _known[part]
    return found


def _numeric(whole: str) -> bool:
    return not (any(map(str.isalpha, whole)) or _VERSION.fullmatch(whole))


def _word(word: str) -> Sequence[str]:
    whole = _term(word)
    if not whole or (len(whole) < 2 and whole.isascii()) or whole in STOP:
        return ()
    if word.isalpha() and (word.islower() or word[1:].islower()) and whole.isascii():
        return (whole[:LONGEST_WORD],)
    if word.isdigit():
        return (whole[:NUMBER],)
    if len(whole) >= HASH and _HASH.fullmatch(whole):
        return (whole[:HASH],)
    if not whole.isascii() and (dense := _DENSE.search(whole)):
        run = dense[0]
        pairs = [run[at : at + 2] for at in range(len(run) - 1)] or [run]
        rest = [one for side in (whole[: dense.start()], whole[dense.end() :]) if side for one in _word(side)]
        return pairs + rest
    found = [whole[:LONGEST_WORD]]
    if "_" in word or not (word.islower() or word.isupper()):
        pieces = (_term(piece) for piece in _PIECE.findall(word))
        found += [piece[:LONGEST_WORD] for piece in pieces if len(piece) > 1 and piece not in STOP]
    return found


_known = _Terms()
