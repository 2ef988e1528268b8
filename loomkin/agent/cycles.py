"""Noticing that an agent repeats itself: same calls with same results, or edits that go to and fro."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from enum import IntEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.message import ToolCall, ToolResult
from loomkin.records.regex import pattern

LONGEST_CYCLE = 4
_MEASURED = pattern(
    r"\b\d+\.\d+ ?(?:µs|us|ms|s|secs?|seconds?)\b|\bout\d+\b|\b0x[0-9a-f]{6,16}\b", re.IGNORECASE
)


class Rung(IntEnum):
    """What to do about it."""

    REMIND = 1
    INSIST = 2
    STOP = 3


RUNGS = ((3, Rung.REMIND), (5, Rung.INSIST), (7, Rung.STOP))


@dataclass(frozen=True, slots=True)
class Repetition:
    """A pattern that came `times` times; `pattern` names it for people and models."""

    rung: Rung
    pattern: str
    times: int


class Cycles:
    """Remembers the steps of a turn.

    A step's signature is its calls with arguments and results, so that polling a log that grows is no
    repetition; durations, addresses and numbers of outputs differ in every run and are passed over. Cycles
    of up to four steps count (A-B-A-B is one of two steps).
    """

    def __init__(self) -> None:
        self._steps: list[str] = []
        self._names: list[str] = []
        self._reached = 0
        self._hashes: defaultdict[str, list[str]] = defaultdict(list)
        self._returns: defaultdict[str, int] = defaultdict(int)

    def note(self, calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> Repetition | None:
        """Take one step; the answer is a repetition that just reached a rung."""
        text = "\0".join(f"{call.name} {call.arguments}" for call in calls)
        outcome = "\0".join(_MEASURED.sub("#", result.text) for result in results)
        self._steps.append(hashlib.sha256(f"{text}\1{outcome}".encode("utf-8", "replace")).hexdigest())
        self._names.append(", ".join(call.name for call in calls))
        found = max(
            ((self._times(period), -period) for period in range(1, LONGEST_CYCLE + 1)), default=(0, 0)
        )
        times, period = found[0], -found[1]
        rung = max((rung for least, rung in RUNGS if times >= least), default=None)
        if rung is None or rung <= self._reached:
            self._reached = rung or 0
            return None
        self._reached = rung
        return Repetition(rung, " then ".join(self._names[-period:]), times)

    def changed(self, path: str, before: str, after: str) -> Repetition | None:
        """Take one change of a file, by its hashes; the answer is a to-and-fro that reached a rung."""
        seen = self._hashes[path]
        if not seen:
            seen.append(before)
        returned = after in seen[:-1]
        seen.append(after)
        if not returned:
            return None
        self._returns[path] += 1
        rung = {2: Rung.REMIND, 4: Rung.INSIST, 6: Rung.STOP}.get(self._returns[path])
        return (
            Repetition(rung, f"edits of {path} that undo each other", self._returns[path]) if rung else None
        )

    def _times(self, period: int) -> int:
        block = self._steps[-period:]
        if period > 1 and len(set(block)) == 1:
            return 0
        times, end = 0, len(self._steps)
        while end >= period and self._steps[end - period : end] == block:
            times, end = times + 1, end - period
        return times


def reminder(found: Repetition) -> str:
    """What the agent is told."""
    said = (
        f"Note from loomkin: you have repeated the same step {found.times} times ({found.pattern}), "
        "with the same result."
    )
    if found.rung is Rung.REMIND:
        return (
            f"{said} Repeating it will not change that. Look at the last result again and try something else."
        )
    return (
        f"{said} At {RUNGS[-1][0]} times this run is stopped. Take a different approach now, or end with an "
        "answer that says what you tried, what you found and what is open."
    )
