"""Closes a goal of the decision graph when every task that serves it is done and proved."""

from loomkin.decisions.desk import Desk, Who
from loomkin.errors import LoomkinError
from loomkin.records.decision import NodeStatus
from loomkin.records.event import Event, NoticeGiven
from loomkin.records.mail import SYSTEM
from loomkin.records.task import Task
from loomkin.records.task import TaskState as S
from loomkin.records.team_event import EvidenceGathered, TaskMoved
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board, claimed
from loomkin.team.practice import Practice
from loomkin.team.team import Team


class GoalsEnd(Practice):
    """A task that only says it is done keeps its goal open; a cancelled one does not."""

    def __init__(self, team: Team, board: Board, desk: Desk, supervisor: Supervisor, scribe: Scribe) -> None:
        self._team = team
        self._board = board
        self._desk = desk
        self._supervisor = supervisor
        self._scribe = scribe
        self._closing: set[str] = set()

    def happened(self, event: Event) -> None:
        """A task moved, or was proved: its goal may be reached."""
        if not isinstance(event.fact, TaskMoved | EvidenceGathered):
            return
        goal = self._board.task(event.fact.task).goal
        mine = [task for task in self._board.tasks if task.goal == goal and task.state is not S.CANCELLED]
        proved = bool(mine) and all(task.state is S.DONE and not claimed(task) for task in mine)
        if goal and proved and goal not in self._closing:
            self._closing.add(goal)
            self._supervisor.start(f"closing {goal}", self._close(goal, mine))

    def pending(self) -> bool:
        """The session does not end before it is written down."""
        return bool(self._closing)

    async def _close(self, goal: str, tasks: list[Task]) -> None:
        proofs = "; ".join(f"{task.id} {_proof(task)}" for task in tasks)
        try:
            node = self._desk.graph.node(goal)
            if node.active:
                who = Who(SYSTEM, self._desk.session)
                reason = f"all its tasks are done and proved: {proofs}"
                await self._desk.graph.close(goal, NodeStatus.DONE, reason, who)
                self._scribe.record(NoticeGiven(f"{node.id} ({node.title}) is done: {proofs}."))
        except LoomkinError as error:
            self._scribe.record(NoticeGiven(f"{goal} could not be closed: {error.message}", "warning"))
        finally:
            self._closing.discard(goal)
            self._team.stir()


def _proof(task: Task) -> str:
    passed = [one.command for one in task.evidence if one.exit_code == 0]
    return f"`{passed[-1]}`"


PRACTICE = GoalsEnd
