"""AI comments: `AI!` asks for work, `AI?` for an answer, a plain `AI` is read along with them."""

import os
import re
from collections.abc import Iterator
from enum import StrEnum

from loomkin.project.grammars import LARGEST, grammar, language_of
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

MARKERS = ("#", "//", "--", ";")
"""How comments begin in files that nothing is known of."""
_BY_ENDING = {
    **dict.fromkeys((".md", ".html", ".htm", ".xml", ".svg", ".vue", ".svelte", ".rst"), ("<!--",)),
    **dict.fromkeys((".txt", ".json", ".csv", ".tsv", ".log", ".lock", ".diff", ".patch"), ()),
    **dict.fromkeys((".css", ".scss", ".less"), ("/*", "//")),
    **dict.fromkeys((".sql", ".hs", ".elm", ".adb", ".ads", ".vhd"), ("--",)),
    **dict.fromkeys((".lisp", ".el", ".clj", ".cljs", ".scm", ".asm", ".s"), (";",)),
    **dict.fromkeys((".ini", ".cfg"), (";", "#")),
    **dict.fromkeys((".tex", ".bib", ".erl", ".hrl", ".m"), ("%",)),
    ".vim": ('"',),
}
_ANY = pattern(r"(?<![\w-])AI(?:[!?]|(?![\w!?-]))", re.IGNORECASE)
_FIRST = pattern(r"AI([!?]?)(?![\w!?-])", re.IGNORECASE)
_LAST = pattern(r"(?:^|.*[\s:,;.(])AI([!?]?)", re.IGNORECASE | re.DOTALL)
_DRESS = pattern(r"^\s*(?:<!--|--\[\[|/\*+|\*(?!/)|#+!?|//+!?|--|;+|%+|\")?\s*|\s*(?:\*+/|-->|\]\])?\s*$")


class Wish(StrEnum):
    """What an AI comment wants."""

    DO = "AI!"
    ASK = "AI?"
    ALONG = "AI"


@dataclass(frozen=True, slots=True)
class AiComment:
    """A comment with its lines (from 1, both ends included) and its words without the comment's marks."""

    path: str
    first: int
    last: int
    text: str
    wish: Wish


def may_hold(data: bytes) -> bool:
    """Whether a file is worth reading for them; most are not."""
    lowered = data.lower()
    return b"ai!" in lowered or b"ai?" in lowered


def ai_comments(path: str, text: str) -> list[AiComment]:
    """The AI comments of a file, from top to bottom; in what is no comment there are none."""
    if len(text) > LARGEST:
        return []
    language = language_of(path)
    found = _by_grammar(language, text) if language is not None else _by_marker(path, text)
    comments = []
    for first, last, raw in dict.fromkeys(found):
        words = " ".join(filter(None, (_DRESS.sub("", line) for line in raw.splitlines())))
        wish = wish_of(words)
        if wish is not None:
            comments.append(AiComment(path, first, last, words, wish))
    return comments


def wish_of(words: str) -> Wish | None:
    """What a comment wants that begins or ends with the mark; None for all other comments."""
    ends = [found[1] for found in (_FIRST.match(words), _LAST.fullmatch(words)) if found is not None]
    if not ends:
        return None
    mark = next((end for end in ends if end), "")
    return {"!": Wish.DO, "?": Wish.ASK}.get(mark, Wish.ALONG)


def _by_grammar(language: str, text: str) -> Iterator[tuple[int, int, str]]:
    from tree_sitter import Parser  # heavy: late on purpose

    data = text.encode("utf-8", "surrogatepass")
    top = None
    for hit in _ANY.finditer(text):
        if top is None:
            top = Parser(grammar(language)).parse(data).root_node
        at = len(text[: hit.start()].encode("utf-8", "surrogatepass"))
        node = top.descendant_for_byte_range(at, at + 1)
        while node is not None and "comment" not in node.type:
            node = node.parent
        if node is not None:
            raw = (node.text or b"").decode("utf-8", "replace")
            lines = raw.rstrip("\n").count("\n")
            yield node.start_point[0] + 1, node.start_point[0] + 1 + lines, raw


def _by_marker(path: str, text: str) -> Iterator[tuple[int, int, str]]:
    ending = os.path.splitext(path)[1].lower()
    for number, line in enumerate(text.splitlines(), 1):
        if not _ANY.search(line):
            continue
        for marker in _BY_ENDING.get(ending, MARKERS):
            found = re.search(rf"(?:^|\s)({re.escape(marker)}.*)$", line)
            if found:
                yield number, number, found[1]
                break
