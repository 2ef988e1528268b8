"""How stale a keeper is, reckoned anew from clocks and counts that are kept: a restart changes nothing.

    points = 60 x days since it was made, used or brought back / SPAN, at most 60
           + 25 x files that changed since / files that it speaks of
           + 25 x useless / (useful + useless)

SPAN is 28 days, and 7 more for each time it was useful, at most 56 more. Fresh is under 25 points, warm under
60, stale from there on. After twice its SPAN without use it is archived by itself. An archived one, whoever
archived it, is still found, counts a little less, and is back when it is used.
"""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.keeper import KeeperState
from loomkin.store.keepers import KeeperLine

DAY = 86_400.0
SPAN, LONGER, LONGEST = 28.0, 7.0, 56.0
IDLE, CHANGED, USELESS = 60.0, 25.0, 25.0
FRESH, WARM = 25.0, 60.0


class State(StrEnum):
    """Which keepers are worth offering."""

    FRESH = "fresh"
    WARM = "warm"
    STALE = "stale"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Standing:
    """A keeper's state, its points and what they are made of; `idle` are days."""

    state: State
    points: float
    idle: float
    of_idle: float
    of_files: float
    of_votes: float
    by_hand: bool = False


def standing(line: KeeperLine, changed: int, now: float) -> Standing:
    """How a keeper stands with so many changed files."""
    back = line.moved_at if line.moved is KeeperState.ACTIVE else 0.0
    touched = max(line.made, line.used, back)
    idle = max(0.0, now - touched) / DAY
    span = SPAN + min(LONGEST, LONGER * line.useful)
    of_idle = IDLE * min(1.0, idle / span)
    of_files = CHANGED * changed / line.files if line.files else 0.0
    votes = line.useful + line.useless
    of_votes = USELESS * line.useless / votes if votes else 0.0
    points = of_idle + of_files + of_votes
    put_away = line.moved is KeeperState.ARCHIVED and line.used <= line.moved_at
    if put_away or idle >= 2 * span:
        state = State.ARCHIVED
    else:
        state = State.FRESH if points < FRESH else State.WARM if points < WARM else State.STALE
    return Standing(state, points, idle, of_idle, of_files, of_votes, put_away)


def in_words(one: Standing, person: str = "the person") -> str:
    """The state with its arithmetic; `person` is how the reader calls who archives keepers."""
    if one.by_hand:
        return f"{one.state} by {person}"
    return (
        f"{one.state}: {one.points:.0f} points = {one.of_idle:.0f} for {one.idle:.0f} days without use"
        f" + {one.of_files:.0f} for changed files + {one.of_votes:.0f} for being useless"
    )
