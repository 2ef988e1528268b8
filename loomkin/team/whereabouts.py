"""Where a task stands, in one line: its state, who has it, what it waits for."""

from loomkin.records.task import ENDED, Task, TaskState
from loomkin.team.board import Board
from loomkin.team.board_guards import waits_words
from loomkin.team.referee import UNDECIDED
from loomkin.team.team import Team

LONGEST = 160


class Whereabouts:
    """Says it from the plan as it is; what was said of a task before only where it still holds."""

    def __init__(self, board: Board, team: Team) -> None:
        self._board = board
        self._team = team

    def __call__(self, task: Task) -> str:
        """One sentence."""
        owner = f" with {task.owner}" if task.owner else ""
        told = self._told(task)
        more = f": {told.rstrip('. ')}" if told else ""
        return f"{task.id} ({task.title}) is {task.state.replace('_', ' ')}{owner}{more}."

    def _told(self, task: Task) -> str:
        waits = waits_words(self._board.plan, task.id)
        if task.state is TaskState.PROPOSED:
            return waits
        if task.state is TaskState.READY:
            return self._next(task)
        if task.state is TaskState.OFFERED:
            return "it comes first, or after what is in hand"
        if task.state is TaskState.WAITING:
            return waits or _line(task.reason)
        undecided = task.state is TaskState.IN_REVIEW and task.reason.startswith(UNDECIDED)
        return _line(task.reason) if undecided or task.state in ENDED else ""

    def _next(self, task: Task) -> str:
        """Who will have a task that is ready, as far as one can see."""
        there = [one for one in self._team.members if one.open]
        if any(one.name == task.owner for one in there):
            return "it is offered to its owner"
        mine = [one for one in there if one.seat.role.name == task.role and not one.hosted]
        free = [one.name for one in mine if not one.active and self._board.in_hand(one.name) is None]
        if free:
            return (
                f"it is offered to {free[0]}" if len(free) == 1 else f"it is offered to {' or '.join(free)}"
            )
        if not task.role:
            return "it goes to whoever can do it and is free"
        busy = f"; {', '.join(one.name for one in mine)} {'has' if len(mine) == 1 else 'have'} other work"
        return f"it waits for a free {task.role}, or for one to be hired{busy if mine else ''}"


def _line(reason: str) -> str:
    line = reason.strip().partition("\n")[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
