"""Safe repairs of almost-JSON, each a small function on tokens: none ever looks inside a string."""

import re
from collections.abc import Callable
from enum import StrEnum

from loomkin.records.dataclass import dataclass, replace
from loomkin.records.regex import pattern

_CLOSERS = {'"': '"', "'": "'", "“": "”“", "”": "”", "„": "“”", "‘": "’‘", "’": "’"}
_WORDS = {"True": "true", "False": "false", "None": "null"}
_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TOKEN = pattern(r"[{}\[\],:]|\s+|[^{}\[\],:\s\"'“”„‘’]+")
_FENCE = pattern(r"\s*(`{3,}|~{3,})[a-zA-Z]*[ \t]*\r?\n(?P<body>.*?)\r?\n?[ \t]*\1\s*", re.DOTALL)


class Kind(StrEnum):
    """The kinds of token."""

    STRING = "string"
    OPEN_STRING = "open string"
    MARK = "mark"
    SPACE = "space"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; a string's `text` has no quotes, they are in `quotes`."""

    kind: Kind
    text: str
    quotes: str = ""


def fence_removed(text: str) -> str | None:
    """What stands inside one code fence around everything, or None."""
    found = _FENCE.fullmatch(text)
    return found["body"] if found else None


def tokenised(text: str) -> list[Token]:
    """The text in pieces; a string ends at its own kind of quote, unless that is escaped."""
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in _CLOSERS:
            token, at = _string(text, at)
        else:
            piece = _TOKEN.match(text, at)
            word = piece.group() if piece else text[at]
            at += len(word)
            kind = Kind.MARK if word in "{}[],:" else Kind.SPACE if word.isspace() else Kind.WORD
            token = Token(kind, word)
        tokens.append(token)
    return tokens


def joined(tokens: list[Token]) -> str:
    """The text of the tokens."""
    parts: list[str] = []
    for token in tokens:
        parts.extend((token.quotes[:1], token.text, token.quotes[1:]))
    return "".join(parts)


def plain_quotes(tokens: list[Token]) -> list[Token] | None:
    """Strings in single or typographic quotes as strings in double quotes; None when there are none."""
    return _each(tokens, lambda token: token.kind is Kind.STRING and token.quotes != '""', _double_quoted)


def newlines_escaped(tokens: list[Token]) -> list[Token] | None:
    """Raw line breaks and tabs inside strings escaped; None when there are none."""
    return _each(
        tokens,
        lambda token: token.kind is Kind.STRING and any(raw in token.text for raw in _CONTROLS),
        lambda token: replace(token, text="".join(_CONTROLS.get(letter, letter) for letter in token.text)),
    )


def literals_of_json(tokens: list[Token]) -> list[Token] | None:
    """Python's True, False and None as JSON's words; None when there are none."""
    return _each(
        tokens,
        lambda token: token.kind is Kind.WORD and token.text in _WORDS,
        lambda token: replace(token, text=_WORDS[token.text]),
    )


def without_trailing_commas(tokens: list[Token]) -> list[Token] | None:
    """Commas right before a closing bracket dropped; None when there are none."""
    kept: list[Token] = []
    for token in tokens:
        if token.kind is Kind.MARK and token.text in "}]":
            last = next((at for at in range(len(kept) - 1, -1, -1) if kept[at].kind is not Kind.SPACE), -1)
            if last > 0 and kept[last].kind is Kind.MARK and kept[last].text == ",":
                del kept[last]
        kept.append(token)
    return kept if len(kept) != len(tokens) else None


def closed(tokens: list[Token]) -> list[Token] | None:
    """Open brackets closed at the end; None when none is open or a string is unfinished."""
    open_marks: list[str] = []
    for token in tokens:
        if token.kind is Kind.OPEN_STRING:
            return None
        if token.kind is Kind.MARK and token.text in "{[":
            open_marks.append("}" if token.text == "{" else "]")
        elif (
            token.kind is Kind.MARK
            and token.text in "}]"
            and (not open_marks or open_marks.pop() != token.text)
        ):
            return None
    if not open_marks:
        return None
    return tokens + [Token(Kind.MARK, mark) for mark in reversed(open_marks)]


def _each(
    tokens: list[Token], wanted: Callable[[Token], bool], change: Callable[[Token], Token]
) -> list[Token] | None:
    if not any(wanted(token) for token in tokens):
        return None
    return [change(token) if wanted(token) else token for token in tokens]


def _string(text: str, at: int) -> tuple[Token, int]:
    closers = _CLOSERS[text[at]]
    end = at + 1
    while end < len(text) and text[end] not in closers:
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        return Token(Kind.OPEN_STRING, text[at:]), len(text)
    return Token(Kind.STRING, text[at + 1 : end], text[at] + text[end]), end + 1


def _double_quoted(token: Token) -> Token:
    """The same string in double quotes: escapes of the old quote undone, bare double quotes escaped."""
    text = re.sub(r"\\.|\"", _requoted, token.text, flags=re.DOTALL)
    return replace(token, text=text, quotes='""')


def _requoted(found: "re.Match[str]") -> str:
    piece = found.group()
    if piece == '"':
        return '\\"'
    return piece[1] if piece[1] in "'“”„‘’" else piece
