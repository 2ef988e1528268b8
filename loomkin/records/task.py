"""The plan's nouns: tasks, what they wait for, what proves them, what they hand on."""

from enum import StrEnum

from loomkin.records.dataclass import dataclass
from loomkin.records.ids import TaskId
from loomkin.records.role import Tier


class TaskState(StrEnum):
    """Where a task stands; `team/transitions.py` says how it gets from one to another."""

    PROPOSED = "proposed"
    READY = "ready"
    OFFERED = "offered"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    PARTIALLY_AVAILABLE = "partially_available"
    VERIFYING = "verifying"
    IN_REVIEW = "in_review"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset((TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED))
RUNNING = frozenset((TaskState.IN_PROGRESS, TaskState.PARTIALLY_AVAILABLE))


class EdgeKind(StrEnum):
    """What the later task needs of the earlier one.

    blocks: its end. requires_output: its end and its handoff. milestone: a named point on the way.
    partial: its first partial result.
    """

    BLOCKS = "blocks"
    REQUIRES_OUTPUT = "requires_output"
    MILESTONE = "milestone"
    PARTIAL = "partial"


class OnFailure(StrEnum):
    """What happens to the later task when the earlier one fails or is cancelled."""

    CANCEL = "cancel"
    WAIT = "wait"
    REPLAN = "replan"


@dataclass(frozen=True, slots=True)
class Edge:
    """The task `after` needs something of the task `before`; `name` is the milestone's."""

    before: TaskId
    after: TaskId
    kind: EdgeKind = EdgeKind.BLOCKS
    name: str = ""
    on_failure: OnFailure = OnFailure.REPLAN


@dataclass(frozen=True, slots=True)
class Handoff:
    """What an agent leaves to whoever goes on: six answers in words, `changed` are paths."""

    done: str = ""
    found: str = ""
    changed: tuple[str, ...] = ()
    decided: str = ""
    open: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A command that was run for a task, by whom, and how it ended; `tree` names the state of the files.

    A `flaky` one failed first and passed when it was run again at once.
    """

    command: str
    exit_code: int
    output: str
    by: str
    at: float
    tree: str = ""
    output_id: str = ""
    flaky: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A check that was taken away from a task, and by whom."""

    command: str
    by: str


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work.

    `checks` are shell commands that must succeed; `role` is who should do it, `owner` who does; `budget` is
    in picodollars, None for none of its own; `priority` counts from 0 (someday) to 9 (now); `regions` are
    paths, `path:symbol` or `path:first-last` that it means to change; `needs_review` asks for a reviewer;
    `goal` is the goal of the decision graph that it serves, such as d1.
    """

    id: TaskId
    title: str
    description: str = ""
    creator: str = ""
    checks: tuple[str, ...] = ()
    role: str = ""
    owner: str = ""
    tier: Tier | None = None
    budget: int | None = None
    priority: int = 5
    regions: tuple[str, ...] = ()
    needs_review: bool = False
    parent: TaskId = TaskId("")
    state: TaskState = TaskState.PROPOSED
    reason: str = ""
    handoff: Handoff | None = None
    evidence: tuple[Evidence, ...] = ()
    milestones: tuple[str, ...] = ()
    partials: tuple[str, ...] = ()
    attempts: int = 0
    goal: str = ""
    withdrawn: tuple[Withdrawn, ...] = ()

    @property
    def proofs(self) -> tuple[Evidence, ...]:
        """What was run for it and still counts: checks that were taken away do not."""
        gone = {one.command for one in self.withdrawn}
        return tuple(one for one in self.evidence if one.command not in gone)

    @property
    def claimed(self) -> bool:
        """Whether nothing but its owner's word says that it is done."""
        return self.state is TaskState.DONE and all(one.exit_code != 0 for one in self.proofs)
