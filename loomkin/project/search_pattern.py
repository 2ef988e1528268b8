"""One dialect of regular expressions for both search engines: a pattern is read once and written for each.

A pattern works on one line at a time and never sees the line's end, be it `\\n` or `\\r\\n`. What only
Python's `re` knows (looking around, back references, atomic groups) is marked `python_only`; what the two
engines would read differently is either rewritten or refused with a sentence.
"""

import re

from loomkin.project.problem import Problem
from loomkin.project.search_class import SPACE, read_class
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

# One side of a rewritten element is for Python, the other for Rust, where they differ.
_SIMPLE = {
    ".": r"[^\n\r]",
    "$": r"\r?$",
    r"\s": f"[{SPACE}]",
    r"\S": rf"[^{SPACE}\n\r]",
    r"\W": r"[^\w\n\r]",
    r"\D": r"[^\d\n\r]",
    r"\A": "^",
    r"\z": r"\r?$",
    r"\Z": r"\r?$",
}
_SAME_ESCAPES = frozenset("wdbBtfva")
_COUNT = pattern(r"\{(\d*)(,?)(\d*)\}([?+]?)")
_GROUP = pattern(r"\(\?(?:P?<([A-Za-z_]\w*)>|([ismu]*)(?:-([ismu]+))?(:|\))|(<?[=!]|>|P=\w+\)|#))")
_LEADING = pattern(r"\(\?([a-zA-Z]+)\)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern for both engines.

    `python` is text for `re` (over bytes when `python.isascii()`), `rust` for ripgrep; `literal` is text
    that every match must contain, or empty; `plain` says that the pattern is that literal and nothing more;
    `risky` that backtracking could take very long.
    """

    python: str
    rust: str
    ignore_case: bool
    literal: str
    python_only: bool
    risky: bool


class _Refused(ValueError):
    """A construct that the dialect leaves out; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def read_pattern(text: str, ignore_case: bool = False) -> Pattern | Problem:
    """Read a pattern; a Problem names what cannot be searched for and what to write instead."""
    while leading := _LEADING.match(text):
        flags = leading[1]
        if set(flags) - set("imsu"):
            return Problem(
                f"The inline flags (?{flags}) are not supported.", "Use (?i), or the ignore_case parameter."
            )
        ignore_case = ignore_case or "i" in flags
        text = text[leading.end() :]
    if not text:
        return Problem("The pattern is empty and would match every line.", "Give a regular expression.")
    reader = _Reader(text)
    try:
        reader.read()
        python = "".join(reader.python)
        re.compile(python if not python.isascii() else python.encode(), re.MULTILINE)
    except _Refused as refused:
        return refused.problem
    except (re.error, OverflowError, RecursionError) as error:
        return Problem(
            f"The pattern cannot be read as a regular expression: {error}.",
            r"Escape characters meant literally, such as \( \[ \{ \* \+ \? and \\.",
        )
    return Pattern(
        python, "".join(reader.rust), ignore_case, reader.longest_literal(), reader.python_only, reader.risky
    )


class _Reader:
    """Walks over a pattern once, writing both forms and noting what they contain."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.python: list[str] = []
        self.rust: list[str] = []
        self.python_only = False
        self.risky = False
        self._literals: list[str] = [""]
        self._groups: list[bool] = []
        self._closed_loop = False
        self._alternatives = False
        self._loops = 0

    def read(self) -> None:
        while self.at < len(self.text):
            char = self.text[self.at]
            closed_loop, self._closed_loop = self._closed_loop, False
            if char == "\\":
                self._escape()
            elif char == "[":
                self._class()
            elif char == "(":
                self._open()
            elif char == ")":
                self._close()
            elif char in "*+?" or (char == "{" and _COUNT.match(self.text, self.at)):
                self._quantifier(closed_loop)
            elif char == "|":
                self._alternatives = self._alternatives or not self._groups
                self._groups[-1:] = [True] * bool(self._groups)
                self._write("|")
            elif char in ".$^":
                if char == "." and re.match(r"[*+]", self.text[self.at + 1 :]) and not self.python:
                    self.risky = True
                self._write(_SIMPLE.get(char, char))
            else:
                self._literal(char)
                continue
            if char != "\\":
                self.at += 1
        if self._groups:
            raise _Refused(
                Problem(
                    "The pattern has a ( without its ).", r"Close the group, or write \( for the character."
                )
            )
        self.risky = self.risky or self._loops > 3

    def longest_literal(self) -> str:
        """Text that every match contains; empty where alternatives leave nothing certain."""
        return "" if self._alternatives else max(self._literals, key=len)

    def _write(self, python: str, rust: str | None = None) -> None:
        self.python.append(python)
        self.rust.append(python if rust is None else rust)
        self._literals.append("")

    def _literal(self, char: str) -> None:
        """One character that stands for itself."""
        if char in "\n":
            raise _Refused(
                Problem(
                    "The pattern holds a line break, but the search goes line by line.",
                    "Search for one of the lines, with `context` to see its neighbours.",
                )
            )
        written = re.escape(char) if char.isascii() else char
        self.python.append(written)
        self.rust.append(
            f"\\x{ord(char):02X}" if char.isascii() and not char.isalnum() and char != "_" else char
        )
        if not self._groups:
            self._literals[-1] += char
        self.at += 1

    def _escape(self) -> None:
        pair = self.text[self.at : self.at + 2]
        code = re.match(
            r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4}))", self.text[self.at :]
        )
        if code:
            self._code(int(code[1] or code[2] or code[3], 16))
            self.at += code.end()
        elif len(pair) == 1:
            raise _Refused(Problem("The pattern ends in a lone backslash.", r"Write \\ for the character."))
        elif pair[1] in "123456789":
            self.python_only = self.risky = True
            self._write(pair)
            self.at += 2
        elif pair in (r"\<", r"\>"):
            self._write(
                r"\b(?=\w)" if pair == r"\<" else r"\b(?<=\w)",
                f"\\b{{{'start' if pair[1] == '<' else 'end'}}}",
            )
            self.at += 2
        elif pair == r"\n":
            self._literal("\n")
        elif pair in _SIMPLE or pair[1] in _SAME_ESCAPES or pair == r"\r":
            self._write(_SIMPLE.get(pair, pair))
            self.at += 2
        elif pair[1].isalnum():
            raise _Refused(
                Problem(
                    f"The pattern uses {pair}, which is not supported.",
                    r"Use \w \d \s \b, a class such as [A-Za-z], or the character itself.",
                )
            )
        else:
            self.at += 1
            self._literal(pair[1])

    def _code(self, number: int) -> None:
        if number == 0x0A or number > 0x10FFFF:
            raise _Refused(
                Problem("The pattern names a character that no line holds.", "Search for one line at a time.")
            )
        if 0x80 <= number <= 0xFF and self.text[self.at + 1] == "x" and self.text[self.at + 2] != "{":
            self._write(f"\\x{number:02x}")
        else:
            char = chr(number)
            self._write(re.escape(char), f"\\x{{{number:x}}}" if number >= 0x80 else f"\\x{number:02x}")

    def _class(self) -> None:
        read = read_class(self.text, self.at)
        if isinstance(read, Problem):
            raise _Refused(read)
        python, rust, self.at = read
        self._write(python, rust)

    def _open(self) -> None:
        if not self.text.startswith("(?", self.at):
            self._write("(")
        else:
            group = _GROUP.match(self.text, self.at)
            if group is None:
                raise _Refused(
                    Problem(
                        f"The group {self.text[self.at : self.at + 4]!r} is not supported.",
                        "Use (…), (?:…), (?i:…) or looking around.",
                    )
                )
            self._special_group(group)
            if group[5] and group[5][-1] in "#)":
                return
        self._groups.append(False)

    def _special_group(self, group: re.Match[str]) -> None:
        name, flags, off, end, special = group.groups()
        if special:
            self.python_only = True
            self.risky = self.risky or special.startswith("P=")
            stop = self.text.find(")", self.at) + 1 if special == "#" else group.end()
            if special != "#":
                self._write(group[0])
            self.at = (stop or len(self.text)) - 1
            return
        if end == ")":
            raise _Refused(
                Problem(
                    f"The flags {group[0]} stand in the middle of the pattern.",
                    "Put (?i) first, or use the ignore_case parameter.",
                )
            )
        flags = "i" if flags and "i" in flags else ""
        off = "-i" if off and "i" in off else ""
        self._write(f"(?P<{name}>" if name else f"(?{flags}{off}:")
        self.at = group.end() - 1

    def _close(self) -> None:
        if not self._groups:
            raise _Refused(Problem("The pattern has a ) without its (.", r"Write \) for the character."))
        self._closed_loop = self._groups.pop()
        if self._groups and self._closed_loop:
            self._groups[-1] = True
        self._write(")")

    def _quantifier(self, closed_loop: bool) -> None:
        count = _COUNT.match(self.text, self.at)
        if count and not (count[1] or count[3]):
            self._literal(self.text[self.at])
            self.at -= 1
            return
        if count:
            low, comma, high, suffix = count.groups()
            written = f"{{{low or 0}{comma}{high}}}"
            endless = bool(comma and (not high or int(high) > 20)) or int(high or low) > 100
        else:
            follow = self.text[self.at + 1 : self.at + 2]
            suffix = follow if follow in ("?", "+") else ""
            written = self.text[self.at]
            endless = written != "?"
        if not self.python:
            raise _Refused(
                Problem(
                    f"The pattern begins with {written}, which repeats nothing.",
                    f"Write \\{written[0]} for the character.",
                )
            )
        self.python_only = self.python_only or suffix == "+"
        self._forget_last()
        self.risky = self.risky or (closed_loop and written != "?")
        self._loops += endless
        if self._groups:
            self._groups[-1] = True
        self._write(written + suffix)
        self.at += len(count[0]) - 1 if count else len(suffix)

    def _forget_last(self) -> None:
        """A repeated character may be absent, so it is not part of the certain text."""
        if self._literals[-1]:
            self._literals[-1] = self._literals[-1][:-1]
