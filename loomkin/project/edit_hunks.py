"""Finding the place of every hunk of a patch: by its lines, then by its `@@` lines and its order."""

from collections.abc import Sequence

from loomkin.project.edit_diff import compose
from loomkin.project.edit_failure import Circumstances, already_there, ambiguous, not_found
from loomkin.project.edit_grammar import Hunk
from loomkin.project.edit_lines import Place, find_places, line_starts
from loomkin.project.edit_result import Refused, RefusedKind, Tier
from loomkin.project.edit_shift import indent_of, is_blank
from loomkin.project.edit_text import Changed, check_stale, guard_new
from loomkin.project.edit_view import View
from loomkin.project.match import Ambiguous, Found, Splice, file_lines, place_splices, splice

_ORDER = list(Tier)
_CLOSERS = (")", "]", "}", "else", "elif", "except", "finally", "catch", "end")
_ADVICE = "Add context lines to the hunk, or an '@@ <line of the function or class>' line before it."


def change_by_hunks(about: Circumstances, text: str, hunks: Sequence[Hunk]) -> Changed | Refused:
    """Apply every hunk to the result of the one before; the first that cannot be is the answer."""
    now, cursor = text, 0
    splices: tuple[Splice, ...] = ()
    tier = Tier.EXACT
    notes: list[str] = []
    for index, hunk in enumerate(hunks, 1):
        number = f" of hunk {index}"
        old, new = "\n".join(hunk.old), "\n".join(hunk.new)
        refused = guard_new(about.shown, new, old, now)
        if refused is not None:
            return refused
        found = _find(about, now, hunk, cursor, number)
        if isinstance(found, Refused):
            line = already_there(now, old, new) if found.kind is RefusedKind.NOT_FOUND else 0
            if not line:
                return found
            notes.append(f"nothing to do{number.replace(' of', ' for')}: the new text is at line {line}")
            continue
        refused = check_stale(about, found, number) if hunk.old else None
        if refused is not None:
            return refused
        tier = max(tier, found.tier, key=_ORDER.index)
        cursor = now.count("\n", 0, found.splices[0].start)
        now = splice(now, found.splices)
        splices = compose(splices, found.splices[0])
    if about.changed and now != text:
        notes.append(f"the file changed since you read it{about.who()}; the old lines still matched once")
    return Changed(now, splices, tier, tuple(notes))


def _find(about: Circumstances, text: str, hunk: Hunk, cursor: int, number: str) -> Found | Refused:
    view = View(text)
    lines = file_lines(view)
    if not hunk.old:
        return _insertion(about, view, lines, hunk, number)
    tier, places = find_places(lines, hunk.old, hunk.new)
    places = _narrowed(lines, places, hunk, cursor)
    splices = place_splices(view, lines, places) if len(places) == 1 else None
    if len(places) > 1:
        found = Ambiguous(tier, tuple(place.start + 1 for place in places))
        return ambiguous(about, text, found, "\n".join(hunk.new), number, _ADVICE)
    if splices is None:
        return not_found(about, text, "\n".join(hunk.old), "\n".join(hunk.new), number)
    if view.plain or tier is not Tier.EXACT:
        return Found(tier, splices)
    return Found(Tier.NEWLINES, splices)


def _narrowed(lines: Sequence[str], places: list[Place], hunk: Hunk, cursor: int) -> list[Place]:
    """Fewer places, while there are several: at the end, in the block of the `@@` lines, further down."""
    scopes = _scopes(lines, hunk.contexts) if len(places) > 1 else []
    inside = [
        place for place in places if any(low <= place.start and place.stop <= high for low, high in scopes)
    ]
    below = [place for place in places if scopes and place.start >= min(low for low, _ in scopes)]
    ending = [place for place in places if hunk.at_end and place.stop == len(lines)]
    further = [place for place in places if place.start >= cursor]
    for fewer in (ending, inside, below, further):
        if len(places) > 1 and fewer:
            places = [place for place in places if place in fewer] or places
    return places


def _scopes(lines: Sequence[str], contexts: Sequence[str]) -> list[tuple[int, int]]:
    """The blocks (line numbers from 0, exclusive end) that the nested `@@` lines open."""
    scopes = [(0, len(lines))]
    for context in contexts:
        scopes = [
            (number, _block_end(lines, number))
            for low, high in scopes
            for number in _lines_like(lines, context, low, high)
        ]
    return scopes if contexts else []


def _lines_like(lines: Sequence[str], context: str, low: int, high: int) -> list[int]:
    """The lines equal to a context; else those that begin with it; else those that contain it."""
    tests = (
        lambda line: line == context,
        lambda line: line.startswith(context),
        lambda line: context in line,
    )
    for test in tests:
        found = [number for number in range(low, high) if test(lines[number].strip())]
        if found:
            return found
    return []


def _block_end(lines: Sequence[str], start: int) -> int:
    """Where the block that a line opens ends: at the next line that is not indented more."""
    depth = len(indent_of(lines[start]).expandtabs(4))
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if is_blank(line) or len(indent_of(line).expandtabs(4)) > depth:
            continue
        if not line.strip().startswith(_CLOSERS):
            return number
    return len(lines)


def _insertion(
    about: Circumstances, view: View, lines: Sequence[str], hunk: Hunk, number: str
) -> Found | Refused:
    """New lines without old ones: after the one line that the `@@` lines name, else at the end."""
    at = len(lines)
    if hunk.contexts and not hunk.at_end:
        outer = _scopes(lines, hunk.contexts[:-1]) or [(0, len(lines))]
        found = [n for low, high in outer for n in _lines_like(lines, hunk.contexts[-1], low, high)]
        if not found:
            return not_found(about, view.raw, hunk.contexts[-1], "", number)
        if len(found) > 1:
            several = Ambiguous(Tier.EXACT, tuple(line + 1 for line in found))
            return ambiguous(about, view.raw, several, "", number, _ADVICE)
        at = found[0] + 1
    newline = view.common_newline
    text = "".join(line + newline for line in hunk.new)
    if at == len(lines) and lines and not view.text.endswith("\n"):
        text = newline + text.removesuffix(newline)
    place = view.to_raw(line_starts(view.text)[at])
    return Found(Tier.EXACT, (Splice(place, place, text),))
