"""The shapes of well-known tokens and keys, and how they are taken out of a text that comes in pieces."""

import re
from collections.abc import Callable, Sequence

from loomkin.records.regex import pattern

Redact = Callable[[str], str]

_EDGE = r"(?:\b|(?<=\\[nrt]))"
"""Where a token begins; in text written as JSON the letter before it may end an escape."""
_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
_WHOLE_KEY = _BEGIN + (
    r"[A-Za-z0-9+/=\s\\:,.()-]{40,8000}?-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
)
KEYS: tuple[tuple[str, str, str], ...] = (
    ("private-key", "PRIVATE KEY", _WHOLE_KEY),
    ("private-key", "PRIVATE KEY", _BEGIN + r"(?:\s|\\n)[A-Za-z0-9+/=\n]{40,}"),
)
TOKENS: tuple[tuple[str, str, str], ...] = (
    ("api-key", "sk-", _EDGE + r"sk-(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Za-z0-9_-]{20,}"),
    ("api-key", "sk-", _EDGE + r"sk-(?:[a-z0-9]+-){0,2}[0-9a-f]{32,}\b"),
    ("github-token", "gh", _EDGE + r"gh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("github-token", "github_pat_", _EDGE + r"github_pat_[A-Za-z0-9_]{22,}"),
    ("gitlab-token", "glpat-", _EDGE + r"glpat-[\w-]{20,}"),
    ("aws-key", "AKIA", _EDGE + r"AKIA[A-Z0-9]{16}\b"),
    ("aws-key", "ASIA", _EDGE + r"ASIA[A-Z0-9]{16}\b"),
    ("slack-token", "xox", _EDGE + r"xox[abeoprs]-(?=[\w-]*\d)[A-Za-z0-9-]{10,}"),
    ("google-key", "AIza", _EDGE + r"AIza[0-9A-Za-z_-]{35}"),
    ("stripe-key", "k_live_", _EDGE + r"[rs]k_live_[A-Za-z0-9]{16,}"),
    ("npm-token", "npm_", _EDGE + r"npm_[A-Za-z0-9]{36}\b"),
    ("pypi-token", "pypi-", _EDGE + r"pypi-[A-Za-z0-9_-]{50,}"),
    ("hugging-face-token", "hf_", _EDGE + r"hf_(?=[A-Za-z]*\d)[A-Za-z0-9]{30,}"),
    ("jwt", "eyJ", _EDGE + r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)
_BEGINNINGS = (
    *("sk-", *(f"gh{one}_" for one in "pousr"), "github_pat_", "glpat-", "AKIA", "ASIA", "AIza", "eyJ"),
    *(*(f"xox{one}-" for one in "abeoprs"), "rk_live_", "sk_live_", "npm_", "pypi-", "hf_"),
)
"""What tokens begin with, one for each of the shapes at least; none goes on over an `_END_OF_RUN`."""
_LONGEST_BEGINNING = max(map(len, _BEGINNINGS))
_PARTS = frozenset(word[:size] for word in _BEGINNINGS for size in range(1, len(word)))
_TOKEN = pattern(_EDGE + f"(?:{'|'.join(_BEGINNINGS)})")
_END_OF_RUN = pattern(r"[^\w.-]")
_ESCAPES = ("\\n", "\\r", "\\t")

_HEADER = pattern(_BEGIN)
_KEY = pattern(_WHOLE_KEY)
_KEY_SIZE = 9000
"""A key with its header and end is no longer than that."""
_NOT_IN_KEY = pattern(r"[^A-Za-z0-9+/=\s\\:,.()-]")
_DASHES = "-----BEGIN "
_HEADER_BEGUN = pattern(_DASHES + r"[A-Z0-9 ]{0,47}-{0,4}\Z")


def compiled(shapes: tuple[tuple[str, str, str], ...]) -> list[tuple[str, str, "re.Pattern[str]"]]:
    """Shapes as label, a text without which they match nothing, and pattern."""
    return [(label, mark, pattern(shape)) for label, mark, shape in shapes]


def _begun_at(text: str, word: str) -> int:
    """Where the longest beginning of `word`, not all of it, ends a text; the text's length if nowhere."""
    at = text.find(word[0], max(0, len(text) - len(word) + 1))
    while at >= 0:
        if word.startswith(text[at:]):
            return at
        at = text.find(word[0], at + 1)
    return len(text)


class KeyStream:
    """Takes private keys out of text that comes in pieces; holds back from a key's header on.

    What follows a header is settled by the key's end, or by the first character that no key holds.
    """

    __slots__ = ("_inside", "_pieces", "_redact", "_size")

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._pieces: list[str] = []
        self._size = 0
        self._inside = False

    def feed(self, text: str) -> str:
        """Take the next piece and give what is settled."""
        if not self._pieces and "-" not in text:
            return text
        out: list[str] = []
        while text:
            text = self._within(text, out) if self._inside else self._before(text, out)
        return "".join(out)

    def finish(self) -> str:
        """What was held back, at the end of the text."""
        return self._redact(self._let_go())

    def _before(self, text: str, out: list[str]) -> str:
        text = self._let_go() + text
        header = _HEADER.search(text)
        if header is not None:
            out.append(text[: header.start()])
            self._hold(header[0])
            self._inside = True
            return text[header.end() :]
        at = text.rfind(_DASHES)
        if at < 0 or _HEADER_BEGUN.match(text, at) is None:
            at = _begun_at(text, _DASHES)
        out.append(text[:at])
        self._hold(text[at:])
        return ""

    def _within(self, text: str, out: list[str]) -> str:
        end = _NOT_IN_KEY.search(text)
        self._hold(text[: end.start()] if end else text)
        if end is not None:
            out.append(self._redact(self._let_go()))
            return text[end.start() :]
        if "-" in text and self._size - len(text) < _KEY_SIZE:
            held = "".join(self._pieces)
            if (key := _KEY.match(held)) is not None:
                self._let_go()
                out.append(self._redact(key[0]))
                return held[key.end() :]
        return ""

    def _hold(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._size += len(text)

    def _let_go(self) -> str:
        held = "".join(self._pieces)
        self._pieces, self._size, self._inside = [], 0, False
        return held


class TokenStream:
    """Takes tokens out of text that comes in pieces; holds back from a token's first letters to its end.

    No shape reaches over a character that is neither of a word nor a dot or dash.
    """

    __slots__ = ("_before", "_inside", "_pieces", "_redact")

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self._pieces: list[str] = []
        self._before = ""
        self._inside = False

    def feed(self, text: str) -> str:
        """Take the next piece and give what is settled."""
        if not text:
            return ""
        out = ""
        if self._inside:
            end = _END_OF_RUN.search(text)
            if end is None:
                self._pieces.append(text)
                return ""
            self._pieces.append(text[: end.start()])
            out, text = self._settled(self._let_go()), text[end.start() :]
        text = self._let_go() + text
        at = len(text)
        while at and _in_run(text[at - 1]):
            at -= 1
        out += self._settled(text[:at])
        return out + self._settled(self._open(text[at:]))

    def finish(self) -> str:
        """What was held back, at the end of the text."""
        return self._settled(self._let_go())

    def _open(self, run: str) -> str:
        """The part of a run that has not ended before which no token can have begun; the rest is held."""
        if not run:
            return ""
        before = self._context()
        text = before + run
        token = _TOKEN.search(text, len(before))
        at = token.start() if token else _begins_at(text, len(before))
        if at < len(text):
            self._pieces, self._inside = [text[at:]], token is not None
        return text[len(before) : at]

    def _settled(self, text: str) -> str:
        """Text that no token leaves, without those in it."""
        if not text:
            return ""
        before = self._context()
        clean = self._redact(before + text)[len(before) :]
        self._before = (self._before + clean)[-2:]
        return clean

    def _context(self) -> str:
        # a letter before it, for the beginning of this is none of the text's words
        return "_" + self._before if self._before else ""

    def _let_go(self) -> str:
        held = "".join(self._pieces)
        self._pieces, self._inside = [], False
        return held


class RedactedStream:
    """Takes secrets out of a text that comes in pieces; together they are what `redact` makes of the whole.

    Only what may be the beginning of a secret is held back, until it is none or the secret is whole.
    """

    __slots__ = ("_firsts", "_held", "_keys", "_tokens", "_values")

    def __init__(
        self,
        values: Sequence[tuple[str, str]],
        firsts: frozenset[str],
        keys: KeyStream,
        tokens: TokenStream,
    ) -> None:
        self._values = values
        self._firsts = firsts
        self._held: dict[int, str] = {}
        self._keys = keys
        self._tokens = tokens

    def feed(self, text: str) -> str:
        """Take the next piece and give what can be shown."""
        if self._held or not self._firsts.isdisjoint(text):
            text = self._without_values(text)
        return self._tokens.feed(self._keys.feed(text))

    def finish(self) -> str:
        """What was held back, at the end of the text; another one may follow."""
        text = ""
        for number, (value, mark) in enumerate(self._values if self._held else ()):
            text = (self._held.pop(number, "") + text).replace(value, mark)
        return self._tokens.feed(self._keys.feed(text) + self._keys.finish()) + self._tokens.finish()

    def _without_values(self, text: str) -> str:
        for number, (value, mark) in enumerate(self._values):
            if number in self._held:
                text = self._held.pop(number) + text
            elif value[0] not in text:
                continue
            *before, tail = text.split(value) if value in text else (text,)
            at = _begun_at(tail, value)
            if at < len(tail):
                self._held[number] = tail[at:]
            text = mark.join((*before, tail[:at])) if before else tail[:at]
        return text


def _in_run(letter: str) -> bool:
    return letter.isalnum() or letter in "_.-"


def _begins_at(text: str, least: int) -> int:
    """Where the end of a text is the first letters of a token; its length if nowhere."""
    for at in range(max(least, len(text) - _LONGEST_BEGINNING + 1), len(text)):
        if text[at:] in _PARTS:
            last = text[at - 1] if at else " "
            if not (last.isalnum() or last == "_") or text[at - 2 : at] in _ESCAPES:
                return at
    return len(text)
