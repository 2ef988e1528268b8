"""How wide words are about, without a font at hand, and where they break."""

from unicodedata import combining, east_asian_width

_NARROW, _BROAD = frozenset("fijlrtI .,:;'`|!()[]{}-/\\"), frozenset("mwMW@%")


def width(text: str, size: float) -> float:
    """About how many pixels a text takes in a font without serifs; rather too many."""
    return sum(map(_share, text)) * size


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in at most so many lines that fit the room; what does not fit ends in `…`."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width(longer, size) <= room:
            lines[-1] = longer
            continue
        pieces = _pieces(word, size, room)
        lines += pieces if lines[-1] else []
        if len(lines) == 1:
            lines = pieces
        if len(lines) > most:
            break
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and width(f"{last}…", size) > room:
        last = last[:-1]
    return [*lines[: most - 1], f"{last.rstrip()}…"]


def _pieces(word: str, size: float, room: float) -> list[str]:
    """A word, in parts where it is too long for a line, best behind `/`, `_`, `.` or `-`."""
    parts = []
    while width(word, size) > room:
        end = 1
        while width(word[: end + 1], size) <= room:
            end += 1
        mark = max(word.rfind(sign, 0, end) for sign in "/_.-") + 1
        end = mark if mark > end // 2 else end
        parts.append(word[:end])
        word = word[end:]
    return [*parts, word]


def _share(sign: str) -> float:
    """The width of a character as a part of the font's size."""
    if sign.isascii():
        return 0.38 if sign in _NARROW else 0.95 if sign in _BROAD else 0.72 if sign.isupper() else 0.6
    if combining(sign):
        return 0.0
    return 1.05 if east_asian_width(sign) in "WF" else 0.65
