"""Reads the state table: who may do what to a task now, why not, and what the plan's own rules ask for."""

from collections.abc import Callable

from loomkin.errors import LoomkinError
from loomkin.records.mail import PERSON, SYSTEM
from loomkin.records.task import ENDED, OnFailure, Task, TaskState
from loomkin.team import edges
from loomkin.team.board_guards import HOLDS, in_hand, unmet_words
from loomkin.team.plan import Plan
from loomkin.team.transitions import Actor, Guard, Transition, Verb, rows

NEEDS = "needs "
"""A task whose reason to wait begins with this goes on by itself once it has what it needs."""
MEND = "to be mended: "
"""A refused task whose reason to wait begins with this goes on by itself once its owner is free."""
ASIDE = "behind "
"""So does one that its owner laid aside for another one."""
UNDECIDED = "undecided: "
"""A task in review whose reason begins with this could not be verified; its creator decides."""
RUNNING = (TaskState.IN_PROGRESS, TaskState.PARTIALLY_AVAILABLE)


def goes_on(task: Task) -> bool:
    """Whether a task that waits goes on by itself, without anybody saying so."""
    return task.reason.startswith((NEEDS, MEND, ASIDE))


def found_words(task: Task) -> str:
    """What a review found that is to be mended, empty where it waits for another reason."""
    return task.reason if task.reason.startswith(MEND) else ""


class PlanError(LoomkinError):
    """The plan cannot be changed like this."""


class Referee:
    """Knows the table and the plan; `leads` says whether an agent may do what else only a creator may."""

    def __init__(self, plan: Plan, leads: Callable[[str], bool]) -> None:
        self._plan = plan
        self._leads = leads

    def capacities(self, task: Task, by: str) -> set[Actor]:
        """In what capacities somebody may act on a task."""
        found = {Actor.AGENT}
        if by == task.owner:
            found.add(Actor.OWNER)
        elif by not in (PERSON, SYSTEM):
            found.add(Actor.REVIEWER)
        if by in (task.creator, PERSON) or self._leads(by):
            found.add(Actor.LEAD)
        return found

    def row(self, task: Task, verb: Verb, by: str, role: Actor | None, owner: str) -> Transition:
        """The transition that `by` may make; raises PlanError with why there is none.

        `role` is the capacity of who acts, None to find it out; `owner` is who has the task afterwards.
        """
        if verb is Verb.APPROVE and by == task.owner:
            raise PlanError(f"{task.id} is {by}'s own work; somebody else must approve it.")
        found = rows(task.state, verb)
        if not found:
            raise PlanError(f"{task.id} is {task.state}: one cannot say now that it {verb}.")
        acting = {role} if role else self.capacities(task, by)
        allowed = [row for row in found if acting & set(row.actors)]
        if not allowed:
            who = " or ".join(dict.fromkeys(actor for row in found for actor in row.actors))
            owned = f"{task.id} is owned by {task.owner or 'nobody'} and was created by {task.creator}."
            raise PlanError(f"Only its {who} may say that {task.id} {verb}.", hint=owned)
        for row in allowed:
            if all(HOLDS[guard](self._plan, task, owner) for guard in row.guards):
                return row
        raise PlanError(self._why(task, allowed[0], owner))

    def due(self) -> tuple[Task, Verb, str] | None:
        """The next move that the plan itself asks for, with the reason; None once all is settled."""
        for task in self._plan.tasks.values():
            if task.state not in ENDED and (found := self._due(task)) is not None:
                return task, *found
        return None

    def _due(self, task: Task) -> tuple[Verb, str] | None:
        for edge in edges.broken(self._plan.tasks, self._plan.needs(task.id)):
            if edge.on_failure is OnFailure.CANCEL:
                before = self._plan.tasks[edge.before]
                return Verb.CANCEL, f"{before.id} ({before.title}) {before.state}"
        needs = unmet_words(self._plan, task.id)
        if task.state is TaskState.PROPOSED:
            return None if needs else (Verb.READY, "")
        if task.state in (TaskState.READY, TaskState.OFFERED):
            return (Verb.HOLD, NEEDS + needs) if needs else None
        if task.state in RUNNING:
            return (Verb.WAIT, NEEDS + needs) if needs else None
        if task.state is TaskState.WAITING and goes_on(task) and not needs:
            held = in_hand(self._plan, task.owner)
            return (Verb.RESUME, found_words(task)) if held is None else None
        return None

    def _why(self, task: Task, row: Transition, owner: str) -> str:
        for guard in row.guards:
            if HOLDS[guard](self._plan, task, owner):
                continue
            if guard is Guard.MET:
                return f"{task.id} still needs {unmet_words(self._plan, task.id)}."
            held = in_hand(self._plan, owner)
            if guard is Guard.OWNER_FREE and held is not None:
                return f"{owner} works on {held.id} ({held.title}); {task.id} stays in the queue behind it."
            return f"{task.id} {row.verb} only where {guard}."
        return f"{task.id} cannot be moved like this."
