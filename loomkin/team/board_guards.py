"""The guards of the state table as functions of the plan."""

from collections.abc import Callable, Mapping

from loomkin.records.ids import TaskId
from loomkin.records.task import Edge, Task, TaskState
from loomkin.team.edges import missing
from loomkin.team.plan import Plan
from loomkin.team.transitions import Guard

MOST_TRIES = 3
HELD = frozenset((TaskState.IN_PROGRESS, TaskState.PARTIALLY_AVAILABLE, TaskState.VERIFYING))


def in_hand(plan: Plan, agent: str) -> Task | None:
    """The one task that an agent works on now."""
    held = (task for task in plan.tasks.values() if task.owner == agent and task.state in HELD)
    return next(held, None)


def _met(plan: Plan, task: Task, owner: str) -> bool:
    return not missing(plan.tasks, plan.needs(task.id))


def _free(plan: Plan, task: Task, owner: str) -> bool:
    held = in_hand(plan, owner)
    return held is None or held.id == task.id


def _handed(plan: Plan, task: Task, owner: str) -> bool:
    return task.handoff is not None and bool(task.handoff.done.strip())


Holds = Callable[[Plan, Task, str], bool]
HOLDS: Mapping[Guard, Holds] = {
    Guard.NONE: lambda plan, task, owner: True,
    Guard.MET: _met,
    Guard.UNMET: lambda plan, task, owner: not _met(plan, task, owner),
    Guard.OWNER_FREE: _free,
    Guard.OWNER_BUSY: lambda plan, task, owner: not _free(plan, task, owner),
    Guard.HANDOFF: _handed,
    Guard.NO_REVIEW: lambda plan, task, owner: not task.needs_review,
    Guard.REVIEW: lambda plan, task, owner: task.needs_review,
    Guard.TRIES_LEFT: lambda plan, task, owner: task.attempts + 1 < MOST_TRIES,
    Guard.TRIES_SPENT: lambda plan, task, owner: task.attempts + 1 >= MOST_TRIES,
}


def unmet_words(plan: Plan, task: TaskId) -> str:
    """What a task still needs, in words."""
    return ", ".join(needs_words(plan, edge) for edge in missing(plan.tasks, plan.needs(task)))


def waits_words(plan: Plan, task: TaskId) -> str:
    """What a task that is not begun waits for, and who has that; empty where nothing is missing."""
    found = []
    for edge in missing(plan.tasks, plan.needs(task)):
        before = plan.tasks[edge.before]
        what = {
            "milestone": f"the milestone {edge.name} of ",
            "partial": "the first partial result of ",
        }.get(edge.kind, "the end of ")
        found.append(f"{what}{before.id} ({before.owner or before.role or before.title}, {before.state})")
    return f"it waits for {' and '.join(found)}" if found else ""


def needs_words(plan: Plan, edge: Edge) -> str:
    """What one edge asks for, in words."""
    before = plan.tasks[edge.before]
    what = {"milestone": f"milestone {edge.name} of ", "partial": "a partial result of "}.get(edge.kind, "")
    return f"{what}{before.id} ({before.title}, {before.state})"
