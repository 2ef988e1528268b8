"""Why an edit was refused, told so that the next attempt succeeds."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path

from loomkin.project.edit_lines import is_telling
from loomkin.project.edit_result import Refused, RefusedKind
from loomkin.project.edit_shift import indent_of, is_blank
from loomkin.project.edit_view import View, to_view
from loomkin.project.match import Ambiguous, file_lines
from loomkin.project.sight import Others
from loomkin.records.dataclass import dataclass

_SHOWN_LINES = 12
_SHOWN_WIDTH = 200
_LIKE_ENOUGH = 0.6
_COMPARED_LINES = 20_000
_AROUND = 10
_WRITE_BELOW = 300
_UNIQUE = "Add lines before or after it until it is unique, or set replace_all to change every place."


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known besides the texts: `changed` since the agent read it, `failures` before this one.

    `others` is there where all that changed is known line by line.
    """

    shown: str
    path: Path
    changed: bool
    read: bool
    failures: int
    changed_by: Callable[[Path], str] | None
    others: Others | None = None

    def who(self) -> str:
        """` (by ...)` where it is known who changed the file, else nothing."""
        name = self.changed_by(self.path) if self.changed_by else ""
        return f" (by {name})" if name else ""


def not_found(about: Circumstances, text: str, old: str, new: str, number: str = "") -> Refused:
    """The old text is not in the file: show what comes closest and where it first differs."""
    lines = file_lines(View(text))
    sent = to_view(old).strip("\n").split("\n")
    parts = [f"The old text{number} is not in {about.shown}."]
    place = _closest(lines, sent)
    if place is None:
        parts.append("Nothing in the file is like it.")
    else:
        stop = min(len(lines), place + len(sent))
        parts.append(f"The closest lines are {place + 1}-{stop}:\n{numbered(lines, place, stop)}")
        parts.append(_first_difference(lines, sent, place))
    at = _place_of(text, new)
    if at:
        parts.append(f"The new text is already there, at line {at}.")
    if "[redacted:" in old:
        parts.append("The mark [redacted:...] stands for a secret that is never shown; leave its line out.")
    if about.changed:
        parts.append(f"The file changed since you read it{about.who()}.")
    parts.append(_advice(about, place, len(sent), len(lines)))
    kind = RefusedKind.STALE if about.changed else RefusedKind.NOT_FOUND
    return Refused(kind, "\n".join(part for part in parts if part))


def already_there(text: str, old: str, new: str) -> int:
    """The line (from 1) at which an edit has been made before, 0 if it has not.

    The new text must be there, say enough to be no accident, and be what comes closest to the old text.
    """
    line = _place_of(text, new) if old != new else 0
    if not line:
        return 0
    sent, wanted = (to_view(one).strip("\n").split("\n") for one in (old, new))
    place = _closest(file_lines(View(text)), sent)
    if place is None or (place < line - 1 + len(wanted) and line - 1 < place + len(sent)):
        return line
    return 0


def ambiguous(
    about: Circumstances, text: str, found: Ambiguous, new: str, number: str = "", advice: str = _UNIQUE
) -> Refused:
    """The old text is in several places: name them all, and give `advice`."""
    many = len(found.lines)
    named = ", ".join(str(line) for line in found.lines[:50]) + (", ..." if many > 50 else "")
    how = "" if found.tier == "exact" else f" (matched by {found.tier})"
    parts = [f"The old text{number} is in {about.shown} {many} times{how}, at lines {named}."]
    at = _place_of(text, new)
    if at:
        parts.append(f"The new text is already there, at line {at}.")
    if about.changed:
        parts.append(f"The file changed since you read it{about.who()}.")
    parts.append(advice)
    return Refused(RefusedKind.STALE if about.changed else RefusedKind.AMBIGUOUS, "\n".join(parts))


def stale(about: Circumstances, how: str, number: str = "") -> Refused:
    """The file is not what the agent saw and the old text does not match it exactly once."""
    if about.read:
        first = f"{about.shown} changed since you read it{about.who()}"
    else:
        first = f"You have not read {about.shown}"
    return Refused(
        RefusedKind.STALE,
        f"{first}, and the old text{number} matches it {how}. Such a file is only edited where the old text "
        "matches exactly once. Read it again with file_read and repeat the edit on what it shows.",
    )


