"""Which recorded change wrote a line: by its text where that tells, else by time and file."""

from collections.abc import Iterator, Sequence

from loomkin.provenance.blame import Commit, Line
from loomkin.records.dataclass import dataclass
from loomkin.records.regex import pattern
from loomkin.store import origins
from loomkin.store.database import Database
from loomkin.store.sessions import ChangeRow

NOW = 1e18
SECOND = 1.0
"""Commits know whole seconds only: what is in one may have happened so much later."""
_TELLING = pattern(r"\w\W*\w\W*\w")
_HUNK = pattern(r"@@ -\d+,\d+ \+(?P<start>\d+),\d+ @@")
_CUT = "... "


@dataclass(frozen=True, slots=True)
class Written:
    """A change that wrote a line; `sure` where it is known by the line's text."""

    change: ChangeRow
    sure: bool


def written(
    db: Database, lines: Sequence[Line], paths: Sequence[str], commit: Commit | None
) -> Written | None:
    """The recorded change behind lines of one commit, or behind ones that are not committed yet."""
    until = commit.at + SECOND if commit else NOW
    changes = origins.changes_of(db, paths, until)
    wanted = [line for line in lines if _TELLING.search(line.text)]
    for change in changes:
        added = _added(change.diff)
        if any(_same(line.text, text) for line in wanted for _, text in added):
            return Written(change, True)
        if _is_cut(change.diff) and any(_stands(db, change, line.text) for line in wanted):
            return Written(change, True)
    for change in changes:  # braces and the like: their place tells
        numbers = {
            number for number, text in _added(change.diff) if any(_same(text, one.text) for one in lines)
        }
        if not wanted and numbers.intersection(line.number for line in lines):
            return Written(change, True)
    since = commit.since if commit else 0.0
    near = [change for change in changes if change.at >= since]
    return Written(near[0], False) if near and commit else None


def _added(diff: str) -> list[tuple[int, str]]:
    """The lines that a change put in, with their numbers after it."""
    return list(_walk(diff))


def _walk(diff: str) -> Iterator[tuple[int, str]]:
    number = 0
    for line in diff.split("\n"):
        if match := _HUNK.match(line):
            number = int(match["start"])
        elif line.startswith("+"):
            yield number, line[1:]
            number += 1
        elif line.startswith(" "):
            number += 1


def _same(one: str, other: str) -> bool:
    """Whether two lines say the same; a diff shows long ones cut."""
    left, right = one.strip(), other.strip()
    if right.endswith("...") and len(right) > 300:
        return left.startswith(right[:-3])
    return left == right


def _is_cut(diff: str) -> bool:
    return diff.rpartition("\n")[2].startswith(_CUT)


def _stands(db: Database, change: ChangeRow, line: str) -> bool:
    """Whether a line stands in the call of which the diff shows only a part."""
    wanted = line.strip()
    return any(
        wanted == one.strip().removeprefix("+").strip()
        for text in origins.arguments(db, change)
        for one in text.split("\n")
    )
