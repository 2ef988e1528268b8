"""A text as models write it, with `\\n` for every newline, and the way back to the file's own."""

import re
from bisect import bisect_left
from difflib import SequenceMatcher

from loomkin.records.regex import pattern

_COMPARED = 1000
_NEWLINE = pattern(r"\r\n|\r|\n")


class View:
    """The text of a file with all newlines as `\\n`; offsets map back to the original."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.plain = "\r" not in raw
        self.only_cr = not self.plain and "\n" not in raw
        self._returns: list[int] = []
        if self.plain:
            self.text = raw
        elif self.only_cr:
            self.text = raw.replace("\r", "\n")
        else:
            self.text = raw.replace("\r\n", "\n")
            found = (match.start() for match in re.finditer("\r\n", raw))
            self._returns = [place - count for count, place in enumerate(found)]

    def to_raw(self, offset: int) -> int:
        """The original offset of one in the view; at a newline it is before the whole newline."""
        return offset + bisect_left(self._returns, offset) if self._returns else offset

    def newline_at(self, offset: int) -> str:
        """The newline that ends the line at `offset` of the view; the file's commonest at its end."""
        place = self.text.find("\n", offset)
        if place < 0:
            return self.common_newline
        start = self.to_raw(place)
        return "\r\n" if self.raw.startswith("\r\n", start) else self.raw[start]

    @property
    def common_newline(self) -> str:
        """The newline that most lines have."""
        if self.plain:
            return "\n"
        if self.only_cr:
            return "\r"
        return "\r\n" if 2 * len(self._returns) > self.text.count("\n") else "\n"


def to_view(text: str) -> str:
    """Newlines of a model's text as `\\n`; a lone carriage return is content."""
    return text.replace("\r\n", "\n") if "\r\n" in text else text


def with_newlines(old: str, new: str, raw: str, default: str) -> str:
    """Give `new` the newlines of `raw`, the original that matched `old`.

    A line that stays or is replaced keeps its own newline; an added one takes that of the line before,
    and `default` where there is none.
    """
    if "\n" not in new:
        return new
    found: list[str] = _NEWLINE.findall(raw)
    if not found or all(newline == found[0] for newline in found):
        kind = found[0] if found else default
        return new if kind == "\n" else new.replace("\n", kind)
    lines, wanted = old.split("\n"), new.split("\n")
    own: dict[int, str] = {}
    for _, left, left_end, right, right_end in SequenceMatcher(
        None, lines, wanted, autojunk=len(wanted) > _COMPARED
    ).get_opcodes():
        for step in range(min(left_end - left, right_end - right, len(found) - left)):
            own[right + step] = found[left + step]
    result: list[str] = []
    newline = found[0]
    for number, line in enumerate(wanted[:-1]):
        newline = own.get(number, newline)
        result += (line, newline)
    result.append(wanted[-1])
    return "".join(result)
