"""What the letters of the plan say: of moves that somebody else made, and what can be done."""

from collections.abc import Iterator

from loomkin.records.mail import SYSTEM
from loomkin.records.task import OnFailure, Task, TaskState
from loomkin.records.team_event import TaskMoved
from loomkin.team.board_guards import HELD
from loomkin.team.orders import in_short, in_words, proof_words


def handed_on(task: Task, judged: bool) -> str:
    """What the owner of a task handed on; in short where a reviewer has read and judged all of it."""
    by = f"By {task.owner}:\n" if task.owner else ""
    if task.handoff is None:
        return ""
    return by + (in_short(task) if judged else f"{in_words(task.handoff)}\n{proof_words(task)}")


def for_owner(fact: TaskMoved, task: Task, last: str) -> Iterator[str]:
    """What the last owner of a task hears of a move that somebody else made."""
    named = f"{task.id} ({task.title})"
    why = f": {fact.reason.rstrip('. ')}" if fact.reason else ""
    taken = fact.before in HELD and fact.after in (TaskState.READY, TaskState.CANCELLED, TaskState.FAILED)
    if taken and fact.actor not in (SYSTEM, last):
        yield f"{named} is no longer yours, it is {fact.after} by {fact.actor}{why}. Stop working on it."
    if fact.before in HELD and fact.after is TaskState.WAITING and fact.actor == SYSTEM:
        yield f"{named} {fact.reason} and has to wait. Leave it as it is and end your turn: mail wakes you."


HOW = (
    "Decide: task_update to revise, cancel or reopen, task_depend to remove a dependency, task_offer to name "
    "an owner, task_create for what is missing; or end your turn and say what stays open."
)
POLICY = {
    OnFailure.CANCEL: "is cancelled.",
    OnFailure.WAIT: "waits until it is reopened or the dependency is removed.",
    OnFailure.REPLAN: "must be planned anew: remove the dependency, give it another, or cancel it.",
}