def numbered(lines: Sequence[str], start: int, stop: int) -> str:
    """Lines as file_read prints them, at most 12."""
    end = min(stop, start + _SHOWN_LINES)
    shown = [f"{number + 1:>6}\u2192{lines[number][:_SHOWN_WIDTH]}" for number in range(start, end)]
    if end < stop:
        shown.append(f"       ... {stop - end} more lines")
    return "\n".join(shown)


def _closest(lines: Sequence[str], sent: Sequence[str]) -> int | None:
    """The line (from 0) at which `sent` would begin: most equal lines, else the likest telling line."""
    where: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        where.setdefault(line.strip(), []).append(number)
    votes: Counter[int] = Counter()
    for number, line in enumerate(sent):
        text = line.strip()
        if text:
            for place in where.get(text, ())[:200]:
                votes[place - number] += min(len(text), 40)
    if votes:
        best, weight = min(votes.items(), key=lambda item: (-item[1], item[0]))
        if weight >= 4:
            return max(0, best)
    number, text = max(enumerate(sent), key=lambda item: len(item[1].strip()))
    text = text.strip()
    likest, place = _LIKE_ENOUGH, -1
    matcher = SequenceMatcher(None, "", text, autojunk=False)
    for at, line in enumerate(lines[:_COMPARED_LINES]):
        matcher.set_seq1(line.strip()[:400])
        if matcher.real_quick_ratio() > likest and matcher.quick_ratio() > likest:
            ratio = matcher.ratio()
            if ratio > likest:
                likest, place = ratio, at
    return max(0, place - number) if place >= 0 else None


def _first_difference(lines: Sequence[str], sent: Sequence[str], place: int) -> str:
    for step, line in enumerate(sent):
        if place + step >= len(lines):
            return f"The file ends at line {len(lines)}; lines that you sent after it: {len(sent) - step}."
        own = lines[place + step]
        if own == line:
            continue
        if is_blank(own) and is_blank(line):
            continue
        if own.lstrip() == line.lstrip():
            has, got = _indentation(own), _indentation(line)
            return (
                f"First difference: line {place + step + 1} is indented by {has} in the file, you sent {got}."
            )
        column = next(
            (at for at, pair in enumerate(zip(own, line, strict=False)) if pair[0] != pair[1]),
            min(len(own), len(line)),
        )
        has, got = _named(own, column), _named(line, column)
        return (
            f"First difference: line {place + step + 1}, column {column + 1}: file has {has}, you sent {got}."
        )
    return "It differs only in how its first or last line ends."


def _indentation(line: str) -> str:
    """The white space before a line in words."""
    runs = [
        f"{len(list(run))} {'TAB' if kind == chr(9) else 'space'}" for kind, run in groupby(indent_of(line))
    ]
    named = [run if run.startswith("1 ") else run + "s" for run in runs]
    return " and ".join(named) or "nothing"


def _named(line: str, column: int) -> str:
    """What stands at a column, so that it can be told from its look-alikes."""
    if column >= len(line):
        return "the end of the line"
    character = line[column]
    run = len(line) - column - len(line[column:].lstrip(character))
    if character == "\t":
        return "a TAB" if run == 1 else f"{run} TABs"
    if character == " ":
        return "a space" if run == 1 else f"{run} spaces"
    if " " < character <= "~":
        return repr(line[column : column + 20])
    name = unicodedata.name(character, "a control character")
    return f"{character!r} (U+{ord(character):04X} {name})"


def _place_of(text: str, new: str) -> int:
    """The line (from 1) of a new text that is already there, 0 if it is not or says too little."""
    wanted = to_view(new).strip("\n")
    if not is_telling(wanted):
        return 0
    view = View(text).text
    at = view.find(wanted)
    return 0 if at < 0 else view.count("\n", 0, at) + 1


def _advice(about: Circumstances, place: int | None, sent: int, size: int) -> str:
    failed = about.failures + 1
    if failed >= 3 and size < _WRITE_BELOW:
        return (
            f"This is failure {failed} on this file. It has {size} lines: read it with file_read, then write "
            "it whole with file_write."
        )
    around = ""
    if place is not None:
        around = f" lines {max(1, place + 1 - _AROUND)}-{min(size, place + sent + _AROUND)} of"
    if failed >= 2:
        return (
            f"This is failure {failed} on this file. Read{around} {about.shown} with file_read now and copy "
            "the old text from what it shows."
        )
    return "Copy the old text exactly as file_read shows it, without the line numbers" + (
        f"; if in doubt read{around} the file again." if around else f", or read {about.shown} first."
    )
