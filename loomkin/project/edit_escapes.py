"""Texts that arrive wrapped or escaped: pasted line numbers, code fences, literal escapes, entities."""

import re
from collections.abc import Iterator

from loomkin.records.regex import pattern

_NUMBERED = pattern(r"[ \t]*(\d+)(?:\u2192|\| ?|\t)(.*)", re.DOTALL)
_FENCE = pattern(r"[ \t]*(```+|~~~+)[^\n`]*\n(.*?)\n?[ \t]*\1[ \t]*\n?", re.DOTALL)
_ESCAPE = pattern(r"\\[nt\"'\\]|&(?:lt|gt|amp|quot|apos|#39|#x27|nbsp);")
_MEANING = {
    r"\n": "\n",
    r"\t": "\t",
    r"\"": '"',
    r"\'": "'",
    "\\\\": "\\",
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
    "&quot;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&#x27;": "'",
    "&nbsp;": "\u00a0",
}


def unwrapped(old: str, new: str) -> tuple[str, str, str] | None:
    """Old and new text without pasted line numbers or code fences, and what was removed; None if bare.

    The new text is freed of the same wrapping, where it has it too.
    """
    fenced = _FENCE.fullmatch(old)
    if fenced:
        inner = _FENCE.fullmatch(new)
        return fenced[2], inner[2] if inner else new, "code fence"
    numbered = _without_numbers(old)
    if numbered is None:
        return None
    plain = _without_numbers(new)
    return numbered, new if plain is None else plain, "line numbers"


def unescaped(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Old and new text with the literal escapes or entities of the old text made real, or nothing.

    Only the kinds that the old text has are made real in the new text.
    """
    kinds = set(_ESCAPE.findall(old))
    if not kinds:
        return
    if r"\n" in kinds and "\n" in new.strip("\n") and r"\n" in new:
        return
    yield _made_real(old, kinds), _made_real(new, kinds)


def _made_real(text: str, kinds: set[str]) -> str:
    return _ESCAPE.sub(lambda match: _MEANING[match[0]] if match[0] in kinds else match[0], text)


def _without_numbers(text: str) -> str | None:
    """The text without line numbers if every line that is not blank has one and they count up."""
    result: list[str] = []
    last: int | None = None
    for line in text.split("\n"):
        match = _NUMBERED.fullmatch(line)
        if match is None:
            if line.strip():
                return None
            result.append(line)
            last = None if last is None else last + 1
            continue
        number = int(match[1])
        if last is not None and number <= last - 1:
            return None
        last = number
        result.append(match[2])
    return "\n".join(result) if last is not None else None
