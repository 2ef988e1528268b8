"""What a change looks like: a short unified diff, counts, and the lines it spans."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from loomkin.project.edit_result import NOT_SHOWN
from loomkin.project.match import Splice
from loomkin.project.text import cut_after, line_mark
from loomkin.records.dataclass import dataclass
from loomkin.records.region import LineChange

DIFF_LINES = 40
"""Lines of the longest diff that is shown."""

_CONTEXT = 3
_LINE_WIDTH = 300
_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """A unified diff of at most 40 lines, lines added and removed, and the new lines it spans (from 1).

    `line_changes` are in the lines of the old text, from top to bottom.
    """

    diff: str
    added: int
    removed: int
    line_start: int
    line_end: int
    line_changes: tuple[LineChange, ...] = ()


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines `start` to `stop` (exclusive, from 0) of the old text become `new`."""

    start: int
    stop: int
    new: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Some lines of a text, of which the first has the number `first` (from 0)."""

    first: int
    lines: Sequence[str]

    @property
    def end(self) -> int:
        return self.first + len(self.lines)

    def cut(self, start: int, stop: int) -> Sequence[str]:
        return self.lines[start - self.first : stop - self.first]


def compose(splices: Sequence[Splice], later: Splice) -> tuple[Splice, ...]:
    """Splices of the original text that do what `splices`, and then `later` on their result, do."""
    before: list[Splice] = []
    middle: list[Splice] = []
    after: list[Splice] = []
    shift = grown = 0
    head = tail = ""
    for one in splices:
        here = one.start + shift + grown
        stop = here + len(one.text)
        growth = len(one.text) - (one.end - one.start)
        if stop < later.start:
            before.append(one)
            shift += growth
        elif here > later.end:
            after.append(one)
        else:
            if not middle:
                head = one.text[: max(0, later.start - here)]
            middle.append(one)
            tail = one.text[len(one.text) - max(0, stop - later.end) :]
            grown += growth
    start, end = later.start - shift, later.end - shift - grown
    if middle:
        start, end = min(start, middle[0].start), max(end, middle[-1].end)
    return (*before, Splice(start, end, head + later.text + tail), *after)


def whole_splice(before: str, after: str) -> Splice:
    """The one splice between two texts, without what they have in common at both ends."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    return Splice(head, len(before) - tail, after[head : len(after) - tail])


def describe(before: str, splices: Sequence[Splice]) -> Difference:
    """The difference that ordered, separate splices make to a text."""
    mark = line_mark(before)
    changes = list(_changes(before, mark, splices))
    if not changes:
        return Difference("", 0, 0, 1, 1)
    added = sum(len(change.new) for change in changes)
    removed = sum(change.stop - change.start for change in changes)
    shift = added - removed - len(changes[-1].new) + changes[-1].stop - changes[-1].start
    first = changes[0].start + 1
    last = changes[-1].start + shift + len(changes[-1].new)
    near = _neighbourhood(before, mark, splices)
    lines = tuple(LineChange(one.start + 1, one.stop - one.start, len(one.new)) for one in changes)
    return Difference(_render(near, changes), added, removed, first, max(first, last), lines)


def _common(left: str, right: str) -> int:
    """The length of the common beginning, by halving."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _neighbourhood(before: str, mark: str, splices: Sequence[Splice]) -> _Lines:
    """The lines around all splices, which are all that the diff shows."""
    left, right = splices[0].start, splices[-1].end
    for _ in range(_CONTEXT + 1):
        left = max(0, before.rfind(mark, 0, left))
    for _ in range(_CONTEXT + 2):
        right = _line_end(before, mark, right)
    left = left + 1 if left else 0
    return _Lines(before.count(mark, 0, left), cut_after(before[left:right], mark))


def _changes(before: str, mark: str, splices: Sequence[Splice]) -> Iterator[_Change]:
    number = offset = 0
    waiting = list(splices)
    while waiting:
        one = waiting.pop(0)
        left = before.rfind(mark, 0, one.start) + 1
        parts, place = [before[left : one.start], one.text], one.end
        right = _line_end(before, mark, place)
        while waiting and (waiting[0].start < right or not before.endswith(mark, 0, right)):
            one = waiting.pop(0)
            parts += (before[place : one.start], one.text)
            place = one.end
            right = max(right, _line_end(before, mark, place))
        parts.append(before[place:right])
        number += before.count(mark, offset, left)
        offset = left
        old = cut_after(before[left:right], mark)
        yield from _compare(number, old, cut_after("".join(parts), mark))


def _line_end(text: str, mark: str, place: int) -> int:
    end = text.find(mark, place)
    return len(text) if end < 0 else end + 1


def _compare(number: int, old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """The changed runs of two blocks of lines; `number` is the first line's."""
    head = 0
    while head < len(old) and head < len(new) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    number += head
    if not old or not new or max(len(old), len(new)) > _COMPARED:
        if old or new:
            yield _Change(number, number + len(old), new)
        return
    for tag, left, left_end, right, right_end in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            yield _Change(number + left, number + left_end, new[right:right_end])


def _render(near: _Lines, changes: Sequence[_Change]) -> str:
    result: list[str] = []
    shift = 0
    groups: list[list[_Change]] = []
    for change in changes:
        if groups and change.start - groups[-1][-1].stop <= 2 * _CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    for group in groups:
        start = max(near.first, group[0].start - _CONTEXT)
        stop = min(near.end, group[-1].stop + _CONTEXT)
        grown = sum(len(change.new) - (change.stop - change.start) for change in group)
        size = stop - start
        result.append(f"@@ -{_span(start, size)} +{_span(start + shift, size + grown)} @@")
        place = start
        for change in group:
            result += _shown(" ", near.cut(place, change.start))
            result += _shown("-", near.cut(change.start, change.stop))
            result += _shown("+", change.new)
            place = change.stop
        result += _shown(" ", near.cut(place, stop))
        shift += grown
    if len(result) > DIFF_LINES:
        cut = len(result) - DIFF_LINES + 1
        result = [*result[: DIFF_LINES - 1], f"{NOT_SHOWN} {cut} more lines of the diff are not shown"]
    return "\n".join(result)


def _span(start: int, size: int) -> str:
    return f"{start + 1 if size else start},{size}"


def _shown(sign: str, lines: Sequence[str]) -> list[str]:
    shown = (line.rstrip("\r\n") for line in lines)
    return [sign + (line if len(line) <= _LINE_WIDTH else line[:_LINE_WIDTH] + "...") for line in shown]
