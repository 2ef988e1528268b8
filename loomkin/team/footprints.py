"""What has been changed for each task, as the tools that change files told it."""

from collections.abc import Iterable

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, FileChanged
from loomkin.records.task import Task
from loomkin.team.practice import Practice

MOST_CHARS = 16_000
_UNKNOWN = "(written by a command: read it)"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one file, who made it, and for which task."""

    agent: str
    task: str
    change: FileChanged
    at: float = 0.0


class Footprints(Practice):
    """Hears of every changed file; a task's are those made while somebody had it in hand."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def restore(self, log: Iterable[Event]) -> None:
        """Go on with what an earlier process wrote down."""
        for event in log:
            self.happened(event)

    def happened(self, event: Event) -> None:
        """A file may have changed."""
        if isinstance(event.fact, FileChanged):
            self._steps.append(Step(event.agent, event.task, event.fact, event.at))

    def wrote(self, agent: str, task: str, path: str, at: float) -> None:
        """A command of an agent changed a file, nobody knows how."""
        self._steps.append(Step(agent, task, FileChanged("", path, "", "", 0, 0, _UNKNOWN), at))

    def last(self, path: str) -> Step | None:
        """The newest change of a file."""
        return next((step for step in reversed(self._steps) if step.change.path == path), None)

    def steps(self, task: Task) -> list[Step]:
        """The changes made for a task, oldest first."""
        return [step for step in self._steps if step.task == task.id]

    def paths(self, task: Task) -> tuple[str, ...]:
        """The files that were changed for a task, and those that its owner names as changed."""
        named = task.handoff.changed if task.handoff else ()
        return tuple(dict.fromkeys((*(step.change.path for step in self.steps(task)), *named)))

    def lines(self, task: Task) -> int:
        """How many lines were added and removed for a task."""
        return sum(step.change.added + step.change.removed for step in self.steps(task))

    def since(self, count: int) -> list[Step]:
        """The changes after the first `count` of all."""
        return self._steps[count:]

    def __len__(self) -> int:
        return len(self._steps)

    def diff(self, task: Task) -> str:
        """The changes of a task as diffs, cut where they are long, and files that changed by other means."""
        steps = self.steps(task)
        shown = {step.change.path for step in steps}
        other = [path for path in self.paths(task) if path not in shown]
        parts = [diff_of(steps), f"Changed by other means, read them: {', '.join(other)}" if other else ""]
        return "\n".join(part for part in parts if part) or "No changed file is known."


def diff_of(steps: Iterable[Step]) -> str:
    """Changes as diffs, oldest first; those beyond 16,000 characters are counted only."""
    parts, left, cut = [], MOST_CHARS, 0
    for step in steps:
        change = step.change
        text = f"--- {change.path} (+{change.added} -{change.removed}, by {step.agent})\n{change.diff}"
        if len(text) > left:
            cut += 1
            continue
        left -= len(text)
        parts.append(text)
    if cut:
        parts.append(f"{cut} more changes are too long for here: see them with git_read diff.")
    return "\n".join(parts)
