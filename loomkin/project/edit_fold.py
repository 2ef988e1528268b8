"""Look-alike characters: typographic quotes, dashes, odd spaces and what has no width."""

import re
from difflib import SequenceMatcher

from loomkin.records.regex import pattern

_TO_ASCII = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys(
        "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
    ),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    "\u2026": "...",
}
_TABLE = str.maketrans(_TO_ASCII)
_CURLY = {'"': ("\u201c", "\u201d"), "'": ("\u2018", "\u2019")}
_COMPARED = 1000
_QUOTE = pattern("[\"']")


def fold(text: str) -> str:
    """The text with plain quotes, hyphens, blanks and dots, without zero-width characters."""
    return text if text.isascii() else text.translate(_TABLE)


def carry(sent: str, own: str, new: str) -> str:
    """The line `new` with the file's own characters wherever it repeats the line `sent`.

    `sent` is what the model took for the file's line `own`: both fold to the same text. What `new`
    changes stays as the model wrote it, but a further straight quote is curled if all quotes of its kind
    in `own` are.
    """
    source, target = _folded(sent), _folded(new)
    pieces = _pieces(own)
    if fold(own) != source[0]:
        return new
    result: list[str] = []
    kept: set[str] = set()
    # a very long line is compared roughly: exactly would take the square of its length
    matcher = SequenceMatcher(None, source[0], target[0], autojunk=len(target[0]) > _COMPARED)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag == "equal":
            result += pieces[left:left_end]
            kept |= set(source[0][left:left_end])
        else:
            result += target[1][right:right_end]
    text = "".join(result)
    for straight, (opening, closing) in _CURLY.items():
        if straight in kept and straight not in own and (opening in own or closing in own):
            text = _curl(text, straight, opening, closing)
    return text


def _folded(text: str) -> tuple[str, list[str]]:
    """The folded text, and for each of its characters the original ones that it stands for."""
    return fold(text), _pieces(text)


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    waiting = ""
    for character in text:
        folded = _TO_ASCII.get(character, character)
        if folded:
            pieces += (waiting + character, *[""] * (len(folded) - 1))
            waiting = ""
        else:
            waiting += character
    if waiting and pieces:
        pieces[-1] += waiting
    return pieces


def _curl(text: str, straight: str, opening: str, closing: str) -> str:
    def pick(match: re.Match[str]) -> str:
        if match[0] != straight:
            return match[0]
        before = text[match.start() - 1 : match.start()]
        return opening if not before or before.isspace() or before in "([{<-\u2013\u2014\u201c" else closing

    return _QUOTE.sub(pick, text)
