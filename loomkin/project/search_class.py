"""Character classes of the search dialect, written alike for Python's `re` and for ripgrep."""

import re

from loomkin.project.problem import Problem
from loomkin.records.regex import pattern

SPACE = r" \t\x0b\x0c"
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": r"!-/:-@\[-`{-~", "upper": "A-Z", "space": SPACE, "word": r"\w", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_ITEM = pattern(r"\[:(\^?)(\w+):\]|\\(x[0-9A-Fa-f]{2}|.)|(.)", re.DOTALL)
_SHORTHAND = (r"\w", r"\d", r"\W", r"\D", r"\S", SPACE)
_CONTROL = (r"\t", r"\v", r"\f", r"\a", r"\x08")


def read_class(text: str, start: int) -> tuple[str, str, int] | Problem:
    """The class that begins at `start`: its Python form, its Rust form, the index of its `]`.

    Neither form matches a line's end. A `[` within is a plain character and `&&`, `--`, `~~` have no
    meaning, as in POSIX; Rust would read them as nested classes and set operations.
    """
    negated = text.startswith("[^", start)
    at = start + 1 + negated
    items: list[str] = []
    while at < len(text) and (text[at] != "]" or not items):
        token = _ITEM.match(text, at)
        if token is None:
            break
        item = r"\-" if token[0] == "-" and _is_literal_hyphen(text[token.end() :], items) else _item(token)
        if isinstance(item, Problem):
            return item
        items.append(item)
        at = token.end()
    if at >= len(text):
        return Problem(
            "The pattern has a [ without its ].", r"Close the class, or write \[ for the character."
        )
    inner = "".join(items)
    if negated:
        both = f"[^{inner}\\n\\r]"
        return both, both, at
    if _may_hold_line_end(items):
        line_end = r"\n" if r"\r" in items else r"\n\r"
        return f"(?:(?![{line_end}])[{inner}])", f"[[{inner}]--[{line_end}]]", at
    return f"[{inner}]", f"[{inner}]", at


def _may_hold_line_end(items: list[str]) -> bool:
    return any(
        item in (r"\W", r"\D", r"\n", r"\r")
        or item < " "
        or item.startswith(r"\x")
        or (item in _CONTROL and "-" in items)
        for item in items
    )


def _is_literal_hyphen(rest: str, items: list[str]) -> bool:
    """A hyphen at an edge, beside another one, or after a class such as \\w makes no range."""
    return not items or rest[:1] in ("]", "-") or items[-1] in (*_SHORTHAND, r"\-")


def _item(token: re.Match[str]) -> str | Problem:
    """One element in the form that both engines read alike."""
    negated, posix, escaped, char = token.groups()
    if posix:
        if negated or posix not in _POSIX:
            return Problem(f"The class {token[0]} is not supported.", "List the characters instead.")
        return _POSIX[posix]
    if not escaped:
        return f"\\{char}" if char in r"[]&~|\\" else char
    if escaped in "sb":
        return SPACE if escaped == "s" else r"\x08"
    if escaped[0].isalnum() and escaped[0] not in "nrwWdDStfvax":
        return Problem(
            f"The class holds \\{escaped}, which is not supported.", "List the characters instead."
        )
    return f"\\{escaped}"
