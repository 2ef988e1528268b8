"""What a model is told of a change that stands where it meant it: the places, and little of the diff."""

from collections.abc import Iterator, Sequence

from loomkin.project.edit_result import NOT_SHOWN
from loomkin.records.region import LineChange

MOST_PLACES = 12
HUNK_LINES = 6
_HEAD = 3
_SPARED = 4
"""Lines that leaving them out must spare: fewer are told sooner than counted."""


def places(changes: Sequence[LineChange]) -> str:
    """The changed lines as they are numbered now: `27, 468-545`."""
    shift, spans = 0, list[tuple[int, int]]()
    for change in changes:
        first = change.first + shift
        last = first + max(change.added - 1, 0)
        if spans and first == spans[-1][1] + 1:
            first = spans.pop()[0]
        spans.append((first, last))
        shift += change.added - change.removed
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:MOST_PLACES]]
    return ", ".join([*shown, *(["and more"] if len(spans) > MOST_PLACES else [])])


def brief(diff: str) -> str:
    """A diff with a line around each change, and of each hunk its beginning and its end."""
    lines = diff.split("\n") if diff else []
    return "\n".join(line for hunk in _hunks(lines) for line in _cut(hunk))


def _hunks(lines: Sequence[str]) -> Iterator[list[str]]:
    hunk: list[str] = []
    for line in lines:
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


def _cut(hunk: Sequence[str]) -> Iterator[str]:
    """The heading of a hunk, and its lines as far as they are shown."""
    whole = not hunk[-1].startswith(NOT_SHOWN)
    body = list(hunk[1:] if whole else hunk[1:-1])
    while len(body) > 1 and body[0].startswith(" ") and body[1].startswith(" "):
        del body[0]
    while len(body) > 1 and body[-1].startswith(" ") and body[-2].startswith(" "):
        del body[-1]
    yield hunk[0]
    if not whole:
        yield from body[: HUNK_LINES - 1]
        yield NOT_SHOWN
    elif len(body) < HUNK_LINES + _SPARED:
        yield from body
    else:
        last = HUNK_LINES - _HEAD - 1
        yield from body[:_HEAD]
        yield f"{NOT_SHOWN} {len(body) - _HEAD - last} lines"
        yield from body[-last:]
