"""Plain text for people: tables, times, money, and words that cannot command a terminal."""

import json
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

from loomkin.project.secrets import without_keys
from loomkin.records.regex import pattern
from loomkin.records.usage import usd

_CONTROL = pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

LEAST, WORDY, LONG = 12, 8, 16
"""Columns that are left of a table's last column, and of others where these are long."""


def table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[str] = (), *, fit: bool = False
) -> str:
    """Columns as wide as what is in them; those named in `right` are flush right.

    With `fit` the last column, then other long ones, are shortened to what a terminal has room for.
    """
    lines = [list(headings), *([flat(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    if fit and (room := columns()):
        widths = _narrowed(widths, room)
        lines = [list(map(_cut, line, widths)) for line in lines]
    flush = set(right)
    return "\n".join(
        "  ".join(
            _padded(cell, width, heading in flush)
            for cell, width, heading in zip(line, widths, headings, strict=True)
        ).rstrip()
        for line in lines
    )


def columns() -> int:
    """How many columns the terminal has; 0 where standard output is none."""
    return shutil.get_terminal_size().columns if os.isatty(1) else 0


def flat(text: str, most: int = 0) -> str:
    """One line without control characters and keys, cut at `most` characters where that is given."""
    line = " ".join(clean(without_keys(text)).split())
    return line if not most or len(line) <= most else line[: most - 1] + "…"


def clean(text: str) -> str:
    """The text with characters shown as `?` that would move the cursor or turn the direction."""
    return _CONTROL.sub("?", text.replace("\r\n", "\n"))


def money(pico: int) -> str:
    """Picodollars as dollars, exactly, without trailing zeros."""
    return f"${dollars(pico)}"


def dollars(pico: int) -> str:
    """Picodollars as a decimal number of dollars, exactly, without trailing zeros."""
    return format(usd(pico).normalize(), "f") if pico else "0"


def when(at: float) -> str:
    """Seconds since the epoch as local date and time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def to_json(value: object) -> str:
    """JSON for programs."""
    return clean(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def count(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _narrowed(widths: list[int], room: int) -> list[int]:
    """The widths with what is too much taken from the last column, then from those of words."""
    over = sum(widths) + 2 * (len(widths) - 1) - room
    # figures, ids and times are of no use where they are cut
    wordy = [at for at in range(1, len(widths) - 1) if widths[at] > LONG]
    found = list(widths)
    for at in (len(widths) - 1, *reversed(wordy)):
        taken = max(0, min(over, found[at] - (WORDY if at in wordy else LEAST)))
        found[at] -= taken
        over -= taken
    return found


def _cut(text: str, width: int) -> str:
    """The text within so many columns."""
    if _width(text) <= width:
        return text
    while text and _width(text) >= width:
        text = text[:-1]
    return f"{text}…"


def _padded(cell: str, width: int, right: bool) -> str:
    gap = " " * (width - _width(cell))
    return gap + cell if right else cell + gap


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)
