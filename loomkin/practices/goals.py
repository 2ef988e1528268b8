"""Closes a goal of the decision graph when every task that serves it is done and verified."""

from collections.abc import Mapping

from loomkin.decisions.desk import Desk, Who
from loomkin.errors import LoomkinError
from loomkin.records.decision import NodeStatus
from loomkin.records.event import Event, NoticeGiven
from loomkin.records.ids import TaskId
from loomkin.records.mail import SYSTEM
from loomkin.records.task import EdgeKind, Task
from loomkin.records.task import TaskState as S
from loomkin.records.team_event import EvidenceGathered, TaskMoved
from loomkin.runtime.recorder import Scribe
from loomkin.runtime.supervisor import Supervisor
from loomkin.team.board import Board
from loomkin.team.footprints import Footprints
from loomkin.team.matching import changes_files
from loomkin.team.practice import Practice
from loomkin.team.team import Team


class GoalsEnd(Practice):
    """A task that only says it is done keeps its goal open until other work shows it; a cancelled one not.

    It is shown by a review, by a proved task that needs it, or by a later proof of somebody who changed the
    same files. Who can change nothing and did not has nothing to show.
    """

    def __init__(
        self,
        team: Team,
        board: Board,
        footprints: Footprints,
        desk: Desk,
        supervisor: Supervisor,
        scribe: Scribe,
    ) -> None:
        self._team = team
        self._board = board
        self._footprints = footprints
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
        if not goal or goal in self._closing or any(task.state is not S.DONE for task in mine):
            return
        proved = [task for task in mine if not task.claimed]
        shown = {task.id: _proof(task) if task in proved else self._shown(task, proved) for task in mine}
        if all(shown.values()) and (proved or any(task.needs_review for task in mine)):
            self._closing.add(goal)
            self._supervisor.start(f"closing {goal}", self._close(goal, shown))

    def pending(self) -> bool:
        """The session does not end before it is written down."""
        return bool(self._closing)

    def _shown(self, claim: Task, proved: list[Task]) -> str:
        """What shows a task that no command of its own proves, in words; empty where nothing does."""
        if claim.needs_review:
            return "by its review"
        changed = self._footprints.paths(claim)
        roles = [one.seat.role for one in self._team.members if one.name == claim.owner]
        if not changed and roles and not changes_files(roles[0]):
            return "which changed nothing"
        for task in proved:
            if claim.id in self._needed(task.id) or (changed and self._redone(claim, task)):
                return f"by {task.id}"
        return ""

    def _needed(self, task: TaskId) -> set[TaskId]:
        """All whose end a task waited for, near and far."""
        found: set[TaskId] = set()
        waiting = [task]
        while waiting:
            for edge in self._board.plan.needs(waiting.pop()):
                if edge.kind in (EdgeKind.BLOCKS, EdgeKind.REQUIRES_OUTPUT) and edge.before not in found:
                    found.add(edge.before)
                    waiting.append(edge.before)
        return found

    def _redone(self, claim: Task, task: Task) -> bool:
        """Whether somebody else changed all files of a claim, and proved it after the claim's last change."""
        steps = self._footprints.steps(claim)
        last = max((step.at for step in steps), default=0.0)
        later = any(one.exit_code == 0 and one.at > last for one in task.proofs)
        covered = set(self._footprints.paths(claim)) <= set(self._footprints.paths(task))
        return later and covered and task.owner != claim.owner

    async def _close(self, goal: str, shown: Mapping[TaskId, str]) -> None:
        proofs = "; ".join(f"{task} {proof}" for task, proof in shown.items())
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
    passed = [one.command for one in task.proofs if one.exit_code == 0]
    return f"`{passed[-1]}`"


PRACTICE = GoalsEnd
