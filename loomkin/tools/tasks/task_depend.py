"""task_depend: a task needs another one."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.records.task import Edge, EdgeKind, OnFailure
from loomkin.team.board import Board
from loomkin.team.planning import Planning
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """Which task needs what of which other one."""

    task: str
    on: str
    kind: EdgeKind = EdgeKind.REQUIRES_OUTPUT
    milestone: str = ""
    on_failure: OnFailure = OnFailure.REPLAN
    remove: bool = False


class TaskDepend(Tool[Params]):
    """Adds or removes a dependency."""

    name: ClassVar[str] = "task_depend"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, planning: Planning, board: Board) -> None:
        self._planning = planning
        self._board = board

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            task, on = self._board.task(params.task), self._board.task(params.on)
            kind = EdgeKind.MILESTONE if params.milestone else params.kind
            edge = Edge(on.id, task.id, kind, params.milestone, params.on_failure)
            changed = self._planning.depend(call.agent, edge, params.remove)
            return Ok(self._planning.where(changed), goes_along=True)
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskDepend
