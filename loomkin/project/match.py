"""Finding the one place in a text that an edit means; nothing is ever chosen by likeness."""

from collections.abc import Sequence
from itertools import pairwise

from loomkin.project.edit_escapes import unwrapped
from loomkin.project.edit_lines import Place, find_places, line_starts, write_lines
from loomkin.project.edit_result import Edit, Tier
from loomkin.project.edit_view import View, to_view, with_newlines
from loomkin.records.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Splice:
    """Put `text` in the place of the characters `start` to `end` (exclusive)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where an edit goes, from left to right, and by which tier; `unwrapped` names what was stripped."""

    tier: Tier
    splices: tuple[Splice, ...]
    unwrapped: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The old text is in several places; `lines` are the first lines (from 1) of all of them."""

    tier: Tier
    lines: tuple[int, ...]


def find(text: str, edit: Edit) -> Found | Ambiguous | None:
    """The place of `edit.old` in a file's text, or all of them with `replace_all`; None if there is none.

    The tiers go from exact to tolerant and the first that matches decides: if it leaves several places,
    the search ends there. Pasted line numbers and code fences are stripped when nothing matches with them.
    """
    view = View(text)
    found = _find(view, edit)
    if found is None:
        bare = unwrapped(to_view(edit.old), to_view(edit.new))
        if bare is not None and bare[0].strip():
            # a shown line is a whole line: what is left of it must not match in the middle of another
            whole = edit.whole_lines or bare[2] == "line numbers"
            found = _find(view, Edit(bare[0], bare[1], edit.replace_all, whole))
            if isinstance(found, Found):
                found = Found(found.tier, found.splices, bare[2])
    return found


def splice(text: str, splices: Sequence[Splice]) -> str:
    """The text with all splices made; they are in order and do not overlap."""
    parts: list[str] = []
    last = 0
    for one in splices:
        parts += (text[last : one.start], one.text)
        last = one.end
    parts.append(text[last:])
    return "".join(parts)


def place_splices(view: View, lines: Sequence[str], places: Sequence[Place]) -> tuple[Splice, ...] | None:
    """The splices that write the new lines of all `places`; None where one cannot be indented."""
    starts = line_starts(view.text)
    splices: list[Splice] = []
    for place in places:
        bounds = [view.to_raw(offset) for offset in starts[place.start : place.stop + 1]]
        raw = [view.raw[left:right] for left, right in pairwise(bounds)]
        own = [
            (line, whole[len(line) :])
            for line, whole in zip(lines[place.start : place.stop], raw, strict=True)
        ]
        written = write_lines(place, own, view.common_newline)
        if written is None:
            return None
        splices.append(Splice(bounds[0], bounds[-1], written))
    return tuple(splices)


def file_lines(view: View) -> list[str]:
    """The lines without newlines; a final newline opens no further line."""
    lines = view.text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _find(view: View, edit: Edit) -> Found | Ambiguous | None:
    old, new = to_view(edit.old).removeprefix("\ufeff"), to_view(edit.new).removeprefix("\ufeff")
    if view.only_cr:
        old, new = old.replace("\r", "\n"), new.replace("\r", "\n")
    starts = _occurrences(view.text, old, edit.replace_all)
    if not starts and len(old) > 1 and old.endswith("\n") and view.text.endswith(old[:-1]):
        # the last line as sent has a newline that the file's last line lacks
        old, new = old[:-1], new.removesuffix("\n")
        starts = [len(view.text) - len(old)]
    if edit.whole_lines:
        starts = [start for start in starts if _is_whole(view.text, start, start + len(old))]
    if len(starts) > 1 and not edit.replace_all:
        return Ambiguous(Tier.EXACT, tuple(view.text.count("\n", 0, start) + 1 for start in starts))
    if starts:
        return _exactly(view, starts, old, new, edit.old)
    return _by_lines(view, old, new, edit.replace_all)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a stretch of a text begins and ends with a line."""
    begins = start == 0 or text[start - 1] == "\n"
    return begins and (end == len(text) or text[end] == "\n" or text[end - 1] == "\n")


def _occurrences(text: str, old: str, apart: bool) -> list[int]:
    """Where `old` begins; `apart` leaves out what overlaps the one before."""
    found: list[int] = []
    step = len(old) if apart else 1
    place = text.find(old)
    while place >= 0:
        found.append(place)
        place = text.find(old, place + step)
    return found


def _exactly(view: View, starts: Sequence[int], old: str, new: str, sent: str) -> Found:
    if view.plain:
        tier = Tier.EXACT if old == sent else Tier.NEWLINES
        return Found(tier, tuple(Splice(start, start + len(old), new) for start in starts))
    tier = Tier.EXACT
    splices: list[Splice] = []
    for start in starts:
        left, right = view.to_raw(start), view.to_raw(start + len(old))
        raw = view.raw[left:right]
        if raw != sent:
            tier = Tier.NEWLINES
        splices.append(Splice(left, right, with_newlines(old, new, raw, view.newline_at(start))))
    return Found(tier, tuple(splices))


def _by_lines(view: View, old: str, new: str, everywhere: bool) -> Found | Ambiguous | None:
    block, wanted = cut_blocks(old, new)
    lines = file_lines(view)
    tier, places = find_places(lines, block, wanted)
    if not places:
        return None
    if everywhere:
        places = _apart(places)
    elif len(places) > 1:
        return Ambiguous(tier, tuple(place.start + 1 for place in places))
    splices = place_splices(view, lines, places)
    return None if splices is None else Found(tier, splices)


def cut_blocks(old: str, new: str) -> tuple[list[str], list[str]]:
    """Both texts as lines; where the old one ends its last line, whole lines replace whole lines."""
    if not old.endswith("\n") or len(old) == 1:
        return old.split("\n"), new.split("\n")
    return old[:-1].split("\n"), new.removesuffix("\n").split("\n") if new else []


def _apart(places: Sequence[Place]) -> list[Place]:
    kept: list[Place] = []
    for place in places:
        if not kept or place.start >= kept[-1].stop:
            kept.append(place)
    return kept
