"""A long diff made fit for a model: file by file, with the names of the files that are left out."""

import re
from collections.abc import Sequence

from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern

TOLERANCE = 1.1
"""What is longer than its limit by less than this is shown nevertheless."""
WORTH = 1500
"""Characters of room in which the beginning of a file that does not fit is still shown."""
_FILE = pattern(r"^diff --(?:git \"?a/.* \"?b/|cc \"?|combined \"?)(.*?)\"?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a diff says of one file."""

    path: str
    text: str

    def __str__(self) -> str:
        lines = self.text.splitlines()[1:]
        added, removed = (
            sum(line.startswith(sign) and not line.startswith(f"{sign * 3} ") for line in lines)
            for sign in "+-"
        )
        return f"{self.path} (+{added} -{removed})"


def pieces(diff: str) -> tuple[str, tuple[Piece, ...]]:
    """What stands before the first file of a diff of git, and the diff of each file."""
    found = list(_FILE.finditer(diff))
    if not found:
        return diff, ()
    ends = [*(one.start() for one in found[1:]), len(diff)]
    files = (Piece(one[1], diff[one.start() : end]) for one, end in zip(found, ends, strict=True))
    return diff[: found[0].start()], tuple(files)


def fits(files: Sequence[Piece], most: int) -> bool:
    """Whether diffs of files are shown without leaving anything out."""
    return sum(len(one.text) + 1 for one in files) <= most * TOLERANCE


def fitted(files: Sequence[Piece], most: int, hint: str) -> str:
    """The diffs of files in at most so many characters, the shortest before longer ones, in their order.

    Those that do not fit are named with `hint`, which says how to see them; of the first as much is shown as
    there is room for.
    """
    if fits(files, most):
        return "\n".join(one.text.rstrip("\n") for one in files)
    room, shown = most, {}
    for at, one in sorted(enumerate(files), key=lambda pair: len(pair[1].text)):
        if len(one.text) + 1 > room:
            break
        room -= len(one.text) + 1
        shown[at] = one.text.rstrip("\n")
    left = [at for at in range(len(files)) if at not in shown]
    if room >= WORTH:
        shown[left[0]] = _begun(files[left[0]].text, room)
    named = ", ".join(str(files[at]) for at in left)
    return "\n".join([*(shown[at] for at in sorted(shown)), f"Not or not all shown: {named}. {hint}"])


def _begun(text: str, room: int) -> str:
    cut = text[: text.rfind("\n", 0, room) + 1 or room]
    return f"{cut.rstrip()}\n... {text[len(cut) :].count(chr(10)) + 1} more lines of this file"
