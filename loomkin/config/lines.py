"""Finds the line of every key of a TOML text, which tomllib does not tell."""

import re
from bisect import bisect_right
from contextlib import suppress

from loomkin.config.catalogue import Path

# compiled at first use: most starts read no file
_BLANK = r"(?:[ \t\r\n]|#[^\n]*)*"
_KEY = r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'"""
_MULTI = r'''"""(?:\\[\s\S]|[^\\])*?"{3,5}|\'\'\'[\s\S]*?'{3,5}'''
_PLAIN = r"""[^,\]}#\n]*"""


def line_numbers(text: str) -> dict[Path, int]:
    """The line (from 1) of every key and array item of a text that tomllib has accepted.

    A path that is missing was written in a way the scanner does not follow; name the file alone then.
    """
    scanner = _Scanner(text)
    with suppress(ValueError, RecursionError):  # a wrong guess costs the line, never the settings
        scanner.scan()
    return scanner.lines


class _Scanner:
    """Walks the text once; keeps the line where each path begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._starts = [found.end() for found in re.finditer("\n", text)]
        self._counts: dict[Path, int] = {}

    def scan(self) -> None:
        base: Path = ()
        self._skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                base = self._header()
            else:
                self._pair(base)
            self._skip()

    def _skip(self) -> None:
        self.at = self._end(_BLANK)

    def _end(self, pattern: str) -> int:
        found = re.compile(pattern).match(self.text, self.at)
        if found is None:
            raise ValueError(self.at)
        return found.end()

    def _next(self) -> str:
        self._skip()
        return self.text[self.at : self.at + 1]

    def _mark(self, path: Path) -> None:
        self.lines.setdefault(path, bisect_right(self._starts, self.at) + 1)

    def _key(self) -> Path:
        names: list[str] = []
        while True:
            self._skip()
            start, self.at = self.at, self._end(_KEY)
            names.append(_unquoted(self.text[start : self.at]))
            if self._next() != ".":
                return tuple(names)
            self.at += 1

    def _header(self) -> Path:
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = self._key()
        path: Path = ()
        for depth, name in enumerate(names):
            path = (*path, name)
            if many and depth == len(names) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            self._mark(path)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        self._mark(path)
        self.at += 2 if many else 1
        return path

    def _pair(self, base: Path) -> None:
        start = self.at
        path = base + self._key()
        after, self.at = self.at, start
        for depth in range(len(base) + 1, len(path) + 1):
            self._mark(path[:depth])
        self.at = after + 1
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        rest = self.text[self.at : self.at + 3]
        if rest in ('"""', "'''"):
            self.at = self._end(_MULTI)
        elif rest[:1] in ('"', "'"):
            self.at = self._end(_KEY)
        elif rest[:1] == "[":
            self._items(path)
        elif rest[:1] == "{":
            self._inline(path)
        else:
            self.at = self._end(_PLAIN)

    def _items(self, path: Path) -> None:
        self.at += 1
        index = 0
        while (sign := self._next()) != "]":
            if not sign:
                raise ValueError(self.at)
            if sign == ",":
                self.at += 1
                continue
            self._mark((*path, index))
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while (sign := self._next()) != "}":
            if sign == ",":
                self.at += 1
                continue
            self._pair(path)
        self.at += 1


def _unquoted(token: str) -> str:
    if token[0] == '"':
        import tomllib  # heavy: late on purpose

        return str(tomllib.loads(f"key = {token}")["key"])
    return token.strip("'")
