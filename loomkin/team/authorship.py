"""Whose lines are whose in a file that several agents changed, from the versions between their changes."""

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

from loomkin.project.text import sha_of
from loomkin.records.dataclass import dataclass
from loomkin.records.event import FileChanged
from loomkin.team.footprints import Step

SOMEBODY = Step("", "", FileChanged("", "", "", "", 0, 0, ""))
"""The change that no agent is known to have made."""
Mine = Callable[[Step], bool]
Known = Callable[[str], str | None]


@dataclass(slots=True)
class _Line:
    """A line that is or was in the file; steps are None where it was there before all of them."""

    text: str
    added: Step | None = None
    removed: Step | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """What a file would hold without one's own changes, and how many lines each other agent changed."""

    without: str
    others: dict[str, tuple[int, int]]

    @property
    def words(self) -> str:
        """Who else changed how much; empty where nobody did."""
        told = ", ".join(f"{name} +{added} -{removed}" for name, (added, removed) in self.others.items())
        return f"; {told} in other lines, not shown" if told else ""


class Lines:
    """Replays changes of one file and keeps who added and who removed each line.

    `touched` is set where one's own lines were changed by others, `changed` where one changed any oneself.
    """

    def __init__(self, text: str, mine: Mine) -> None:
        self._lines = [_Line(line) for line in text.splitlines()]
        self._mine = mine
        self._text = text
        self.touched = self.changed = False

    def replay(self, steps: Iterable[Step], known: Known, now: str) -> bool:
        """Follow the steps to what the file holds now; False where a version between them is forgotten."""
        unseen: list[Step] = []
        for step in steps:
            change = step.change
            if not change.call_id:
                unseen.append(step)
                continue
            before, after = known(change.before), known(change.after)
            after = now if after is None and sha_of(now.encode()) == change.after else after
            if before is None or after is None:
                return False
            self._apply(before, _sole(unseen))
            self._apply(after, step)
            unseen = []
        self._apply(now, _sole(unseen))
        return True

    def shares(self) -> Shares:
        """Parts the changes into one's own and those of others."""
        others: dict[str, tuple[int, int]] = {}
        for line in self._lines:
            step = line.added or line.removed
            if step is None or self._mine(step) or (line.added and line.removed):
                continue
            added, removed = others.get(step.agent, (0, 0))
            others[step.agent] = (added + bool(line.added), removed + bool(line.removed))
        kept = [line.text for line in self._lines if self._there_without(line)]
        return Shares("".join(f"{line}\n" for line in kept), others)

    def _there_without(self, line: _Line) -> bool:
        added = line.added is not None and self._mine(line.added)
        removed = line.removed is not None and not self._mine(line.removed)
        return not added and not removed

    def _apply(self, text: str, step: Step) -> None:
        if text == self._text:
            return
        self._text, new = text, text.splitlines()
        self.changed |= self._mine(step)
        living = [index for index, line in enumerate(self._lines) if line.removed is None]
        old = [self._lines[index].text for index in living]
        for first, last, lines in reversed(_edits(old, new)):
            for index in living[first:last]:
                self._note(step, self._lines[index])
                self._lines[index].removed = step
            if lines and 0 < first == last < len(living):
                self._note(step, self._lines[living[first - 1]], self._lines[living[first]])
            at = living[last - 1] + 1 if last else 0
            self._lines[at:at] = [_Line(line, step) for line in lines]

    def _note(self, step: Step, *lines: _Line) -> None:
        """Somebody else took out one's own line, or put something between two of them."""
        own = all(line.added is not None and self._mine(line.added) for line in lines)
        self.touched |= own and not self._mine(step)


def _sole(steps: Sequence[Step]) -> Step:
    """Who made a change between known versions: whose command it was, where only one agent ran any."""
    return steps[-1] if len({one.agent for one in steps}) == 1 else SOMEBODY


def _edits(old: list[str], new: list[str]) -> list[tuple[int, int, list[str]]]:
    """Which lines of the old text become which new ones."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    return [
        (start + first, start + last, right[begin:stop])
        for tag, first, last, begin, stop in SequenceMatcher(None, left, right).get_opcodes()
        if tag != "equal"
    ]
