"""What waits for what: cycles, what is still missing, and the priority that a task inherits."""

from collections.abc import Collection, Mapping

from loomkin.records.ids import TaskId
from loomkin.records.task import ENDED, Edge, EdgeKind, Task, TaskState

Tasks = Mapping[TaskId, Task]
BROKEN = frozenset((TaskState.FAILED, TaskState.CANCELLED))


def satisfied(edge: Edge, before: Task) -> bool:
    """Whether the later task has what it needs of the earlier one; the end of a task satisfies all."""
    if before.state is TaskState.DONE:
        return True
    if edge.kind is EdgeKind.MILESTONE:
        return edge.name in before.milestones
    return edge.kind is EdgeKind.PARTIAL and bool(before.partials)


def missing(tasks: Tasks, needs: Collection[Edge]) -> list[Edge]:
    """Those of the edges that lead to one task which still hold it back."""
    return [edge for edge in needs if not satisfied(edge, tasks[edge.before])]


def broken(tasks: Tasks, needs: Collection[Edge]) -> list[Edge]:
    """Those which hold it back and never can be satisfied, as the earlier task has failed."""
    return [edge for edge in missing(tasks, needs) if tasks[edge.before].state in BROKEN]


def cycle(edge: Edge, edges: Collection[Edge]) -> list[TaskId]:
    """The circle that an edge would close, from its later task back to it; empty where there is none.

    A depth-first walk along what waits for what.
    """
    if edge.before == edge.after:
        return [edge.after, edge.after]
    followers: dict[TaskId, list[TaskId]] = {}
    for one in edges:
        followers.setdefault(one.before, []).append(one.after)
    stack, seen = [[edge.after]], {edge.after}
    while stack:
        path = stack.pop()
        for task in followers.get(path[-1], ()):
            if task == edge.before:
                return [*path, task, edge.after]
            if task not in seen:
                seen.add(task)
                stack.append([*path, task])
    return []


def priorities(tasks: Tasks, edges: Collection[Edge]) -> dict[TaskId, int]:
    """The priority of every task: its own, or that of the most urgent open task that waits for it.

    Computed from nothing each time, so that what was inherited is given back by itself.
    """
    found = {task.id: task.priority for task in tasks.values()}
    waiting = [edge for edge in edges if _pulls(edge, tasks)]
    changed = True
    while changed:
        changed = False
        for edge in waiting:
            if found[edge.after] > found[edge.before]:
                found[edge.before] = found[edge.after]
                changed = True
    return found


def _pulls(edge: Edge, tasks: Tasks) -> bool:
    before, after = tasks[edge.before], tasks[edge.after]
    return before.state not in ENDED and after.state not in ENDED and not satisfied(edge, before)
