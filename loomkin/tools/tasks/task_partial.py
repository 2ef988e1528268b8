"""task_partial: one more piece of a task's result."""

from typing import ClassVar

from loomkin.errors import LoomkinError
from loomkin.records.dataclass import dataclass
from loomkin.records.permission import Access, ToolUse
from loomkin.team.board import Board
from loomkin.tooling.tool import Call, Fail, Ok, Tool


@dataclass(frozen=True, slots=True)
class Params:
    """A piece of the result that others can use already."""

    task: str
    text: str
    total: int = 0


class TaskPartial(Tool[Params]):
    """Publishes a partial result; tasks that wait for one start, those at work get it as mail."""

    name: ClassVar[str] = "task_partial"
    params_type: ClassVar[type] = Params
    access: ClassVar[Access] = Access.NONE

    def __init__(self, board: Board) -> None:
        self._board = board

    def use(self, params: Params, call: Call) -> ToolUse:
        return ToolUse(self.name, self.access, str(call.cwd))

    async def run(self, params: Params, call: Call) -> Ok | Fail:
        try:
            number = self._board.publish(params.task, call.agent, params.text, params.total)
            of = f" of {params.total}" if params.total else ""
            return Ok(f"Part {number}{of} of {params.task} is published. Go on with the next.")
        except LoomkinError as error:
            return Fail(str(error))


TOOL = TaskPartial
