"""What has been changed for each task, as the tools that change files told it."""

from collections.abc import Iterable

from loomkin.records.dataclass import dataclass
from loomkin.records.event import Event, FileChanged
from loomkin.records.task import Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.team.practice import Practice

MOST_CHARS = 16_000
_UNKNOWN = "(written by a command: read it)"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one file, who made it, and for which task.

    It is also for each refused task of who made it that had changed that file before.
    """

    agent: str
    task: str
    change: FileChanged
    at: float = 0.0
    mends: tuple[str, ...] = ()


class Footprints(Practice):
    """Hears of every changed file; a task's are those made while somebody had it in hand."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._refused: dict[str, str] = {}

    def restore(self, log: Iterable[Event]) -> None:
        """Go on with what an earlier process wrote down."""
        for event in log:
            self.happened(event)

    def happened(self, event: Event) -> None:
        """A file may have changed."""
        if isinstance(event.fact, FileChanged):
            self._add(event.agent, event.task, event.fact, event.at)
        elif isinstance(event.fact, TaskMoved):
            self._moved(event.fact)

    def wrote(self, agent: str, task: str, path: str, at: float) -> None:
        """A command of an agent changed a file, nobody knows how."""
        self._add(agent, task, FileChanged("", path, "", "", 0, 0, _UNKNOWN), at)

    def _moved(self, fact: TaskMoved) -> None:
        """A task was refused in review, or is out of its owner's hands again."""
        if fact.after not in (TaskState.IN_PROGRESS, TaskState.WAITING):
            self._refused.pop(fact.task, None)
        elif fact.before is TaskState.IN_REVIEW:
            self._refused[fact.task] = fact.owner

    def _add(self, agent: str, task: str, change: FileChanged, at: float) -> None:
        mends = tuple(
            other
            for other, owner in self._refused.items()
            if owner == agent and other != task and self._touched(other, change.path)
        )
        self._steps.append(Step(agent, task, change, at, mends))

    def _touched(self, task: str, path: str) -> bool:
        return any(step.change.path == path and step.task == task for step in self._steps)

    @property
    def count(self) -> int:
        """How many changes there were, for whatever task."""
        return len(self._steps)

    def last(self, path: str) -> Step | None:
        """The newest change of a file."""
        return next((step for step in reversed(self._steps) if step.change.path == path), None)

    def authors(self, path: str) -> tuple[str, ...]:
        """Who changed a file, for whatever task, the first first."""
        return tuple(dict.fromkeys(step.agent for step in self._steps if step.change.path == path))

    def steps(self, task: Task) -> list[Step]:
        """The changes made for a task, oldest first."""
        return [step for step in self._steps if task.id == step.task or task.id in step.mends]

    def history(self, path: str, since: int = 0, until: int | None = None) -> list[Step]:
        """The changes of a file for whatever task, of those after the first `since`."""
        return [step for step in self._steps[since:until] if step.change.path == path]

    def mine(self, task: Task, step: Step) -> bool:
        """Whether a change is not known to be work on something else than this task."""
        if task.id == step.task or task.id in step.mends or not step.agent:
            return True
        return step.agent == task.owner and not step.task

    def paths(self, task: Task) -> tuple[str, ...]:
        """The files that were changed for a task, and those that its owner names as changed."""
        named = task.handoff.changed if task.handoff else ()
        return tuple(dict.fromkeys((*(step.change.path for step in self.steps(task)), *named)))

    def lines(self, task: Task) -> int:
        """How many lines were added and removed for a task."""
        return sum(step.change.added + step.change.removed for step in self.steps(task))
