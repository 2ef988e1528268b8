"""team_status: who is in the team and in others, what each one does, and how the plan stands."""

from typing import ClassVar

from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.task import ENDED, Task, TaskState
from loomkin.team.board import Board
from loomkin.team.team import Team
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Whether tasks that have ended are listed, too."""

    ended: bool = False


class TeamStatus(Tool[Params]):
    """Lists teammates."""

    name: ClassVar[str] = "team_status"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, team: Team, board: Board) -> None:
        self._team = team
        self._board = board

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        lines = self._team.lines(call.agent)
        tasks = [task for task in self._board.tasks if params.ended or task.state not in ENDED]
        lines += ["Plan:", *map(_line, tasks)] if tasks else ["No task of the plan is open."]
        return Ok("\n".join(lines))


def _line(task: Task) -> str:
    whose = f", {task.owner}" if task.owner else f", for a {task.role}" if task.role else ""
    why = f" ({task.reason})" if task.reason and task.state is not TaskState.DONE else ""
    return f"{task.id} {task.state}{whose}: {task.title}{why}"


TOOL = TeamStatus
