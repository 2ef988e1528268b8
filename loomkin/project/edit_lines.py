"""Finding whole lines that a model wrote almost as they stand, and writing the new ones in their place."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from itertools import accumulate
from operator import methodcaller

from loomkin.project.edit_escapes import unescaped
from loomkin.project.edit_fold import carry, fold
from loomkin.project.edit_result import Tier
from loomkin.project.edit_shift import Shift, find_shift, is_blank
from loomkin.project.text import cut_after
from loomkin.records.dataclass import dataclass

_BLANKS = " \t"
_LEAST_CHARACTERS = 12
_COMPARED = 1000
_NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True)
class Place:
    """Lines `start` to `stop` (exclusive, from 0) of a file that `old` stands for, `new` to take over."""

    start: int
    stop: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    shift: Shift = _NO_SHIFT
    folded: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """Old and new lines of one edit."""

    old: tuple[str, ...]
    new: tuple[str, ...]


def is_telling(text: str) -> bool:
    """Whether a text is long enough to be matched with tolerance: two lines or twelve characters."""
    filled = [line for line in text.split("\n") if not is_blank(line)]
    return len(filled) >= 2 or len("".join("".join(filled).split())) >= _LEAST_CHARACTERS


def find_places(
    lines: Sequence[str], old: Sequence[str], new: Sequence[str], *, exact: bool = False
) -> tuple[Tier, list[Place]]:
    """All places of the first tier that has any; `exact` stops after the exact one.

    `lines`, `old` and `new` have no newlines. An empty list means that no tier matched.
    """
    block = _Block(tuple(old), tuple(new))
    places = _search(lines, block, _same, plain=True)
    if places or exact or not is_telling("\n".join(old)):
        return Tier.EXACT, places
    tiers: tuple[tuple[Tier, Callable[[], list[Place]]], ...] = (
        (Tier.TRAILING, lambda: _search(lines, block, _no_trail, plain=True)),
        (Tier.INDENT, lambda: _search(lines, block, _bare)),
        (Tier.BLANK_ENDS, lambda: _without_blank_ends(lines, block)),
        (Tier.UNICODE, lambda: _search(lines, block, _folded_bare, folded=True)),
        (Tier.ESCAPES, lambda: _with_escapes(lines, block)),
    )
    for tier, search in tiers:
        places = search()
        if places:
            return tier, places
    return Tier.EXACT, []


def write_lines(place: Place, own: Sequence[tuple[str, str]], newline: str) -> str | None:
    """The text that replaces the lines `own` (content and newline each); None if it cannot be indented.

    Lines that old and new share keep the file's own bytes; others take the shift, the newline of the
    line before (`newline` where there is none) and, after a tolerant match of characters, its quotes.
    """
    written: list[tuple[str, str]] = []
    kind = own[0][1] or newline if own else newline
    matcher = SequenceMatcher(None, place.old, place.new, autojunk=len(place.new) > _COMPARED)
    for tag, left, left_end, right, right_end in matcher.get_opcodes():
        if tag == "equal":
            written += own[left:left_end]
            kind = own[left_end - 1][1] or kind
            continue
        for step in range(right_end - right):
            line = place.shift.apply(place.new[right + step])
            if line is None:
                return None
            if left + step < left_end:
                kind = own[left + step][1] or kind
                if place.folded:
                    line = _carried(place, left + step, own[left + step][0], line)
            written.append((line, kind))
    if not written:
        return ""
    parts = [content + (ending or newline) for content, ending in written[:-1]]
    last = own[-1][1] if own else newline
    return "".join(parts) + written[-1][0] + last


def _carried(place: Place, number: int, own: str, line: str) -> str:
    sent = place.shift.apply(place.old[number])
    if sent is None or is_blank(own):
        return line
    trail = len(own) - len(own.rstrip())
    body = own[: len(own) - trail] if trail else own
    return carry(sent.rstrip(), body, line)


# each runs over every line of the file: a function written in Python costs three times as much
_same: Callable[[str], str] = str
_no_trail: Callable[[str], str] = methodcaller("rstrip", _BLANKS)
_bare: Callable[[str], str] = methodcaller("strip", _BLANKS)


def _folded_bare(line: str) -> str:
    return fold(line).strip(_BLANKS)


def _search(
    lines: Sequence[str],
    block: _Block,
    key: Callable[[str], str],
    *,
    plain: bool = False,
    folded: bool = False,
) -> list[Place]:
    """The places where all keys agree and, unless `plain`, one shift of indentation leads there."""
    size = len(block.old)
    keys = list(map(key, lines))
    wanted = [key(line) for line in block.old]
    anchor = next((number for number, line in enumerate(wanted) if line), 0)
    found: list[Place] = []
    for start in _beginnings(keys, wanted, anchor):
        shift: Shift | None = _NO_SHIFT
        if not plain:
            own = lines[start : start + size]
            view = [fold(line) for line in own] if folded else own
            sent = [fold(line) for line in block.old] if folded else block.old
            shift = find_shift(sent, view, block.new)
        if shift is not None:
            found.append(Place(start, start + size, block.old, block.new, shift, folded))
    return found


def _beginnings(keys: list[str], wanted: list[str], anchor: int) -> Iterator[int]:
    """Where all of `wanted` stands in `keys`; `anchor` is the line of it to look for first."""
    last = len(keys) - len(wanted)
    place = anchor - 1
    with suppress(ValueError):
        while True:
            place = keys.index(wanted[anchor], place + 1, last + anchor + 1)
            start = place - anchor
            if keys[start : start + len(wanted)] == wanted:
                yield start


def _without_blank_ends(lines: Sequence[str], block: _Block) -> list[Place]:
    """The places of the block without a blank first line, without a blank last one, without both."""
    head = len(block.old) > 1 and is_blank(block.old[0])
    tail = len(block.old) > 1 and is_blank(block.old[-1])
    found: dict[int, Place] = {}
    for front, back in ((1, 0), (0, 1), (1, 1)):
        if (front and not head) or (back and not tail):
            continue
        new = block.new
        if front and new and is_blank(new[0]):
            new = new[1:]
        if back and new and is_blank(new[-1]):
            new = new[:-1]
        old = block.old[front : len(block.old) - back]
        for place in _search(lines, _Block(old, new), _bare):
            core = place.start + (head and not front)
            found.setdefault(core, place)
    return list(found.values())


def _with_escapes(lines: Sequence[str], block: _Block) -> list[Place]:
    for old, new in unescaped("\n".join(block.old), "\n".join(block.new)):
        real = _Block(tuple(old.split("\n")), tuple(new.split("\n")) if block.new else ())
        return _search(lines, real, _bare)
    return []


def line_starts(text: str) -> list[int]:
    """The offset of every line of a text with `\\n` newlines, and the end of the text."""
    return list(accumulate(map(len, cut_after(text, "\n")), initial=0))
