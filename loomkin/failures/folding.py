"""Error lines without what differs each time: numbers, times, hashes, places; the rest says what it was."""

import hashlib

from loomkin.project.output import strip_ansi
from loomkin.records.regex import pattern

LONGEST = 300
_ECMA = pattern(r"^E\s{2,}|^\s*(?:npm ERR!|npm error)\s*", 0)
_QUOTES = pattern('[‘’“”"`´]')
_CLOCK = pattern(
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?Z?|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b"
)
_UUID = pattern(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_TEMPORARY = pattern(r"(?:/private)?/(?:tmp|var/tmp|var/folders|dev/shm|run/user)(?:/[^\s:'()<>,;]*)?")
_FOLDER = pattern(r"(?<![\w.<>/~-])(?:~|[A-Za-z]:)?(?:[/\\][\w.@+ -]*?[\w.@+-])*[/\\](?=[\w.@+-])")
_HEX = pattern(r"\b0x[0-9a-fA-F]+\b|\b(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,64}\b")
_DURATION = pattern(r"\b\d+(?:\.\d+)?\s?(?:ms|[smh]|secs?|seconds?|mins?|minutes?)\b")
_NUMBER = pattern(r"(?<!\w)\d+(?:[.,:_-]\d+)*\b")
_BLANKS = pattern(r"\s+")


def folded(line: str) -> str:
    """The line as it is compared: the same for another run, another machine, another place in the file."""
    text = _ECMA.sub("", strip_ansi(line[: LONGEST * 2]))
    text = _QUOTES.sub("'", text)
    for found, mark in (
        (_CLOCK, "<time>"),
        (_UUID, "<hex>"),
        (_TEMPORARY, "<temp>"),
        (_FOLDER, "<dir>/"),
        (_HEX, "<hex>"),
        (_DURATION, "<time>"),
        (_NUMBER, "<n>"),
    ):
        text = found.sub(mark, text)
    return _BLANKS.sub(" ", text).strip(" .:;,-")[:LONGEST]


def signature(tool: str, line: str, path: str) -> str:
    """By what a failure is known again: who complained, of what, in which file."""
    text = "\0".join((tool, folded(line), path))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def shortened(text: str, most: int = LONGEST) -> str:
    """One line of at most so many characters."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= most else f"{line[: most - 1]}…"
